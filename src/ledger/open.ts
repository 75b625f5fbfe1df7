import type { Clock } from '../clock.ts'
import { PostriderError } from '../errors.ts'
import type { Log } from '../log.ts'
import { keyBeside } from './key.ts'
import type { Ledger } from './ledger.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'

export type LedgerOptions = {
  /** `sqlite:` and a path, relative to the working directory or absolute; or `postgres://`. */
  url: string
  clock: Clock
  log: Log
  /** The service owns its ledger, and a second owner is refused; commands act beside it. */
  owner: boolean
  /** Of the hashes of customers' names (POSTRIDER_KEY); by default what lies beside the file. */
  key?: Uint8Array
  /** Tokens of leases; random UUIDs by default. */
  random?: () => string
  /** How many writes may wait before further ones are refused as LEDGER_BUSY. */
  groupLimit?: number
}

/** The key of a ledger that exists (POSTRIDER_KEY), or what lies beside its file. Throws LEDGER_UNAVAILABLE where there is none. */
export function keyOfLedger({ url, key }: Pick<LedgerOptions, 'url' | 'key'>): Uint8Array {
  return key ?? keyBeside(fileOf(url) ?? '', false)
}

/** Whether the URL names a PostgreSQL database. */
export function isPostgres(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url)
}

/** The path of a SQLite ledger; undefined where the URL names none. */
export function fileOf(url: string): string | undefined {
  return /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1]
}

/**
 * Opens the ledger, creates it where there is none, and brings it to the present schema. Rejects with PostriderError LEDGER_UNAVAILABLE,
 * LEDGER_IN_USE, LEDGER_TOO_NEW, or ENVIRONMENT_INVALID for a URL that names no ledger.
 */
export async function openLedger({ url, ...options }: LedgerOptions): Promise<Ledger> {
  const file = fileOf(url)
  // SQLite's own word for a database that ends with the process: nothing in it would be durable.
  if (file !== undefined && file !== ':memory:') return openSqlite({ ...options, file })
  if (isPostgres(url)) return openPostgres({ ...options, key: keyOnPostgres(options.key), url })
  throw noLedger()
}

/** The key of a ledger in a database, beside which none can lie; throws ENVIRONMENT_INVALID where there is none. */
export function keyOnPostgres(key: Uint8Array | undefined): Uint8Array {
  if (key !== undefined) return key
  throw new PostriderError(
    'ENVIRONMENT_INVALID',
    'POSTRIDER_KEY is not set: on PostgreSQL all instances need the same key, by which they know who must not be written to. Make one (openssl rand -base64 32) and give it to each of them, and to commands.',
  )
}

export function noLedger(): PostriderError {
  return new PostriderError(
    'ENVIRONMENT_INVALID',
    'DATABASE_URL is not a ledger. Use a file, DATABASE_URL=sqlite:data/postrider.db, or a database, DATABASE_URL=postgres://user:password@host/postrider',
  )
}

import type { Clock } from '../clock.ts'
import { fileOf, isPostgres, keyOnPostgres, noLedger } from './open.ts'
import { openPostgresPurge } from './postgres/purge.ts'
import { placeOf } from './postgres.ts'
import type { Erasing } from './purge.ts'
import type { Purge } from './purging.ts'
import { openSqlitePurge } from './sqlite/purge.ts'

/**
 * Opens a ledger that exists to erase one customer from it, beside whatever uses it. `url` and `key`: as for `openLedger`. `clock`: by which it waits, and what is written down is dated. On PostgreSQL it
 * stops this thread for as long as the server takes. Rejects with LEDGER_UNAVAILABLE, or ENVIRONMENT_INVALID for a URL that names no ledger.
 */
export async function openPurge({
  url,
  key,
  ...options
}: Erasing & { url: string; key: Uint8Array | undefined; clock: Clock }): Promise<Purge> {
  const file = fileOf(url)
  if (file !== undefined) return openSqlitePurge(file, { ...options, key })
  if (isPostgres(url)) return openPostgresPurge(url, placeOf(url), { ...options, key: keyOnPostgres(key) })
  throw noLedger()
}

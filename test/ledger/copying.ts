import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { copyLedger } from '../../src/ledger/copy/copy.ts'
import { COPY, MOVED } from '../../src/ledger/copy/marks.ts'
import { TABLES } from '../../src/ledger/copy/tables.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { fileOf, openLedger } from '../../src/ledger/open.ts'
import { TYPES } from '../../src/ledger/postgres/client.ts'
import { silentLog } from '../../src/log.ts'
import { fill } from './filled.ts'
import type { ManualClock } from './manual-clock.ts'
import { postgresServer } from './postgres/server.ts'
import { TEST_KEY } from './postgres-harness.ts'

/** Places for ledgers of one test. */
export type Places = {
  /** A file that does not exist yet. */
  file(): string
  /** A database; `empty`: without our schema. */
  database(options?: { empty?: boolean }): Promise<string>
}

/** Runs a test with places that are removed after it. */
export async function withPlaces(body: (places: Places) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-copy-'))
  const drops: (() => Promise<void>)[] = []
  let files = 0
  try {
    await body({
      file() {
        files += 1
        return `sqlite:${join(folder, `ledger-${files}.db`)}`
      },
      async database(options) {
        const { url, drop } = await (await postgresServer()).database(options)
        drops.push(drop)
        return url
      },
    })
  } finally {
    for (const drop of drops) await drop()
    rmSync(folder, { recursive: true })
  }
}

export function open(
  url: string,
  clock: ManualClock,
  { owner = true, key = TEST_KEY } = {},
): Promise<Ledger> {
  return openLedger({ url, clock, log: silentLog, owner, key })
}

/** A ledger with something in every table, left in the middle of a send. */
export async function filled(url: string, clock: ManualClock): Promise<{ sendingId: number }> {
  const ledger = await open(url, clock)
  try {
    return await fill(ledger, clock)
  } finally {
    await ledger.close()
  }
}

type Asked = Parameters<typeof copyLedger>[0]

export function copy(from: string, to: string, rest: Partial<Asked> = {}): ReturnType<typeof copyLedger> {
  return copyLedger({ from, to, key: TEST_KEY, clock: { now: () => 1_700_000_000_000 }, ...rest })
}

/** Begins a copy and breaks off after so many batches of a few rows; what it was by then stays. */
export async function breakOff(from: string, to: string, batches: number): Promise<void> {
  let left = batches
  const stop = new Error('broken off')
  const progress = () => {
    left -= 1
    if (left <= 0) throw stop
  }
  await copy(from, to, { atOnce: 5, progress }).then(
    () => Promise.reject(new Error('it was not broken off')),
    (error: unknown) => (error === stop ? undefined : Promise.reject(error)),
  )
}

type All = (sql: string) => Promise<unknown[][]>

/** Asks the database itself, past the ledger, over one connection; rows are arrays. */
async function asking<T>(url: string, ask: (all: All) => Promise<T>): Promise<T> {
  const file = fileOf(url)
  if (file !== undefined) {
    if (!existsSync(file)) throw new Error(`${file} does not exist`)
    const db = new DatabaseSync(file, { timeout: 1000 })
    try {
      return await ask(async (sql) => {
        const statement = db.prepare(sql)
        statement.setReturnArrays(true)
        return statement.all() as unknown as unknown[][]
      })
    } finally {
      db.close()
    }
  }
  const client = new Client({ connectionString: url, types: TYPES })
  await client.connect()
  try {
    return await ask(async (sql) => (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows)
  } finally {
    await client.end()
  }
}

export const ask = (url: string, sql: string) => asking(url, (all) => all(sql))

/** Nothing of these is the same in the copy: leases are void, and each ledger has marks and a schema of its own. */
const OTHERWISE: Readonly<Record<string, string>> = {
  messages: `SELECT id, event_id, lane, source, route, channel, state, reason, code, rank, due_at, expire_at, attempts, failures, manual_by, contact_id, found_by, conversation_id, sent_at, delivery,
    created_at, updated_at, config_version, customer, policies, would_send, delivery_reason, session, look_at, looks, last_look, waits, names, cancel_keys, cancel_from, waits_for, skipped_for, removed, once_hash FROM messages`,
  meta: `SELECT name, value FROM meta WHERE name NOT IN ('schema', '${COPY}', '${MOVED}')`,
}

/** Every row of every table, as texts that are the same for the same rows. */
export function contentOf(url: string): Promise<Record<string, string[]>> {
  return asking(url, async (all) => {
    const content: Record<string, string[]> = {}
    for (const { name } of TABLES) {
      // In one order, whatever the order in which the columns were added.
      const columns = (await all(columnsOf(url, name))).map(([column]) => `"${column}"`).sort()
      const rows = await all(OTHERWISE[name] ?? `SELECT ${columns.join(', ')} FROM ${name}`)
      content[name] = rows.map((row) => JSON.stringify(row.map(plain))).sort()
    }
    return content
  })
}

function columnsOf(url: string, table: string): string {
  return fileOf(url) === undefined
    ? `SELECT attname::text FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped`
    : `SELECT name FROM pragma_table_info('${table}')`
}

function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('hex')}` : value
}

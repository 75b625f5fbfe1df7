import type { PostgresPool } from 'kysely'
import { Pool } from 'pg'
import { configOf } from './client.ts'
import { ledgerError, ofDriver } from './trouble.ts'

/** What operators ask for may look through a million rows. */
const READ_MS = 30_000

/** At most `max` connections for what operators read, made when they are needed. What goes wrong is told as the ledger tells it. `end` is idempotent. */
export function readPool(url: string, place: string, max: number): PostgresPool {
  const pool = new Pool({ ...configOf({ url, timeoutMs: READ_MS, use: 'reads' }), max })
  // A connection that breaks while nobody uses it is replaced by the next that is asked for.
  pool.on('error', () => {})
  const told = <T>(asked: Promise<T>): Promise<T> =>
    asked.catch((error: unknown) => {
      throw ledgerError(ofDriver(error), place)
    })
  return {
    options: pool.options,
    async connect() {
      const client = await told(pool.connect())
      // Kysely's own type of a query has a second form, for cursors, which nobody asks for.
      const query = (sql: string, values: readonly unknown[]) => told(client.query(sql, [...values]))
      return {
        query: query as unknown as Client['query'],
        release: (isBroken) => client.release(isBroken),
      }
    },
    async end() {
      if (!pool.ending) await pool.end()
    },
  }
}

type Client = Awaited<ReturnType<PostgresPool['connect']>>

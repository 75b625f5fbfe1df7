import type { PostgresPool } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import { configOf, isGivenUp, leave } from './client.ts'
import { ledgerError, ofDriver } from './trouble.ts'

/** What operators ask for may look through a million rows. */
const READ_MS = 30_000

/** At most `max` connections for what operators read, made when they are needed. What goes wrong is told as the ledger tells it. `end` is idempotent. */
export function readPool(url: string, place: string, max: number): PostgresPool {
  const pool = new Pool({ ...configOf({ url, timeoutMs: READ_MS, use: 'reads' }), max })
  const clients = new Set<PoolClient>()
  // A connection that breaks is replaced by the next that is asked for. While it is lent out nobody else hears of it, which would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    clients.add(client)
    client.on('error', () => {})
  })
  pool.on('remove', (client) => clients.delete(client))
  const told = <T>(asked: Promise<T>): Promise<T> =>
    asked.catch((error: unknown) => {
      throw ledgerError(ofDriver(error), place)
    })
  return {
    options: pool.options,
    async connect() {
      const client = await told(pool.connect())
      let isGone = false
      // Kysely's own type of a query has a second form, for cursors, which nobody asks for.
      const query = (sql: string, values: readonly unknown[]) =>
        told(
          client.query(sql, [...values]).catch((error: unknown) => {
            // The next one would wait behind what is still asked.
            if (isGivenUp(error)) isGone = true
            throw error
          }),
        )
      return {
        query: query as unknown as Client['query'],
        release: (isBroken) => client.release(isGone || isBroken),
      }
    },
    async end() {
      if (!pool.ending) await leave(pool.end(), clients)
    },
  }
}

type Client = Awaited<ReturnType<PostgresPool['connect']>>

import { PostriderError } from '../../errors.ts'
import { GONE_MS } from '../instances.ts'
import { openClient, type PostgresClient } from '../postgres/client.ts'
import { migratePostgres } from '../postgres/migrate.ts'
import { toPostgres } from '../postgres/statements.ts'
import { HOUSE } from '../postgres/transactions.ts'
import { ledgerError, ofDriver } from '../postgres/trouble.ts'
import { type Column, quoted, type Row, type Side, type Value } from './side.ts'

/** Whoever writes has the lock for milliseconds. */
const LOCK_MS = 5_000

/**
 * A ledger's database, locked for as long as the connection lasts as by somebody who needs all of it to himself: instances and commands that would write wait, and give up after a while. Rejects with LEDGER_IN_USE where an
 * instance is at work, or somebody else has the lock.
 */
export async function openPostgresSide(url: string, place: string): Promise<Side> {
  const told = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked
    } catch (error) {
      throw ledgerError(ofDriver(error), place)
    }
  }
  const client = await told(openClient({ url, timeoutMs: LOCK_MS, use: 'schema' }))
  const all = async (sql: string, values: readonly unknown[] = []): Promise<Row[]> => {
    const { rows } = await told(
      client.query<Value[]>({ text: toPostgres(sql), values: [...values], rowMode: 'array' }),
    )
    return rows
  }

  const side: Side = {
    place,
    all: (sql, ...values) => all(sql, values),
    async write(work, { durable }) {
      await told(client.query(durable ? 'BEGIN' : 'BEGIN; SET LOCAL synchronous_commit = off'))
      try {
        await work()
        await told(client.query('COMMIT'))
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {})
        throw error
      }
    },
    async columnsOf(table) {
      const rows = await all(COLUMNS, [table])
      return rows.map(([name, type]): Column => ({ name: String(name), type: String(type) }))
    },
    async insert(table, columns, rows) {
      const lists = columns.map(({ type }, n) => `$${n + 1}::${type}[]`)
      const values = columns.map((_, n) => rows.map((row) => row[n]))
      await told(
        client.query(
          `INSERT INTO ${table} (${quoted(columns.map(({ name }) => name))}) SELECT * FROM unnest(${lists.join(', ')})`,
          values,
        ),
      )
    },
    async numberOn(tables) {
      // Of a table whose ids are nobody's to give there is no sequence: null, and nothing is set.
      for (const { name } of tables.filter(({ key }) => key.join() === 'id')) {
        await all(
          `SELECT setval(pg_get_serial_sequence('${name}', 'id'), coalesce(max(id), 0) + 1, false) FROM ${name}`,
        )
      }
    },
    async analyze() {
      await told(client.query('ANALYZE'))
    },
    close: () => client.end(),
  }
  try {
    await told(migratePostgres(client, place))
    await lock(client, place)
    await assertNobodyAtWork(side)
    return side
  } catch (error) {
    await client.end()
    throw error
  }
}

const COLUMNS = `
SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`

/** The lock that every transaction of a ledger has at least a share of. */
async function lock(client: PostgresClient, place: string): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${LOCK_MS}`)
    await client.query(`SELECT pg_advisory_lock(${HOUSE}, 0)`)
    await client.query('SET lock_timeout = 0')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '55P03')) {
      throw ledgerError(ofDriver(error), place)
    }
    throw new PostriderError(
      'LEDGER_IN_USE',
      `Somebody writes to the ledger ${place}: an instance, a command, or another copy. Stop that first, then do the same again.`,
      { cause: error },
    )
  }
}

/** By their word, which they give every few seconds, and by the connection on which they listen, which those have too who just started. By the database's time. */
async function assertNobodyAtWork({ all, place }: Side): Promise<void> {
  const [found] = await all(AT_WORK)
  if (found === undefined) return
  throw new PostriderError(
    'LEDGER_IN_USE',
    `An instance of Postrider uses the ledger ${place} (${found[0]}). Stop all of them, and do the same again; of one that ended without a word it is known after ${GONE_MS / 1_000} seconds.`,
  )
}

const AT_WORK = `
SELECT host || ', process ' || pid FROM instances WHERE seen_at > extract(epoch FROM clock_timestamp()) * 1000 - ${GONE_MS}
UNION ALL
SELECT coalesce(host(client_addr), 'a local one') FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'postrider listens'
LIMIT 1`

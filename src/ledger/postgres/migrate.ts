import type { Client } from 'pg'
import { PostriderError } from '../../errors.ts'
import { MARKS, whyUnusable } from '../copy/marks.ts'
import { LATEST, SINCE_POSTGRES, tooNew } from '../migrations.ts'
import { BASELINE, BEGINS_AT } from './baseline.ts'
import { openClient } from './client.ts'
import { ledgerError, ofDriver } from './trouble.ts'

/** Of the advisory lock that one migration of a database has at a time; any number will do that nobody else uses: "migrate" in ASCII. */
export const MIGRATION_LOCK = '30796665482998885'

/** RETURN and BEGIN ATOMIC as the body of a function. */
const OLDEST_SERVER = 14

/**
 * Migrates the database at a URL, over a connection for that alone. Answers the version that it had (0: it was empty), and why it must not be used as a ledger, in words; null: it may. Rejects with what a caller of the
 * ledger gets.
 */
export async function migrateAt(
  url: string,
  place: string,
): Promise<{ version: number; whyUnusable: string | null }> {
  try {
    const client = await openClient({ url, timeoutMs: 0, use: 'schema' })
    try {
      const version = await migratePostgres(client, place)
      const { rows } = await client.query<{ name: string; value: string }>(MARKS)
      return { version, whyUnusable: whyUnusable(rows, place) }
    } finally {
      await client.end()
    }
  } catch (error) {
    throw ledgerError(ofDriver(error), place)
  }
}

/**
 * Brings a PostgreSQL ledger to the present schema, in one transaction; instances that start at the same time wait for the first. The ledger is the first schema that the connection searches
 * (`public`, or what DATABASE_URL says in `options`). `place`: server and database, for people. Answers the version that it had; 0: it was empty. Rejects with LEDGER_TOO_NEW a ledger of a later version, with
 * LEDGER_UNAVAILABLE one that is not a ledger or lies where none can be, and changes neither; with the driver's own error where the server refuses.
 */
export async function migratePostgres(client: Pick<Client, 'query'>, place: string): Promise<number> {
  const found = await versionOf(client, place)
  if (found === LATEST) return found
  try {
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`)
    // Read again under the lock: another instance may have been faster.
    const version = await versionOf(client, place)
    if (version === 0) await client.query(BASELINE)
    const begun = Math.max(version, BEGINS_AT)
    for (const { number, postgres } of SINCE_POSTGRES) if (number > begun) await client.query(postgres())
    await client.query(
      `INSERT INTO meta (name, value) VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [String(LATEST)],
    )
    await client.query('COMMIT')
    return version
  } catch (error) {
    // Where the connection broke the server has undone it by itself, and the first error says more.
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

type Found = { schema: string | null; encoding: string; server: string; tables: string[] }

/** The number of the last migration that ran; 0 where there is nothing yet. */
async function versionOf(client: Pick<Client, 'query'>, place: string): Promise<number> {
  const { rows } = await client.query<Found>(LOOK)
  const [found] = rows
  if (!found) throw new Error('the server says nothing about itself')
  const { schema, encoding, server, tables } = found
  if (schema === null) {
    throw unavailable(
      `The database ${place} has no schema that its user searches. Make one: CREATE SCHEMA public`,
    )
  }
  if (tables.length === 0) {
    assertFit(place, encoding, server)
    return 0
  }
  const version = tables.includes('meta') ? await schemaIn(client) : null
  if (version === null) {
    throw unavailable(
      `The database ${place} is another program's: its schema ${schema} holds tables that are not Postrider's (${tables.slice(0, 3).join(', ')}). Set DATABASE_URL to an empty database.`,
    )
  }
  if (version > LATEST) throw tooNew(place, version)
  return version
}

/** The tables of the schema in which ours are, or would be made, but for those that an extension put there. */
const LOOK = `
SELECT current_schema() AS schema, current_setting('server_encoding') AS encoding, current_setting('server_version_num') AS server,
  ARRAY(
    SELECT relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
    ORDER BY relname COLLATE "C"
  ) AS tables`

/** What its `meta` says; null: it is none of ours. As JSON: another program's may have other columns. */
async function schemaIn(client: Pick<Client, 'query'>): Promise<number | null> {
  const { rows } = await client.query<{ meta: string }>(
    `SELECT to_jsonb(meta)::text AS meta FROM meta WHERE to_jsonb(meta) ->> 'name' = 'schema'`,
  )
  const { value } = JSON.parse(rows[0]?.meta ?? '{}') as { value?: unknown }
  return typeof value === 'string' && /^[1-9]\d*$/.test(value) ? Number(value) : null
}

function assertFit(place: string, encoding: string, server: string): void {
  const major = Math.floor(Number(server) / 10_000)
  if (major < OLDEST_SERVER) {
    throw unavailable(
      `The server of ${place} is PostgreSQL ${major}, and Postrider needs ${OLDEST_SERVER} or later.`,
    )
  }
  if (encoding === 'UTF8') return
  throw unavailable(
    `The database ${place} is encoded in ${encoding}, and events may hold any character. Make it anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
  )
}

function unavailable(message: string): PostriderError {
  return new PostriderError('LEDGER_UNAVAILABLE', message)
}

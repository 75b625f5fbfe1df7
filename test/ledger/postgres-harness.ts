import { Client, DatabaseError } from 'pg'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import type { Harness } from './contract.ts'
import { manualClock } from './manual-clock.ts'
import { postgresServer, type TestDatabase } from './postgres/server.ts'

/** What every ledger of the tests hashes names with. */
export const TEST_KEY = Buffer.alloc(32, 7)

export type PostgresHarness = Harness & {
  url: string
  /** A connection of the test's own, closed with the harness. */
  raw(): Promise<Client>
}

/** Databases that were emptied, for the next test: to make one takes five times as long as a test. */
const resting: TestDatabase[] = []

/** A database of its own on a real server. */
export async function postgresHarness(): Promise<PostgresHarness> {
  const database = resting.pop() ?? (await (await postgresServer()).database())
  const { url, drop } = database
  // A test that may have changed the schema leaves it to nobody.
  let isAsItWas = true
  const clock = manualClock()
  const ledgers: Ledger[] = []
  let connection: Client | null = null
  async function connected(): Promise<Client> {
    if (connection) return connection
    connection = new Client({ connectionString: url })
    await connection.connect()
    return connection
  }
  return {
    url,
    isShared: true,
    clock,
    raw() {
      isAsItWas = false
      return connected()
    },
    async open({ owner = true, ...options } = {}) {
      const ledger = await openLedger({ url, clock, log: silentLog, owner, key: TEST_KEY, ...options })
      ledgers.push(ledger)
      return ledger
    },
    async refuseEventsOfType(type) {
      isAsItWas = false
      const db = await connected()
      await db.query(
        `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no ${type}'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.type = '${type}') EXECUTE FUNCTION refuse()`,
      )
    },
    async forceState(messageId, state) {
      try {
        const db = await connected()
        await db.query('UPDATE messages SET state = $1 WHERE id = $2', [state, messageId])
        return null
      } catch (error) {
        return String(error)
      }
    },
    async dispose() {
      for (const ledger of ledgers) await ledger.close()
      const isEmpty = isAsItWas && (await emptied(await connected()))
      await connection?.end()
      if (isEmpty) resting.push(database)
      else await drop()
    },
  }
}

/** Takes every row out, as if the schema had just been made. False: this user may not (TEST_DATABASE_URL names no superuser). */
async function emptied(db: Client): Promise<boolean> {
  try {
    // Neither triggers nor references are minded.
    await db.query('BEGIN; SET LOCAL session_replication_role = replica')
    const { rows } = await db.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`,
    )
    const tables = rows.filter(({ name }) => name !== 'meta' && name !== 'budget')
    await db.query(
      `${tables.map(({ name }) => `DELETE FROM ${name};`).join(' ')}
       DELETE FROM meta WHERE name <> 'schema';
       UPDATE budget SET tat = 0, lowered_per_minute = NULL, lowered_until = NULL, taken_at = NULL;
       SELECT setval(oid::regclass, 1, false) FROM pg_class
         WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace;
       COMMIT`,
    )
    return true
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '42501') return false
    throw error
  }
}

import { Client } from 'pg'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import type { Harness } from './contract.ts'
import { manualClock } from './manual-clock.ts'
import { postgresServer } from './postgres/server.ts'

/** What every ledger of the tests hashes names with. */
export const TEST_KEY = Buffer.alloc(32, 7)

export type PostgresHarness = Harness & {
  url: string
  /** A connection of the test's own, closed with the harness. */
  raw(): Promise<Client>
}

/** A database of its own on a real server. */
export async function postgresHarness(): Promise<PostgresHarness> {
  const server = await postgresServer()
  const { url, drop } = await server.database()
  const clock = manualClock()
  const ledgers: Ledger[] = []
  let connection: Client | null = null
  async function raw(): Promise<Client> {
    if (connection) return connection
    connection = new Client({ connectionString: url })
    await connection.connect()
    return connection
  }
  return {
    url,
    isShared: true,
    clock,
    raw,
    async open({ owner = true, ...options } = {}) {
      const ledger = await openLedger({ url, clock, log: silentLog, owner, key: TEST_KEY, ...options })
      ledgers.push(ledger)
      return ledger
    },
    async refuseEventsOfType(type) {
      const db = await raw()
      await db.query(
        `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no ${type}'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.type = '${type}') EXECUTE FUNCTION refuse()`,
      )
    },
    async forceState(messageId, state) {
      try {
        const db = await raw()
        await db.query('UPDATE messages SET state = $1 WHERE id = $2', [state, messageId])
        return null
      } catch (error) {
        return String(error)
      }
    },
    async dispose() {
      for (const ledger of ledgers) await ledger.close()
      await connection?.end()
      await drop()
    },
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import type { Harness } from './contract.ts'
import { manualClock } from './manual-clock.ts'

export type SqliteHarness = Harness & {
  file: string
  /** A connection of the test's own, closed with the harness. */
  raw(): DatabaseSync
}

/** A real file in a folder of its own. */
export async function sqliteHarness(): Promise<SqliteHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-ledger-'))
  const file = join(folder, 'ledger.db')
  const clock = manualClock()
  const ledgers: Ledger[] = []
  let connection: DatabaseSync | null = null
  const raw = () => {
    connection ??= new DatabaseSync(file, { timeout: 1000 })
    return connection
  }
  return {
    file,
    isShared: false,
    clock,
    raw,
    async open({ owner = true, ...options } = {}) {
      const ledger = await openLedger({ url: `sqlite:${file}`, clock, log: silentLog, owner, ...options })
      ledgers.push(ledger)
      return ledger
    },
    async refuseEventsOfType(type) {
      raw().exec(
        `CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.type = '${type}' BEGIN SELECT RAISE(ABORT, 'no ${type}'); END`,
      )
    },
    async forceState(messageId, state) {
      try {
        raw().prepare('UPDATE messages SET state = ? WHERE id = ?').run(state, messageId)
        return null
      } catch (error) {
        return String(error)
      }
    },
    async dispose() {
      for (const ledger of ledgers) await ledger.close()
      connection?.close()
      rmSync(folder, { recursive: true })
    },
  }
}

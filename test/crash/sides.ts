import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { systemClock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { LOCK_ALL } from '../../src/ledger/postgres/transactions.ts'
import { postgresServer } from '../ledger/postgres/server.ts'
import { TEST_KEY } from '../ledger/postgres-harness.ts'
import { testLog } from '../test-log.ts'

/** One empty ledger for services that are killed. */
export type Place = {
  /** What a service needs to find it. */
  env: Readonly<Record<string, string>>
  /** Beside the service, to look at it. */
  look(): Promise<Ledger>
  /** From then on nobody else can write, until the lock is let go. */
  lockWrites(): Promise<{ letGo(): Promise<void> }>
  remove(): Promise<void>
}

export type Side = { name: string; place(folder: string, name: string): Promise<Place> }

export const SQLITE: Side = {
  name: 'SQLite',
  async place(folder, name) {
    const file = join(folder, `${name}.db`)
    const url = `sqlite:${file}`
    return {
      env: { DATABASE_URL: url },
      look: () => openLedger({ url, clock: systemClock, log: testLog(), owner: false }),
      async lockWrites() {
        const lock = new DatabaseSync(file)
        lock.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE')
        return { letGo: async () => lock.close() }
      },
      async remove() {
        for (const end of ['', '-wal', '-shm', '-owner', '.key']) rmSync(`${file}${end}`, { force: true })
      },
    }
  },
}

export const POSTGRES: Side = {
  name: 'PostgreSQL',
  async place() {
    const { url, drop } = await (await postgresServer()).database()
    return {
      env: { DATABASE_URL: url, POSTRIDER_KEY: TEST_KEY.toString('base64') },
      look: () => openLedger({ url, clock: systemClock, log: testLog(), owner: false, key: TEST_KEY }),
      async lockWrites() {
        const lock = new Client({ connectionString: url })
        await lock.connect()
        await lock.query(`BEGIN; ${LOCK_ALL}`)
        return { letGo: () => lock.end() }
      },
      remove: drop,
    }
  },
}

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { readPool } from '../../src/ledger/postgres/read-pool.ts'
import type { ServerProcess } from '../ledger/postgres/server-process.ts'
import { TEST_KEY } from '../ledger/postgres-harness.ts'
import { testLog } from '../test-log.ts'

/** Registers the tests: connections that break while they are used, and what is left of them. */
export function breakConnections(server: () => ServerProcess): void {
  it('a read that is under way when the server goes is told, and the next one has a new connection', async () => {
    const pool = readPool(server().url('postgres'), 'here', 1)
    const one = await pool.connect()
    const read = assert.rejects(one.query('SELECT pg_sleep(60)', []), {
      code: 'LEDGER_UNAVAILABLE',
      retryable: true,
    })
    await server().restart('immediate')
    await read
    one.release()
    const next = await pool.connect()
    assert.equal((await next.query('SELECT 1', [])).rows.length, 1)
    next.release()
    await pool.end()
  })

  it('a ledger is closed within seconds while the server is frozen', async () => {
    const url = server().url('postgres')
    const ledger = await openLedger({ url, key: TEST_KEY, clock: systemClock, log: testLog(), owner: true })
    await ledger.reads.summary()
    server().pause()
    try {
      const began = performance.now()
      await ledger.close()
      assert.ok(performance.now() - began < LONGEST_CLOSE_MS)
    } finally {
      server().resume()
    }
  })
}

/** A goodbye of a second for the connection that writes, those that read and the one that listens; a container is killed after thirty. */
const LONGEST_CLOSE_MS = 10_000

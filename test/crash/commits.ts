import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { PostriderError } from '../../src/errors.ts'
import type { Ledger, Recorded } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { entry } from '../ledger/contract/build.ts'
import type { ServerProcess } from '../ledger/postgres/server-process.ts'
import { TEST_KEY } from '../ledger/postgres-harness.ts'
import { testLog } from '../test-log.ts'
import { asking } from './asking.ts'
import { startWire, type Wire } from './wire.ts'

/** Registers the tests: the answer to a commit is lost, and what the ledger says of it must be so. The server crashes. */
export function loseAnswersToCommits(serverOf: () => ServerProcess): void {
  describe('a commit whose answer is lost', () => {
    let server: ServerProcess
    let wire: Wire
    /** Whose commits are held, and another instance beside it. */
    let ledger: Ledger
    let other: Ledger

    before(async () => {
      server = serverOf()
      const url = server.url('postgres')
      wire = await startWire(url)
      const shared = { clock: systemClock, log: testLog(), key: TEST_KEY }
      // Neither owns it: no beat and no listener commits between.
      ledger = await openLedger({ ...shared, url: wire.url, owner: false })
      other = await openLedger({ ...shared, url, owner: false })
    })
    after(async () => {
      await ledger.close()
      await other.close()
      await wire.close()
    })

    const record = (by: Ledger, key: string): Promise<Recorded[number]['kind'] | 'rejected'> =>
      by.record([entry(systemClock.now(), key)]).then(
        ([one]) => one?.kind ?? assert.fail('the ledger said nothing'),
        (error: unknown) => {
          assert.ok(error instanceof PostriderError && error.code === 'LEDGER_UNAVAILABLE', String(error))
          assert.equal(error.retryable, true)
          return 'rejected'
        },
      )
    it('is acknowledged where it was committed', async () => {
      const commit = wire.holdCommit()
      const said = record(ledger, 'committed')
      const held = await commit
      await held.forward()
      held.cut()
      assert.equal(await said, 'recorded')
      assert.equal(await eventsOf('committed'), 1)
      assert.equal(await record(ledger, 'committed'), 'known')
    })

    it('is not acknowledged where it was not, and is recorded when it is asked for again', async () => {
      const commit = wire.holdCommit()
      const said = record(ledger, 'undone')
      const held = await commit
      held.end()
      assert.equal(await said, 'rejected')
      assert.equal(await eventsOf('undone'), 0)
      assert.equal(await record(ledger, 'undone'), 'recorded')
    })

    it('is waited for while the server is still at it', async () => {
      const commit = wire.holdCommit()
      const said = record(ledger, 'late')
      const held = await commit
      held.cut()
      // It asked, was told that the transaction is in progress, and asks again.
      await until(() =>
        rowsOf(
          `SELECT 1 FROM pg_stat_activity WHERE state = 'idle' AND query LIKE '%pg_xact_status(%' AND pid <> pg_backend_pid()`,
        ),
      )
      await held.forward()
      assert.equal(await said, 'recorded')
      assert.equal(await eventsOf('late'), 1)
      held.end()
    })

    it('is not acknowledged where the server crashed before it', async () => {
      await crashAtCommit('crashed', restart, async () => {})
    })

    for (const [how, crash] of [
      ['the server', restart],
      ['one of its processes', killOneProcess],
    ] as const) {
      it(`is not taken for another transaction that got its number after ${how} crashed`, async () => {
        // What else the server writes may bring the number to the disk, so that it is not given again.
        for (let n = 0; ; n += 1) {
          let wasGivenAgain = false
          await crashAtCommit(`${how} ${n}`, crash, async (number) => {
            wasGivenAgain = (await statusOf(number)) === 'forgotten'
            for (let m = 0; (await statusOf(number)) === 'forgotten'; m += 1)
              await record(other, `${how} ${n} ${m}`)
            if (wasGivenAgain) assert.equal(await statusOf(number), 'committed', 'another one has its number')
          })
          if (wasGivenAgain) break
        }
      })
    }

    function restart(): Promise<void> {
      return server.restart('immediate')
    }

    /** The server ends all the others then, and recovers, without a new start. */
    async function killOneProcess(): Promise<void> {
      const [one] = await rowsOf(
        'SELECT pid, now()::text AS now FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL',
      )
      process.kill(Number(one?.pid), 'SIGKILL')
      // Until it has begun to count anew.
      const recovered = 'SELECT WHERE pg_stat_get_bgwriter_stat_reset_time() > $1::timestamptz'
      await until(() => rowsOf(recovered, [String(one?.now)]).catch(() => []))
    }

    /** `meanwhile`: after the crash, before the ledger can ask what became of its transaction of this number. */
    async function crashAtCommit(
      key: string,
      crash: () => Promise<void>,
      meanwhile: (number: string) => Promise<void>,
    ): Promise<void> {
      const commit = wire.holdCommit()
      const said = record(ledger, key)
      const held = await commit
      const [open] = await rowsOf(
        'SELECT backend_xid::text AS number FROM pg_stat_activity WHERE backend_xid IS NOT NULL',
      )
      wire.shut()
      await crash()
      held.cut()
      await meanwhile(String(open?.number))
      wire.open()
      assert.equal(await said, 'rejected')
      assert.equal(await eventsOf(key), 0)
      assert.equal(await record(ledger, key), 'recorded')
    }

    async function statusOf(number: string): Promise<unknown> {
      const status = `CASE WHEN $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status($1::xid8) ELSE 'forgotten' END`
      const [row] = await rowsOf(`SELECT ${status} AS status`, [number])
      return row?.status
    }

    async function eventsOf(key: string): Promise<unknown> {
      const [row] = await rowsOf('SELECT count(*)::int AS count FROM events WHERE key = $1', [key])
      return row?.count
    }

    async function rowsOf(sql: string, values: readonly string[] = []): Promise<Record<string, unknown>[]> {
      const { rows } = await asking(server.url('postgres'), (client) => client.query(sql, [...values]))
      return rows
    }
  })
}

async function until(look: () => Promise<readonly unknown[]>): Promise<void> {
  while ((await look()).length === 0) await systemClock.sleep(5)
}

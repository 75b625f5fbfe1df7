import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import { DAY, entry, onLedger, schedule, waitOf } from './build.ts'

export function house(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('the budget', () => {
    on('one call each interval, also for many at once', async (ledger, { clock }) => {
      const waits = await Promise.all(Array.from({ length: 4 }, () => waitOf(ledger, 300)))
      assert.deepEqual(
        waits.map((waitMs) => Math.round(waitMs)),
        [0, 200, 400, 600],
      )
      clock.advance(700)
      assert.equal(Math.round(await waitOf(ledger, 300)), 100)
      clock.advance(10_000)
      assert.equal(await waitOf(ledger, 300), 0)
    })

    on('several calls at once get what they would have got one after another', async (ledger) => {
      await ledger.lowerBudget({ perMinute: 30, forMs: 5000 })
      const waits = await ledger.takeBudget(300, 5)
      assert.deepEqual(waits.map(Math.round), [0, 2000, 4000, 5000, 5200])
      assert.equal(Math.round(await waitOf(ledger, 300)), 5400)
    })

    on('keeps fractions: 120,000 a minute are two each millisecond', async (ledger) => {
      for (let call = 0; call < 100; call += 1) await ledger.takeBudget(120_000, 1)
      const waitMs = await waitOf(ledger, 120_000)
      assert.ok(Math.abs(waitMs - 50) < 0.01, `waits ${waitMs}`)
    })

    on('is shared, and a start forgives a debt that a clock set back has left', async (ledger, harness) => {
      const beside = await harness.open({ owner: false })
      await beside.takeBudget(60, 1)
      assert.equal(Math.round(await waitOf(ledger, 60)), 1000)
      await ledger.close()
      harness.clock.advance(-DAY)
      const next = await harness.open()
      assert.ok((await waitOf(next, 60)) <= 60_000)
    })

    on('is not held up by a clock that is set back while it is in use', async (ledger, { clock }) => {
      await ledger.lowerBudget({ perMinute: 30, forMs: 60_000 })
      await ledger.takeBudget(60, 1)
      clock.advance(-DAY)
      const waits = [await waitOf(ledger, 60), await waitOf(ledger, 60)]
      assert.deepEqual(
        waits.map((waitMs) => Math.round(waitMs)),
        [2000, 4000],
      )
      clock.advance(70_000)
      await ledger.takeBudget(60, 1)
      assert.equal(Math.round(await waitOf(ledger, 60)), 1000, 'nor lowered for longer')
    })
  })

  describe('the lowered budget', () => {
    const MINUTE = 60_000
    const waits = async (ledger: Ledger, perMinute = 300) => Math.round(await waitOf(ledger, perMinute))

    on('the slower rate counts, for as long as it was lowered', async (ledger, { clock }) => {
      await ledger.lowerBudget({ perMinute: 60, forMs: 10_000 })
      assert.deepEqual([await waits(ledger), await waits(ledger), await waits(ledger)], [0, 1000, 2000])
      clock.advance(3000)
      assert.deepEqual([await waits(ledger, 30), await waits(ledger)], [0, 2000])
      clock.advance(7000)
      assert.deepEqual([await waits(ledger), await waits(ledger)], [0, 200])
    })

    on('raises nothing that its callers do not ask for', async (ledger) => {
      await ledger.lowerBudget({ perMinute: 6000, forMs: MINUTE })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [0, 200])
    })

    on('to 0: nothing before its time, and then one after another', async (ledger, { clock }) => {
      await ledger.lowerBudget({ perMinute: 0, forMs: 10_000 })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [10_000, 10_200])
      clock.advance(5000)
      assert.equal(await waits(ledger), 5400)
      clock.advance(20_000)
      assert.equal(await waits(ledger), 0)
    })

    on('the last word counts, whichever way it goes', async (ledger) => {
      await ledger.lowerBudget({ perMinute: 0, forMs: MINUTE })
      await ledger.lowerBudget({ perMinute: 60, forMs: MINUTE })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [0, 1000])
      await ledger.lowerBudget({ perMinute: 120, forMs: MINUTE })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [2000, 2500])
      await ledger.lowerBudget({ perMinute: 30, forMs: MINUTE })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [3000, 5000])
    })

    on('does not outlast its time, however many queue up meanwhile', async (ledger, { clock }) => {
      await ledger.lowerBudget({ perMinute: 1, forMs: MINUTE })
      const queued: number[] = []
      for (let call = 0; call < 30; call += 1) queued.push(await waits(ledger))
      // The first goes at once, the others one after another when the time is over.
      assert.deepEqual(queued, [0, ...Array.from({ length: 29 }, (_, n) => MINUTE + n * 200)])
      clock.advance(MINUTE)
      assert.equal(await waits(ledger), 29 * 200)
    })

    on(
      'a place near its end waits for that end at most, but never less than its caller asks for',
      async (ledger) => {
        await ledger.lowerBudget({ perMinute: 30, forMs: 5000 })
        assert.deepEqual(
          [
            await waits(ledger),
            await waits(ledger),
            await waits(ledger),
            await waits(ledger),
            await waits(ledger),
          ],
          [0, 2000, 4000, 5000, 5200],
        )
        await ledger.lowerBudget({ perMinute: 1, forMs: 5500 })
        assert.deepEqual([await waits(ledger, 60), await waits(ledger)], [5400, 6400])
      },
    )

    on('lowered while places behind its end are given out, it holds up nobody', async (ledger) => {
      for (let call = 0; call < 10; call += 1) await ledger.takeBudget(300, 1)
      await ledger.lowerBudget({ perMinute: 1, forMs: 1000 })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [2000, 2200])
      await ledger.lowerBudget({ perMinute: 0, forMs: 1000 })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [2400, 2600])
    })

    on('keeps fractions, and is shared', async (ledger, harness) => {
      const beside = await harness.open({ owner: false })
      await beside.lowerBudget({ perMinute: 0.5, forMs: 5 * MINUTE })
      assert.deepEqual([await waits(ledger), await waits(ledger)], [0, 2 * MINUTE])
    })

    on('a start forgets it', async (ledger, harness) => {
      await ledger.lowerBudget({ perMinute: 0, forMs: DAY })
      await ledger.close()
      const next = await harness.open()
      assert.deepEqual([await waits(next), await waits(next)], [0, 200])
    })
  })

  describe('refused deliveries', () => {
    on('are counted by source and reason, and reach the disk within a second', async (ledger, harness) => {
      ledger.countRefused('crm', 'stale')
      ledger.countRefused('crm', 'stale')
      ledger.countRefused('crm', 'wrong signature')
      harness.clock.advance(1000)
      await ledger.ping()
      await ledger.ping()
      const beside = await harness.open({ owner: false })
      const lastAt = harness.clock.now() - 1000
      assert.deepEqual((await beside.reads.summary()).refused, [
        { source: 'crm', reason: 'stale', count: 2, lastAt },
        { source: 'crm', reason: 'wrong signature', count: 1, lastAt },
      ])
      harness.clock.advance(2 * DAY)
      assert.deepEqual((await beside.reads.summary()).refused, [])
    })

    on('are written on close, and add up', async (ledger, harness) => {
      ledger.countRefused('crm', 'stale')
      await ledger.close()
      const next = await harness.open()
      next.countRefused('crm', 'stale')
      await next.close()
      assert.equal((await (await harness.open()).reads.summary()).refused[0]?.count, 2)
    })

    on('a stranger does not fill the memory', async (ledger, harness) => {
      for (let name = 0; name < 5000; name += 1) ledger.countRefused(`source-${name}`, 'unknown source')
      await ledger.close()
      const { refused } = await (await harness.open()).reads.summary()
      assert.ok(refused.length <= 1001)
      assert.equal(
        refused.reduce((sum, { count }) => sum + count, 0),
        5000,
      )
    })
  })

  describe('the ledger itself', () => {
    on('remembers where it sends to', async (ledger, harness) => {
      await ledger.bindHost('api.mypurecloud.de')
      await ledger.bindHost('api.mypurecloud.de')
      await assert.rejects(ledger.bindHost('api.mypurecloud.com'), { code: 'LEDGER_OTHER_ORG' })
      await ledger.close()
      await assert.rejects((await harness.open()).bindHost('sandbox'), {
        code: 'LEDGER_OTHER_ORG',
        message: /belongs to api\.mypurecloud\.de.*sandbox/,
      })
    })

    on('answers a ping', (ledger) => ledger.ping())

    on('keeps everything over a restart', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await ledger.close()
      assert.equal((await (await harness.open()).reads.message(id))?.state, 'scheduled')
    })

    on('writes what waits when it is closed, then refuses, however often', async (ledger, harness) => {
      const recorded = ledger.record([entry(harness.clock.now(), 'k1')])
      await Promise.all([ledger.close(), ledger.close()])
      assert.equal((await recorded)[0]?.kind, 'recorded')
      await assert.rejects(ledger.ping(), { code: 'LEDGER_UNAVAILABLE' })
      await assert.rejects(ledger.takeBudget(300, 1), { code: 'LEDGER_UNAVAILABLE' })
      await assert.rejects(ledger.lowerBudget({ perMinute: 1, forMs: 1 }), { code: 'LEDGER_UNAVAILABLE' })
      await assert.rejects(ledger.pauses(), { code: 'LEDGER_UNAVAILABLE' })
      await assert.rejects(ledger.reads.summary(), { code: 'LEDGER_UNAVAILABLE' })
      ledger.countRefused('crm', 'too late')
      await ledger.close()
    })
  })
}

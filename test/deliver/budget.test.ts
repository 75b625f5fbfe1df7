import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { createBudget, loweringOf, paceUnder } from '../../src/deliver/budget.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'

const CEILING = 300

describe('loweringOf', () => {
  it('says nothing where the headers are absent, or say what is configured', () => {
    assert.equal(loweringOf({ allowed: null, count: null, resetMs: null }, CEILING), null)
    assert.equal(loweringOf({ allowed: 300, count: 1, resetMs: 59_000 }, CEILING), null)
    assert.equal(loweringOf({ allowed: 300, count: null, resetMs: null }, CEILING), null)
  })

  it('never goes above the configured ceiling, whatever Genesys allows', () => {
    assert.equal(loweringOf({ allowed: 3000, count: 10, resetMs: 50_000 }, CEILING), null)
  })

  it('goes down to what Genesys allows', () => {
    const lowering = loweringOf({ allowed: 180, count: 3, resetMs: 59_000 }, CEILING)
    assert.deepEqual([lowering?.why, lowering?.forMs], ['allowed-less', 59_000])
    assert.ok(lowering && lowering.perMinute <= paceUnder(180) && lowering.perMinute > 170)
    const unknown = loweringOf({ allowed: 180, count: null, resetMs: null }, CEILING)
    assert.deepEqual([unknown?.why, unknown?.perMinute], ['allowed-less', paceUnder(180)])
  })

  it('spreads what others have left over the rest of the window', () => {
    const lowering = loweringOf({ allowed: 300, count: 250, resetMs: 30_000 }, CEILING)
    assert.deepEqual(lowering, { why: 'used-by-others', perMinute: 100, forMs: 30_000 })
  })

  it('waits for the next window where nothing is left', () => {
    for (const count of [300, 320]) {
      const lowering = loweringOf({ allowed: 300, count, resetMs: 12_000 }, CEILING)
      assert.deepEqual(lowering, { why: 'used-by-others', perMinute: 0, forMs: 12_000 })
    }
  })

  it('our own pace alone holds no call back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 10_000 }),
        fc.integer({ min: 0, max: 59_999 }),
        (ceiling, intoMs) => {
          const everyMs = 60_000 / paceUnder(ceiling)
          const count = Math.floor(intoMs / everyMs) + 1
          const lowering = loweringOf({ allowed: ceiling, count, resetMs: 60_000 - intoMs }, ceiling)
          // Where the window is used up, our next call is due after its end anyway.
          if (lowering !== null) assert.ok(lowering.why === 'used-up' && count * everyMs >= 60_000)
        },
      ),
    )
  })
})

describe('places in the budget', () => {
  it('are taken in one write by all who ask in the same turn, each waiting for its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-budget-'))
    const [clock, log] = [createManualClock(), testLog()]
    const step = async () => {
      await setImmediate()
      const next = clock.nextAt()
      if (next !== null) await clock.advance(Math.max(0, next - clock.now()))
    }
    const ledger = await openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log, owner: true })
    try {
      const writes: number[] = []
      const counted = {
        ...ledger,
        async takeBudget(perMinute: number, calls: number) {
          const waits = await ledger.takeBudget(perMinute, calls)
          writes.push(calls)
          return waits
        },
      }
      const wide = createBudget({ ledger: counted, ceiling: 60_000, clock, log })
      const began = clock.now()
      const all = Promise.all(Array.from({ length: 150 }, () => wide.take().then(() => clock.now() - began)))
      while (wide.taken() < 150) await setImmediate()
      while (clock.nextAt() !== null) await step()
      assert.deepEqual(writes, [99, 51])
      const everyMs = 60_000 / paceUnder(60_000)
      for (const [n, at] of (await all).entries()) {
        assert.ok(at >= n * everyMs && at <= n * everyMs + 2, `the one of ${n} left at ${at} ms`)
      }
    } finally {
      await ledger.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('are taken no farther ahead than a tenth of a second, so that a process that dies wastes no more', async () => {
    const clock = createManualClock()
    let next = clock.now()
    const budget = createBudget({
      ledger: {
        async takeBudget(perMinute, calls) {
          return Array.from({ length: calls }, () => {
            const start = Math.max(next, clock.now())
            next = start + 60_000 / perMinute
            return start - clock.now()
          })
        },
        lowerBudget: async () => {},
      },
      ceiling: 3_000,
      clock,
      log: testLog(),
    })
    const stopping = new AbortController()
    let left = 0
    const all = Promise.all(
      Array.from({ length: 100 }, () => budget.take(stopping.signal).then(() => (left += 1))),
    )
    for (let ms = 0; ms < 1_000; ms += 1) {
      await setImmediate()
      assert.ok(next - clock.now() <= 220, `${next - clock.now()} ms ahead`)
      await clock.advance(1)
    }
    assert.ok(left >= 48 && left <= 50, `${left} calls in a second`)
    stopping.abort()
    await all
    assert.ok(budget.taken() <= 62, 'who stops takes no place')
    await budget.take(stopping.signal)
  })

  it('are asked for beside those that the ledger is asked for already, as far as these lie close enough', async () => {
    const asked: { calls: number; answer(waits: number[]): void }[] = []
    const budget = createBudget({
      ledger: {
        takeBudget: (_, calls) => new Promise((answer) => asked.push({ calls, answer })),
        lowerBudget: async () => {},
      },
      // Four in a tenth of a second.
      ceiling: 2_500,
      clock: createManualClock(),
      log: testLog(),
    })
    const takes = (count: number) => Array.from({ length: count }, () => budget.take())
    const calls = () => asked.map(({ calls }) => calls)
    const first = takes(1)
    await setImmediate()
    const second = takes(2)
    await setImmediate()
    const third = takes(5)
    await setImmediate()
    assert.deepEqual(calls(), [1, 2, 1])
    asked[1]?.answer([0, 0])
    await Promise.all(second)
    await setImmediate()
    assert.deepEqual(calls(), [1, 2, 1, 2])
    for (const { calls, answer } of asked) answer(Array.from({ length: calls }, () => 0))
    await Promise.all(first)
    await setImmediate()
    for (const { calls, answer } of asked) answer(Array.from({ length: calls }, () => 0))
    await Promise.all(third)
    assert.equal(budget.taken(), 8)
  })

  it('are told to all who asked where the ledger cannot be written', async () => {
    const budget = createBudget({
      ledger: { takeBudget: () => Promise.reject(new Error('busy')), lowerBudget: async () => {} },
      ceiling: CEILING,
      clock: createManualClock(),
      log: testLog(),
    })
    const asked = await Promise.allSettled([budget.take(), budget.take()])
    assert.deepEqual(
      asked.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.equal(budget.taken(), 0)
  })

  describe('that are given back', () => {
    it('are had at once by whoever asks soon, and by nobody later', async () => {
      const { clock, budget, writes } = counting(60)
      await budget.take()
      budget.giveBack()
      await clock.advance(400)
      await budget.take()
      assert.equal(writes(), 1)
      budget.giveBack()
      await clock.advance(600)
      const late = budget.take()
      while (writes() < 2) await setImmediate()
      await clock.advance(2_000)
      await late
    })

    it('are had by who waits for one already', async () => {
      const { clock, budget } = counting(60)
      await budget.take()
      const times: number[] = []
      const began = clock.now()
      const two = [1, 2].map(() => budget.take().then(() => times.push(clock.now() - began)))
      // One has its place a second ahead, the other waits until that is near.
      await setImmediate()
      budget.giveBack()
      await setImmediate()
      assert.deepEqual(times, [0])
      await clock.advance(2_000)
      await Promise.all(two)
      assert.equal(times.length, 2)
    })

    it('are gone where Genesys allows less meanwhile', async () => {
      const { clock, budget, writes } = counting(60)
      await budget.take()
      budget.giveBack()
      budget.read({ allowed: 30, count: 29, resetMs: 30_000 })
      const asked = budget.take()
      while (writes() < 2) await setImmediate()
      await clock.advance(5_000)
      await asked
    })

    it('make no minute have more calls than are allowed, whatever is given back', async () => {
      await fc.assert(
        fc.asyncProperty(fc.infiniteStream(fc.boolean()), async (backs) => {
          const { clock, budget } = counting(600)
          const left: number[] = []
          const end = clock.now() + 90_000
          const caller = async () => {
            while (clock.now() < end) {
              await budget.take()
              if (backs.next().value) budget.giveBack()
              else left.push(clock.now())
              // As long as it takes to see that nothing leaves, or that something has.
              await clock.sleep(40)
            }
          }
          const all = Promise.all(Array.from({ length: 8 }, caller))
          while (clock.now() < end + 5_000) {
            await setImmediate()
            await clock.advance(20)
          }
          await all
          left.sort((a, b) => a - b)
          left.forEach((at, n) => {
            const inMinute = left.findIndex((one) => one > at - 60_000)
            assert.ok(n - inMinute + 1 <= 600, `${n - inMinute + 1} calls in a minute`)
          })
          assert.ok(left.length >= 0.97 * 900, `${left.length} calls of 900`)
        }),
        { numRuns: 3 },
      )
    })
  })
})

/** A budget of so many a minute whose row is here; how often it was asked. */
function counting(ceiling: number) {
  const clock = createManualClock()
  let next = clock.now()
  let writes = 0
  const budget = createBudget({
    ledger: {
      async takeBudget(perMinute, calls) {
        writes += 1
        return Array.from({ length: calls }, () => {
          const start = Math.max(next, clock.now())
          next = start + 60_000 / perMinute
          return start - clock.now()
        })
      },
      lowerBudget: async () => {},
    },
    ceiling,
    clock,
    log: testLog(),
  })
  return { clock, budget, writes: () => writes }
}

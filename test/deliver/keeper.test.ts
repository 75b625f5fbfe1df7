import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createKeeper } from '../../src/deliver/keeper.ts'
import type { RetentionStep } from '../../src/ledger/retention.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'

const RETENTION = { payloadMs: 30 * 86_400_000, rowsMs: 365 * 86_400_000 }
const more: RetentionStep = { payloads: 1, events: 0, others: 0, more: true }
const last: RetentionStep = { ...more, more: false }

/** A keeper over a ledger that answers so, step by step, and then that nothing is old. `at`: when each step was asked for, in ms from the start. Ends with the test. */
function keeperOver(clock: ManualClock, answers: (RetentionStep | Error)[], tookMs = 0) {
  const began = clock.now()
  const at: number[] = []
  const removeOld = async () => {
    at.push(clock.now() - began)
    const answer = answers.shift() ?? { ...last, payloads: 0 }
    if (answer instanceof Error) throw answer
    if (tookMs > 0) await clock.sleep(tookMs)
    return answer
  }
  const keeper = createKeeper({ ledger: { removeOld }, retention: RETENTION, clock, log: testLog() })
  const running = keeper.run()
  return {
    at,
    async [Symbol.asyncDispose]() {
      keeper.stop()
      await running
    },
  }
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    await clock.advance(10)
    await setImmediate()
  }
}

describe('a keeper', () => {
  it('leaves a service alone that starts, and then looks every ten minutes', async () => {
    const clock = createManualClock()
    await using keeper = keeperOver(clock, [])
    await pass(clock, 59_000)
    assert.deepEqual(keeper.at, [])
    await pass(clock, 1_300_000)
    assert.deepEqual(keeper.at, [60_000, 660_000, 1_260_000])
  })

  it('rests nine times as long as a step took', async () => {
    const clock = createManualClock()
    await using keeper = keeperOver(clock, [more, more, last], 30)
    await pass(clock, 62_000)
    assert.deepEqual(keeper.at, [60_000, 60_300, 60_600])
  })

  it('goes on where the ledger could not be written for a while', async () => {
    const clock = createManualClock()
    await using keeper = keeperOver(clock, [new Error('disk full'), more, last])
    await pass(clock, 130_000)
    assert.deepEqual(keeper.at, [60_000, 120_000, 120_020])
  })

  it('stops between two steps', async () => {
    const clock = createManualClock()
    {
      await using keeper = keeperOver(clock, [more, more, more])
      await pass(clock, 60_000)
      assert.equal(keeper.at.length, 1)
    }
    assert.equal(clock.nextAt(), null)
  })
})

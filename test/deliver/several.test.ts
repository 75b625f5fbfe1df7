import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rigsForEach } from './rig.ts'

describe('several instances on one ledger', () => {
  const rigOf = rigsForEach()
  /** Of the budget's messages, what 0.6 s of it send; three times as many are claimed. */
  const [RATE, MOST] = [4_000, 40]

  test('claim together no more than one would alone: what is claimed waits for the same budget', async () => {
    const rig = await rigOf({ workers: 4, config: { genesys: `rateLimitPerMinute: ${RATE}` } })
    await rig.record(0, 250)
    let most = 0
    await rig.runUntil(async () => {
      most = Math.max(most, rig.inFlight())
      return rig.drained()
    })
    assert.ok(most <= 3 * MOST, `${most} were claimed at once`)
    assert.ok(most >= 2 * MOST, `${most} at the most, which is not what uses the budget`)
    assert.equal((await rig.ledger.reads.messages({ state: 'sent', limit: 5_000 })).length, 250)
  })
})

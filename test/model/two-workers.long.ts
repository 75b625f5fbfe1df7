import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sendToCrowd } from './crowd.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000_000)

it('two workers send 20,000 messages to 1,000 customers: no cap exceeded, no order broken, nobody who refused', async (test) => {
  test.diagnostic(`SEED=${SEED}`)
  const verdict = await sendToCrowd({ customers: 1_000, messages: 20_000, seed: SEED })
  test.diagnostic(JSON.stringify(verdict))
  assert.ok(verdict.messages.sent > 10_000)
  assert.ok(verdict.pairs > 1_000)
  assert.ok(verdict.tooLate > 10)
  assert.ok(verdict.atOnce > 5)
  for (const answer of ['skipped suppressed', 'skipped cap', 'deferred cap']) {
    assert.ok(verdict.answers[answer], answer)
  }
})

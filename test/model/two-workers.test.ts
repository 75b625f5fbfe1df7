import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sendToCrowd } from './crowd.ts'

it('two workers send to a crowd: no cap exceeded, no order broken, nobody who refused', async (test) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
  test.diagnostic(`SEED=${seed}`)
  const verdict = await sendToCrowd({ customers: 25, messages: 500, seed })
  test.diagnostic(JSON.stringify(verdict))
  assert.ok(verdict.messages.sent > 100)
  assert.ok(verdict.pairs > 20)
  assert.ok(verdict.atOnce > 2)
})

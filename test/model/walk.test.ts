import assert from 'node:assert/strict'
import { it } from 'node:test'
import { walk } from './walk.ts'

it('the ledger does what the reference does, over a thousand steps of chance', async (test) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
  test.diagnostic(`SEED=${seed}`)
  const walked = await walk(1_200, seed)
  assert.equal(
    Object.values(walked).reduce((sum, count) => sum + count, 0),
    1_200,
  )
})

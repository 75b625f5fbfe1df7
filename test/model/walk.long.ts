import assert from 'node:assert/strict'
import { it } from 'node:test'
import { walk } from './walk.ts'

const STEPS = Number(process.env.STEPS ?? 100_000)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000_000)

it(`the ledger does what the reference does, over ${STEPS} steps of chance`, async (test) => {
  test.diagnostic(`SEED=${SEED}`)
  const walked = await walk(STEPS, SEED)
  test.diagnostic(JSON.stringify(walked))
  // Fewer steps need not come to all of it.
  for (const what of STEPS < 50_000 ? [] : ALL) assert.ok(walked[what], what)
  assert.equal(
    Object.values(walked).reduce((sum, count) => sum + count, 0),
    STEPS,
  )
})

/** What must have come: every answer of the last look that rules of the model can lead to, and a night that somebody ran into. */
const ALL = [
  ...['open: open', 'open: lost', 'open: paused', 'open: cancelled', 'open: deferred cap'],
  ...['cap', 'suppressed', 'no-consent', 'shadow'].map((code) => `open: skipped ${code}`),
  ...['quiet', 'crash', 'replan', 'saw'],
]

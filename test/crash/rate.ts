import assert from 'node:assert/strict'
import type { Report } from './instances.ts'

/** A call that was allowed at its time may reach Genesys a little after it, and into the next minute. */
const JITTER = 1.01

/** What is allowed was used, and no more. */
export function assertRate({ shareUsed, mostInAMinute }: Report, least = 0.98): void {
  assert.ok(mostInAMinute <= JITTER, `${mostInAMinute.toFixed(3)} of what a minute allows was called`)
  assert.ok(shareUsed >= least, `${shareUsed.toFixed(3)} of what was allowed was used, wanted ${least}`)
}

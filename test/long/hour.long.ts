import assert from 'node:assert/strict'
import { it } from 'node:test'
import { liveThroughAnHour } from './hour.ts'

it('an hour of trouble with 10,000 messages: every one is sent exactly once', async (test) => {
  const report = await liveThroughAnHour({
    messages: 10_000,
    ratePerMinute: 900,
    minutes: 60,
    storms: [5, 45],
    outage: { from: 15, to: 35 },
    revocations: [10, 40],
  })
  test.diagnostic(JSON.stringify(report))
  assert.ok(report.steady.minutes >= 10, JSON.stringify(report))
  assert.equal(report.steady.slowdowns, 0)
  assert.ok(report.steady.shareUsed >= 0.98)
})

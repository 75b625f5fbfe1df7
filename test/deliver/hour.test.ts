import assert from 'node:assert/strict'
import { it } from 'node:test'
import { liveThroughAnHour } from '../long/hour.ts'

it('a short form of the hour: every message is sent exactly once, whatever happens', async () => {
  const report = await liveThroughAnHour({
    messages: 220,
    ratePerMinute: 60,
    minutes: 16,
    storms: [2, 13],
    outage: { from: 6, to: 9 },
    revocations: [4, 11],
  })
  assert.ok(report.steady.minutes >= 5, JSON.stringify(report))
  assert.equal(report.steady.slowdowns, 0, JSON.stringify(report))
  assert.ok(report.steady.shareUsed >= 0.98, JSON.stringify(report))
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { planEvent } from '../../src/plan/plan.ts'
import { AT, configWith, DAY, eventWith, MINUTE, onlyMessage, planWith, TICKET } from './house.ts'

describe('when it is due and when it is too late', () => {
  const timesOf = (lines: string[], times: { occurredAt: number; receivedAt: number }) => {
    const { dueAt, expireAt } = onlyMessage(planWith(lines, eventWith(TICKET, times)))
    return [dueAt - AT, expireAt - AT]
  }

  test('from the time of the event: now, and a day', () =>
    assert.deepEqual(timesOf([], { occurredAt: AT, receivedAt: AT }), [0, DAY]))

  test('delay and expiry count from when it happened, not from when it came', () =>
    assert.deepEqual(
      timesOf(['delay: 30m', 'expireAfter: 1h'], { occurredAt: AT - 10 * MINUTE, receivedAt: AT }),
      [20 * MINUTE, 80 * MINUTE],
    ))

  test('what is overdue when it comes is due at once; it may be too late already', () =>
    assert.deepEqual(
      timesOf(['delay: 30m', 'expireAfter: 1h'], { occurredAt: AT - 2 * DAY, receivedAt: AT }),
      [0, -2 * DAY + 90 * MINUTE],
    ))

  test('a clock that is ahead holds nothing back', () =>
    assert.deepEqual(timesOf(['delay: 30m'], { occurredAt: AT + 5 * DAY, receivedAt: AT }), [
      30 * MINUTE,
      DAY + 30 * MINUTE,
    ]))

  test('it is never due before it came, nor later than its delay after; and it expires after the delay', () => {
    const config = configWith({ greet: ['delay: 30m', 'expireAfter: 1h'] })
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 })
    fc.assert(
      fc.property(time, time, (occurredAt, receivedAt) => {
        const { dueAt, expireAt } = onlyMessage(
          planEvent(eventWith(TICKET, { occurredAt, receivedAt }), config),
        )
        assert.ok(dueAt >= receivedAt && dueAt <= receivedAt + 30 * MINUTE)
        assert.equal(expireAt, Math.min(occurredAt, receivedAt) + 90 * MINUTE)
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eventWith, onlyMessage, planWith } from './house.ts'

const QUIET = (timezone: string | null, more = '') =>
  `quietHours: { from: "21:00", to: "08:00"${timezone ? `, timezone: ${timezone}` : ''}${more} }`

/** When a message is due whose event happened at `at`, both as ISO 8601. */
function dueOf(lines: readonly string[], at: string, customer: object = {}, receivedAt = at) {
  const data = { customer: { id: 'C-1', ...customer } }
  const times = { occurredAt: Date.parse(at), receivedAt: Date.parse(receivedAt) }
  const { dueAt, expireAt } = onlyMessage(planWith(lines, eventWith(data, times)))
  return {
    due: new Date(dueAt).toISOString().slice(0, 16),
    expires: new Date(expireAt).toISOString().slice(0, 16),
  }
}

describe('what would be due in the customer’s night is due when it ends', () => {
  // 23:30 in Berlin, 22:30 in London, 17:30 in New York.
  const AT = '2026-11-23T22:30Z'

  test('by the zone that the event names', () => {
    const due = (timezone: string) =>
      dueOf([QUIET('Europe/Berlin')], AT, { timezone, phone: '+4930123456' }).due
    assert.equal(due('Europe/London'), '2026-11-24T08:00')
    assert.equal(due('America/New_York'), '2026-11-23T22:30')
  })

  test('else by that of the phone’s country, where it has one', () => {
    const due = (phone: string) => dueOf([QUIET('America/New_York')], AT, { phone }).due
    assert.equal(due('+4930123456'), '2026-11-24T07:00')
    // Of the United States' many, none is theirs: the route's it is, where it is day.
    assert.equal(due('+13175550100'), '2026-11-23T22:30')
  })

  test('else by the route’s', () => {
    assert.equal(dueOf([QUIET('Europe/Berlin')], AT).due, '2026-11-24T07:00')
    assert.equal(dueOf([QUIET('Europe/Berlin')], AT, { timezone: 'Middle/Earth' }).due, '2026-11-24T07:00')
  })

  test('where nobody knows, at once', () => assert.equal(dueOf([QUIET(null)], AT).due, '2026-11-23T22:30'))

  test('and no quiet hours, at once', () =>
    assert.equal(dueOf(['quietHours: none'], AT, { timezone: 'Europe/Berlin' }).due, '2026-11-23T22:30'))

  test('not on days that it does not name', () => {
    // A Monday.
    assert.equal(dueOf([QUIET('Europe/Berlin', ', days: fri-sat')], AT).due, '2026-11-23T22:30')
    assert.equal(dueOf([QUIET('Europe/Berlin', ', days: mon')], AT).due, '2026-11-24T07:00')
  })
})

describe('quiet hours, delay and expiry', () => {
  const lines = [QUIET('Europe/Berlin'), 'delay: 3h', 'expireAfter: 1h']

  test('it is asked after the delay', () => {
    assert.equal(dueOf(lines, '2026-11-23T18:00Z').due, '2026-11-24T07:00')
    assert.equal(dueOf(lines, '2026-11-23T16:59Z').due, '2026-11-23T19:59')
    // Where the night began at 21:00, it is quiet already.
    assert.equal(dueOf(lines, '2026-11-23T17:00Z').due, '2026-11-24T07:00')
  })

  test('and from when the event came, where that is later', () =>
    assert.equal(dueOf(lines, '2026-11-23T12:00Z', {}, '2026-11-23T23:00Z').due, '2026-11-24T07:00'))

  test('it expires no later for having waited', () =>
    assert.equal(dueOf(lines, '2026-11-23T18:00Z').expires, '2026-11-23T22:00'))
})

describe('both changes of the clocks', () => {
  const cases: [zone: string, at: string, due: string][] = [
    // The night of 28 March has no 02:30, that of 24 October has two.
    ['Europe/Berlin', '2026-03-28T22:00Z', '2026-03-29T06:00'],
    ['Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T07:00'],
    ['America/New_York', '2026-03-08T04:00Z', '2026-03-08T12:00'],
    ['America/New_York', '2026-11-01T04:00Z', '2026-11-01T13:00'],
  ]
  for (const [zone, at, due] of cases) {
    test(`${zone}, ${at.slice(0, 10)}: 08:00 there`, () => {
      assert.equal(dueOf([QUIET(zone)], at).due, due)
      assert.match(
        new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' }).format(
          Date.parse(`${due}Z`),
        ),
        /^08:00$/,
      )
    })
  }
})

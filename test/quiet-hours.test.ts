import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { QuietHours, Weekday } from '../src/message.ts'
import { quietUntil } from '../src/quiet-hours.ts'
import { quietUntilByWalking, walkAround } from './minute-walk.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const EVERY_DAY: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7]

/** `21:00-08:00` */
function quiet(times: string, days: readonly Weekday[] = EVERY_DAY): QuietHours {
  const [from = 0, to = 0] = times
    .split('-')
    .map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)))
  return { fromMinute: from, toMinute: to, timezone: null, days }
}

/** Instants are written in UTC, `2026-03-29 01:00`. */
const instant = (text: string) => Date.parse(`${text.replace(' ', 'T')}:00Z`)
const written = (at: number | null) =>
  at === null ? null : new Date(at).toISOString().slice(0, 16).replace('T', ' ')

/** Quiet from its first instant to the one before `ends`, and neither before nor after. */
function assertQuiet(zone: string, hours: QuietHours, begins: string, ends: string) {
  const [first, last] = [instant(begins), instant(ends)]
  assert.equal(quietUntil(first - 1, hours, zone), null, 'before')
  for (const at of [first, first + MINUTE, (first + last) / 2, last - MINUTE, last - 1])
    assert.equal(written(quietUntil(at, hours, zone)), ends, written(at) ?? '')
  assert.equal(quietUntil(last, hours, zone), null, 'after')
}

describe('the night in which clocks change, to the minute', () => {
  // Local times in the title, UTC in the columns.
  const nights: [zone: string, hours: string, begins: string, ends: string][] = [
    // Put forward from 02:00 to 03:00 at 01:00 UTC.
    ['Europe/Berlin', '21:00-08:00', '2026-03-28 20:00', '2026-03-29 06:00'],
    ['Europe/Berlin', '21:00-08:00', '2027-03-27 20:00', '2027-03-28 06:00'],
    ['Europe/Berlin', '02:30-08:00', '2026-03-29 01:00', '2026-03-29 06:00'],
    ['Europe/Berlin', '22:00-02:30', '2026-03-28 21:00', '2026-03-29 01:00'],
    ['Europe/Berlin', '22:00-02:00', '2027-03-27 21:00', '2027-03-28 01:00'],
    ['Europe/Berlin', '03:00-03:30', '2027-03-28 01:00', '2027-03-28 01:30'],
    // Set back from 03:00 to 02:00 at 01:00 UTC.
    ['Europe/Berlin', '21:00-08:00', '2026-10-24 19:00', '2026-10-25 07:00'],
    ['Europe/Berlin', '21:00-08:00', '2027-10-30 19:00', '2027-10-31 07:00'],
    ['Europe/Berlin', '02:30-08:00', '2026-10-25 00:30', '2026-10-25 07:00'],
    ['Europe/Berlin', '22:00-02:30', '2026-10-24 20:00', '2026-10-25 01:30'],
    ['Europe/Berlin', '02:00-03:00', '2027-10-31 00:00', '2027-10-31 02:00'],
    ['Europe/Berlin', '01:00-02:00', '2027-10-30 23:00', '2027-10-31 01:00'],
    // Put forward from 02:00 to 03:00 at 07:00 UTC.
    ['America/New_York', '21:00-08:00', '2026-03-08 02:00', '2026-03-08 12:00'],
    ['America/New_York', '21:00-08:00', '2027-03-14 02:00', '2027-03-14 12:00'],
    ['America/New_York', '02:30-08:00', '2026-03-08 07:00', '2026-03-08 12:00'],
    ['America/New_York', '22:00-02:30', '2027-03-14 03:00', '2027-03-14 07:00'],
    // Set back from 02:00 to 01:00 at 06:00 UTC.
    ['America/New_York', '21:00-08:00', '2026-11-01 01:00', '2026-11-01 13:00'],
    ['America/New_York', '21:00-08:00', '2027-11-07 01:00', '2027-11-07 13:00'],
    ['America/New_York', '01:30-08:00', '2026-11-01 05:30', '2026-11-01 13:00'],
    ['America/New_York', '22:00-01:30', '2027-11-07 02:00', '2027-11-07 06:30'],
    // Half an hour: put forward from 02:00 to 02:30, set back from 02:00 to 01:30.
    ['Australia/Lord_Howe', '22:00-02:15', '2026-10-03 11:30', '2026-10-03 15:30'],
    ['Australia/Lord_Howe', '22:00-01:45', '2026-04-04 11:00', '2026-04-04 15:15'],
    // Samoa left 30 December 2011 out: its night is over when that of the 31st is.
    ['Pacific/Apia', '21:00-08:00', '2011-12-30 07:00', '2011-12-30 18:00'],
    ['Pacific/Apia', '12:00-13:00', '2011-12-29 22:00', '2011-12-29 23:00'],
  ]
  for (const [zone, hours, begins, ends] of nights) {
    test(`${zone} ${hours}: ${begins} to ${ends}`, () => assertQuiet(zone, quiet(hours), begins, ends))
  }

  test('a quiet time within the hour that does not come is none', () => {
    for (let at = instant('2026-03-28 23:00'); at < instant('2026-03-29 23:00'); at += MINUTE)
      assert.equal(quietUntil(at, quiet('02:15-02:45'), 'Europe/Berlin'), null)
  })

  test('where the end of one is the beginning of the next, it goes on', () => {
    // 02:30 and 02:31 are both 03:00 in the spring; in autumn the end comes after the beginning.
    const hours = quiet('02:31-02:30')
    assert.equal(written(quietUntil(instant('2026-03-28 12:00'), hours, 'Europe/Berlin')), '2026-03-30 00:30')
    assert.equal(written(quietUntil(instant('2026-10-24 12:00'), hours, 'Europe/Berlin')), '2026-10-26 01:30')
  })
})

describe('days', () => {
  // 2026-07-03 is a Friday; Berlin is two hours ahead.
  test('a night belongs to the day on which it begins', () => {
    assertQuiet('Europe/Berlin', quiet('21:00-08:00', [5]), '2026-07-03 19:00', '2026-07-04 06:00')
    for (const days of [[6], [1, 2, 3, 4, 6, 7]] as const)
      assert.equal(quietUntil(instant('2026-07-04 03:00'), quiet('21:00-08:00', days), 'Europe/Berlin'), null)
  })

  test('on the others it is never quiet', () => {
    const hours = quiet('10:00-12:00', [6, 7])
    assertQuiet('Europe/Berlin', hours, '2026-07-04 08:00', '2026-07-04 10:00')
    assertQuiet('Europe/Berlin', hours, '2026-07-05 08:00', '2026-07-05 10:00')
    for (const day of [3, 6, 7, 8, 9, 10])
      assert.equal(quietUntil(Date.UTC(2026, 6, day, 9), hours, 'Europe/Berlin'), null)
  })

  test('are those of the zone', () => {
    // Saturday in Kathmandu (UTC+5:45), Friday in New York.
    const at = instant('2026-07-03 20:00')
    const hours = quiet('00:00-23:59', [6])
    assert.equal(written(quietUntil(at, hours, 'Asia/Kathmandu')), '2026-07-04 18:14')
    assert.equal(quietUntil(at, hours, 'America/New_York'), null)
  })

  test('none: never', () =>
    assert.equal(quietUntil(Date.UTC(2026, 6, 3), quiet('21:00-08:00', []), 'UTC'), null))
})

describe('a zone', () => {
  for (const zone of ['', 'Middle/Earth', '+02:00', 'W. Europe Standard Time'])
    test(`that is none: ${JSON.stringify(zone)}`, () =>
      assert.throws(() => quietUntil(0, quiet('21:00-08:00'), zone), RangeError))

  test('that is known by an older name or written otherwise', () => {
    const at = instant('2026-07-03 19:00')
    for (const zone of ['europe/berlin', 'Arctic/Longyearbyen'])
      assert.equal(written(quietUntil(at, quiet('21:00-08:00'), zone)), '2026-07-04 06:00')
  })
})

describe('as one finds it by going through the minutes', () => {
  const places: Readonly<Record<string, readonly string[]>> = {
    'Europe/Berlin': ['2026-03-29 01:00', '2026-10-25 01:00', '2027-03-28 01:00', '2027-10-31 01:00'],
    'America/New_York': ['2026-03-08 07:00', '2026-11-01 06:00', '2027-03-14 07:00', '2027-11-07 06:00'],
    'Asia/Kathmandu': ['2026-01-01 00:00', '1985-12-31 18:30'],
    'Australia/Lord_Howe': ['2026-04-04 15:00', '2026-10-03 15:30'],
    'Pacific/Apia': ['2011-12-30 10:00', '2026-07-01 00:00'],
    // At midnight: 00:00 does not come, and 23:00 comes twice.
    'Asia/Beirut': ['2026-03-28 22:00', '2026-10-24 21:00'],
    // At 00:01, so that a day begins, ends and begins again.
    'America/St_Johns': ['2010-11-07 02:31', '2010-03-14 03:31'],
  }
  const minute = fc.integer({ min: 0, max: 1_439 })
  // Where clocks change, and anywhere.
  const near = fc.oneof(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -2_160, max: 2_160 }))
  for (const [zone, changes] of Object.entries(places)) {
    test(zone, () => {
      const walks = changes.map((change) => ({
        change: instant(change),
        walk: walkAround(zone, instant(change)),
      }))
      const early = fc.integer({ min: 0, max: 240 })
      fc.assert(
        fc.property(
          fc.constantFrom(...walks),
          near,
          fc.nat({ max: MINUTE - 1 }),
          fc.oneof(minute, early),
          fc.oneof(minute, early),
          fc.oneof(fc.constant([...EVERY_DAY]), fc.subarray([...EVERY_DAY])),
          ({ change, walk }, minutes, ms, fromMinute, toMinute, days) => {
            fc.pre(fromMinute !== toMinute)
            const hours = { fromMinute, toMinute, timezone: null, days }
            const at = change + minutes * MINUTE + ms
            assert.equal(written(quietUntil(at, hours, zone)), written(quietUntilByWalking(at, hours, walk)))
          },
        ),
        { numRuns: 200 },
      )
    })
  }

  test('at any time, the end is later, within two days, and not quiet', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.constantFrom(...Object.keys(places)),
        minute,
        minute,
        (at, zone, fromMinute, toMinute) => {
          fc.pre(fromMinute !== toMinute)
          const hours = { fromMinute, toMinute, timezone: null, days: EVERY_DAY }
          const until = quietUntil(at, hours, zone)
          if (until === null) return
          assert.ok(until > at && until <= at + 2 * DAY + 60 * MINUTE)
          assert.equal(quietUntil(until, hours, zone), null)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

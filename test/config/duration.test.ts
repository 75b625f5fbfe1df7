import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from '../../src/config/duration.ts'

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const unit = fc.constantFrom('s', 'm', 'h', 'd')
const count = fc.nat({ max: 99_999 })

describe('parseDuration', () => {
  test('a whole number of seconds, minutes, hours or days', () => {
    fc.assert(fc.property(count, unit, (n, of) => assert.equal(parseDuration(`${n}${of}`), n * UNITS[of])))
  })

  for (const text of [
    '',
    '5',
    'm',
    '1.5h',
    '-5m',
    '5 m',
    '5M',
    '1h30m',
    '5ms',
    '5w',
    'PT5M',
    '٣m',
    '1e3s',
    '5m\nx',
  ]) {
    test(`none: ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), null))
  }
})

describe('formatDuration', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [1_000, '1s'],
    [90_000, '90s'],
    [60_000, '1m'],
    [5_400_000, '90m'],
    [86_400_000, '1d'],
    [90_000_000, '25h'],
    [172_800_000, '2d'],
    [1_001, '2s'],
  ]
  for (const [ms, text] of cases) test(`${ms} → ${text}`, () => assert.equal(formatDuration(ms), text))

  test('is read back as what it was, and is then written the same', () => {
    fc.assert(
      fc.property(count, unit, (n, of) => {
        const ms = n * UNITS[of]
        const text = formatDuration(ms)
        assert.equal(parseDuration(text), ms)
        assert.equal(formatDuration(parseDuration(text) ?? Number.NaN), text)
      }),
    )
  })

  test('says no less than it is, and less than a second more', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9e11 }), (ms) => {
        const said = parseDuration(formatDuration(ms)) ?? Number.NaN
        assert.ok(said >= ms && said < ms + 1_000, `${ms}: ${said}`)
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { MacScheme } from '../../../src/receive/signature/scheme.ts'
import { signedTimeOf, type TimeUnit, writtenTime } from '../../../src/receive/signature/time.ts'
import type { SignatureRefusal } from '../../../src/receive/signature/verdict.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { arrived, NOW, SLACK, sent } from './schemes.ts'

const SECRET = 'a-secret-of-the-tests'
const UNITS: readonly TimeUnit[] = ['s', 'ms', 'iso', 'http-date']

describe('a signed time', () => {
  const read: [string, TimeUnit, number][] = [
    ['1795424400', 's', 1_795_424_400_000],
    ['1795424400123', 'ms', 1_795_424_400_123],
    ['2026-11-23T09:00:00Z', 'iso', NOW],
    ['2026-11-23T09:00:00.5Z', 'iso', NOW + 500],
    ['2026-11-23T09:00:00.123456789Z', 'iso', NOW + 123],
    ['2026-11-23T10:30:00+01:30', 'iso', NOW],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 'http-date', NOW],
  ]
  for (const [text, unit, at] of read) {
    test(`${text} is ${unit}`, () => {
      assert.equal(signedTimeOf(text, [unit])?.at, at)
      // Of the others none reads it, but that seconds and milliseconds are both digits.
      const others = UNITS.filter(
        (one) => one !== unit && !(/^\d+$/.test(text) && (one === 's' || one === 'ms')),
      )
      assert.equal(signedTimeOf(text, others), null)
    })
  }

  const none = [
    ...[
      '',
      ' ',
      'NaN',
      'Infinity',
      'now',
      '0',
      '00',
      '-1',
      '+1795424400',
      '01795424400',
      '1795424400.5',
      '1.8e9',
    ],
    ...[
      ' 1795424400',
      '1795424400 ',
      '1795424400abc',
      '0x6b036bd0',
      '1,795,424,400',
      '1'.repeat(16),
      '１７９５４２４４００',
    ],
    ...['2026-11-23', '2026-11-23T09:00:00', '2026-11-23 09:00:00Z', '2026-11-23T09:00Z', '20261123T090000Z'],
    ...['2026-13-23T09:00:00Z', '2026-11-23T25:00:00Z', '2026-11-23T09:00:00.Z', '2026-11-23T09:00:00z'],
    ...['+002026-11-23T09:00:00Z', '2026-11-23T09:00:00+0100', ' 2026-11-23T09:00:00Z'],
    ...['Mon, 23 Nov 2026 09:00:00', 'Mon, 23 Nov 2026 09:00:00 CET', 'mon, 23 nov 2026 09:00:00 gmt'],
    ...['Mon, 99 Nov 2026 09:00:00 GMT', 'Monday, 23-Nov-26 09:00:00 GMT', 'Mon Nov 23 09:00:00 2026'],
  ]
  for (const text of none) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(signedTimeOf(text, UNITS), null))
  }

  test('is read as it was written, whatever it is', () => {
    const times = fc.integer({ min: 1000, max: 253_402_300_799_999 })
    fc.assert(
      fc.property(times, fc.constantFrom(...UNITS), (ms, unit) => {
        const exact = unit === 'ms' ? ms : Math.floor(ms / 1000) * 1000
        const inSeconds = unit !== 'ms'
        assert.deepEqual(signedTimeOf(writtenTime(ms, unit), [unit]), { at: exact, inSeconds })
      }),
    )
  })

  test('is never NaN, nor does anything throw', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\dTZ:+.,A-Za-z -]{0,32}$/))
    fc.assert(
      fc.property(texts, (text) => {
        const one = signedTimeOf(text, UNITS)
        return one === null || Number.isFinite(one.at)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Slack's scheme with its time in another unit. */
function timed(unit: TimeUnit, aheadMs: number | null = 300_000): MacScheme {
  return { ...SLACK, timestamp: { in: { header: 'x-time' }, units: [unit], oldestMs: 300_000, aheadMs } }
}

function assertVerdict(
  scheme: MacScheme,
  atMs: number,
  nowMs: number,
  expected: 'authentic' | SignatureRefusal,
) {
  const verdict = verify(scheme, arrived(sent(scheme, SECRET, { body: '{}', atMs }), [SECRET], nowMs))
  assert.equal(verdict.kind === 'refused' ? verdict.reason : verdict.kind, expected, `${nowMs - atMs} ms old`)
  if (verdict.kind === 'authentic') assert.equal(verdict.timestampMs, atMs)
}

describe('the tolerance', () => {
  for (const unit of ['s', 'iso', 'http-date'] as const) {
    test(`of ${unit} is in whole seconds, as the libraries count`, () => {
      const scheme = timed(unit)
      for (const part of [0, 1, 999]) {
        assertVerdict(scheme, NOW - 300_000, NOW + part, 'authentic')
        assertVerdict(scheme, NOW - 301_000, NOW + part, 'too-old')
        assertVerdict(scheme, NOW + 300_000, NOW + part, 'authentic')
        assertVerdict(scheme, NOW + 301_000, NOW + part, 'too-new')
      }
    })
  }

  test('of ms is in milliseconds, also where they are a whole second', () => {
    const scheme = timed('ms')
    for (const at of [NOW, NOW + 7]) {
      assertVerdict(scheme, at, at + 300_000, 'authentic')
      assertVerdict(scheme, at, at + 300_001, 'too-old')
      assertVerdict(scheme, at, at - 300_000, 'authentic')
      assertVerdict(scheme, at, at - 300_001, 'too-new')
    }
  })

  test('has no end in the future only where the scheme says so', () => {
    const year = 365 * 24 * 3600 * 1000
    assertVerdict(timed('s', null), NOW + year, NOW, 'authentic')
    assertVerdict(timed('s', null), NOW - 301_000, NOW, 'too-old')
    assertVerdict(timed('s'), NOW + year, NOW, 'too-new')
  })

  test('is not missed by a unit that was mixed up', () => {
    const scheme = { ...timed('ms'), timestamp: { ...timed('ms').timestamp, units: ['s'] } } as MacScheme
    const asMs = sent(timed('ms'), SECRET, { body: '{}' })
    const verdict = verify(scheme, arrived(asMs, [SECRET]))
    assert.equal(verdict.kind === 'refused' && verdict.reason, 'too-new')
    const asSeconds = sent(timed('s'), SECRET, { body: '{}' })
    const other = verify(timed('ms'), arrived(asSeconds, [SECRET]))
    assert.equal(other.kind === 'refused' && other.reason, 'too-old')
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusing } from '../../src/ops/refusing.ts'
import { UNKNOWN_SOURCE } from '../../src/receive/refusals.ts'

const NOW = Date.UTC(2026, 10, 23, 3, 0, 0)
const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE

type Hour = { count: number; firstAgo: number; lastAgo: number }

/** Whether it is the sender that is refused, where this was in each hour and an event was accepted so long ago. */
function refusing(
  reason: string,
  hours: readonly Hour[],
  { acceptedAgo = null, source = 'crm' }: { acceptedAgo?: number | null; source?: string } = {},
): boolean {
  const refusedHours = hours.map(({ count, firstAgo, lastAgo }) => {
    return { source, reason, count, firstAt: NOW - firstAgo, lastAt: NOW - lastAgo }
  })
  const lastAt = Math.max(...refusedHours.map((one) => one.lastAt))
  const lastEventAt: Record<string, number> = acceptedAgo === null ? {} : { [source]: NOW - acceptedAgo }
  return isRefusing({ source, reason, lastAt }, { lastEventAt, refusedHours }, NOW)
}

const one = (ago: number): Hour => ({ count: 1, firstAgo: ago, lastAgo: ago })

describe('whether it is the sender that is refused', () => {
  for (const reason of ['wrong-method', 'missing-header', 'malformed-header', 'duplicate-header']) {
    it(`${reason}: not for what a stranger posts`, () => {
      assert.equal(refusing(reason, [one(0)]), false)
      assert.equal(refusing(reason, [one(0)], { acceptedAgo: 5 * HOUR }), false)
      // A scanner that tries every door at once, and one that looks in each hour of the night.
      assert.equal(refusing(reason, [{ count: 15, firstAgo: 10 * SECOND, lastAgo: 0 }]), false)
      const night = [8, 7, 6, 5, 4, 3, 2, 1].map((hours) => one(hours * HOUR))
      assert.equal(refusing(reason, night, { acceptedAgo: 9 * HOUR }), false)
    })

    it(`${reason}: for a sender that is refused again and again, within minutes`, () => {
      const hour = { count: 6, firstAgo: 2 * MINUTE, lastAgo: MINUTE }
      assert.equal(refusing(reason, [hour]), true)
      assert.equal(refusing(reason, [hour], { acceptedAgo: 3 * MINUTE }), true)
      assert.equal(refusing(reason, [{ ...hour, count: 5 }]), false)
      assert.equal(refusing(reason, [{ ...hour, lastAgo: MINUTE + SECOND }]), false)
    })
  }

  it('a sender that gave up long ago is refused still, until one is accepted', () => {
    const evening = [{ count: 30, firstAgo: 6 * HOUR, lastAgo: 5 * HOUR }]
    assert.equal(refusing('missing-header', evening, { acceptedAgo: 7 * HOUR }), true)
    assert.equal(refusing('missing-header', evening, { acceptedAgo: 4 * HOUR }), false)
  })

  it('a sender with four events an hour, by the evening', () => {
    const hours = [5, 4, 3, 2, 1].map((ago) => ({
      count: 4,
      firstAgo: ago * HOUR + 50 * MINUTE,
      lastAgo: ago * HOUR,
    }))
    assert.equal(refusing('missing-header', hours), false)
    assert.equal(refusing('missing-header', [...hours, one(0)]), true)
  })

  it('what was refused before the last accepted one counts no more', () => {
    const hours = [{ count: 40, firstAgo: 5 * HOUR, lastAgo: 4 * HOUR }, one(0)]
    assert.equal(refusing('missing-header', hours, { acceptedAgo: 2 * HOUR }), false)
    assert.equal(refusing('missing-header', hours), true)
  })

  for (const reason of ['no-match', 'too-old', 'too-new', 'wrong-url', 'no-secret', 'fault']) {
    it(`${reason}: at once, but for a single one between those that are accepted`, () => {
      assert.equal(refusing(reason, [one(0)]), true)
      assert.equal(refusing(reason, [one(0)], { acceptedAgo: HOUR }), true)
      assert.equal(refusing(reason, [one(5 * MINUTE)], { acceptedAgo: 5 * MINUTE + 59 * SECOND }), false)
      assert.equal(refusing(reason, [one(5 * MINUTE)], { acceptedAgo: 6 * MINUTE }), true)
      const two = { count: 2, firstAgo: 5 * MINUTE, lastAgo: 5 * MINUTE }
      assert.equal(refusing(reason, [two], { acceptedAgo: 5 * MINUTE + 59 * SECOND }), true)
    })
  }

  it('one that was accepted within the last minute is not refused, whatever comes between', () => {
    const many = [{ count: 900, firstAgo: HOUR, lastAgo: 0 }]
    assert.equal(refusing('no-match', many, { acceptedAgo: 59 * SECOND }), false)
    assert.equal(refusing('no-match', many, { acceptedAgo: MINUTE }), true)
  })

  it('a name that no source has: many, and within the last hour', () => {
    const many = { count: 9, firstAgo: HOUR + 5 * MINUTE, lastAgo: HOUR }
    const source = UNKNOWN_SOURCE
    assert.equal(refusing('unknown-source', [many], { source }), true)
    assert.equal(refusing('unknown-source', [{ ...many, lastAgo: HOUR + 1 }], { source }), false)
    assert.equal(refusing('unknown-source', [one(0)], { source }), false)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { loweringOf, paceUnder } from '../../src/deliver/budget.ts'

const CEILING = 300

describe('loweringOf', () => {
  it('says nothing where the headers are absent, or say what is configured', () => {
    assert.equal(loweringOf({ allowed: null, count: null, resetMs: null }, CEILING), null)
    assert.equal(loweringOf({ allowed: 300, count: 1, resetMs: 59_000 }, CEILING), null)
    assert.equal(loweringOf({ allowed: 300, count: null, resetMs: null }, CEILING), null)
  })

  it('never goes above the configured ceiling, whatever Genesys allows', () => {
    assert.equal(loweringOf({ allowed: 3000, count: 10, resetMs: 50_000 }, CEILING), null)
  })

  it('goes down to what Genesys allows', () => {
    const lowering = loweringOf({ allowed: 180, count: 3, resetMs: 59_000 }, CEILING)
    assert.deepEqual([lowering?.why, lowering?.forMs], ['allowed-less', 59_000])
    assert.ok(lowering && lowering.perMinute <= paceUnder(180) && lowering.perMinute > 170)
    const unknown = loweringOf({ allowed: 180, count: null, resetMs: null }, CEILING)
    assert.deepEqual([unknown?.why, unknown?.perMinute], ['allowed-less', paceUnder(180)])
  })

  it('spreads what others have left over the rest of the window', () => {
    const lowering = loweringOf({ allowed: 300, count: 250, resetMs: 30_000 }, CEILING)
    assert.deepEqual(lowering, { why: 'used-by-others', perMinute: 100, forMs: 30_000 })
  })

  it('waits for the next window where nothing is left', () => {
    for (const count of [300, 320]) {
      const lowering = loweringOf({ allowed: 300, count, resetMs: 12_000 }, CEILING)
      assert.deepEqual(lowering, { why: 'used-by-others', perMinute: 0, forMs: 12_000 })
    }
  })

  it('our own pace alone holds no call back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 10_000 }),
        fc.integer({ min: 0, max: 59_999 }),
        (ceiling, intoMs) => {
          const everyMs = 60_000 / paceUnder(ceiling)
          const count = Math.floor(intoMs / everyMs) + 1
          const lowering = loweringOf({ allowed: ceiling, count, resetMs: 60_000 - intoMs }, ceiling)
          // Where the window is used up, our next call is due after its end anyway.
          if (lowering !== null) assert.ok(lowering.why === 'used-up' && count * everyMs >= 60_000)
        },
      ),
    )
  })
})

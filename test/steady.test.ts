import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { steady } from '../src/clock.ts'

test('steady time goes on as far as the clock does, and never back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -4_000_000, max: 4_000_000 })), (steps) => {
      let at = 1_800_000_000_000
      const now = steady({ now: () => at })
      let passed = now()
      for (const step of steps) {
        at += step
        passed += Math.max(0, step)
        assert.equal(now(), passed)
      }
    }),
  )
})

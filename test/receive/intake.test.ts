import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createIntake, type Place, SMALL_BODY } from '../../src/receive/intake.ts'

const MAX = 1024 * 1024

test('whatever comes, goes and gives way: no share is exceeded, a small body has room unless full, and all is given back', () => {
  const step = fc.record({
    which: fc.nat(19),
    what: fc.constantFrom('take', 'take', 'take', 'arrived', 'release'),
    count: fc.integer({ min: 1, max: 200_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const intake = createIntake({ maxWaiting: 10, maxBytes: MAX })
      const bodies: ({ place: Place; size: number; whole: boolean } | null)[] = Array(20).fill(null)
      const begun = (which: number) => {
        const place = intake.place(() => {
          place.release()
          assert.equal(bodies[which]?.whole, false, 'what is whole never gives way')
          bodies[which] = null
        })
        const body = { place, size: 0, whole: false }
        bodies[which] = body
        return body
      }
      const held = (whole: boolean) =>
        bodies.reduce((sum, body) => sum + (body?.whole === whole ? body.size : 0), 0)

      for (const { which, what, count } of steps) {
        const body = bodies[which] ?? begun(which)
        if (what === 'release') {
          body.place.release()
          bodies[which] = null
        } else if (!body.whole && what === 'arrived') {
          body.place.arrived()
          body.whole = true
        } else if (!body.whole) {
          const wasSmall = body.size === 0 && count <= SMALL_BODY
          const full = intake.full()
          if (body.place.take(count)) body.size += count
          else {
            assert.ok(!wasSmall || full, 'a small body was turned away')
            body.place.release()
            bodies[which] = null
          }
        }
        assert.ok(held(false) <= MAX / 2)
        assert.ok(held(true) + held(false) <= MAX)
        assert.equal(intake.full(), held(true) + SMALL_BODY > MAX)
      }
      for (const body of bodies) body?.place.release()
      const last = intake.place(() => {})
      assert.equal(last.take(MAX / 2), true)
    }),
    { numRuns: 300 },
  )
})

test('the oldest gives way, and nobody gives way in vain', () => {
  const intake = createIntake({ maxWaiting: 10, maxBytes: MAX })
  const gone: number[] = []
  const places = [1, 2, 3].map((n) => {
    const place: Place = intake.place(() => {
      gone.push(n)
      place.release()
    })
    return place
  })
  const [first, second, third] = places
  assert.ok(first && second && third)
  assert.ok(first.take(200_000) && second.take(200_000))
  assert.equal(first.take(400_000), false, 'larger than the share of all')
  assert.equal(first.take(200_000), false, 'the oldest does not push out the newer')
  assert.deepEqual(gone, [])
  assert.equal(third.take(200_000), true)
  assert.deepEqual(gone, [1])
})

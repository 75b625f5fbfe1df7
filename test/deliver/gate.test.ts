import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { createGate, type Place } from '../../src/deliver/gate.ts'

describe('the gate before the budget', () => {
  test('lets in as many as there is room for, in the order in which they came, whatever the room is meanwhile', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ kind: 'enter' as const }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(9) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('room' as const), room: fc.integer({ min: 1, max: 5 }) }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let room = 2
        const inside: Place[] = []
        const order: number[] = []
        const gate = createGate(() => room, new AbortController().signal)
        // What it should be, counted.
        let came = 0
        let there = 0
        for (const one of steps) {
          let isMoved = true
          if (one.kind === 'enter') {
            const number = came++
            void gate.enter().then((place) => {
              inside.push(place)
              order.push(number)
            })
          } else if (one.kind === 'room') {
            room = one.room
            isMoved = false
          } else {
            const [place] = inside.splice(one.which % Math.max(1, inside.length), 1)
            place?.leave()
            place?.leave()
            if (place) there -= 1
            else isMoved = false
          }
          // A change of the room alone is seen with whoever comes or leaves next.
          if (isMoved) there += Math.min(came - order.length, Math.max(0, room - there))
          await setImmediate()
          assert.equal(inside.length, there)
        }
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        )
      }),
    )
  })

  test('nobody waits once the process stops', async () => {
    const stopping = new AbortController()
    const gate = createGate(() => 1, stopping.signal)
    const all = Promise.all([gate.enter(), gate.enter(), gate.enter()])
    stopping.abort()
    assert.equal((await all).length, 3)
    for (const place of await all) place.leave()
    await gate.enter()
  })
})

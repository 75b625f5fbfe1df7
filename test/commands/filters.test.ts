import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instantAt } from '../../src/commands/filters.ts'

/** In the zone of the process, as a terminal has it. */
const local = (day: number, hours: number, minutes = 0, seconds = 0) =>
  new Date(2026, 10, day, hours, minutes, seconds).getTime()

describe('a time of day, as --since takes it', () => {
  const now = local(23, 9, 0, 30)
  const cases: [string, number][] = [
    ['02:00', local(23, 2)],
    ['2:00', local(23, 2)],
    ['09:00', local(23, 9)],
    ['09:01', local(22, 9, 1)],
    ['22:00', local(22, 22)],
    ['00:00', local(23, 0)],
  ]
  for (const [text, at] of cases) {
    it(`${text} is the last time that it was so late`, () => assert.equal(instantAt(text, now), at))
  }

  it('on the first of a month too', () => {
    assert.equal(instantAt('22:00', new Date(2026, 2, 1, 8).getTime()), new Date(2026, 1, 28, 22).getTime())
  })

  it('how long ago, and a time of its own, are what they were', () => {
    assert.equal(instantAt('2h', now), now - 7_200_000)
    assert.equal(instantAt('2026-11-23T08:15Z', now), Date.UTC(2026, 10, 23, 8, 15))
    assert.throws(() => instantAt('24:00', now), /Expected a time such as/)
  })
})

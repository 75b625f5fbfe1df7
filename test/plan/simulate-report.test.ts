import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { planEvent } from '../../src/plan/plan.ts'
import type { Candidate, Outcome } from '../../src/plan/simulate.ts'
import { createReport, type Note, type Was } from '../../src/plan/simulate-report.ts'
import { configWith, eventWith, TICKET } from './house.ts'

const [planned] = planEvent(eventWith(TICKET), configWith({ greet: [] })).messages
assert.ok(planned)
const { route } = planned

const SENT: Outcome = { state: 'sent', code: null, channel: 'email', at: 0, deferredBy: null }
const UNSAID: Outcome = { ...SENT, state: 'failed', code: 'template-error', channel: null }

/** What the report says of one message: the cause of the difference, and the faults that it told of. */
function reported(was: Partial<Was> | null, outcome: Outcome, note: Partial<Note> = {}) {
  const faults: unknown[][] = []
  const report = createReport({ samples: 0, fault: (...said) => void faults.push(said) })
  const then: Was | null = was && { id: 1, route, state: 'sent', code: null, isManual: false, ...was }
  const known = { eventId: 7, isCounted: true, was: then, rendered: null, unsaid: null, ...note }
  assert.ok(planned)
  const candidate: Candidate<Note> = { planned, mayReceive: true, channels: [], note: known }
  report.ended(candidate, outcome)
  return { because: report.result().differences.map((one) => one.because), faults }
}

describe('what made the difference', () => {
  const cases: [name: string, was: Partial<Was> | null, outcome: Outcome, because: string | null][] = [
    ['an event cancelled it', { state: 'cancelled' }, SENT, 'rules'],
    ['an operator cancelled it', { state: 'cancelled', code: 'by-hand' }, SENT, 'operator'],
    ['an operator settled it', { state: 'failed', code: 'by-hand' }, SENT, 'operator'],
    ['an operator re-triggered it', { isManual: true, state: 'skipped', code: 'cap' }, SENT, 'operator'],
    ['Genesys refused it', { state: 'failed', code: 'rejected' }, SENT, 'outside'],
    ['the text does not render, and did', {}, UNSAID, 'rules'],
    [
      'the text does not render, of what Genesys refused',
      { state: 'failed', code: 'rejected' },
      UNSAID,
      'rules',
    ],
    ['the text does not render, of what an operator sent', { isManual: true }, UNSAID, 'rules'],
    [
      'the text does not render, of what an operator cancelled',
      { state: 'cancelled', code: 'by-hand' },
      { ...UNSAID, code: 'no-template' },
      'rules',
    ],
    ['the text did not render either', { state: 'failed', code: 'template-error' }, UNSAID, null],
    ['there was none', null, SENT, 'rules'],
  ]
  for (const [name, was, outcome, because] of cases) {
    test(`${name}: ${because ?? 'none'}`, () =>
      assert.deepEqual(reported(was, outcome).because, because === null ? [] : [because]))
  }
})

describe('a text that does not render', () => {
  test('is told of, with its code and why', () => {
    const { faults } = reported({}, UNSAID, { unsaid: 'undefined variable: data.nobody' })
    assert.deepEqual(faults, [[route, 'template-error: undefined variable: data.nobody', 7]])
  })
  test('is not where its message comes to something else, or its event is not counted', () => {
    const note = { unsaid: 'undefined variable: data.nobody' }
    const skipped: Outcome = { ...SENT, state: 'skipped', code: 'expired', channel: null }
    assert.deepEqual(reported({}, skipped, note).faults, [])
    assert.deepEqual(reported({}, UNSAID, { ...note, isCounted: false }).faults, [])
  })
})

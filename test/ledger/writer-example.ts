import type { Calls } from '../../src/ledger/calls.ts'
import { serve } from '../../src/ledger/thread.ts'

/** A thread for the tests of `startWriter`: every call is answered with the number of those that were handed over with it. */
serve<{ kind: 'open' } | ({ kind: 'calls' } & Calls)>(() => ({
  answer(question) {
    if (question.kind === 'open') return { interrupted: 0, keepsRefused: false }
    const calls: unknown[] = JSON.parse(question.calls)
    const outcomes = JSON.stringify(calls.map(() => ({ value: calls.length })))
    return { outcomes, bodies: new Uint8Array(0), isDue: false }
  },
  end() {},
}))

import type { Message, Rendered } from '../message.ts'
import type { Candidate, Outcome } from './simulate.ts'

/** What happened to a message of the ledger. `isManual`: an operator re-triggered it. */
export type Was = Pick<Message, 'id' | 'route' | 'state' | 'code'> & { isManual: boolean }

/**
 * What is known of a candidate beside what it is planned from. `isCounted`: its event is one of those that were asked for; `unsaid`: why its text does not render, null where it does.
 */
export type Note = {
  eventId: number
  isCounted: boolean
  was: Was | null
  rendered: Rendered | null
  unsaid: string | null
}

export type OutcomeRow = {
  route: string
  /** As `Outcome` has it, or `unplanned`: the route failed while planning. */
  state: Outcome['state'] | 'unplanned'
  code: string | null
  /** What put it off before that. */
  deferredBy: Outcome['deferredBy']
  messages: number
}

export type DifferenceRow = {
  route: string
  /** State and code, `skipped cap`; null: there was no message. */
  was: string | null
  /** Likewise; null: none would be planned. */
  would: string | null
  /** As far as the code tells: `rules`, which are simulated; `outside`, what Genesys answered or that nobody sent in time; `operator`. */
  because: 'rules' | 'outside' | 'operator'
  messages: number
  /** The first few. */
  eventIds: number[]
}

export type Sample = { route: string; eventId: number; rendered: Rendered }

export type Report = {
  outcomes: OutcomeRow[]
  differences: DifferenceRow[]
  /** Messages of which it is not known yet what becomes of them: they are compared with nothing. */
  undecided: number
  samples: Sample[]
}

/** Event ids that stand for the rest. */
const SAMPLE_IDS = 5

/**
 * Counts what would become of messages, and how that differs from what did. `samples`: texts to keep of each route; `fault` is told of each message that fails because its text
 * does not render.
 */
export function createReport({
  samples: most,
  fault,
}: {
  samples: number
  fault: (route: string, reason: string, eventId: number) => void
}) {
  const outcomes = new Map<string, OutcomeRow>()
  const differences = new Map<string, DifferenceRow>()
  const samples = new Map<string, Sample[]>()
  let undecided = 0

  function count(row: Omit<OutcomeRow, 'messages'>): void {
    const key = [row.route, row.state, row.code, row.deferredBy].join('\0')
    const known = outcomes.get(key) ?? { ...row, messages: 0 }
    known.messages += 1
    outcomes.set(key, known)
  }

  function compare(
    { route, eventId, was }: { route: string; eventId: number; was: Was | null },
    would: string | null,
    isUnsaid: boolean,
  ): void {
    if (was?.state === 'scheduled' || was?.state === 'sending') {
      undecided += 1
      return
    }
    const then = was && wordsOf(was)
    if (then === would || (was?.state === 'unconfirmed' && would === 'sent')) return
    // A text that does not render today is the templates' doing, whoever decided what became of the message then.
    const because = was === null || isUnsaid ? 'rules' : becauseOf(was)
    const key = [route, then, would, because].join('\0')
    const known = differences.get(key) ?? { route, was: then, would, because, messages: 0, eventIds: [] }
    known.messages += 1
    if (known.eventIds.length < SAMPLE_IDS) known.eventIds.push(eventId)
    differences.set(key, known)
  }

  return {
    /** Whether another text of this route is of use. */
    wants: (route: string): boolean => (samples.get(route)?.length ?? 0) < most,
    ended({ planned: { route }, note }: Candidate<Note>, outcome: Outcome): void {
      if (!note.isCounted) return
      const { state, code, deferredBy } = outcome
      const { eventId, was } = note
      const isUnsaid = state === 'failed' && code !== null && TEXT_FAULTS.has(code)
      count({ route, state, code, deferredBy })
      compare({ route, eventId, was }, state === 'replaced' ? null : wordsOf(outcome), isUnsaid)
      if (isUnsaid) fault(route, note.unsaid === null ? code : `${code}: ${note.unsaid}`, eventId)
      const own = samples.get(route) ?? []
      const isSaid = outcome.channel !== null && outcome.channel === note.rendered?.channel
      if (!isSaid || note.rendered === null || own.length >= most) return
      samples.set(route, [...own, { route, eventId: note.eventId, rendered: note.rendered }])
    },
    /** A route that failed while planning. */
    unplanned: (route: string) => count({ route, state: 'unplanned', code: null, deferredBy: null }),
    /** A message of the ledger that would not be planned. */
    gone: (was: Was, eventId: number) => compare({ route: was.route, eventId, was }, null, false),
    result: (): Report => ({
      outcomes: [...outcomes.values()].sort(byRoute),
      differences: [...differences.values()].sort(byRoute),
      undecided,
      samples: [...samples.values()].flat(),
    }),
  }
}

function byRoute(a: { route: string; messages: number }, b: { route: string; messages: number }): number {
  return a.route < b.route ? -1 : a.route > b.route ? 1 : b.messages - a.messages
}

/** What is sent needs no code: it says how the delivery went, or that a cancellation came too late. `cancelled` has one only. */
export function wordsOf({ state, code }: { state: string; code: string | null }): string {
  return code === null || state === 'sent' || state === 'cancelled' ? state : `${state} ${code}`
}

/** Codes of messages whose text does not render. */
const TEXT_FAULTS: ReadonlySet<string> = new Set(['no-template', 'template-error', 'text-too-long'])

/** Codes of what the rules decide, whenever a message is sent and whatever Genesys answers. */
const RULES: ReadonlySet<string> = new Set(
  'no-customer once-key-empty test-event once shadow suppressed no-consent cap only-to route-off no-address bad-address no-channel no-template template-error text-too-long unreadable'.split(
    ' ',
  ),
)

function becauseOf({ state, code, isManual }: Was): DifferenceRow['because'] {
  // Also one that an operator cancelled, which is no event's doing.
  if (isManual || code === 'by-hand') return 'operator'
  return state === 'sent' || state === 'cancelled' || (code !== null && RULES.has(code)) ? 'rules' : 'outside'
}

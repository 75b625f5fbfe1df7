import type { Ledger, Settlement } from '../../src/ledger/ledger.ts'
import type { Channel, Policies } from '../../src/message.ts'
import type { Told } from './world.ts'

/** What a ledger was asked and answered, each with its place in the order of all of it. */
export type Journal = {
  /** Messages by id, as they were recorded. `cancelledAt`: when that was committed. */
  messages: Map<number, Noted>
  opens: Opening[]
  /** Refusals that were committed: a name and a channel, or `all`, with the place of it. */
  refusals: Map<string, number>
  now(): number
  /** The ledger, with what passes through written down. */
  around(ledger: Ledger): Ledger
}

export type Noted = {
  id: number
  told: Told
  names: readonly string[]
  policies: Policies
  dueAt: number
  cancelledAt: number | null
  /** It was put off, tried more than once or under a pause: its place among others is not that of its due time. */
  isMoved: boolean
}

/** `asked`, `begun`, `ended`: places. */
export type Opening = {
  message: number
  channel: Channel
  asked: number
  answer: string
  begun: number
  attempt: number | null
  at: number
  ended: number | null
  outcome: Settlement['outcome'] | 'open'
}

export function createJournal(): Journal {
  let place = 0
  const next = () => {
    place += 1
    return place
  }
  const messages: Journal['messages'] = new Map()
  const opens: Opening[] = []
  const byAttempt = new Map<number, Opening>()
  const move = (id: number) => {
    const message = messages.get(id)
    if (message) message.isMoved = true
  }

  return {
    messages,
    opens,
    refusals: new Map(),
    now: next,
    around: (ledger) => ({
      ...ledger,
      async open(lease, draft) {
        const asked = next()
        const opened = await ledger.open(lease, draft)
        const isOpen = opened.kind === 'open'
        const one: Opening = {
          message: lease.messageId,
          channel: draft.channel,
          asked,
          answer: 'code' in opened ? `${opened.kind} ${opened.code}` : opened.kind,
          begun: next(),
          attempt: isOpen ? opened.attempt.id : null,
          at: isOpen ? opened.attempt.openedAt : 0,
          ended: null,
          outcome: 'open',
        }
        opens.push(one)
        if (isOpen) byAttempt.set(opened.attempt.id, one)
        if (isOpen ? opened.attempt.number > 1 : opened.kind !== 'lost') move(lease.messageId)
        return opened
      },
      async settle(attemptId, settlement) {
        const did = await ledger.settle(attemptId, settlement)
        const one = byAttempt.get(attemptId)
        if (one && did) {
          one.ended ??= next()
          one.outcome = settlement.outcome
        }
        return did
      },
      async settleLook(lease, attemptId, result) {
        const did = await ledger.settleLook(lease, attemptId, result)
        const one = byAttempt.get(attemptId)
        if (one && did && result.kind !== 'held') one.outcome = result.kind === 'found' ? 'sent' : 'failed'
        return did
      },
      async postpone(lease, again) {
        move(lease.messageId)
        return ledger.postpone(lease, again)
      },
    }),
  }
}

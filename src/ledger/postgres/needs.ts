import type { Call } from '../calls.ts'
import type { Needs } from '../group-commit.ts'
import type { Recordable } from '../ledger.ts'

/** One at a time: who has which customer's turn, what is counted for caps and brakes, whose lease ends. */
const QUEUE = ['queue']
const NOTHING: Needs = []

/**
 * What a call must have to itself among all instances of one database. Events that call for nothing but messages of their own are recorded beside everything; what decides about messages that are
 * due goes one after the other; what looks at rows that others may be adding (keys, cancellations, refusals, what operators do) waits until nothing else is being written. So each verb sees what it
 * would see on SQLite, where one transaction writes at a time.
 */
export function needsOf(call: Call): Needs {
  switch (call.verb) {
    case 'record':
      return call.args[0].every(standsAlone) ? NOTHING : 'all'
    case 'claim':
    case 'open':
    case 'settle':
    case 'conclude':
    case 'postpone':
    case 'withdraw':
    case 'claimLooks':
    case 'settleLook':
    case 'settleDelivery':
    case 'beat':
      return QUEUE
    // One row each, which is locked.
    case 'renew':
    case 'takeBudget':
    case 'lowerBudget':
    case 'ping':
    case 'sessionUsed':
    case 'tokenUsed':
    case 'pauses':
    case 'leave':
      return NOTHING
    default:
      return 'all'
  }
}

/** Whether nothing else that is recorded, however close to it, makes a difference to it, and it to nothing. What two senders of one event share is decided by a unique index. */
export function standsAlone(entry: Recordable): boolean {
  if (entry.kind === 'unreadable') return true
  const { cancels, consent, suppress, messages } = entry.plan
  return (
    entry.event.undelivered === undefined &&
    cancels.length === 0 &&
    consent === null &&
    suppress === null &&
    messages.every(({ policies, cancelKeys }) => policies.once === null && cancelKeys.length === 0)
  )
}

import type { AttemptOutcome, Channel } from '../../src/message.ts'
import { end, giveKeyBack, messageOf, type Reference, type Said, type Try, takeKey } from './reference.ts'
import { heldBy } from './reference-claim.ts'
import { isCancelled } from './reference-receiving.ts'
import { refuse } from './reference-wishes.ts'

const FIRST_LOOK = 60_000

export type Outcome =
  | { kind: 'sent' }
  | {
      kind: 'failed'
      retryInMs: number | null
      isFailure: boolean
      channel: Channel | null
      optedOut: boolean
    }
  | { kind: 'unconfirmed'; lookInMs: number | null }

/** What became of a request; a late answer settles what was given up as unconfirmed. */
export function settle(ref: Reference, attempt: Try, outcome: Outcome): boolean {
  const message = messageOf(ref, attempt.message)
  const isLast = ref.attempts.findLast((one) => one.message === message.id) === attempt
  const isOpen = attempt.outcome === 'open' && message.state === 'sending'
  const isLate =
    attempt.outcome === 'unconfirmed' &&
    message.state === 'unconfirmed' &&
    isLast &&
    outcome.kind !== 'unconfirmed'
  if (!isOpen && !isLate) return false
  attempt.outcome = outcome.kind
  message.lease = null
  message.lookAt = null
  switch (outcome.kind) {
    case 'sent':
      message.state = 'sent'
      message.code = isCancelled(ref, message) ? 'cancelled-late' : null
      ref.turns.delete(message.id)
      break
    case 'failed':
      message.failures += outcome.isFailure ? 1 : 0
      if (outcome.optedOut) refuse(ref, message.names, [attempt.channel], ref.now)
      message.code = 'test'
      if (outcome.retryInMs === null) end(ref, message, 'failed', 'test')
      else {
        message.state = 'scheduled'
        message.dueAt = ref.now + outcome.retryInMs
        message.channel = outcome.channel ?? message.channel
      }
      break
    case 'unconfirmed':
      message.state = 'unconfirmed'
      message.code = 'test'
      message.lookAt = outcome.lookInMs === null ? null : ref.now + outcome.lookInMs
      if (message.lookAt === null) ref.turns.delete(message.id)
  }
  return true
}

/** What was opened with this lease never left. */
export function withdraw(ref: Reference, id: number, mark: number, inMs: number): boolean {
  const message = heldBy(ref, id, mark)
  const last = ref.attempts.findLast((one) => one.message === id)
  if (message?.state !== 'sending' || !last) return false
  settle(ref, last, { kind: 'failed', retryInMs: inMs, isFailure: false, channel: null, optedOut: false })
  message.code = 'withdrawn'
  return true
}

export type Seen =
  | { kind: 'found' }
  | { kind: 'held'; againInMs: number | null }
  | { kind: 'absent'; again: boolean }

/** What a look came to. */
export function settleLook(ref: Reference, id: number, mark: number, attempt: number, seen: Seen): boolean {
  const message = heldBy(ref, id, mark)
  const last = ref.attempts.findLast((one) => one.message === id)
  if (message?.state !== 'unconfirmed' || last?.id !== attempt) return false
  message.lease = null
  message.lookAt = null
  if (seen.kind === 'held') {
    message.lookAt = seen.againInMs === null ? null : ref.now + seen.againInMs
    if (message.lookAt === null) ref.turns.delete(id)
    return true
  }
  if (seen.kind === 'found') {
    last.outcome = 'sent'
    message.state = 'sent'
    message.code = isCancelled(ref, message) ? 'cancelled-late' : null
    ref.turns.delete(id)
    return true
  }
  last.outcome = 'failed'
  message.failures += 1
  if (seen.again) {
    message.state = 'scheduled'
    message.code = 'test'
    message.dueAt = ref.now
  } else end(ref, message, 'failed', 'test')
  return true
}

/** An operator's re-trigger, forced. False: refused. */
export function retry(ref: Reference, id: number): boolean {
  const message = messageOf(ref, id)
  if (message.state === 'scheduled' || message.state === 'sending') return false
  if (takeKey(ref, message) !== null) return false
  ref.turns.delete(id)
  const [channel = message.channel] = message.rule.channels
  Object.assign(message, {
    state: 'scheduled',
    code: 'retried',
    manual: true,
    dueAt: ref.now,
    expireAt: ref.now + message.rule.expireAfterMs,
    channel,
    failures: 0,
    lookAt: null,
    lease: null,
    skippedFor: null,
    cancelFrom: ref.events.length,
  } satisfies Partial<Said>)
  return true
}

export function cancel(ref: Reference, id: number): boolean {
  const message = messageOf(ref, id)
  if (message.state !== 'scheduled') return false
  end(ref, message, 'cancelled', 'by-hand')
  return true
}

export function settleByHand(ref: Reference, id: number, as: 'sent' | 'not-sent'): boolean {
  const message = messageOf(ref, id)
  if (message.state !== 'unconfirmed') return false
  message.state = as === 'sent' ? 'sent' : 'failed'
  message.code = 'by-hand'
  message.lookAt = null
  message.lease = null
  ref.turns.delete(id)
  if (as === 'sent') return true
  giveKeyBack(ref, message, true)
  const last = ref.attempts.findLast((one) => one.message === id)
  if (last) last.foundAbsent = true
  return true
}

/** A start after a crash: leases are void, and nobody knows what became of what was on its way. Who was tried already keeps its turn. */
export function restart(ref: Reference): void {
  for (const message of ref.messages) {
    message.lease = null
    if (message.state !== 'sending') continue
    message.state = 'unconfirmed'
    message.code = 'interrupted'
    message.lookAt = ref.now + FIRST_LOOK
    for (const one of ref.attempts) {
      if (one.message === message.id && one.outcome === 'open') one.outcome = 'unconfirmed' as AttemptOutcome
    }
  }
  for (const id of ref.turns.keys()) {
    const { state, attempts, lookAt } = messageOf(ref, id)
    const goesOn = (state === 'scheduled' && attempts > 0) || (state === 'unconfirmed' && lookAt !== null)
    if (!goesOn) ref.turns.delete(id)
  }
}

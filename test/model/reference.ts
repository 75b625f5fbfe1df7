import type { AttemptOutcome, Channel, MessageState } from '../../src/message.ts'
import type { Rule } from './rules.ts'
import { SOURCES } from './rules.ts'
import type { Told } from './world.ts'

/**
 * What Postrider must do, in plain words and lists, with no index and no lock: the present time, what happened, and what is to be. Its ids count from 1, as a new ledger's do.
 * The files beside this one say what is done with it.
 */
export type Reference = {
  now: number
  events: Told[]
  messages: Said[]
  attempts: Try[]
  /** Who holds a key of `once`, by route and key. */
  keys: Map<string, { id: number; takenAt: number }>
  cancellations: { key: string; event: number; happenedAt: number }[]
  /** By event and rule: whose message a newer event took over. */
  replaced: Set<string>
  /** Names that must not be written to, each with its channel or `all`, and when that was lifted. */
  refusals: Map<string, { liftedAt: number | null }>
  /** What was said of marketing. */
  words: { name: string; given: boolean; at: number }[]
  /** Whose turn it is, by message. */
  turns: Map<number, { since: number; names: readonly string[] }>
  pauses: { id: number; scope: 'route' | 'channel'; name: string; until: number | null }[]
  /** How often something was leased: no two leases are the same. */
  leases: number
}

/** A message. */
export type Said = {
  id: number
  event: number
  rule: Rule
  state: MessageState
  code: string | null
  customer: Told['customer']
  names: readonly string[]
  once: string | null
  /** Who held its key when it was skipped because of that. */
  skippedFor: number | null
  cancelKey: string | null
  /** Cancellations up to this event do not count. */
  cancelFrom: number
  dueAt: number
  expireAt: number
  channel: Channel
  attempts: number
  failures: number
  manual: boolean
  lookAt: number | null
  lease: { mark: number; until: number } | null
}

export type Try = {
  id: number
  message: number
  outcome: AttemptOutcome
  openedAt: number
  channel: Channel
  names: readonly string[]
  groups: readonly string[]
  /** An operator found out that it was not sent. */
  foundAbsent?: true
}

export function createReference(now: number): Reference {
  return {
    now,
    events: [],
    messages: [],
    attempts: [],
    keys: new Map(),
    cancellations: [],
    replaced: new Set(),
    refusals: new Map(),
    words: [],
    turns: new Map(),
    pauses: [],
    leases: 0,
  }
}

export function eventOf(ref: Reference, event: number): Told {
  const told = ref.events[event - 1]
  if (!told) throw new Error(`there is no event ${event}`)
  return told
}

/** No sender's clock outlasts what was heard of later. */
export function happenedAt(ref: Reference, event: number): number {
  const { occurredAt, receivedAt } = eventOf(ref, event)
  return Math.min(occurredAt, receivedAt)
}

export function messageOf(ref: Reference, id: number): Said {
  const message = ref.messages[id - 1]
  if (!message) throw new Error(`there is no message ${id}`)
  return message
}

export function namesOf({ source, customer: { externalId, email, phone } }: Told): string[] {
  return [
    ...(externalId === undefined ? [] : [`${SOURCES[source]} ${externalId}`]),
    ...(email === undefined ? [] : [email.toLowerCase()]),
    ...(phone === undefined ? [] : [phone.replace(/[ -]/g, '')]),
  ]
}

export function sharesName(some: readonly string[], others: readonly string[]): boolean {
  return some.some((name) => others.includes(name))
}

/** Null: the message holds its key now, or has none. Otherwise who holds it. */
export function takeKey(ref: Reference, { id, once, rule }: Said): number | null {
  if (once === null) return null
  const held = ref.keys.get(once)
  const isFree = !held || (rule.oncePerMs !== null && held.takenAt <= ref.now - rule.oncePerMs)
  if (isFree) ref.keys.set(once, { id, takenAt: ref.now })
  return isFree || held.id === id ? null : held.id
}

/** Given back when nothing was sent, as far as anybody knows. `foundAbsent`: somebody looked for what was uncertain. */
export function giveKeyBack(ref: Reference, { id, once }: Said, foundAbsent = false): void {
  const reached = ref.attempts.some(
    ({ message, outcome }) =>
      message === id && (outcome === 'sent' || (outcome === 'unconfirmed' && !foundAbsent)),
  )
  if (once !== null && !reached && ref.keys.get(once)?.id === id) ref.keys.delete(once)
}

/** Of a message that was not sent and will not be. */
export function end(ref: Reference, message: Said, state: MessageState, code: string): void {
  message.state = state
  message.code = code
  message.lease = null
  ref.turns.delete(message.id)
  giveKeyBack(ref, message)
}

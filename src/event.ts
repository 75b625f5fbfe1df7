import type { Customer } from './message.ts'

/** One thing that happened in a source. Unique by (source, key). */
export type Event = {
  id: number
  source: string
  /** What happened, `ticket.resolved`: one word for all senders where there is one, else the sender's own; empty where the body could not be read. */
  type: string
  /** The sender's own name for it, `orders/create`. Routes may listen to either. */
  senderType: string
  /** The sender's id of this event; for Standard Webhooks the `webhook-id`. */
  key: string
  /** What it is about, by the name that all events of the same thing share: a ticket's id, a checkout's token; null where it says none. */
  subject: string | null
  /** When it happened, by the sender's own clock; when the sender does not say, the time of receipt. */
  occurredAt: number
  receivedAt: number
  state: EventState
  /** Why it is in this state, for an operator; null where `planned` says all. */
  reason: string | null
  /** What each route that listens to this event made of it. */
  notes: readonly RouteNote[]
  /** The bytes of this event as the sender sent them; of a delivery of many its own part. */
  raw: Buffer
  /** The headers of its delivery that its source reads, and a valid `traceparent`; names in lower case. */
  headers: Headers
  configVersion: string
  /** What is gone of it, and why, in words for an operator; absent: nothing. */
  removed?: string
}

/** Names in lower case. */
export type Headers = Readonly<Record<string, string>>

/** W3C Trace Context, by which a sender follows a request of its own through other systems. */
export const TRACEPARENT = 'traceparent'

/** Version, trace, parent, flags, in lower case (W3C Trace Context, section 3.2); neither of the ids all zeros. Later versions may say more; that is not read. */
const TRACEPARENT_FORM = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/

export function isTraceparent(value: string): boolean {
  return TRACEPARENT_FORM.test(value)
}

/** What the log lines of an event carry where its sender traces it. */
export function traceOf({ headers }: Pick<Event, 'headers'>): { traceparent?: string } {
  const traceparent = headers[TRACEPARENT]
  // Headers that a configuration names are kept as they came.
  return traceparent !== undefined && isTraceparent(traceparent) ? { traceparent } : {}
}

/**
 * `planned`    has messages
 * `unrouted`   no route listens to it, or every one's condition was false or it is off
 * `unplanned`  at least one route failed while planning; the others' messages are planned
 * `unreadable` authentic, but the body is not what the source sends
 */
export type EventState = (typeof EVENT_STATES)[number]
export const EVENT_STATES = ['planned', 'unrouted', 'unplanned', 'unreadable'] as const

export type RouteNote = {
  route: string
  outcome: 'planned' | 'condition-false' | 'off' | 'failed'
  reason: string
}

/**
 * An event as read from a delivery, before the ledger gives it an id.
 *
 * `keyIsUnsigned`: the sender signs the body alone, so that who has seen a delivery can send its body again under another id or type. The body is remembered
 * then like the key: with the same `type` it is the same event, under another it is kept and not planned.
 */
export type ReadEvent = {
  source: string
  type: string
  senderType: string
  key: string
  subject: string | null
  occurredAt: number
  receivedAt: number
  /** As the source names them. */
  customer: Customer
  /** Fired by somebody who tries out the sender's side. */
  isTest: boolean
  raw: Buffer
  headers: Headers
  /** The body as sent, parsed. */
  payload: unknown
  keyIsUnsigned?: boolean
  /** Messages that Genesys says the customer did not see; recording the event marks them. */
  undelivered?: Undelivered
}

/** As Genesys names them: by their conversation, and where it tells by their ids. */
export type Undelivered = { conversationId: string; genesysMessageIds: readonly string[] }

/** The source of what `postrider send` plans, and the route that it is on. No source and no route of the configuration may have these names. */
export const CLI_SOURCE = 'cli'
export const SEND_ROUTE = 'send'

/** A delivery that proved authentic but whose body (or a part of it) could not be read as an event. */
export type UnreadableEvent = {
  source: string
  key: string
  receivedAt: number
  raw: Buffer
  headers: Headers
  reason: string
  keyIsUnsigned?: boolean
}

/**
 * When an event happened, epoch milliseconds: as its sender says, but never later than it was received. A sender's clock that is ahead must not hold a message back, nor outlast what
 * happens later and what the customer says then.
 */
export function happenedAt({ occurredAt, receivedAt }: Pick<Event, 'occurredAt' | 'receivedAt'>): number {
  return Math.min(occurredAt, receivedAt)
}

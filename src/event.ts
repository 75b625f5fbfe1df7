/** One thing that happened in a source. Unique by (source, key). */
export type Event = {
  id: number
  source: string
  /** The sender's name for what happened, `ticket.resolved`; empty where the body could not be read. */
  type: string
  /** The sender's id of this event; for Standard Webhooks the `webhook-id`. */
  key: string
  /** When it happened, by the sender's own clock; when the sender does not say, the time of receipt. */
  occurredAt: number
  receivedAt: number
  state: EventState
  /** Why it is in this state, for an operator; null where `planned` says all. */
  reason: string | null
  /** What each route that listens to this event made of it. */
  notes: readonly RouteNote[]
  /** The bytes of this event as the sender sent them. */
  raw: Buffer
  configVersion: string
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

/** An event as read from a delivery, before the ledger gives it an id. */
export type ReadEvent = {
  source: string
  type: string
  key: string
  occurredAt: number
  receivedAt: number
  raw: Buffer
  /** The body as sent, parsed. */
  payload: unknown
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
  reason: string
}

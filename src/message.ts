import type { Event } from './event.ts'

/** What one route wants said to one customer because of one event. Unique by (event, route). */
export type Message = {
  id: number
  eventId: number
  source: string
  route: string
  state: MessageState
  /** Why it is in this state and what to do, for an operator; null while nothing needs saying. */
  reason: string | null
  /** The reason's stable name, for filters and programs: `no-contact`, `expired`, `shadow`, … */
  code: string | null
  customer: Customer
  policies: Policies
  configVersion: string
  /** The channel that is tried now, or that sent it. */
  channel: Channel
  /** The contact that was found, and by which of the customer's identifiers. */
  contactId: string | null
  foundBy: IdentifierName | null
  dueAt: number
  /** Later than this it is not sent but `skipped`. */
  expireAt: number
  /** How many attempts were opened. */
  attempts: number
  /** How many of them certainly failed; `policies.maxAttempts` bounds these. */
  failures: number
  /** The operator who re-triggered it, and why; null while it is automatic. */
  manualBy: string | null
  conversationId: string | null
  sentAt: number | null
  delivery: DeliveryStatus
  /** `mode: shadow`: what would have been sent. */
  wouldSend: Rendered | null
  createdAt: number
  updatedAt: number
}

export const MESSAGE_STATES = [
  'scheduled',
  'sending',
  'sent',
  'failed',
  'unconfirmed',
  'skipped',
  'cancelled',
] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

/**
 * Every change of state that exists. `failed` is reached from `scheduled` where it is clear before any request
 * that the message cannot be sent (no contact, a template that does not render): no attempt is spent on it.
 * `sent` → `scheduled` is an operator's forced re-trigger, with a reason.
 */
export const TRANSITIONS: Readonly<Record<MessageState, readonly MessageState[]>> = {
  scheduled: ['sending', 'failed', 'skipped', 'cancelled'],
  sending: ['sent', 'failed', 'unconfirmed', 'scheduled'],
  unconfirmed: ['sent', 'failed', 'scheduled'],
  sent: ['scheduled'],
  failed: ['scheduled'],
  skipped: ['scheduled'],
  cancelled: ['scheduled'],
}

/** What became of a sent message, as far as Genesys tells. */
export type DeliveryStatus = 'unknown' | 'delivered' | 'undelivered' | 'failed'

export const CHANNELS = ['webmessaging', 'open', 'sms', 'whatsapp', 'email'] as const
export type Channel = (typeof CHANNELS)[number]

/** Characters a channel carries in one message (facts.md, "Sending"); email has no limit worth checking. */
export const TEXT_LIMITS: Readonly<Record<Channel, number | null>> = {
  webmessaging: 2000,
  open: 2000,
  sms: 765,
  whatsapp: 2000,
  email: null,
}

/** Who the event is about, as the source names them. Absent is undefined, never an empty string. */
export type Customer = {
  externalId?: string
  email?: string
  phone?: string
  name?: string
  locale?: string
  timezone?: string
  consent?: string
}

export const IDENTIFIERS = ['externalId', 'email', 'phone'] as const
export type IdentifierName = (typeof IDENTIFIERS)[number]

/** A Genesys external source: the number space that an externalId belongs to. */
export type ExternalSource = { id: string; name: string }

/** What the route said when the message was planned; a later change of the configuration does not touch it. */
export type Policies = {
  mode: 'live' | 'shadow'
  findBy: readonly IdentifierName[]
  externalSource: ExternalSource | null
  template: string
  channels: readonly Channel[]
  /** The business key of `once`, as evaluated; null where the route has none. */
  once: string | null
  expireAfterMs: number
  brake: Brake | null
  maxAttempts: number
  onUnconfirmed: 'hold'
}

/** More than `messages` within `perMs` pauses the route for an operator. */
export type Brake = { messages: number; perMs: number }

/** A message as planned, before the ledger gives it an id. Most begin `scheduled`; a bad key begins `failed`. */
export type PlannedMessage = {
  route: string
  state: 'scheduled' | 'failed' | 'skipped'
  reason: string | null
  code: string | null
  customer: Customer
  policies: Policies
  dueAt: number
  expireAt: number
}

/** A text ready for its channel. */
export type Rendered = {
  channel: Channel
  text: string
  subject?: string
  html?: string
  /** The template's file and the first characters of its content's hash: `ticket-resolved.de.liquid@3f9a2c71`. */
  templateVersion: string
}

/** One try at sending a message over one channel. Added, settled once by its id, never rewritten. */
export type Attempt = {
  id: number
  messageId: number
  /** 1 for the message's first. */
  number: number
  channel: Channel
  outcome: AttemptOutcome
  /** The operator who asked for it; null for an automatic one. */
  by: string | null
  openedAt: number
  settledAt: number | null
  /** HTTP status; null where no answer came. */
  status: number | null
  /** Genesys' error code, or the network's. */
  code: string | null
  reason: string | null
  /** `ININ-Correlation-Id`: what Genesys' support asks for. */
  correlationId: string | null
  conversationId: string | null
  /** Genesys' id of the message. */
  genesysMessageId: string | null
  contactId: string | null
  rendered: Rendered
}

/** `open` while its request may be on the way; `failed` certainly did not send. */
export type AttemptOutcome = 'open' | 'sent' | 'failed' | 'unconfirmed'

/** A durable stop of all sending, a route, a source or a channel. */
export type Pause = {
  id: number
  scope: PauseScope
  /** Of the route, source or channel; null where the scope is `all`. */
  name: string | null
  /** `operator`, or what made Postrider stop: `unreachable`, `uncertain`, `rate-limited`, `login`, `permissions`, `brake`. */
  code: PauseCode
  reason: string
  since: number
  /**
   * When it ends by itself (`operator`, `rate-limited`), or when one message may probe (`unreachable`,
   * `uncertain`, `login`, `permissions`). Null: an operator must resume.
   */
  until: number | null
  /** How many probes failed so far. */
  probes: number
  by: string
}

export type PauseScope = 'all' | 'route' | 'source' | 'channel'
export type PauseCode = 'operator' | 'brake' | 'rate-limited' | ProbedPauseCode
/** Pauses that end when one message got through. */
export const PROBED_PAUSES = ['unreachable', 'uncertain', 'login', 'permissions'] as const
export type ProbedPauseCode = (typeof PROBED_PAUSES)[number]

/** What Liquid sees, in conditions, customer fields and templates alike. */
export type Scope = {
  event: { id: number | null; source: string; type: string; key: string; occurredAt: string }
  payload: unknown
  data: unknown
  customer: Customer
}

export function scopeOf(
  event: Pick<Event, 'source' | 'type' | 'key' | 'occurredAt'> & { id?: number },
  payload: unknown,
  customer: Customer = {},
): Scope {
  const data = typeof payload === 'object' && payload !== null && 'data' in payload ? payload.data : payload
  return {
    event: {
      id: event.id ?? null,
      source: event.source,
      type: event.type,
      key: event.key,
      occurredAt: new Date(event.occurredAt).toISOString(),
    },
    payload,
    data,
    customer,
  }
}

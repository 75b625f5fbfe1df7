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
  /** How often it waited for the end of an active conversation. */
  waits: number
  /** The operator who re-triggered it, and why; null while it is automatic. */
  manualBy: string | null
  conversationId: string | null
  sentAt: number | null
  delivery: DeliveryStatus
  /** What Genesys says of a delivery that failed: the receipt's reason. */
  deliveryReason: string | null
  /** The web messaging conversation that `requireSession` found; null where the route asks for none. */
  session: Session | null
  /** Whether another message of the same customer is under way, behind which it waits. */
  waitsItsTurn: boolean
  /** When Genesys is asked next what became of it (`unconfirmed`, and `sent` while its delivery is unknown); null: never. */
  lookAt: number | null
  /** How often that was done. */
  looks: number
  /** What the last look for an unconfirmed attempt came to. */
  lastLook: Look | null
  /** `mode: shadow`: what would have been sent. */
  wouldSend: Rendered | null
  createdAt: number
  updatedAt: number
  /** What is gone of it, and why, in words for an operator; absent: nothing. */
  removed?: string
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
 * `skipped` → `scheduled` is an operator's re-trigger, or where the message was cancelled for whose sake it was skipped (`once`).
 * `sent` → `scheduled` is an operator's forced re-trigger, with a reason, or the next channel where Genesys reports that the customer did not see it.
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

/** Channels of Genesys' message operation; email has one of its own. */
export type MessagingChannel = Exclude<Channel, 'email'>

/** Characters a channel carries in one message, of Genesys' agentless operation; email has no limit worth checking, whatsapp sends no text of ours. */
export const TEXT_LIMITS: Readonly<Record<Channel, number | null>> = {
  webmessaging: 2000,
  open: 2000,
  sms: 765,
  whatsapp: null,
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

export const CUSTOMER_PROPERTIES = [
  'externalId',
  'email',
  'phone',
  'name',
  'locale',
  'timezone',
  'consent',
] as const satisfies readonly (keyof Customer)[]

export const IDENTIFIERS = ['externalId', 'email', 'phone'] as const
export type IdentifierName = (typeof IDENTIFIERS)[number]

/** By which identifiers a channel reaches a customer, of which one is enough: its address, or on webmessaging what finds the contact. */
export function identifiersFor(
  channel: Channel,
  findBy: readonly IdentifierName[],
): readonly IdentifierName[] {
  switch (channel) {
    case 'webmessaging':
      return findBy
    case 'open':
      return ['externalId']
    case 'sms':
    case 'whatsapp':
      return ['phone']
    case 'email':
      return ['email']
  }
}

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
  /** `hold`: what is not found waits for an operator; `resend-if-absent`: it is sent again where its absence is known. Both look first. */
  onUnconfirmed: 'hold' | 'resend-if-absent'
  /** A customer without a web messaging session this recent gets nothing, on any channel; null: whoever has a contact or an address. */
  requireSessionMs: number | null
  /** A customer who is talking to somebody: `wait` for the end of it, or `join` it. */
  activeConversation: 'wait' | 'join'
  /** A message that Genesys reports as not seen by the customer: nothing more, or the next of `channels`. */
  onUndelivered: 'none' | 'next-channel'
  /** `marketing` needs the customer's consent on record. */
  purpose: 'service' | 'marketing'
  /** How long a key of `once` holds, in milliseconds from when it was taken; null: as long as its row is kept. */
  oncePerMs: number | null
  /** A newer event of a key whose message is still scheduled: `keep` leaves that message as it is, `replace` moves it and gives it the newer data. */
  onRepeat: 'keep' | 'replace'
  /** When the customer is not to be written to; null: never. `timezone`: where neither event nor phone tell their zone. */
  quietHours: QuietHours | null
  /** How many messages of a group a customer gets within a time; null: any. */
  cap: Cap | null
  onCap: 'skip' | 'defer'
  /** The groups of caps in which this message counts: those that any route asks about. */
  countsIn: readonly string[]
}

/** Over a sliding window. `group`: `all`, or those routes whose cap names it. */
export type Cap = { messages: number; perMs: number; group: string }

/** ISO 8601: 1 is Monday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7

/** When customers are left alone. */
export type QuietHours = {
  /** Minutes since local midnight. */
  fromMinute: number
  /** Minutes since local midnight; earlier than `fromMinute`: on the next day. The two differ. */
  toMinute: number
  /** The zone of customers whose own nobody knows; null: the route names none. */
  timezone: string | null
  /** On which days a quiet time begins. The night from Friday to Saturday is Friday's. */
  days: readonly Weekday[]
}

/** A web messaging conversation that the customer had. */
export type Session = { conversationId: string; startedAt: number }

/** A look in Genesys for what an unconfirmed attempt made. `complete`: every conversation that could have taken it was read. */
export type Look = { at: number; complete: boolean; saw: string }

/**
 * An unconfirmed attempt is looked for after these waits, each counted from the one before, the first from when nobody knew any more. Conversations are found over
 * analytics, which lag behind by minutes; the second and the third look lie farther apart than that.
 */
export const LOOK_WAITS_MS = [60_000, 5 * 60_000, 20 * 60_000, 60 * 60_000] as const
/** Genesys' clock and ours may differ by this: what it made since an attempt may bear an earlier time. */
export const CLOCK_SLACK_MS = 10 * 60_000
/** Two looks that agree on absence lie at least this far apart: longer than analytics were ever seen to lag. */
export const ANALYTICS_LAG_MS = 15 * 60_000

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
  /** By what else the same customer may be met: normalised identifiers, `email:ann@example.com`. */
  names: readonly string[]
  /** What a later event that cancels it would say, one for each entry of `cancelOn` that comes to something. */
  cancelKeys: readonly string[]
}

/** A text ready for its channel. */
export type Rendered = {
  channel: Channel
  text: string
  subject?: string
  html?: string
  /** What whatsapp takes instead of a text: a response of Genesys' canned responses and its parameters. */
  whatsapp?: ResponseTemplate
  /** The template's file and the first characters of its content's hash: `ticket-resolved.de.liquid@3f9a2c71`. */
  templateVersion: string
}

/** A canned response with what is filled in; `id` names a parameter as the response does. */
export type ResponseTemplate = {
  responseId: string
  header: readonly { id: string; value: string }[]
  body: readonly { id: string; value: string }[]
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
  /** Where it was sent to, on channels that have an address: as Genesys was told. */
  address: string | null
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

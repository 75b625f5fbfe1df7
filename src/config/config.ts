import type {
  Brake,
  Cap,
  Channel,
  ExternalSource,
  IdentifierName,
  Policies,
  QuietHours,
  Rendered,
} from '../message.ts'
import type { Scheme } from '../receive/signature/scheme.ts'
import type { PresetName } from '../receive/sources/presets.ts'
import type { Scope } from '../scope.ts'

/** postrider.yaml, checked and resolved: every default filled in, every duration in milliseconds. */
export type Config = {
  /** The first 12 hex digits of the SHA-256 over the file as resolved and its templates; kept with every message. */
  version: string
  /** Path of the file. */
  file: string
  genesys: GenesysConfig
  /** By name, in the file's order. */
  sources: ReadonlyMap<string, Source>
  /** In the file's order. */
  routes: readonly Route[]
  suppressOn: readonly SuppressOn[]
  /** How long is kept what is finished, from the receipt of its event. */
  retention: { payloadMs: number; rowsMs: number }
  /** Who is told what needs a person; null: nobody. */
  notify: NotifyConfig | null
  templates: Templates
  /** Not errors, but an operator should read them: unset variables in `check`, a source without a secret. */
  warnings: readonly Problem[]
}

export type GenesysConfig = {
  /** Ceiling over all calls that one OAuth client may make in a minute. */
  rateLimitPerMinute: number
  externalSource: ExternalSource | null
  webmessaging: { deploymentId: string } | null
  email: { from: Mailbox; replyTo: Mailbox | null } | null
  sms: { from: string } | null
  whatsapp: { integrationId: string } | null
  open: { integrationId: string } | null
  /** ISO 3166 code, for phone numbers without +; null: they are refused. */
  defaultCountry: string | null
  /** Share of the budget, 0 to 1, that asks what became of sent messages while others wait to be sent; 0: nobody asks. */
  deliveryShare: number
  /** Staging: the identifiers that alone may receive; empty: everybody. */
  onlyTo: readonly string[]
}

/** `secret` null: derived from the ledger's key. */
export type NotifyConfig = { url: string; secret: string | null }

export type Mailbox = { email: string; name?: string }

export type Source = {
  name: string
  preset: PresetName
  /** Any may match; empty: waits for its secret and refuses all. */
  secrets: readonly string[]
  /** How long an event key is remembered. */
  dedupeForMs: number
  /** The number space of its externalIds; null: `genesys.externalSource`. */
  externalSource: ExternalSource | null
  /** The ids that its preset reads are the sender's own: without an `externalSource` of the source they are looked up nowhere, and are other people's in every other source. */
  ownIds: boolean
  /** Where the sender finds us, without a slash at its end; null: as the request says. */
  publicUrl: string | null
  /** Whether the sender's own test events count like any other: are sent, cancel, and speak for their customer. */
  acceptTests: boolean
  /** A silence longer than this is reported; null: none is. */
  expectEveryMs: number | null
  /** What the configuration says of a sender that no preset knows. */
  custom: Custom | null
}

/** `scheme` null: the preset's own. */
export type Custom = { scheme: Scheme | null; reading: CustomReading }

/** How an event is read: Liquid fields over `payload`, `data` and `headers`. Null: what the preset says, or none. */
export type CustomReading = {
  /** Where the list of events stands in a delivery's body; null: the body is one event. */
  events: readonly string[] | null
  key: ReadingField | null
  type: ReadingField | null
  occurredAt: ReadingField | null
  subject: ReadingField | null
  test: ReadingCondition | null
  customer: Readonly<Partial<Record<keyof CustomerFields, ReadingField>>> | null
  /** Those that the fields name, in lower case: kept with the event. */
  headers: readonly string[]
  /** The sender's types and our words for them. */
  types: Readonly<Record<string, string>>
}

/** What Liquid sees while an event is read. Header names are in lower case. */
export type ReadingScope = { payload: unknown; data: unknown; headers: Readonly<Record<string, string>> }
export type ReadingField = { text: string; value(scope: ReadingScope): string | undefined }
export type ReadingCondition = { text: string; holds(scope: ReadingScope): boolean }

export type Route = {
  name: string
  on: readonly EventPattern[]
  mode: 'live' | 'shadow' | 'off'
  when: Condition | null
  /** One field for each of the customer's properties that the route names; null: the preset knows. */
  customer: CustomerFields | null
  findBy: readonly IdentifierName[]
  template: string
  channels: readonly Channel[]
  once: Field | null
  delayMs: number
  expireAfterMs: number
  brake: Brake | null
  maxAttempts: number
  onUnconfirmed: Policies['onUnconfirmed']
  requireSessionMs: number | null
  activeConversation: Policies['activeConversation']
  onUndelivered: Policies['onUndelivered']
  purpose: Policies['purpose']
  oncePerMs: number | null
  onRepeat: Policies['onRepeat']
  cancelOn: readonly CancelOn[]
  quietHours: QuietHours | null
  cap: Cap | null
  onCap: Policies['onCap']
}

/**
 * Which later events make a message pointless: those that `on` means and of which `match` comes to what `equals` came to for the message's own event. `id`: the same for
 * both sides and as long as the entry is not changed.
 */
export type CancelOn = { id: string; on: readonly EventPattern[]; match: Field; equals: Field }

/** Events by which a customer says no. `channels` null: all. */
export type SuppressOn = { on: readonly EventPattern[]; channels: readonly Channel[] | null }

/** `crm/ticket.*`: `matches` is anchored on both ends and knows `*` only. */
export type EventPattern = { text: string; matches(source: string, type: string): boolean }

/** A Liquid expression as the file has it, and its evaluation. Lenient: absent is false. Throws when Liquid's limits are exceeded. */
export type Condition = { text: string; holds(scope: Scope): boolean }

/** A Liquid field as the file has it, and its evaluation. Lenient: absent, null and blank are undefined. */
export type Field = { text: string; value(scope: Scope): string | undefined }

export type CustomerFields = Readonly<
  Partial<Record<'externalId' | 'email' | 'phone' | 'name' | 'locale' | 'timezone' | 'consent', Field>>
>

/** The templates of one folder, parsed. */
export type Templates = {
  /** All template names, `ticket-resolved`, sorted. */
  names: readonly string[]
  /** The files of one template, `ticket-resolved.email.de.liquid`, sorted. */
  files(name: string): readonly string[]
  /** Whether every file that an email may be rendered from has a subject. */
  hasSubject(name: string): boolean
  /** Whether every file that whatsapp may be rendered from names a response. */
  hasResponse(name: string): boolean
  /**
   * Renders a template for a channel and the customer's locale with the most specific file. Strict: an output that is nil, empty or
   * an object is a problem that names the variable, and so is text longer than the channel carries.
   */
  render(name: string, channel: Channel, scope: Scope): RenderResult
}

export type RenderResult =
  | { kind: 'rendered'; rendered: Rendered }
  /** `code`: no-template | template-error | text-too-long. `reason` is for an operator and quotes no customer data. */
  | { kind: 'unrenderable'; code: string; reason: string }

/** One thing wrong in the configuration. */
export type Problem = { file: string; line: number | null; message: string }

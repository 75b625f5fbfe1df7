import type { Event, EventState } from '../event.ts'
import type { Attempt, Channel, Customer, IdentifierName, Message, MessageState } from '../message.ts'
import type { AccessReads } from './access.ts'
import type { ByIds } from './by-ids.ts'
import type { History } from './history.ts'
import type { Instance } from './instances.ts'
import type { Overview } from './overview.ts'
import type { Pages } from './pages.ts'
import type { RunReads } from './run-reads.ts'

/** What operators read. Runs apart from the hot path: a worker thread with a connection of its own on SQLite, the pool on PostgreSQL. */
export type Reads = History &
  AccessReads &
  ByIds &
  RunReads &
  Pages &
  Overview & {
    /** Who is at work with this ledger, the oldest first. */
    instances(): Promise<Instance[]>
    /** Newest first. */
    events(filter: EventFilter): Promise<Event[]>
    event(id: number): Promise<Event | null>
    /** Newest first. */
    messages(filter: MessageFilter): Promise<Message[]>
    message(id: number): Promise<Message | null>
    /** The ids of what a filter selects, lowest first. */
    messageIds(filter: MessageFilter): Promise<number[]>
    eventIds(filter: EventFilter): Promise<number[]>
    /** Oldest first. */
    attempts(messageId: number): Promise<Attempt[]>
    /** Who must not be written to. Newest first. */
    suppressions(filter: { limit: number }): Promise<Suppression[]>
    /** The same by pages: `before` is the `next` of the page before; null: there is nothing older. */
    suppressionPage(page: {
      limit: number
      before?: SuppressionPlace
    }): Promise<{ items: readonly Suppression[]; next: SuppressionPlace | null }>
    /** Those of these names, as `PlannedMessage.names` has them; newest first. */
    suppressed(names: readonly string[]): Promise<Suppression[]>
    /** Those that were refused for their signature and are kept, newest first. */
    refusedDeliveries(filter: RefusedFilter): Promise<RefusedKept[]>
    /** One of them with all that it is verified by; null: it is gone. */
    refusedDelivery(id: number): Promise<RefusedWhole | null>
    /** `since` bounds `recent`: epoch milliseconds, a day ago by default. */
    summary(options?: { since?: number }): Promise<Summary>
    close(): Promise<void>
  }

/** Times: epoch milliseconds of receipt. `type`: the event's or the sender's own. `type` and `reason`: `*` matches any characters; `reason` a code, or a part of the words. */
export type EventFilter = {
  state?: EventState
  source?: string
  route?: string
  type?: string
  reason?: string
  since?: number
  until?: number
  limit: number
}

/** Times: epoch milliseconds of creation. `customer`: every identifier given must be the message's. */
export type MessageFilter = {
  state?: MessageState
  route?: string
  source?: string
  type?: string
  reason?: string
  eventId?: number
  since?: number
  until?: number
  customer?: Pick<Customer, 'externalId' | 'email' | 'phone'>
  limit: number
}

/** A name that must not be written to; whose it is nobody can tell who has not the name. */
export type Suppression = {
  /** Of which identifier; empty where it is of none that is known. */
  kind: IdentifierName | ''
  /** Null: all of them. */
  channel: Channel | null
  reason: string
  /** The operator, `suppressOn` or `genesys`. */
  by: string
  /** Epoch milliseconds. */
  since: number
  /** The first 8 hexadecimal digits of the keyed hash: the same for the same name. */
  hash: string
}

/** Where a page ends. `hash`: all of it, hexadecimal; `channel` empty: all of them. One name may be refused over several channels at once. */
export type SuppressionPlace = { since: number; hash: string; channel: Channel | '' }

/** Times: epoch milliseconds of receipt. `before`: the id of the last one of the page before. */
export type RefusedFilter = {
  source?: string
  reason?: string
  since?: number
  until?: number
  before?: number
  limit: number
}

/** A delivery that was refused and is kept, without anything that it holds. `bytes`: of its body. `acceptedAt`: when it was taken in after all. */
export type RefusedKept = {
  id: number
  source: string
  receivedAt: number
  reason: string
  bytes: number
  bodyKept: boolean
  acceptedAt: number | null
}

/** Target, headers and body may hold secrets: they are for verifying, and are shown to nobody. */
export type RefusedWhole = RefusedKept & {
  method: string
  target: string
  rawHeaders: readonly string[]
  body: Buffer | null
}

export type Summary = {
  host: string | null
  events: Record<EventState, number>
  messages: Record<MessageState, number>
  /** The same of what was received, and of what was planned, since a time. */
  recent: {
    since: number
    events: Record<EventState, number>
    messages: Record<MessageState, number>
  }
  /** Messages that failed since `recent.since`, whenever they were planned. */
  failed: number
  /** Scheduled messages that are due now and wait for nobody's outcome, and since when the oldest is. */
  due: { count: number; oldestDueAt: number | null }
  /** Unconfirmed messages that are looked for by Postrider itself; the others wait for an operator. */
  looking: number
  /** By source: its last event's time of receipt. */
  lastEventAt: Readonly<Record<string, number>>
  /** By source with `expectEvery`: since when a service expects to hear of it. A source without an entry never was with one that started. */
  expectedSince: Readonly<Record<string, number>>
  /** Refused deliveries of the last 24 hours. */
  refused: readonly { source: string; reason: string; count: number; lastAt: number }[]
  /** The same by hours, the oldest first; of each, when its first and its last came. */
  refusedHours: readonly { source: string; reason: string; count: number; firstAt: number; lastAt: number }[]
  /** Of these, those that are kept with their bodies and were not taken in: how many, and when the oldest was received. */
  recheckable: readonly { source: string; reason: string; count: number; since: number }[]
}

import type { Event, EventState, ReadEvent, RouteNote, UnreadableEvent } from '../event.ts'
import type {
  Attempt,
  Channel,
  DeliveryStatus,
  IdentifierName,
  Look,
  Message,
  MessageState,
  Pause,
  PauseCode,
  PauseScope,
  PlannedMessage,
  Rendered,
  Session,
} from '../message.ts'
import type { Access } from './access.ts'
import type { Foreseeable, ForeseeRequest, Foresight } from './foresight.ts'
import type { Idempotency } from './idempotency.ts'
import type { Instances } from './instances.ts'
import type { Notices } from './notices.ts'
import type { Reads } from './reads.ts'
import type { Retention, RetentionStep } from './retention.ts'
import type { RunActed, RunRequest, RunStep } from './run.ts'

/** What programs ask for once, what somebody is told of once, and who is at work, beside who may look and act. */
type Asides = Access & Idempotency & Notices & Instances

/**
 * The durable store of events, messages, attempts and pauses, and the queue of what is due. Two implementations keep this
 * contract; `test/ledger/contract.ts` holds both to it.
 *
 * Every function that changes something is ONE transaction, on disk before its promise resolves, unless it says otherwise. Calls
 * that are made together may share a commit (group commit); a call whose data the database refuses fails alone and its neighbours
 * succeed. All functions reject with PostriderError LEDGER_UNAVAILABLE when the database cannot be written; nothing has changed then.
 *
 * Time is the ledger's own (the clock it was opened with; the database's on PostgreSQL): callers pass durations, never "now".
 */
export type Ledger = Asides & {
  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Records what one delivery held: the claim of every event key, the events, their messages, the claims of `once` keys. Atomic. An event
   * whose key is known changes nothing and counts as known. A message whose `once` key is taken is recorded as `skipped`.
   * An event that the database refuses on its data is recorded as `unreadable` with the database's reason; the others are untouched.
   *
   * An event with `keyIsUnsigned` claims its body beside its key, for as long. Where its key is new: the same body with the same `senderType` makes it known, and
   * its key is not taken; the same body with another makes it `replayed`: recorded as `unplanned` with the reason, no message is planned and nothing marked. What is
   * recorded as `unreadable` claims its body among unreadable ones alone: it is known when it comes again, and what can be read is never taken for its replay.
   *
   * An event with `undelivered` marks the sent messages that it names, each once for a send: by Genesys' ids where it gives them, else the newest of that
   * conversation that was sent by the time at which it occurred. One that is known to be delivered stays so. Where `onUndelivered` says so, such a message is `scheduled` on its next channel. The event's reason says what was marked.
   */
  record(entries: readonly Recordable[]): Promise<Recorded>

  /** Counts a refused delivery. Not durable at once: counts reach the disk within a second, and on `close`. */
  countRefused(source: string, reason: string): void

  /**
   * Keeps a delivery of a known source that was refused for its signature, so that it can be verified again: the newest 1,000 of each source, for 24 hours from their
   * receipt; the body where it has at most 64 KiB. Not durable at once, as with counts. Where more come between two writes than memory is given to (200 and 1 MiB of a source,
   * 4 MiB of all), the others are not kept. Costs the caller a copy, and nothing where there is no room.
   */
  keepRefused(delivery: RefusedDelivery): void

  /**
   * Marks deliveries that were kept as taken in, because what they held is recorded; `by` is the operator who had them rechecked, for the trail. Atomic; answers how many were not marked before.
   */
  acceptRefused(ids: readonly number[], request: { source: string; by: string }): Promise<number>

  /**
   * Plans of an event that is recorded already (`events replan`): adds the messages of routes that have none. Atomic. `read`: what an
   * event that was unreadable turned out to be: it is claimed by that, as `record` would have. `known`: it came again since and was recorded, so nothing is added, and the
   * event says so. `by`: the operator who asked for it, for the trail. Rejects with NOT_FOUND.
   */
  addPlan(
    eventId: number,
    plan: Plan,
    read?: ReadAnew | null,
    by?: string,
  ): Promise<{ added: number; known?: true }>

  // ── delivering ─────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Leases up to `limit` due messages to `owner` for `leaseMs`, operators' re-triggers first, then the longest due, those of `CLI_SOURCE` after
   * all others. Messages under a pause or another's lease are passed over, and those of a customer, by any of the names, who has one already that is claimed, sending, tried again or
   * looked for since less than 15 minutes. While a pause that probes is due (`PROBED_PAUSES`), one message is leased at most, named as its
   * probe, and the pause's `until` moves past the lease so that nobody else probes meanwhile. Cost: an index look-up for each lane
   * (route, source, channel), however many messages there are.
   */
  claim(request: { owner: string; limit: number; leaseMs: number }): Promise<Claim>

  /** Extends the lease. False: it is held no longer, and nothing must be done with the message. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>

  /**
   * The last look before the request leaves. One transaction that checks that the lease is held, that no pause covers the message, that
   * it has not expired, that no event cancelled it, that its customer did not refuse the channel and, where it is marketing, agreed to that, that the cap has room and
   * its route's brake is not exceeded, and then commits the open attempt and the state `sending`
   * (or, for a shadow message, the state `skipped` with what would have been sent). Whatever the answer other than `open`: no request.
   */
  open(lease: Lease, draft: AttemptDraft): Promise<Opened>

  /**
   * Writes what became of an attempt and of its message. Compare-and-set on the attempt being open, or its message being `unconfirmed`
   * because of it. False: somebody settled it before, and nothing was changed. With `optedOut` the customer gets nothing more over the attempt's channel.
   */
  settle(attemptId: number, settlement: Settlement): Promise<boolean>

  /** Ends a leased message without an attempt: it cannot, or must not, be sent. False: the lease is held no longer. */
  conclude(lease: Lease, end: { state: 'failed' | 'skipped'; code: string; reason: string }): Promise<boolean>

  /**
   * Gives a leased message back, due again in `inMs`; or ends it as `skipped` where it has expired meanwhile. `reason` null leaves the message's
   * reason alone.
   */
  postpone(
    lease: Lease,
    again: { inMs: number; code: string | null; reason: string | null },
  ): Promise<boolean>

  /**
   * Takes back the attempt that `open` began with this lease, for a caller who was not told so because the answer was lost, and whose request has not left: the attempt `failed`, the message is due again in
   * `inMs`. Never after a request left. False: no such attempt is open, or the lease is held no longer.
   */
  withdraw(lease: Lease, again: { inMs: number }): Promise<boolean>

  /**
   * Takes so many calls from the budget (GCRA, no burst: one call each 60,000 / `perMinute` ms) and answers how long to wait before making
   * each of them, in milliseconds. Committed in order but not forced to disk: losing the last of it in a power cut lets a few calls through early, nothing more.
   */
  takeBudget(perMinute: number, calls: number): Promise<number[]>

  /**
   * Lowers the budget for a while, whatever its callers ask for: what Genesys' headers said. 0: nothing before `forMs` have passed. Calls that queue up meanwhile
   * follow when that time is over, at the rate they ask for. The last word counts. Not forced to disk either.
   */
  lowerBudget(to: { perMinute: number; forMs: number }): Promise<void>

  /**
   * Leases up to `limit` messages whose time to be looked for has come (`lookAt`), the longest due first: `unconfirmed` ones, or `sent` ones whose delivery is
   * unknown. With each its last attempt of that outcome, and what else is known to have gone to the same contact or address since shortly before it.
   * Pauses do not stop it, but for those of `all` by which Genesys cannot be asked (`unreachable`, `login`, `permissions`, `rate-limited`), until they may be probed.
   */
  claimLooks(request: {
    of: 'unconfirmed' | 'sent'
    owner: string
    limit: number
    leaseMs: number
  }): Promise<readonly LookClaim[]>

  /**
   * Writes what a look for an unconfirmed attempt came to. Compare-and-set on the lease and on the attempt being the reason why the message is `unconfirmed`.
   * False: nothing was settled. `found` is refused where another attempt has the same Genesys id by now (where the channel has none: the same conversation);
   * that look counts, and the next is due soon.
   */
  settleLook(lease: Lease, attemptId: number, result: LookResult): Promise<boolean>

  /**
   * Writes what became of a sent message. `againInMs` null: it is not asked again. `optedOut`: as in `settle`. False: the lease is held no longer, and nothing was changed.
   */
  settleDelivery(
    lease: Lease,
    result: {
      delivery: DeliveryStatus
      reason: string | null
      againInMs: number | null
      optedOut?: boolean
    },
  ): Promise<boolean>

  /** Calls `listener` when a commit of this process made messages due (PostgreSQL: of any). Returns the unsubscription. */
  onDue(listener: () => void): () => void

  // ── pauses ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Pauses that are not over, oldest first. */
  pauses(): Promise<Pause[]>
  /**
   * Begins a pause, or renews the one that has the same scope, name and code and is not over: one row a cause, `since` stays. `forMs` null:
   * until resumed; it ends with the year 9999 at the latest. Of two `rate-limited` waits the one that ends later holds.
   */
  pause(request: PauseRequest): Promise<Pause>
  /** Ends a pause. Ending a brake's pause begins its count anew. `by` `postrider`: the service itself, which leaves no line in the trail. False: it was over already. */
  resume(pauseId: number, by: string): Promise<boolean>

  // ── operators ──────────────────────────────────────────────────────────────────────────────────────────

  /** Re-triggers a message. One that is `sent`, or was before (`sentAt`), needs `force` and a reason. The time it may take begins anew; it goes before automatic ones. */
  retry(messageId: number, request: { by: string; force: boolean; reason: string | null }): Promise<Acted>
  /** `scheduled` → `cancelled`. */
  cancel(messageId: number, request: { by: string; reason: string | null }): Promise<Acted>
  /** `unconfirmed` → `sent` or `failed`, as an operator found out. */
  settleByHand(
    messageId: number,
    request: { by: string; as: 'sent' | 'not-sent'; reason: string | null },
  ): Promise<Acted>

  /**
   * What would become of these messages if they were re-triggered now, all together and in this order: what `retry` and `open` would answer. Changes nothing, however it ends. Some hundred
   * at a time: the ledger does nothing else meanwhile. Caps and keys (`once`) are counted among these messages, brakes also among those of `before`.
   */
  foresee(messages: readonly Foreseeable[], request: ForeseeRequest): Promise<Foresight>
  /**
   * Writes down many messages that are to be re-triggered, and begins. Not one transaction where they are many: until the last the run is `preparing`, and no message of it is touched. Refused where
   * it forces without a reason, or was stopped meanwhile.
   */
  beginRun(request: RunRequest): Promise<RunActed>
  /**
   * Re-triggers the next waiting messages of the oldest run that can go on, as `retry` does, so many that no more than `limit` re-triggers are due and wait where no pause is. Messages that a pause would hold are
   * passed over until it ends. Refused are, beside what `retry` refuses, what is `unconfirmed` (unless by force) and what is past its time (unless the run says `late`). One transaction with the note of what became
   * of each: a crash neither loses nor repeats one. Null: no run is running.
   */
  stepRun(request: { limit: number }): Promise<RunStep | null>
  /** Of a run that is stopped no further message is re-triggered; those that were go on. */
  stopRun(id: number, by: string): Promise<RunActed>

  // ── what customers want ────────────────────────────────────────────────────────────────────────────────

  /**
   * Customers must not be written to any more, whatever else they are called: any of these names on a message is enough, at every `open` that is committed later. `names` as
   * `PlannedMessage.names` has them; kept as keyed hashes. `channels` null: all. What is refused already keeps its reason and its time. Atomic for all names; answers how many (name, channel) are new.
   */
  suppress(
    names: readonly string[],
    refusal: { channels: readonly Channel[] | null; reason: string; by: string },
  ): Promise<number>
  /**
   * Takes back what `suppress`, an event or Genesys added for these names: over one channel, or (null) whatever the channel. A refusal of all channels is lifted by null alone. What an
   * event that was received before said does not come back when it is planned again. Atomic; answers how many are lifted.
   */
  allow(names: readonly string[], channel: Channel | null, by: string): Promise<number>

  // ── the house itself ───────────────────────────────────────────────────────────────────────────────────

  /** Remembers the API host this ledger sends to; rejects with LEDGER_OTHER_ORG where it remembers another. */
  bindHost(host: string): Promise<void>
  /**
   * Removes some of what is old: one step of a round, at most `limit` events, or rows beside them. Payloads first: bodies, headers, texts, addresses and what the customer is called go
   * when the event was received longer than `payloadMs` ago; then events with all that is theirs, after `rowsMs`. Nothing goes of an event that has a message which is not finished (`scheduled`, `sending`, `unconfirmed`, or
   * looked for). What refuses, agrees or was done by operators stays, and so does whatever bears the highest id of its kind, which must not be given again. Hashes of event keys stay as long as `dedupeFor` asks, and as
   * long as their event. A crash loses a step, which the next round makes up for.
   */
  removeOld(request: Retention & { limit: number }): Promise<RetentionStep>
  /** Names the sources that have `expectEvery`, all of them, as a service starts with them: since when each is expected is kept from the first such start on, and is `Summary.expectedSince`. */
  expect(sources: readonly string[]): Promise<void>
  /** Resolves when a write reaches the disk; rejects with LEDGER_UNAVAILABLE. Readiness asks this. */
  ping(): Promise<void>
  /** What operators read; never on the way of an event. */
  reads: Reads
  /** Writes what is waiting, gives up ownership. Idempotent. */
  close(): Promise<void>
}

/** `target`: path and query. `rawHeaders`: as node gives them. `receivedAt`: epoch milliseconds. Target, headers and body may hold secrets. */
export type RefusedDelivery = {
  source: string
  receivedAt: number
  reason: string
  method: string
  target: string
  rawHeaders: readonly string[]
  body: Uint8Array
}

/** What planning made of one event. */
export type Plan = {
  state: Exclude<EventState, 'unreadable'>
  reason: string | null
  notes: readonly RouteNote[]
  messages: readonly PlannedMessage[]
  configVersion: string
  /** What the event cancels, as `PlannedMessage.cancelKeys` has it. */
  cancels: readonly string[]
  /** The customer whom the event names, as `PlannedMessage.names` has it. */
  names: readonly string[]
  /** Whether that customer agrees to marketing; null: it does not say. */
  consent: boolean | null
  /** That customer must not be written to any more over `channels`; null: all of them. */
  suppress: { channels: readonly Channel[] | null } | null
}

/** What an event that is recorded already is read as now. Its body and headers stay. */
export type ReadAnew = Pick<
  ReadEvent,
  'key' | 'type' | 'senderType' | 'subject' | 'occurredAt' | 'keyIsUnsigned'
>

/** `keepBodyForMs`: how long the body is remembered where `keyIsUnsigned`; as long as the key by default. `by`: the operator who tries a route out with it, for the trail. */
export type Recordable =
  | { kind: 'event'; event: ReadEvent; plan: Plan; keepKeyForMs: number; keepBodyForMs?: number; by?: string }
  | {
      kind: 'unreadable'
      event: UnreadableEvent
      configVersion: string
      keepKeyForMs: number
      keepBodyForMs?: number
    }

/**
 * Of each entry, in order: the new event's id, or that it was known. `set-aside`: recorded as unreadable because the database refused it. `replayed`: recorded,
 * not planned, because its body came before as another type and the sender signs neither id nor type.
 */
export type Recorded = readonly (
  | { kind: 'recorded'; eventId: number; messageIds: readonly number[] }
  | { kind: 'set-aside'; eventId: number; reason: string }
  | { kind: 'replayed'; eventId: number; reason: string }
  | { kind: 'known' }
)[]

export type Lease = { messageId: number; owner: string; token: string }

export type Claim = {
  messages: readonly { lease: Lease; message: Message; event: Event }[]
  /** The pause that the one message of this claim probes for. */
  probe: Pause | null
}

export type AttemptDraft = {
  channel: Channel
  contactId: string | null
  foundBy: IdentifierName | null
  /** Null on webmessaging. */
  address: string | null
  /** What `requireSession` found. */
  session: Session | null
  rendered: Rendered
  /** The message's own mode or the route's present one, whichever is stricter. */
  mode: 'live' | 'shadow'
}

export type Opened =
  | { kind: 'open'; attempt: Attempt }
  /** The lease was lost: cancelled, taken over, or settled by an operator. */
  | { kind: 'lost' }
  /** Given back, to wait for the pause's end. */
  | { kind: 'paused'; pause: Pause }
  /** Given back, and its route paused: the brake was exceeded by this message. */
  | { kind: 'braked'; pause: Pause }
  /** Now `skipped`. */
  | { kind: 'skipped'; code: 'expired' | 'shadow' | 'suppressed' | 'no-consent' | 'cap'; reason: string }
  /** Now `cancelled`: a later event made it pointless. */
  | { kind: 'cancelled'; reason: string }
  /** Given back, due when there is room again (`cap`); or over the next channel, because the customer refuses this one. */
  | { kind: 'deferred'; code: 'cap' | 'next-channel'; reason: string }

export type Settlement = {
  status: number | null
  code: string | null
  reason: string | null
  correlationId: string | null
  /** Genesys says that the customer refuses messages over this channel. */
  optedOut?: boolean
} /** `lookInMs`: when its delivery is asked for; null: never. */ & (
  | {
      outcome: 'sent'
      conversationId: string | null
      genesysMessageId: string | null
      lookInMs: number | null
    }
  /**
   * Message: `scheduled` again in `retryInMs`, or `failed` where that is null. `counts`: what it spends: one of `maxAttempts`, one of the waits for the end of
   * a conversation, or nothing. `channel`: the one that is tried next; null: the same.
   */
  | {
      outcome: 'failed'
      retryInMs: number | null
      counts: 'failure' | 'wait' | 'nothing'
      channel: Channel | null
      messageCode: string
      messageReason: string
    }
  /** `lookInMs`: when it is looked for; null: never. */
  | { outcome: 'unconfirmed'; messageCode: string; messageReason: string; lookInMs: number | null }
)

export type LookClaim = { lease: Lease; message: Message; attempt: Attempt; others: OtherSends }

/**
 * What else went to the same contact or address since `CLOCK_SLACK_MS` before the attempt: ids that are taken, and how many sends of which no id is known, that
 * could be taken for it.
 */
export type OtherSends = {
  genesysMessageIds: readonly string[]
  conversationIds: readonly string[]
  unidentified: number
}

export type LookResult =
  /** Message: `sent`. Genesys' id of it; null where the channel has none. */
  | {
      kind: 'found'
      conversationId: string
      genesysMessageId: string | null
      look: Omit<Look, 'at'>
      reason: string
    }
  /** Stays `unconfirmed`, to be looked for again in `againInMs`; null: it waits for an operator. */
  | { kind: 'held'; againInMs: number | null; look: Omit<Look, 'at'>; reason: string }
  /** Known to be absent. Message: `scheduled` now, or `failed` where `reason` says that it was tried often enough. */
  | { kind: 'absent'; again: boolean; look: Omit<Look, 'at'>; code: string; reason: string }

export type PauseRequest = {
  scope: PauseScope
  name: string | null
  code: PauseCode
  reason: string
  forMs: number | null
  probes: number
  by: string
}

/** What an operator's action came to. `refused`: the state does not allow it; the reason says what would. */
export type Acted =
  | { kind: 'done'; message: Message }
  | { kind: 'refused'; reason: string; state: MessageState | null }

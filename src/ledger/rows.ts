import type { Event, EventState, Headers, RouteNote } from '../event.ts'
import type {
  Attempt,
  AttemptOutcome,
  Channel,
  DeliveryStatus,
  IdentifierName,
  Message,
  MessageState,
  Pause,
  PauseCode,
  PauseScope,
  Policies,
} from '../message.ts'
import type { EventLine } from './pages.ts'
import type { Run, RunFilter, RunState } from './run.ts'
import type { AttemptRow, EventRow, MessageRow, PauseRow, RunRow } from './schema.ts'

/** What `meta` has of a source that is expected to be heard of is named so, with the source's name behind it. */
export const EXPECTS = 'expects:'

/** Rows become what travels. The casts are safe where the tables' CHECKs hold the same lists. */

export function eventOf(row: EventRow): Event {
  return {
    ...eventLineOf(row),
    raw: Buffer.from(row.raw.buffer, row.raw.byteOffset, row.raw.byteLength),
    headers: row.headers === null ? {} : (JSON.parse(row.headers) as Headers),
  }
}

export function eventLineOf(row: Omit<EventRow, 'raw' | 'headers'>): EventLine {
  return {
    id: row.id,
    source: row.source,
    type: row.type,
    senderType: row.sender_type ?? row.type,
    key: row.key,
    subject: row.subject,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    state: row.state as EventState,
    reason: row.reason,
    notes: JSON.parse(row.notes) as RouteNote[],
    configVersion: row.config_version,
    ...(row.removed === null ? {} : { removed: row.removed }),
  }
}

/** The sender's type as it is stored: null where it is the same as the type. */
export function senderTypeOrNull({ type, senderType }: Pick<Event, 'type' | 'senderType'>): string | null {
  return senderType === type ? null : clean(senderType)
}

/** Headers as they are stored: null where there are none. */
export function headersOrNull(headers: Headers): string | null {
  return Object.keys(headers).length === 0 ? null : JSON.stringify(headers)
}

export function messageOf(row: MessageRow): Message {
  return {
    id: row.id,
    eventId: row.event_id,
    source: row.source,
    route: row.route,
    state: row.state as MessageState,
    reason: row.reason,
    code: row.code,
    customer: JSON.parse(row.customer),
    policies: policiesOf(row.policies),
    configVersion: row.config_version,
    channel: row.channel as Channel,
    contactId: row.contact_id,
    foundBy: row.found_by as IdentifierName | null,
    dueAt: row.due_at,
    expireAt: row.expire_at,
    attempts: row.attempts,
    failures: row.failures,
    waits: row.waits,
    manualBy: row.manual_by,
    conversationId: row.conversation_id,
    sentAt: row.sent_at,
    delivery: row.delivery as DeliveryStatus,
    deliveryReason: row.delivery_reason,
    session: row.session === null ? null : JSON.parse(row.session),
    waitsItsTurn: row.waits_for !== null,
    lookAt: row.look_at,
    looks: row.looks,
    lastLook: row.last_look === null ? null : JSON.parse(row.last_look),
    wouldSend: row.would_send === null ? null : JSON.parse(row.would_send),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.removed === null ? {} : { removed: row.removed }),
  }
}

/** What a route could not say yet when the first ledgers were written: it asked for none of this. */
const NOT_SAID = {
  requireSessionMs: null,
  activeConversation: 'wait',
  onUndelivered: 'none',
  purpose: 'service',
  oncePerMs: null,
  onRepeat: 'keep',
  quietHours: null,
  cap: null,
  onCap: 'skip',
  countsIn: [],
} satisfies Partial<Policies>

/** A message's policies as they are stored. */
export function policiesOf(json: string): Policies {
  return { ...NOT_SAID, ...(JSON.parse(json) as Omit<Policies, keyof typeof NOT_SAID>) }
}

export function attemptOf(row: AttemptRow): Attempt {
  return {
    id: row.id,
    messageId: row.message_id,
    number: row.number,
    channel: row.channel as Channel,
    outcome: row.outcome as AttemptOutcome,
    by: row.by,
    openedAt: row.opened_at,
    settledAt: row.settled_at,
    status: row.status,
    code: row.code,
    reason: row.reason,
    correlationId: row.correlation_id,
    conversationId: row.conversation_id,
    genesysMessageId: row.genesys_message_id,
    contactId: row.contact_id,
    address: row.address,
    rendered: JSON.parse(row.rendered),
  }
}

export function pauseOf(row: PauseRow): Pause {
  return {
    id: row.id,
    scope: row.scope as PauseScope,
    name: row.name === '' ? null : row.name,
    code: row.code as PauseCode,
    reason: row.reason,
    since: row.since,
    until: row.until,
    probes: row.probes,
    by: row.by,
  }
}

/**
 * Text as both databases store it: PostgreSQL refuses NUL, and a lone surrogate is no UTF-8. JSON needs no cleaning, it escapes both.
 */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

export function cleanOrNull(text: string | null): string | null {
  return text === null ? null : clean(text)
}

export function runOf(row: RunRow): Run {
  return {
    id: row.id,
    state: row.state as RunState,
    by: row.by,
    reason: row.reason,
    force: row.force === 1,
    late: row.late === 1,
    filter: JSON.parse(row.filter) as RunFilter,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    total: row.total,
    waiting: row.total - row.retried - row.refused,
    retried: row.retried,
    refused: row.refused,
  }
}

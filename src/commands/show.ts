import type { Event } from '../event.ts'
import type { Attempt, Message, Pause } from '../message.ts'
import { isoTime } from './output.ts'

/** An event as `--json` prints it. Keys are relied on by people's scripts. */
export function eventJson(event: Event) {
  return {
    id: event.id,
    state: event.state,
    reason: event.reason,
    source: event.source,
    type: event.type,
    key: event.key,
    occurredAt: isoTime(event.occurredAt),
    receivedAt: isoTime(event.receivedAt),
    routes: event.notes,
    configVersion: event.configVersion,
  }
}

/** A message as `--json` prints it; `attempts` is their number here and their list in `messages show`. */
export function messageJson(message: Message) {
  return {
    id: message.id,
    state: message.state,
    reason: message.reason,
    code: message.code,
    route: message.route,
    source: message.source,
    eventId: message.eventId,
    customer: message.customer,
    channel: message.channel,
    contactId: message.contactId,
    foundBy: message.foundBy,
    mode: message.policies.mode,
    attempts: message.attempts,
    dueAt: isoTime(message.dueAt),
    expireAt: isoTime(message.expireAt),
    sentAt: isoTime(message.sentAt),
    conversationId: message.conversationId,
    delivery: message.delivery,
    manualBy: message.manualBy,
    createdAt: isoTime(message.createdAt),
    configVersion: message.configVersion,
  }
}

export function attemptJson(attempt: Attempt) {
  return {
    ...attempt,
    openedAt: isoTime(attempt.openedAt),
    settledAt: isoTime(attempt.settledAt),
  }
}

export function pauseJson(pause: Pause) {
  return { ...pause, since: isoTime(pause.since), until: isoTime(pause.until) }
}

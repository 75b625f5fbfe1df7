import { shownAs } from '../config/response.ts'
import type { Event } from '../event.ts'
import type { Attempt, Message, Pause, Rendered } from '../message.ts'
import { isoTime, print, printText, type Terminal } from './output.ts'

/** An event as `--json` prints it. Keys are relied on by people's scripts. */
export function eventJson(event: Event) {
  return {
    id: event.id,
    state: event.state,
    reason: event.reason,
    source: event.source,
    type: event.type,
    senderType: event.senderType,
    subject: event.subject,
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
    deliveryReason: message.deliveryReason,
    session: message.session && {
      conversationId: message.session.conversationId,
      startedAt: isoTime(message.session.startedAt),
    },
    waitsItsTurn: message.waitsItsTurn,
    lookAt: isoTime(message.lookAt),
    looks: message.looks,
    lastLook: message.lastLook && { ...message.lastLook, at: isoTime(message.lastLook.at) },
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

/** What a customer is sent: of an email its subject, on whatsapp the response with what is filled in; then the text. */
export function printRendered(
  { subject, whatsapp, text }: Pick<Rendered, 'subject' | 'whatsapp' | 'text'>,
  terminal: Terminal,
): void {
  if (subject !== undefined) print(terminal, `subject   ${subject}`)
  if (whatsapp) {
    print(terminal, `response  ${whatsapp.responseId}`)
    for (const { id, value } of whatsapp.header) print(terminal, `header    ${id}: ${value}`)
    for (const { id, value } of whatsapp.body) print(terminal, `body      ${id}: ${value}`)
    // Without a text of its own the text says the same.
    if (text === shownAs(whatsapp)) return
  }
  print(terminal, '')
  printText(terminal, text)
}

import { z } from 'zod'
import { MESSAGE_STATES, type Message } from '../../message.ts'
import { CustomerShape } from './customer.ts'
import { IdentifierShape } from './policies.ts'
import { ChannelName } from './rendered.ts'
import { Count, Id, isoTime, Time } from './values.ts'

export const MessageState = z.enum(MESSAGE_STATES).meta({ id: 'MessageState' })

/** What one route wants said to one customer because of one event. Keys are relied on by people's scripts. */
export const MessageShape = z
  .strictObject({
    id: Id,
    state: MessageState,
    reason: z.string().nullable(),
    code: z.string().nullable(),
    route: z.string(),
    source: z.string(),
    eventId: Id,
    customer: CustomerShape,
    channel: ChannelName,
    contactId: z.string().nullable(),
    foundBy: IdentifierShape.nullable(),
    mode: z.enum(['live', 'shadow']),
    attempts: Count.meta({ description: 'How many attempts were opened.' }),
    dueAt: Time,
    expireAt: Time,
    sentAt: Time.nullable(),
    conversationId: z.string().nullable(),
    delivery: z.enum(['unknown', 'delivered', 'undelivered', 'failed']),
    deliveryReason: z.string().nullable(),
    session: z.strictObject({ conversationId: z.string(), startedAt: Time }).nullable(),
    waitsItsTurn: z.boolean(),
    lookAt: Time.nullable(),
    looks: Count,
    lastLook: z.strictObject({ at: Time, complete: z.boolean(), saw: z.string() }).nullable(),
    manualBy: z.string().nullable(),
    createdAt: Time,
    configVersion: z.string(),
    removed: z
      .string()
      .exactOptional()
      .meta({ description: 'What is gone of it, and why; absent: nothing.' }),
  })
  .meta({ id: 'Message', description: 'What one route wants said to one customer because of one event.' })
export type MessageJson = z.infer<typeof MessageShape>

/** A message as programs see it, with `--json` and over the API; `attempts` is their number here and their list where one message is shown. */
export function messageJson(message: Message): MessageJson {
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
    ...(message.removed === undefined ? {} : { removed: message.removed }),
  }
}

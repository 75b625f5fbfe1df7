import { z } from 'zod'
import type { Attempt, Message } from '../../message.ts'
import { MessageShape, messageJson } from './message.ts'
import { PoliciesShape } from './policies.ts'
import { ChannelName, RenderedShape } from './rendered.ts'
import { Id, isoTime, list, Time } from './values.ts'

/** One try at sending a message over one channel. */
export const AttemptShape = z
  .strictObject({
    id: Id,
    messageId: Id,
    number: z.int().min(1),
    channel: ChannelName,
    outcome: z.enum(['open', 'sent', 'failed', 'unconfirmed']),
    by: z.string().nullable(),
    openedAt: Time,
    settledAt: Time.nullable(),
    status: z.int().nullable(),
    code: z.string().nullable(),
    reason: z.string().nullable(),
    correlationId: z.string().nullable(),
    conversationId: z.string().nullable(),
    genesysMessageId: z.string().nullable(),
    contactId: z.string().nullable(),
    address: z.string().nullable(),
    rendered: RenderedShape,
  })
  .meta({ id: 'Attempt', description: 'One try at sending a message over one channel.' })
export type AttemptJson = z.infer<typeof AttemptShape>

export function attemptJson(attempt: Attempt): AttemptJson {
  return {
    ...attempt,
    openedAt: isoTime(attempt.openedAt),
    settledAt: isoTime(attempt.settledAt),
  }
}

/** A message with all that became of it. */
export const MessageWholeShape = MessageShape.extend({
  policies: PoliciesShape,
  wouldSend: RenderedShape.nullable(),
  attempts: list(AttemptShape),
}).meta({ id: 'MessageWhole', description: 'A message with what its route said and its attempts.' })
export type MessageWholeJson = z.infer<typeof MessageWholeShape>

export function messageWholeJson(message: Message, attempts: readonly Attempt[]): MessageWholeJson {
  return {
    ...messageJson(message),
    policies: message.policies,
    wouldSend: message.wouldSend,
    attempts: attempts.map(attemptJson),
  }
}

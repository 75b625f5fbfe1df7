import { z } from 'zod'
import type { SandboxMessage } from './conversations.ts'
import { notFound } from './errors.ts'
import type { Org } from './org.ts'

/** As the API has them: schema MessageData, its `status`. */
export const STATUSES = [
  'queued',
  'sent',
  'failed',
  'received',
  'delivery-success',
  'delivery-failed',
  'read',
  'removed',
  'published',
] as const
export type MessageStatus = (typeof STATUSES)[number]

/** Codes of schema ConversationReason. */
const REASONS = [
  'MessageExpired',
  'RateLimited',
  'MessageNotAllowed',
  'GeneralError',
  'UnsupportedMessage',
  'UnknownMessage',
  'InvalidMessageStructure',
  'InvalidDestination',
  'ServerError',
  'MediaTypeNotAllowed',
  'InvalidMediaContentLength',
  'RecipientOptedOut',
  'DataFiltered',
] as const
const ReasonCode = z.enum(REASONS)

/** What became of a message. A reason may be a code alone; the words are the sandbox's then. */
export const Delivery = z.strictObject({
  status: z.enum(STATUSES),
  reasons: z
    .array(
      z.union([
        ReasonCode.transform((code) => ({ code, message: `The sandbox was told ${code}.` })),
        z.strictObject({ code: ReasonCode, message: z.string() }),
      ]),
    )
    .default([]),
})
export type Delivery = z.output<typeof Delivery>

/** Throws 404 where there is no such message. */
export function setDelivery(org: Org, id: string, delivery: z.input<typeof Delivery>): void {
  const message = org.messagesById.get(id)
  if (!message) throw notFound('message')
  message.delivery = Delivery.parse(delivery)
}

/** What became of a message as of now: as it was set, else as the option `delivery` has it, else it was sent. */
export function deliveryOf(org: Org, message: SandboxMessage): Delivery {
  if (message.by === 'customer') return { status: 'received', reasons: [] }
  return message.delivery ?? org.delivery(message) ?? { status: 'sent', reasons: [] }
}

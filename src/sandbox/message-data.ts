import { reference } from './contacts.ts'
import type { SandboxConversation, SandboxMessage, Speaker } from './conversations.ts'
import { deliveryOf, type MessageStatus } from './delivery.ts'
import { badRequest, notFound } from './errors.ts'
import type { Org } from './org.ts'
import { derivedId, partsOf } from './parts.ts'

/** `GET /api/v2/conversations/messages/{messageId}/details`: what became of a message. */
export function getMessageDetails(org: Org, id: string) {
  const message = org.messagesById.get(id)
  if (!message || message.channel === 'email') throw notFound('message')
  return messageData(org, message)
}

/**
 * `GET /api/v2/conversations/messages/{conversationId}`: schema MessageConversation of the SDK, each message with who wrote it. Whose part an agentless message
 * is of is not documented; one of its own, with purpose `api`, is assumed.
 */
export function getConversation(org: Org, id: string) {
  const conversation = conversationOf(org, id)
  const parts = partsOf(conversation)
  return {
    id,
    participants: parts.map((part) => participantOf(org, conversation, part)),
    selfUri: `/api/v2/conversations/messages/${id}`,
  }
}

const MOST_AT_ONCE = 1000

/**
 * `POST /api/v2/conversations/messages/{conversationId}/messages/bulk`: the messages of these ids, in the order of the conversation. That ids which it does not
 * have are passed over is assumed.
 */
export function getMessagesInBulk(org: Org, id: string, ids: readonly unknown[]) {
  if (ids.length === 0 || ids.length > MOST_AT_ONCE) {
    throw badRequest(`The request body must have between 1 and ${MOST_AT_ONCE} message ids.`)
  }
  if (!ids.every((one) => typeof one === 'string')) {
    throw badRequest('The request body must be an array of strings.')
  }
  const { messages } = conversationOf(org, id)
  const asked = new Set(ids)
  return { entities: messages.filter((one) => asked.has(one.id)).map((one) => messageData(org, one)) }
}

/** Throws 404 where there is no conversation of messages of this id. */
function conversationOf(org: Org, id: string): SandboxConversation {
  const conversation = org.conversations.byId.get(id)
  if (!conversation || conversation.channel === 'email') throw notFound('conversation')
  return conversation
}

function participantOf(org: Org, conversation: SandboxConversation, part: Speaker) {
  const { id, channel, contactId, from, to, originatingDirection, startedAt, endedAt, messages } =
    conversation
  const direction = part === 'api' ? 'outbound' : originatingDirection
  const [sender, recipient] = direction === 'outbound' ? [from, to] : [to, from]
  return {
    id: derivedId(id, part),
    purpose: part,
    state: endedAt === null ? 'connected' : 'disconnected',
    direction,
    type: channel,
    startTime: isoOf(startedAt),
    connectedTime: isoOf(startedAt),
    ...(endedAt === null ? {} : { endTime: isoOf(endedAt) }),
    ...(part === 'customer' && contactId !== '' ? { externalContact: reference(contactId) } : {}),
    ...(sender === '' ? {} : { fromAddress: addressOf(sender) }),
    ...(recipient === '' ? {} : { toAddress: addressOf(recipient) }),
    messages: messages
      .filter(({ by }) => by === part)
      .map((message) => ({
        messageId: message.id,
        messageURI: uriOf(message),
        messageStatus: deliveryOf(org, message).status,
        messageTime: isoOf(message.at),
      })),
  }
}

function addressOf(address: string) {
  return { addressNormalized: address, addressRaw: address, addressDisplayable: address }
}

const RECEIPTS: Readonly<Record<MessageStatus, string | null>> = {
  queued: null,
  sent: null,
  received: null,
  'delivery-success': 'Delivered',
  'delivery-failed': 'Failed',
  failed: 'Failed',
  read: 'Read',
  published: 'Published',
  removed: 'Removed',
}

/** Schema MessageData. What a template makes of its response is not known here; its text stands for it. */
function messageData(org: Org, message: SandboxMessage) {
  const { id, conversationId, channel, by, from, to, text, at } = message
  const inbound = by === 'customer'
  const { status, reasons } = deliveryOf(org, message)
  const receipt = RECEIPTS[status]
  const direction = inbound ? 'Inbound' : 'Outbound'
  return {
    id,
    conversationId,
    ...(from.address === '' ? {} : { fromAddress: from.address }),
    ...(to === '' ? {} : { toAddress: to }),
    direction: inbound ? 'inbound' : 'outbound',
    messengerType: channel,
    status,
    timestamp: isoOf(at),
    normalizedMessage: {
      id,
      type: channel === 'whatsapp' && by === 'api' ? 'Structured' : 'Text',
      text,
      direction,
    },
    ...(receipt === null
      ? {}
      : {
          normalizedReceipts: [
            {
              id,
              type: 'Receipt',
              status: receipt,
              ...(receipt === 'Failed' ? { reasons } : {}),
              isFinalReceipt: receipt === 'Failed' || receipt === 'Read',
              direction,
            },
          ],
        }),
    selfUri: uriOf(message),
  }
}

function uriOf({ id }: SandboxMessage): string {
  return `/api/v2/conversations/messages/${id}/details`
}

function isoOf(at: number): string {
  return new Date(at).toISOString()
}

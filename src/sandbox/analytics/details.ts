import type { SandboxConversation, Speaker } from '../conversations.ts'
import { deliveryOf, type MessageStatus } from '../delivery.ts'
import type { Org } from '../org.ts'
import { derivedId, partsOf } from '../parts.ts'

/** Values by the schema's names; what there is nothing to say about is undefined, and not written. */
type Named = Readonly<Record<string, unknown>>
export type Segment = Named
export type Session = Named & { segments: readonly Segment[] }
export type Participant = Named & { sessions: readonly Session[] }
export type Details = Named & { participants: readonly Participant[] }

const DELIVERY_STATUSES: Readonly<Record<MessageStatus, string | undefined>> = {
  queued: 'Queued',
  sent: 'Sent',
  failed: 'Failed',
  received: 'Received',
  'delivery-success': 'DeliverySuccess',
  'delivery-failed': 'DeliveryFailed',
  read: 'Read',
  published: 'Published',
  removed: undefined,
}

/**
 * A conversation as analytics show it: schema AnalyticsConversationWithoutAttributes, with one session of one segment for everybody who took part. Which
 * addresses a web messaging session has is not documented: the deployment is assumed on our side, nothing on the customer's.
 */
export function detailsOf(org: Org, conversation: SandboxConversation): Details {
  const { id, contactId, originatingDirection, initiator, startedAt, endedAt, messages } = conversation
  return {
    conversationId: id,
    conversationStart: isoOf(startedAt),
    conversationEnd: endedAt === null ? undefined : isoOf(endedAt),
    originatingDirection,
    conversationInitiator: initiator,
    customerParticipation:
      conversation.channel === 'email' ? undefined : messages.some(({ by }) => by === 'customer'),
    participants: partsOf(conversation).map((part) => ({
      participantId: derivedId(id, part),
      purpose: part,
      externalContactId: part === 'customer' && contactId !== '' ? contactId : undefined,
      sessions: [sessionOf(org, conversation, part)],
    })),
  }
}

function sessionOf(org: Org, conversation: SandboxConversation, part: Speaker): Session {
  const { id, channel, from, to, startedAt, endedAt, messages } = conversation
  const direction = part === 'api' ? 'outbound' : conversation.originatingDirection
  const [addressFrom, addressTo] = direction === 'outbound' ? [from, to] : [to, from]
  const ours = part === 'customer' ? undefined : messages.findLast(({ by }) => by === part)
  return {
    sessionId: derivedId(id, `session of ${part}`),
    mediaType: channel === 'email' ? 'email' : 'message',
    messageType: channel === 'email' ? undefined : channel,
    direction,
    addressFrom: addressFrom || undefined,
    addressTo: addressTo || undefined,
    deliveryStatus: ours && DELIVERY_STATUSES[deliveryOf(org, ours).status],
    segments: [
      {
        segmentStart: isoOf(startedAt),
        segmentEnd: endedAt === null ? undefined : isoOf(endedAt),
        segmentType: 'interact',
        conference: false,
        subject: messages[0]?.subject ?? undefined,
      },
    ],
  }
}

function isoOf(at: number): string {
  return new Date(at).toISOString()
}

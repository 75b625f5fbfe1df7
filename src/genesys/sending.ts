import type { Channel, ResponseTemplate } from '../message.ts'
import { NOT_JSON, objectOf, textOf } from './answer.ts'
import type { Call } from './call.ts'
import type { Genesys, OutboundEmail, OutboundMessage, Sent } from './genesys.ts'
import type { Sdk } from './sdk.ts'

/** What sends, and what tries whether sending would be taken. */
export function createSending(
  { conversations }: Sdk,
  call: Call,
): Pick<Genesys, 'sendMessage' | 'sendEmail' | 'probe'> {
  return {
    sendMessage: (message) =>
      call(() => conversations.postConversationsMessagesAgentless(messageBody(message)), sentOf),

    sendEmail: (email) =>
      call(() => conversations.postConversationsEmailsAgentless(emailBody(email)), sentOf),

    async probe(channel) {
      const answer = await call(
        () => emptySend(channel),
        () => null,
      )
      const harmless = answer.kind === 'refused' && answer.status >= 400 && answer.status < 500
      if (!harmless || answer.code === NOT_JSON || NOT_FROM_THE_OPERATION.has(answer.status)) return answer
      const { status, correlationId, budget } = answer
      return { kind: 'ok', value: null, status, correlationId, budget }
    },
  }

  function emptySend(channel: Channel): Promise<unknown> {
    return channel === 'email'
      ? conversations.postConversationsEmailsAgentless({} as never)
      : conversations.postConversationsMessagesAgentless({} as never)
  }
}

/** Answers that say nothing about whether a proper request would be taken. */
const NOT_FROM_THE_OPERATION: ReadonlySet<number> = new Set([401, 403, 404, 408, 429])

/** Web messages name their customer by contact and may have no toAddress; all others have an address. */
function messageBody(message: OutboundMessage) {
  return {
    fromAddress: message.from,
    toAddressMessengerType: message.channel,
    ...(message.channel === 'webmessaging'
      ? { externalContactId: message.contactId }
      : { toAddress: message.to }),
    ...(message.channel === 'whatsapp'
      ? { messagingTemplate: templateBody(message.template) }
      : { textBody: message.text }),
    ...(message.joinActive ? { useExistingActiveConversation: true } : {}),
  }
}

function templateBody({ responseId, header, body }: ResponseTemplate) {
  return {
    responseId,
    ...(header.length > 0 ? { headerParameters: [...header] } : {}),
    ...(body.length > 0 ? { bodyParameters: [...body] } : {}),
  }
}

function emailBody({ from, replyTo, to, subject, text, html }: OutboundEmail) {
  return {
    senderType: 'Outbound',
    fromAddress: from,
    toAddresses: [to],
    ...(replyTo ? { replyToAddress: replyTo } : {}),
    subject,
    textBody: text,
    ...(html === null ? {} : { htmlBody: html }),
  }
}

/** 202 has no body: sent, without ids. A body that is not an object is not Genesys'. */
function sentOf(body: unknown): Sent | undefined {
  if (body === undefined || body === null || body === '') return { messageId: null, conversationId: null }
  if (typeof body !== 'object' || Array.isArray(body)) return undefined
  const sent = objectOf(body)
  return { messageId: textOf(sent.id), conversationId: textOf(sent.conversationId) }
}

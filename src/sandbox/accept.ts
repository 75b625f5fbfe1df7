import { randomUUID } from 'node:crypto'
import { dropConversation, type SandboxConversation, type SandboxMessage } from './conversations.ts'
import type { Org } from './org.ts'

/** A message before it is accepted. */
export type Draft = Omit<SandboxMessage, 'id' | 'conversationId' | 'by' | 'at' | 'delivery'>

/** Of the newest messages the texts are kept; the counts are of all. Beyond, so many of the oldest go at a time. */
const MOST_MESSAGES = 50_000
const GO_AT_A_TIME = 5_000

/** Accepts a message into a conversation. One that was over is over again at once: nobody but a program spoke. */
export function acceptMessage(org: Org, draft: Draft, conversation: SandboxConversation): SandboxMessage {
  const at = org.clock.now()
  const id = randomUUID()
  const message: SandboxMessage = {
    ...draft,
    id,
    conversationId: conversation.id,
    by: 'api',
    at,
    delivery: null,
  }
  conversation.messages.push(message)
  conversation.lastAt = at
  if (conversation.endedAt !== null) conversation.endedAt = at
  const { accepted, messagesById } = org
  messagesById.set(id, message)
  accepted.messages.push(message)
  accepted.count += 1
  const customer = draft.contactId || draft.to
  accepted.byCustomer.set(customer, (accepted.byCustomer.get(customer) ?? 0) + 1)
  if (accepted.messages.length >= MOST_MESSAGES + GO_AT_A_TIME) {
    for (const old of accepted.messages.splice(0, GO_AT_A_TIME)) dropMessage(org, old)
  }
  return message
}

/** Forgets what was accepted, and the conversations that it began; sessions that somebody else began stay, with what was said in them. */
export function forgetMessages(org: Org): void {
  for (const message of org.accepted.messages.splice(0)) dropMessage(org, message)
  org.accepted.count = 0
  org.accepted.byCustomer.clear()
}

function dropMessage({ messagesById, conversations }: Org, gone: SandboxMessage): void {
  messagesById.delete(gone.id)
  const conversation = conversations.byId.get(gone.conversationId)
  if (!conversation) return
  const { messages, initiator } = conversation
  messages.splice(messages.indexOf(gone), 1)
  if (messages.length === 0 && initiator === 'api') dropConversation(conversations, conversation)
}

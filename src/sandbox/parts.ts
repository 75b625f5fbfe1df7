import { createHash } from 'node:crypto'
import type { SandboxConversation, Speaker } from './conversations.ts'

/** Who takes part in a conversation: the customer always, others by what they did. */
export function partsOf({ initiator, messages }: SandboxConversation): Speaker[] {
  const others = (['agent', 'api'] as const).filter(
    (part) => part === initiator || messages.some(({ by }) => by === part),
  )
  return ['customer', ...others]
}

/** An id that is always the same for the same part of the same conversation. */
export function derivedId(conversationId: string, part: string): string {
  const hex = createHash('sha256').update(`${conversationId} ${part}`).digest('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

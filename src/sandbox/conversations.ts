import { randomUUID } from 'node:crypto'
import type { Delivery } from './delivery.ts'

export type SandboxChannel = 'webmessaging' | 'sms' | 'whatsapp' | 'open' | 'apple' | 'email'

/** Who wrote a message: a program by the API, an agent, or the customer. */
export type Speaker = 'api' | 'agent' | 'customer'

/** What was said in a conversation. `api`: the sandbox accepted it. */
export type SandboxMessage = {
  id: string
  conversationId: string
  channel: SandboxChannel
  by: Speaker
  from: { address: string; name: string | null }
  /** Whom it reached; empty for what is sent to an address. */
  contactId: string
  to: string
  subject: string | null
  text: string
  html: string | null
  at: number
  /** What became of it, where that was set. */
  delivery: Delivery | null
}

export type SandboxConversation = {
  id: string
  channel: SandboxChannel
  /** As it was named when the conversation began: a merge later changes nothing here. Empty where only an address is known. */
  contactId: string
  /** Ours: the deployment, the number, the integration, the mailbox. */
  from: string
  /** The customer's address; empty for web messaging. */
  to: string
  originatingDirection: 'inbound' | 'outbound'
  /** Who began it. */
  initiator: Speaker
  startedAt: number
  /** Its newest message, or its end. */
  lastAt: number
  /** Null: active, an agent talks to the customer in it. */
  endedAt: number | null
  messages: SandboxMessage[]
}

/** Conversations by what they are asked for, so that no request looks through all of them. */
export type Conversations = {
  byId: Map<string, SandboxConversation>
  /** By the contact, and by the addresses of both sides. */
  byParty: Map<string, Set<SandboxConversation>>
  /** Of two who talk to each other over a messenger: what their next message may go into. */
  byThread: Map<string, SandboxConversation[]>
}

export function createConversations(): Conversations {
  return { byId: new Map(), byParty: new Map(), byThread: new Map() }
}

export function beginConversation(
  { byId, byParty, byThread }: Conversations,
  begun: Omit<SandboxConversation, 'id' | 'lastAt' | 'messages'>,
): SandboxConversation {
  const lastAt = begun.endedAt ?? begun.startedAt
  const conversation: SandboxConversation = { ...begun, id: randomUUID(), lastAt, messages: [] }
  byId.set(conversation.id, conversation)
  for (const party of partiesOf(conversation)) {
    const known = byParty.get(party)
    if (known) known.add(conversation)
    else byParty.set(party, new Set([conversation]))
  }
  const key = keyOf(conversation)
  if (key !== null) byThread.set(key, [...(byThread.get(key) ?? []), conversation])
  return conversation
}

export function dropConversation(
  { byId, byParty, byThread }: Conversations,
  gone: SandboxConversation,
): void {
  byId.delete(gone.id)
  for (const party of partiesOf(gone)) {
    const known = byParty.get(party)
    known?.delete(gone)
    if (known?.size === 0) byParty.delete(party)
  }
  const key = keyOf(gone)
  if (key === null) return
  const rest = (byThread.get(key) ?? []).filter((one) => one !== gone)
  if (rest.length === 0) byThread.delete(key)
  else byThread.set(key, rest)
}

/** Those of one messenger between one address of ours and any of these customers: contact ids for web messaging, addresses else. */
export function threadsOf(
  { byThread }: Conversations,
  channel: SandboxChannel,
  from: string,
  customers: readonly string[],
): SandboxConversation[] {
  return customers.flatMap((customer) => byThread.get(threadKey(channel, from, customer)) ?? [])
}

/** Null: emails do not thread. */
function keyOf({ channel, from, contactId, to }: SandboxConversation): string | null {
  return channel === 'email' ? null : threadKey(channel, from, channel === 'webmessaging' ? contactId : to)
}

function threadKey(channel: SandboxChannel, from: string, customer: string): string {
  return JSON.stringify([channel, from, customer])
}

function partiesOf({ contactId, from, to }: SandboxConversation): Set<string> {
  return new Set([contactId, from, to].filter((party) => party !== ''))
}

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  beginConversation,
  type SandboxConversation,
  type SandboxMessage,
  type Speaker,
} from './conversations.ts'
import type { SandboxContact } from './directory.ts'
import { badRequest } from './errors.ts'
import type { Org } from './org.ts'

/** Epoch milliseconds, or a time in ISO 8601. */
const Time = z.union([z.number(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))])

/** A conversation that somebody else began: an earlier session of a contact. */
export const GivenConversation = z.strictObject({
  contactId: z.string().min(1),
  startedAt: Time,
  /** Without it, over since its last message; but where it is `active`, an agent talks to the customer in it now. */
  endedAt: Time.optional(),
  active: z.boolean().default(false),
  /** inbound: begun by the customer; outbound: by an agent. */
  direction: z.enum(['inbound', 'outbound']).default('inbound'),
  messageType: z.enum(['webmessaging', 'sms', 'whatsapp', 'open', 'apple']).default('webmessaging'),
  /** Ours: the deployment, number or integration; that of the example org where it is left out. */
  from: z.string().min(1).optional(),
  /** The customer's address; web messaging has none. The contact's first phone where it is left out. */
  to: z.string().min(1).optional(),
  messages: z
    .array(
      z.strictObject({
        text: z.string(),
        by: z.enum(['customer', 'agent']).default('customer'),
        /** When the conversation began, where it is left out. */
        at: Time.optional(),
      }),
    )
    .default([]),
})

/** Begins a conversation of somebody else's, in the past or now. Throws 400 where no address can be made out, or where it is over and active at once. */
export function addConversation(org: Org, given: z.input<typeof GivenConversation>): SandboxConversation {
  const { contactId, startedAt, active, direction, messageType, ...rest } = GivenConversation.parse(given)
  if (active && rest.endedAt !== undefined) throw badRequest('A conversation that has ended is not active.')
  const contact = org.directory.byId(contactId)
  const from = rest.from ?? ownAddress(org, messageType)
  const to = messageType === 'webmessaging' ? '' : (rest.to ?? addressOf(contact, messageType))
  if (from === undefined || to === undefined)
    throw badRequest(`from and to have to be said for ${messageType}.`)
  const messages = rest.messages.map((message) => ({ ...message, at: message.at ?? startedAt }))
  const lastAt = Math.max(startedAt, ...messages.map(({ at }) => at))
  const conversation = beginConversation(org.conversations, {
    channel: messageType,
    contactId,
    from,
    to,
    originatingDirection: direction,
    initiator: direction === 'inbound' ? 'customer' : 'agent',
    startedAt,
    endedAt: active ? null : (rest.endedAt ?? lastAt),
  })
  conversation.lastAt = Math.max(conversation.lastAt, lastAt)
  for (const { text, by, at } of messages) {
    say(org, conversation, { text, by, at, name: by === 'customer' ? (contact?.name ?? null) : null })
  }
  return conversation
}

/**
 * Says whether an agent talks to the contact now. Becoming active begins a session, unless one is active; becoming inactive ends them all. The contact may be
 * one whom nobody has looked up yet.
 */
export function setActive(org: Org, contactId: string, active: boolean): void {
  const now = org.clock.now()
  const open = activeOf(org, contactId)
  if (active && open.length === 0) addConversation(org, { contactId, startedAt: now, active })
  if (active) return
  for (const conversation of open) {
    conversation.endedAt = now
    conversation.lastAt = now
  }
}

/** The conversations of a contact, and of those whom a merge made one with it, in which an agent talks to them. */
export function activeOf(org: Org, contactId: string): SandboxConversation[] {
  const { byParty } = org.conversations
  const all = org.directory.mergeSetOf(contactId).flatMap((id) => [...(byParty.get(id) ?? [])])
  return all.filter(({ endedAt }) => endedAt === null)
}

/** Adds a contact, or changes one that there is. */
export function addContact(org: Org, contact: SandboxContact): void {
  org.directory.add(contact)
  if (contact.active !== undefined) setActive(org, contact.id, contact.active)
}

const DAY_MS = 24 * 3_600_000
const EXAMPLES = [
  { externalId: 'C-1001', daysAgo: 4, text: 'Hello, can you help me with my order?' },
  { externalId: 'C-1002', daysAgo: 9, text: 'Ist mein Paket schon unterwegs?' },
  { externalId: 'C-1003', daysAgo: 20, text: 'Thank you, that worked.' },
] as const

/** Gives the example contacts their past: some talked to us by messenger lately, one never did, one does now. */
export function addExampleSessions(org: Org): void {
  const now = org.clock.now()
  const contacts = org.directory.all()
  for (const { externalId, daysAgo, text } of EXAMPLES) {
    const contact = contacts.find((one) => one.externalId === externalId)
    if (!contact) continue
    const startedAt = now - daysAgo * DAY_MS
    addConversation(org, { contactId: contact.id, startedAt, messages: [{ text }] })
  }
  for (const { id, active } of contacts) if (active) setActive(org, id, true)
}

function say(
  org: Org,
  conversation: SandboxConversation,
  { text, by, at, name }: { text: string; by: Speaker; at: number; name: string | null },
): void {
  const { id: conversationId, channel, contactId, from, to } = conversation
  const [sender, recipient] = by === 'customer' ? [to, from] : [from, to]
  const message: SandboxMessage = {
    id: randomUUID(),
    conversationId,
    channel,
    by,
    from: { address: sender, name },
    contactId,
    to: recipient,
    subject: null,
    text,
    html: null,
    at,
    delivery: null,
  }
  conversation.messages.push(message)
  org.messagesById.set(message.id, message)
}

function ownAddress(
  org: Org,
  channel: z.output<typeof GivenConversation>['messageType'],
): string | undefined {
  if (channel === 'webmessaging') return org.deployment
  if (channel === 'sms') return [...org.smsNumbers][0]
  return [...org.integrations.values()].find(({ messengerType }) => messengerType === channel)?.id
}

function addressOf(contact: SandboxContact | null, channel: string): string | undefined {
  const phone = contact?.phones[0]
  return channel === 'whatsapp' ? phone?.replace('+', '') : phone
}

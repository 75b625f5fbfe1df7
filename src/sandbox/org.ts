import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Directory } from './directory.ts'

export type SandboxChannel = 'webmessaging' | 'sms' | 'whatsapp' | 'open' | 'apple' | 'email'

/** A message that the sandbox accepted. */
export type SandboxMessage = {
  id: string
  conversationId: string
  channel: SandboxChannel
  from: { address: string; name: string | null }
  /** Empty for what is sent to an address. */
  contactId: string
  to: string
  subject: string | null
  text: string
  html: string | null
  at: number
}

export type Org = {
  clock: Clock
  directory: Directory
  deployments: ReadonlySet<string>
  /** Names by id. */
  externalSources: ReadonlyMap<string, string>
  emailDomains: ReadonlySet<string> | 'any'
  messages: SandboxMessage[]
  /** How many were accepted, whatever became of the list above. */
  accepted: { count: number }
  /** By who talks to whom over which channel: the conversation that the next message joins. */
  conversations: Map<string, { id: string; lastAt: number }>
}

/** Of the newest messages the texts are kept; the count is of all. */
const MOST_MESSAGES = 50_000

/** Within this time a message joins the conversation before it: the default of Genesys Cloud's threading timeline. */
const THREADING_MS = 72 * 3_600_000

/** Accepts a message. It goes into `conversationId`, or where there is none into the one that its customer's messenger goes on with. */
export function keepMessage(
  org: Org,
  message: Omit<SandboxMessage, 'id' | 'conversationId' | 'at'>,
  conversationId = threadOf(org, message),
): SandboxMessage {
  const kept = { ...message, id: randomUUID(), conversationId, at: org.clock.now() }
  org.messages.push(kept)
  org.accepted.count += 1
  if (org.messages.length > MOST_MESSAGES) org.messages.splice(0, org.messages.length - MOST_MESSAGES)
  return kept
}

export function forgetMessages(org: Org): void {
  org.messages.length = 0
  org.accepted.count = 0
  org.conversations.clear()
}

function threadOf(
  org: Org,
  { channel, from, contactId, to }: Omit<SandboxMessage, 'id' | 'conversationId' | 'at'>,
) {
  const key = JSON.stringify([channel, from.address, contactId, to])
  const now = org.clock.now()
  const last = org.conversations.get(key)
  const id = last && now - last.lastAt < THREADING_MS ? last.id : randomUUID()
  // Set anew, so that the oldest stands first and is the one to go.
  org.conversations.delete(key)
  org.conversations.set(key, { id, lastAt: now })
  if (org.conversations.size > MOST_MESSAGES) {
    const [oldest = ''] = org.conversations.keys()
    org.conversations.delete(oldest)
  }
  return id
}

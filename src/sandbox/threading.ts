import { type SandboxChannel, type SandboxConversation, threadsOf } from './conversations.ts'
import { ApiError } from './errors.ts'
import type { Org } from './org.ts'

/** Who would talk to whom. `customers`: all the contact ids that the customer has, or the one address. */
type Thread = { channel: SandboxChannel; from: string; customers: readonly string[] }

/**
 * The conversation that an agentless message goes into: the active one, where it may join that; else the newest, within the threading time since its last
 * activity. Null: it begins one. Throws 409 where one is active that it may not join, which is assumed: the real status is not documented.
 */
export function conversationToJoin(
  org: Org,
  thread: Thread,
  joinActive: boolean,
): SandboxConversation | null {
  const all = threadsOf(org.conversations, thread.channel, thread.from, thread.customers)
  const active = newest(all.filter(({ endedAt }) => endedAt === null))
  if (active && !joinActive) {
    throw new ApiError(409, 'conflict', 'An active conversation is already in progress')
  }
  if (active) return active
  const last = newest(all)
  return last && org.clock.now() - last.lastAt < org.settings.threadingMs ? last : null
}

function newest(conversations: readonly SandboxConversation[]): SandboxConversation | null {
  let found: SandboxConversation | null = null
  for (const one of conversations) if (found === null || one.startedAt >= found.startedAt) found = one
  return found
}

const MESSENGERS = ['sms', 'whatsapp', 'webmessaging', 'open', 'apple'] as const

/** `GET /api/v2/conversations/messaging/threadingtimeline`, in minutes. */
export function getThreadingTimeline(org: Org) {
  const timeoutInMinutes = Math.round(org.settings.threadingMs / 60_000)
  return {
    settings: MESSENGERS.map((messengerType) => ({ messengerType, timeoutInMinutes })),
    defaultTimeoutMinutes: timeoutInMinutes,
  }
}

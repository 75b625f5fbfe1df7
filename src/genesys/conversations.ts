import { listOf, nobody, notAsked, objectOf, textOf, timeOf } from './answer.ts'
import type { Call } from './call.ts'
import { conversationsBody } from './conversations-query.ts'
import type {
  Answer,
  ConversationMessages,
  ConversationPage,
  ConversationQuery,
  Delivery,
  Genesys,
  ListedConversation,
  SeenMessage,
} from './genesys.ts'
import { badId } from './ids.ts'
import { clean } from './network.ts'
import type { Sdk } from './sdk.ts'

/** `POST …/messages/bulk` takes no more ids. */
const MOST_MESSAGES = 1_000

export function createConversations(
  { conversations }: Sdk,
  call: Call,
  pace: () => Promise<void>,
): Pick<Genesys, 'findConversations' | 'getConversation' | 'getMessages' | 'getDelivery'> {
  const someMessages = (id: string, body: string[]) =>
    call(() => conversations.postConversationsMessageMessagesBulk(id, { body }), messagesOf)

  return {
    async findConversations(query) {
      const body = conversationsBody(query)
      return body === null
        ? notAsked('not asked: the query names nobody')
        : call(
            () => conversations.postAnalyticsConversationsDetailsQuery(body),
            (answered) => pageOf(answered, query),
          )
    },

    getConversation: async (id) =>
      badId(id) ??
      nobody(
        await call<ConversationMessages | null>(
          () => conversations.getConversationsMessage(id),
          conversationOf,
        ),
      ),

    async getMessages(id, messageIds) {
      const refused = badId(id)
      if (refused) return refused
      if (messageIds.length === 0) return notAsked('not asked: no message is named')
      const messages: SeenMessage[] = []
      for (let from = 0; ; from += MOST_MESSAGES) {
        if (from > 0) await pace()
        const answer: Answer<SeenMessage[]> = await someMessages(
          id,
          messageIds.slice(from, from + MOST_MESSAGES),
        )
        if (answer.kind !== 'ok') return answer
        messages.push(...answer.value)
        if (from + MOST_MESSAGES >= messageIds.length) return { ...answer, value: messages }
      }
    },

    getDelivery: async (id) =>
      badId(id) ??
      nobody(await call<Delivery | null>(() => conversations.getConversationsMessageDetails(id), deliveryOf)),
  }
}

/**
 * Where nothing matched, the answer has no `conversations`. One that cannot be read makes the page none: it may be the one that is looked for. An
 * interval reaches over the whole of its first day; what began before it is left out.
 */
function pageOf(body: unknown, { from, page, pageSize }: ConversationQuery): ConversationPage | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const { conversations: listed = [], totalHits } = objectOf(body)
  if (!Array.isArray(listed)) return undefined
  const conversations = listed.flatMap((one) => listedOf(objectOf(one)) ?? [])
  if (conversations.length < listed.length) return undefined
  // A page that holds fewer than it says there are is a part of an answer.
  const hits = typeof totalHits === 'number' ? totalHits : 0
  if (listed.length < Math.min(pageSize, hits - (page - 1) * pageSize)) return undefined
  return {
    conversations: conversations.filter(({ startedAt }) => startedAt >= from),
    more: listed.length >= pageSize || hits > page * pageSize,
  }
}

function listedOf(one: Record<string, unknown>): ListedConversation | null {
  const id = textOf(one.conversationId)
  const startedAt = timeOf(one.conversationStart)
  if (id === null || startedAt === null) return null
  const segments = listOf(one.participants)
    .flatMap((participant) => listOf(objectOf(participant).sessions))
    .flatMap((session) => listOf(objectOf(session).segments))
  const subjects = segments.flatMap((segment) => textOf(objectOf(segment).subject) ?? [])
  return {
    id,
    startedAt,
    endedAt: timeOf(one.conversationEnd),
    direction: directionOf(one.originatingDirection),
    subjects: [...new Set(subjects)],
  }
}

/**
 * Each participant has its messages; in the form that notifications have, one level deeper, in its communications. Several may name the
 * same one.
 */
function conversationOf(body: unknown): ConversationMessages | undefined {
  const { participants } = objectOf(body)
  if (!Array.isArray(participants)) return undefined
  const details = participants
    .flatMap((participant) => listOf(objectOf(participant).messages).map(objectOf))
    .flatMap((one) => [one, ...listOf(one.messages).map(objectOf)])
  const messages = new Map<string, number | null>()
  for (const { messageId, messageTime } of details) {
    const id = textOf(messageId)
    if (id !== null) messages.set(id, messages.get(id) ?? timeOf(messageTime))
  }
  return { messages: [...messages].map(([id, at]) => ({ id, at })) }
}

function messagesOf(body: unknown): SeenMessage[] | undefined {
  const { entities } = objectOf(body)
  if (!Array.isArray(entities)) return undefined
  return entities.map(objectOf).flatMap((one) => {
    const id = textOf(one.id)
    if (id === null) return []
    const text = textOf(objectOf(one.normalizedMessage).text) ?? textOf(one.textBody)
    return [{ id, at: timeOf(one.timestamp), direction: directionOf(one.direction), text }]
  })
}

/** A message has a handful of receipts. */
const MOST_REASONS = 10

function deliveryOf(body: unknown): Delivery | undefined {
  const { status, normalizedReceipts } = objectOf(body)
  const known = textOf(status)
  if (known === null) return undefined
  const reasons = listOf(normalizedReceipts)
    .map(objectOf)
    .filter((receipt) => receipt.status === 'Failed')
    .flatMap((receipt) => listOf(receipt.reasons).map(objectOf))
    .flatMap(
      ({ code, message }) => [textOf(code), textOf(message)].filter((word) => word !== null).join(': ') || [],
    )
  return { status: clean(known), reasons: [...new Set(reasons.map(clean))].slice(0, MOST_REASONS) }
}

function directionOf(value: unknown): 'inbound' | 'outbound' | null {
  return value === 'inbound' || value === 'outbound' ? value : null
}

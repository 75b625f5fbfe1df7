import { LRUCache } from 'lru-cache'
import { type Clock, steady } from '../clock.ts'
import type { Answer, Contact, ConversationPage, ConversationQuery } from '../genesys/genesys.ts'
import type { Session } from '../message.ts'

/** Analytics take intervals of 31 days at most. */
export const WINDOW_MS = 31 * 86_400_000
/** Sessions that the customer began may lie behind the messages that we sent. */
const PAGE_SIZE = 100
/** Beyond so many of our own messages in a window, the window is taken to hold no session. */
const MOST_PAGES = 4

const FOUND_TTL_MS = 5 * 60_000
/** Whoever has just begun a session shall not be passed over for long. */
const NONE_TTL_MS = 60_000
const MOST_CONTACTS = 10_000

export type Sessions = {
  /** The newest web messaging conversation that the contact began within `withinMs`; null: there is none. `fresh` asks in any case. */
  newest(
    contact: Contact,
    withinMs: number,
    ask: (query: ConversationQuery) => Promise<Answer<ConversationPage>>,
    fresh: boolean,
  ): Promise<Answer<Session | null>>
}

/** Who had a session, as asked lately, in bounds. Memory only. */
export function createSessions(clock: Clock): Sessions {
  const cache = new LRUCache<string, { session: Session | null }>({
    max: MOST_CONTACTS,
    ttl: FOUND_TTL_MS,
    ttlResolution: 0,
    perf: { now: steady(clock) },
  })
  return {
    async newest(contact, withinMs, ask, fresh) {
      const key = JSON.stringify([contact.id, withinMs])
      const known = fresh ? undefined : cache.get(key)
      if (known) return ok(known.session)
      const answer = await newestSession(contact.ids, clock.now(), withinMs, ask)
      if (answer.kind === 'ok') {
        cache.set(key, { session: answer.value }, { ttl: answer.value === null ? NONE_TTL_MS : FOUND_TTL_MS })
      }
      return answer
    },
  }
}

/** Window by window, the newest first, up to the first hit. What Postrider itself began (outbound) is no session of the customer's. */
async function newestSession(
  contactIds: readonly string[],
  now: number,
  withinMs: number,
  ask: (query: ConversationQuery) => Promise<Answer<ConversationPage>>,
): Promise<Answer<Session | null>> {
  const earliest = now - withinMs
  for (let to = now; to > earliest; to -= WINDOW_MS) {
    const from = Math.max(earliest, to - WINDOW_MS)
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const answer = await ask({
        of: { contactIds },
        mediaType: 'message',
        messageType: 'webmessaging',
        from,
        to,
        page,
        pageSize: PAGE_SIZE,
      })
      if (answer.kind !== 'ok') return answer
      const { conversations, more } = answer.value
      const session = conversations.find(({ direction }) => direction !== 'outbound')
      if (session) return ok({ conversationId: session.id, startedAt: session.startedAt })
      if (!more) break
    }
  }
  return ok(null)
}

function ok(value: Session | null): Answer<Session | null> {
  const budget = { allowed: null, count: null, resetMs: null }
  return { kind: 'ok', value, status: 200, correlationId: null, budget }
}

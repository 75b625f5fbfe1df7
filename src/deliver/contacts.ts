import { LRUCache } from 'lru-cache'
import { type Clock, steady } from '../clock.ts'
import type { Answer, Contact, Genesys, Identifier } from '../genesys/genesys.ts'

/** What a look-up came to, and whether Genesys was asked for it. */
export type Lookup = { answer: Answer<Contact | null>; cached: boolean }

export type Contacts = {
  /** Looks a contact up, asking Genesys only for what is not known; `fresh` asks in any case. */
  lookup(identifier: Identifier, ask: Genesys['findContact'], fresh: boolean): Promise<Lookup>
  /** Forgets a contact that Genesys no longer knows. */
  forget(contactId: string): void
}

/** A contact that was found seldom changes; minutes keep a burst of events about one customer at one call. */
const FOUND_TTL_MS = 5 * 60_000
/** A CRM often fires before its customer has reached Genesys: "nobody" is believed for a short time only. */
const NOT_FOUND_TTL_MS = 30_000
/** About 3 MB when full. */
const MOST_CONTACTS = 10_000

/** Contacts looked up lately, in bounds. Memory only: identifiers are personal data. */
export function createContacts(clock: Clock): Contacts {
  const cache = new LRUCache<string, { contact: Contact | null }>({
    max: MOST_CONTACTS,
    ttl: FOUND_TTL_MS,
    ttlResolution: 0,
    perf: { now: steady(clock) },
  })
  return {
    async lookup(identifier, ask, fresh) {
      const key = JSON.stringify(identifier)
      const known = fresh ? undefined : cache.get(key)
      if (known) return { answer: cachedAnswer(known.contact), cached: true }
      const answer = await ask(identifier)
      if (answer.kind === 'ok') {
        const ttl = answer.value === null ? NOT_FOUND_TTL_MS : FOUND_TTL_MS
        cache.set(key, { contact: answer.value }, { ttl })
      }
      return { answer, cached: false }
    },
    forget(contactId) {
      for (const [key, { contact }] of cache.entries()) if (contact?.id === contactId) cache.delete(key)
    },
  }
}

function cachedAnswer(value: Contact | null): Answer<Contact | null> {
  const budget = { allowed: null, count: null, resetMs: null }
  return { kind: 'ok', value, status: 200, correlationId: null, budget }
}

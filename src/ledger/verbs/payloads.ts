import { CLI_SOURCE } from '../../event.ts'
import { onceKeyHash } from '../hashes.ts'
import { policiesOf } from '../rows.ts'
import type { MessageRow } from '../schema.ts'
import type { Store } from './store.ts'

/** Takes out of rows what was said and to whom; what became of it stays. */
export type Payloads = {
  /** Whether a message of the event may still be sent, or is asked for. */
  isUnfinished(eventId: number): boolean
  /** `words`: what the rows say from now on. */
  removeFrom(eventId: number, words: string): void
}

type Said = Pick<MessageRow, 'id' | 'route' | 'policies'>

/** What of a message is not finished, in SQL. */
export const UNFINISHED = `(state IN ('scheduled', 'sending', 'unconfirmed') OR look_at IS NOT NULL)`

export function createPayloads({ prepare }: Pick<Store, 'prepare'>): Payloads {
  const unfinished = prepare(`SELECT 1 FROM messages WHERE event_id = ? AND ${UNFINISHED} LIMIT 1`)
  // What postrider send planned has the customer in its key. The claim of the key is a hash of its own.
  const emptyEvent = prepare(
    `UPDATE events SET raw = x'', headers = NULL, key = iif(source = '${CLI_SOURCE}', 'removed', key), removed = ?
     WHERE id = ? AND removed IS NULL`,
  )
  const messages = prepare<Said>(
    'SELECT id, route, policies FROM messages WHERE event_id = ? AND removed IS NULL',
  )
  const emptyMessage = prepare(
    `UPDATE messages SET customer = '{}', would_send = NULL, session = NULL, policies = ?, once_hash = ?, removed = ?
     WHERE id = ?`,
  )
  const emptyAttempts = prepare(EMPTY_ATTEMPTS)

  return {
    isUnfinished: (eventId) => unfinished.get(eventId) !== undefined,
    removeFrom(eventId, words) {
      emptyEvent.run(words, eventId)
      for (const message of messages.all(eventId)) {
        emptyMessage.run(...withoutKey(message), words, message.id)
        emptyAttempts.run(message.id)
      }
    },
  }
}

/** Which template it was stays. */
export const EMPTY_ATTEMPTS = `UPDATE attempts SET address = NULL,
     rendered = json_object('channel', channel, 'text', '', 'templateVersion', coalesce(json_extract(rendered, '$.templateVersion'), ''))
   WHERE message_id = ?`

/** A message's policies without the business key, which may be an address; and the hash of that. */
export function withoutKey({ route, policies: json }: Omit<Said, 'id'>): [string, Buffer | null] {
  const { once } = policiesOf(json)
  if (once === null) return [json, null]
  return [JSON.stringify({ ...(JSON.parse(json) as object), once: null }), onceKeyHash(route, once)]
}

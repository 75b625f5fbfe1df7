import { CLI_SOURCE } from '../../event.ts'
import type { Channel, Rendered } from '../../message.ts'
import { onceKeyHash } from '../hashes.ts'
import { policiesOf } from '../rows.ts'
import type { AttemptRow, MessageRow } from '../schema.ts'
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
    `UPDATE events SET raw = ?, headers = NULL, key = CASE WHEN source = '${CLI_SOURCE}' THEN 'removed' ELSE key END, removed = ?
     WHERE id = ? AND removed IS NULL`,
  )
  const messages = prepare<Said>(
    'SELECT id, route, policies FROM messages WHERE event_id = ? AND removed IS NULL',
  )
  const emptyMessage = prepare(
    `UPDATE messages SET customer = '{}', would_send = NULL, session = NULL, policies = ?, once_hash = ?, removed = ?
     WHERE id = ?`,
  )
  const emptyAttempts = createEmptyAttempts(prepare)

  return {
    isUnfinished: (eventId) => unfinished.get(eventId) !== undefined,
    removeFrom(eventId, words) {
      emptyEvent.run(NO_BYTES, words, eventId)
      for (const message of messages.all(eventId)) {
        emptyMessage.run(...withoutKey(message), words, message.id)
        emptyAttempts(message.id)
      }
    },
  }
}

/** What is left of a body. */
export const NO_BYTES = Buffer.alloc(0)

/** Takes out of a message's attempts what was said and to which address. Which template it was stays. */
export function createEmptyAttempts(prepare: Store['prepare']): (messageId: number) => void {
  const attempts = prepare<Pick<AttemptRow, 'id' | 'channel' | 'rendered'>>(
    'SELECT id, channel, rendered FROM attempts WHERE message_id = ?',
  )
  const empty = prepare('UPDATE attempts SET address = NULL, rendered = ? WHERE id = ?')
  return (messageId) => {
    for (const { id, channel, rendered } of attempts.all(messageId)) {
      const { templateVersion = '' } = JSON.parse(rendered) as Partial<Rendered>
      const left: Rendered = { channel: channel as Channel, text: '', templateVersion }
      empty.run(JSON.stringify(left), id)
    }
  }
}

/** A message's policies without the business key, which may be an address; and the hash of that. */
export function withoutKey({ route, policies: json }: Omit<Said, 'id'>): [string, Buffer | null] {
  const { once } = policiesOf(json)
  if (once === null) return [json, null]
  return [JSON.stringify({ ...(JSON.parse(json) as object), once: null }), onceKeyHash(route, once)]
}

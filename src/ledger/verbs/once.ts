import { onceKeyHash } from '../hashes.ts'
import { policiesOf } from '../rows.ts'
import type { MessageRow } from '../schema.ts'
import type { Prepare } from './statement.ts'
import type { Store } from './store.ts'

/**
 * Who holds a route's business key (`once`). A message holds it from its planning; it is given up when the message ends and certainly was never
 * sent, by no attempt of it (`failed`, `skipped`, `cancelled`), and taken again when it is re-triggered.
 */
export type OnceKeys = {
  /** Null: the message holds the key now. Otherwise the id of the message that holds it. One that was taken longer than `perMs` ago is free; null: none ever is. */
  take(route: string, key: string, messageId: number, perMs: number | null): number | null
  /** The key that the message holds counts from now on: it stands for a newer event. */
  renew(route: string, key: string, messageId: number): void
  /**
   * Gives up the key that the message holds, unless an attempt of it was sent, or may have been: a message that was re-triggered and failed then
   * has reached the customer before. `foundAbsent`: somebody looked, and only an attempt that was answered counts.
   */
  release(message: Pick<MessageRow, 'id' | 'route' | 'policies'>, options?: { foundAbsent: boolean }): void
}

export function createOnceKeys(prepare: Prepare, clock: Store['clock']): OnceKeys {
  const take = prepare(
    `INSERT INTO once_keys (hash, message_id, taken_at) VALUES (?, ?, ?)
     ON CONFLICT (hash) DO UPDATE SET message_id = excluded.message_id, taken_at = excluded.taken_at
     WHERE coalesce(nullif(once_keys.taken_at, 0), (SELECT created_at FROM messages WHERE id = once_keys.message_id), 0) <= ?`,
  )
  const renew = prepare('UPDATE once_keys SET taken_at = ? WHERE hash = ? AND message_id = ?')
  const holder = prepare<{ message_id: number }>('SELECT message_id FROM once_keys WHERE hash = ?')
  const release = prepare('DELETE FROM once_keys WHERE hash = ? AND message_id = ?')
  const reached = prepare(
    `SELECT 1 FROM attempts WHERE message_id = ? AND (outcome = 'sent' OR outcome = ?) LIMIT 1`,
  )

  return {
    take(route, key, messageId, perMs) {
      const hash = onceKeyHash(route, key)
      const now = clock.now()
      if (take.run(hash, messageId, now, perMs === null ? -1 : now - perMs).changes > 0) return null
      const held = holder.get(hash)?.message_id ?? messageId
      return held === messageId ? null : held
    },
    renew(route, key, messageId) {
      renew.later(clock.now(), onceKeyHash(route, key), messageId)
    },
    release(message, { foundAbsent } = { foundAbsent: false }) {
      const { once } = policiesOf(message.policies)
      if (once === null || reached.get(message.id, foundAbsent ? 'sent' : 'unconfirmed')) return
      release.later(onceKeyHash(message.route, once), message.id)
    },
  }
}

import type { Policies } from '../../message.ts'
import { onceKeyHash } from '../hashes.ts'
import type { MessageRow } from '../schema.ts'
import type { Prepare } from './database.ts'

/**
 * Who holds a route's business key (`once`). A message holds it from its planning; it is given up when the message certainly was not
 * sent (`failed`, `skipped`, `cancelled`) and taken again when it is re-triggered.
 */
export type OnceKeys = {
  /** Null: the message holds the key now. Otherwise the id of the message that holds it. */
  take(route: string, key: string, messageId: number): number | null
  /** Gives up the key that the message holds, if it does. */
  release(message: Pick<MessageRow, 'id' | 'route' | 'policies'>): void
}

export function createOnceKeys(prepare: Prepare): OnceKeys {
  const take = prepare('INSERT INTO once_keys (hash, message_id) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING')
  const holder = prepare<{ message_id: number }>('SELECT message_id FROM once_keys WHERE hash = ?')
  const release = prepare('DELETE FROM once_keys WHERE hash = ? AND message_id = ?')

  return {
    take(route, key, messageId) {
      const hash = onceKeyHash(route, key)
      if (take.run(hash, messageId).changes > 0) return null
      const held = holder.get(hash)?.message_id ?? messageId
      return held === messageId ? null : held
    },
    release(message) {
      const { once } = JSON.parse(message.policies) as Policies
      if (once !== null) release.run(onceKeyHash(message.route, once), message.id)
    },
  }
}

import type { Cap } from '../../message.ts'
import { parted } from '../names.ts'
import type { MessageRow } from '../schema.ts'
import type { Store } from './store.ts'

/** Requests that left, counted for each of the customer's names: who is met under two of them is one customer. */
export type Caps = {
  /** When there is room again for a message, where there is none now; null: there is room. Its own earlier attempts are no reason against it. */
  fullUntil(message: Pick<MessageRow, 'id' | 'names'>, cap: Cap, now: number): number | null
  add(names: Uint8Array | null, groups: readonly string[], attempt: { id: number; opened_at: number }): void
  /** Somebody found out that it did not reach the customer. */
  forget(
    names: Uint8Array | null,
    groups: readonly string[],
    attempt: { id: number; opened_at: number },
  ): void
}

export function createCaps({ prepare }: Pick<Store, 'prepare'>): Caps {
  // What certainly failed did not reach anybody.
  const within = prepare<{ attempt_id: number; opened_at: number }>(
    `SELECT customer_sends.attempt_id, customer_sends.opened_at FROM customer_sends
     JOIN attempts ON attempts.id = customer_sends.attempt_id
     WHERE hash = ? AND cap_group = ? AND customer_sends.opened_at > ? AND attempts.outcome <> 'failed' AND attempts.message_id <> ?
     ORDER BY customer_sends.opened_at DESC LIMIT ?`,
  )
  const insert = prepare(
    'INSERT INTO customer_sends (hash, cap_group, opened_at, attempt_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const remove = prepare(
    'DELETE FROM customer_sends WHERE hash = ? AND cap_group = ? AND opened_at = ? AND attempt_id = ?',
  )

  return {
    fullUntil({ id, names }, { messages, perMs, group }, now) {
      const sends = new Map<number, number>()
      const found = within.each(parted(names).map((hash) => [hash, group, now - perMs, id, messages]))
      for (const { attempt_id, opened_at } of found.flat()) sends.set(attempt_id, opened_at)
      const newest = [...sends.values()].sort((a, b) => b - a)
      const last = newest[messages - 1]
      return last === undefined ? null : last + perMs
    },
    add(names, groups, { id, opened_at }) {
      for (const hash of parted(names)) for (const group of groups) insert.later(hash, group, opened_at, id)
    },
    forget(names, groups, { id, opened_at }) {
      for (const hash of parted(names)) for (const group of groups) remove.later(hash, group, opened_at, id)
    },
  }
}

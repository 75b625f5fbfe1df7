import { onceKeyHash } from '../hashes.ts'
import { parted } from '../names.ts'
import { policiesOf } from '../rows.ts'
import { type AttemptRow, BLOCK_SHIFT, type MessageRow } from '../schema.ts'
import type { Cancellations } from './cancellations.ts'
import type { Caps } from './caps.ts'
import type { Store } from './store.ts'

/** Takes events out of the ledger, with all that is theirs. */
export type OldRows = {
  /** Whether the event has an id that SQLite would give once more if it went: a hash or the audit trail would mean another event, message or attempt by it. */
  isNewest(eventId: number): boolean
  /** Every message of them must be finished. */
  remove(eventIds: readonly number[]): void
}

export function createOldRows(
  { prepare, turns }: Store,
  { cancellations, caps }: { cancellations: Cancellations; caps: Caps },
): OldRows {
  const newest = prepare(
    `SELECT 1 WHERE ? = (SELECT max(id) FROM events)
       OR ? = (SELECT event_id FROM messages WHERE id = (SELECT max(id) FROM messages))
       OR ? = (SELECT event_id FROM messages
                WHERE id = (SELECT message_id FROM attempts WHERE id = (SELECT max(id) FROM attempts)))`,
  )
  const messages = prepare<MessageRow>('SELECT * FROM messages WHERE event_id = ?')
  const attempts = prepare<Pick<AttemptRow, 'id' | 'opened_at'>>(
    'SELECT id, opened_at FROM attempts WHERE message_id = ?',
  )
  const removeKey = prepare('DELETE FROM once_keys WHERE hash = ? AND message_id = ?')
  const removeAttempts = prepare('DELETE FROM attempts WHERE message_id = ?')
  const removeMessages = prepare('DELETE FROM messages WHERE event_id = ?')
  const removeCancellations = prepare('DELETE FROM cancellations WHERE event_id = ?')
  const removeReplaced = prepare('DELETE FROM replaced WHERE event_id = ?')
  const removeKept = prepare('DELETE FROM kept_payloads WHERE event_id = ?')
  const removeEvent = prepare('DELETE FROM events WHERE id = ?')
  // A block at a time: what their customers were called may be gone by then, so that the block is gone through, which is some thousand entries.
  const removeIdentifiers = prepare(
    'DELETE FROM message_identifiers WHERE block = ? AND message_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))',
  )

  function removeWhatIsOf(message: MessageRow): void {
    const { id, route, names } = message
    const { once, countsIn } = policiesOf(message.policies)
    const key = once === null ? message.once_hash : onceKeyHash(route, once)
    if (key !== null) removeKey.run(key, id)
    cancellations.forget(id, parted(message.cancel_keys))
    for (const attempt of attempts.all(id)) caps.forget(names, countsIn, attempt)
    turns.release(id)
    removeAttempts.run(id)
  }

  return {
    isNewest: (eventId) => newest.get(eventId, eventId, eventId) !== undefined,
    remove(eventIds) {
      const blocks = new Map<number, number[]>()
      for (const eventId of eventIds) {
        for (const message of messages.all(eventId)) {
          removeWhatIsOf(message)
          const block = message.id >> BLOCK_SHIFT
          blocks.set(block, [...(blocks.get(block) ?? []), message.id])
        }
        removeMessages.run(eventId)
        removeCancellations.run(eventId)
        removeReplaced.run(eventId)
        removeKept.run(eventId)
        removeEvent.run(eventId)
      }
      for (const [block, ids] of blocks) removeIdentifiers.run(block, JSON.stringify(ids))
    },
  }
}

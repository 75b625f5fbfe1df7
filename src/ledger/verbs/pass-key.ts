import { HAPPENED_AT } from '../happened.ts'
import { parted } from '../names.ts'
import { policiesOf } from '../rows.ts'
import type { MessageRow } from '../schema.ts'
import type { Cancellations } from './cancellations.ts'
import type { Store } from './store.ts'

/** A key that more events than these wait for is one that tells nothing apart. */
const MOST = 100

/**
 * Senders do not keep order: resolved, resolved again, and only then the reopening from in between. The first message is cancelled, and the second was skipped for its sake; without this
 * nobody would hear of the second resolution. Of those that were skipped the one whose event happened first takes the key, as it would have in order; the others are skipped for that now.
 */
export function createPassKey(
  { prepare, once, dueNow }: Store,
  { standing, expect }: Pick<Cancellations, 'standing' | 'expect'>,
): Cancellations['passKey'] {
  const skipped = prepare<MessageRow & { happened_at: number }>(
    `SELECT messages.*, ${HAPPENED_AT} AS happened_at FROM messages INDEXED BY messages_skipped_for
     JOIN events ON events.id = messages.event_id
     WHERE skipped_for = ? AND skipped_for IS NOT NULL AND messages.state = 'skipped' AND messages.code = 'once' AND messages.removed IS NULL AND expire_at >= ?
     ORDER BY messages.id LIMIT ${MOST}`,
  )
  const schedule = prepare(
    `UPDATE messages SET state = 'scheduled', code = 'key-freed', reason = ?, skipped_for = NULL, updated_at = ?
     WHERE id = ? AND state = 'skipped'`,
  )
  const skipFor = prepare(
    'UPDATE messages SET skipped_for = ?, reason = ? WHERE skipped_for = ? AND skipped_for IS NOT NULL',
  )

  return (cancelled, eventId, now) => {
    const next = skipped
      .all(cancelled.id, now)
      .filter((message) => standing(message, message.happened_at) === null)
      .sort((a, b) => a.happened_at - b.happened_at || a.id - b.id)[0]
    if (!next) return
    const policies = policiesOf(next.policies)
    // Where the cancelled one was sent before, and re-triggered, it keeps the key.
    if (policies.once === null || once.take(next.route, policies.once, next.id, policies.oncePerMs) !== null)
      return
    schedule.later(freedReason(cancelled.id, eventId), now, next.id)
    // An event may have taken them out meanwhile.
    expect(next.id, parted(next.cancel_keys))
    skipFor.later(next.id, takenReason(next.id), cancelled.id)
    if (next.due_at <= now) dueNow()
  }
}

function freedReason(cancelled: number, eventId: number): string {
  return `Event ${eventId} cancelled message ${cancelled}, which had the key (once); this one goes in its place.`
}

/** Why a message of a route with `once` may not go. */
export function takenReason(holder: number): string {
  return `Message ${holder} of this route has the same key (once): it was sent, or may still be. See it: postrider messages show ${holder}`
}

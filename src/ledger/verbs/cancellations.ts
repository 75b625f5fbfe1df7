import { HAPPENED_AT } from '../happened.ts'
import { cancelHash, parted } from '../names.ts'
import type { MessageRow } from '../schema.ts'
import { FREE } from './leases.ts'
import { createPassKey } from './pass-key.ts'
import type { Store } from './store.ts'

/**
 * Cancelling is looked at from both sides, and in any order: an event cancels what is scheduled when it is recorded; a message looks at what was cancelled when it is recorded, and
 * once more when it is opened. Only another event counts that did not happen earlier than the message's own, and was not there when an operator re-triggered the message. Of two at the
 * same time that each have a message of the route the one that was recorded later stays: they must not cancel each other's.
 */
export type Cancellations = {
  /** Writes what an event cancels, and cancels what is scheduled. What is on its way says that it came too late. */
  add(event: { id: number; happenedAt: number }, keys: readonly string[], now: number): void
  /** What a message may be cancelled by. Hashes as its row keeps them. */
  expect(messageId: number, hashes: readonly Buffer[]): void
  /** By these it is cancelled no more. */
  forget(messageId: number, hashes: readonly Buffer[]): void
  /** The event that cancels a message; null: none does. `happenedAt`: of its own event. */
  standing(message: Cancellable, happenedAt: number): number | null
  /** The same for a message whose event is recorded. */
  standingNow(message: Cancellable): number | null
  /** A message was cancelled by an event: one that was skipped because of its key, and that the event leaves alone, goes in its place. */
  passKey(cancelled: Pick<MessageRow, 'id'>, eventId: number, now: number): void
}

type Cancellable = Pick<MessageRow, 'event_id' | 'route' | 'cancel_keys' | 'cancel_from'>

export function createCancellations(store: Store): Cancellations {
  const { prepare, once, turns } = store
  const insert = prepare(
    'INSERT INTO cancellations (hash, event_id, occurred_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const expect = prepare('INSERT INTO cancel_keys (hash, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const forget = prepare('DELETE FROM cancel_keys WHERE hash = ? AND message_id = ?')
  const expecting = prepare<MessageRow & { happened_at: number }>(
    `SELECT messages.*, ${HAPPENED_AT} AS happened_at FROM cancel_keys
     JOIN messages ON messages.id = cancel_keys.message_id JOIN events ON events.id = messages.event_id
     WHERE cancel_keys.hash = ? ORDER BY cancel_keys.message_id`,
  )
  const cancel = prepare(
    `UPDATE messages SET state = 'cancelled', code = 'cancelled', reason = ?, waits_for = NULL, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'scheduled'`,
  )
  const inFlight = prepare(
    `UPDATE messages SET code = 'cancelled-late', reason = ?, updated_at = ? WHERE id = ? AND state = 'sending'`,
  )
  const uncertain = prepare(
    `UPDATE messages SET reason = coalesce(reason || ' ', '') || ?, updated_at = ? WHERE id = ? AND state = 'unconfirmed'`,
  )
  const find = prepare<{ event_id: number }>(
    `SELECT event_id FROM cancellations WHERE hash = ? AND occurred_at >= ? AND event_id > ? AND event_id <> ?
       AND (occurred_at > ? OR event_id > ? OR NOT EXISTS (SELECT 1 FROM messages WHERE messages.event_id = cancellations.event_id AND route = ?))
     ORDER BY occurred_at DESC, event_id DESC LIMIT 1`,
  )
  const hasMessage = prepare('SELECT 1 FROM messages WHERE event_id = ? AND route = ?')
  const findEvent = prepare<{ happened_at: number }>(
    `SELECT ${HAPPENED_AT} AS happened_at FROM events WHERE id = ?`,
  )

  function cancels(
    event: { id: number; happenedAt: number },
    message: MessageRow & { happened_at: number },
  ): boolean {
    if (message.cancel_from >= event.id || message.happened_at > event.happenedAt) return false
    if (message.happened_at < event.happenedAt || message.event_id < event.id) return true
    return hasMessage.get(event.id, message.route) === undefined
  }

  function meet(message: MessageRow & { happened_at: number }, hash: Buffer, eventId: number, now: number) {
    switch (message.state) {
      case 'scheduled':
        cancel.later(cancelledReason(eventId), now, message.id)
        turns.release(message.id)
        once.release(message)
        passKey(message, eventId, now)
        return
      case 'sending':
        inFlight.later(lateReason(eventId), now, message.id)
        return
      case 'unconfirmed':
        uncertain.later(lateReason(eventId), now, message.id)
        return
      default:
        // It is over. Where it is scheduled anew it says so again, and this key need not be gone through for ever.
        forget.later(hash, message.id)
    }
  }

  function standing(message: Cancellable, happenedAt: number): number | null {
    const { event_id, route, cancel_keys, cancel_from } = message
    const found = find.each(
      parted(cancel_keys).map((hash) => [
        hash,
        happenedAt,
        cancel_from,
        event_id,
        happenedAt,
        event_id,
        route,
      ]),
    )
    return found.flat()[0]?.event_id ?? null
  }

  function expectAll(messageId: number, hashes: readonly Buffer[]): void {
    for (const hash of hashes) expect.later(hash, messageId)
  }

  const passKey = createPassKey(store, { standing, expect: expectAll })

  return {
    add(event, keys, now) {
      for (const key of new Set(keys)) {
        const hash = cancelHash(key)
        insert.later(hash, event.id, event.happenedAt)
        for (const message of expecting.all(hash)) {
          if (message.event_id !== event.id && cancels(event, message)) meet(message, hash, event.id, now)
        }
      }
    },
    expect: expectAll,
    forget(messageId, hashes) {
      for (const hash of hashes) forget.later(hash, messageId)
    },
    standing,
    passKey,
    standingNow(message) {
      if (message.cancel_keys === null) return null
      const event = findEvent.get(message.event_id)
      return event ? standing(message, event.happened_at) : null
    },
  }
}

export function cancelledReason(eventId: number): string {
  return `Event ${eventId} made it pointless (cancelOn). See it: postrider events show ${eventId}`
}

export function lateReason(eventId: number): string {
  return `Event ${eventId} would have cancelled it (cancelOn), and came when the request was on its way already.`
}

/** What a message says that may have been sent, with what came too late to stop it. */
export function withLate(reason: string | null, cancelledBy: number | null): string | null {
  if (cancelledBy === null) return reason
  return [reason, lateReason(cancelledBy)].filter((words) => words !== null).join(' ')
}

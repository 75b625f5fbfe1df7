import { LOOK_WAITS_MS } from '../../message.ts'
import type { Lease, Ledger, LookResult } from '../ledger.ts'
import { clean, cleanOrNull } from '../rows.ts'
import type { AttemptRow, MessageRow } from '../schema.ts'
import { type Cancellations, withLate } from './cancellations.ts'
import { FREE, HELD, heldBy } from './leases.ts'
import type { createOtherSends } from './other-sends.ts'
import type { Store } from './store.ts'
import type { Wishes } from './wishes.ts'

/**
 * Writes what a look for an unconfirmed attempt came to. An operator, or a late answer, that settled the message meanwhile has taken the lease
 * away, and wins.
 */
export function createSettleLook(
  store: Store,
  otherSends: ReturnType<typeof createOtherSends>,
  cancellations: Cancellations,
) {
  const { prepare, clock, once, turns } = store
  const held = prepare<MessageRow>(`SELECT * FROM messages WHERE ${HELD} AND state = 'unconfirmed'`)
  const findAttempt = prepare<AttemptRow>(
    `SELECT * FROM attempts WHERE id = ? AND message_id = ? AND number = ? AND outcome = 'unconfirmed'`,
  )
  const inConversation = prepare(
    `SELECT 1 FROM attempts WHERE conversation_id = ? AND id <> ? AND (CAST(? AS TEXT) IS NULL OR genesys_message_id = ?) LIMIT 1`,
  )
  const settleAttempt = prepare(
    `UPDATE attempts SET outcome = ?, settled_at = ?, code = ?, reason = ?, conversation_id = ?, genesys_message_id = ?
     WHERE id = ? AND outcome = 'unconfirmed'`,
  )
  const found = prepare(
    `UPDATE messages SET state = 'sent', code = ?, reason = ?, sent_at = ?, conversation_id = ?, delivery = 'unknown',
                         delivery_reason = NULL, look_at = NULL, looks = looks + 1, last_look = ?, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'unconfirmed'`,
  )
  const hold = prepare(
    `UPDATE messages SET reason = ?, look_at = ?, looks = looks + 1, last_look = ?, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'unconfirmed'`,
  )
  const absent = prepare(
    `UPDATE messages SET state = ?, code = ?, reason = ?, due_at = ?, failures = failures + 1, look_at = NULL,
                         looks = looks + 1, last_look = ?, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'unconfirmed'`,
  )

  /** Whether what was found is another attempt's. Where the channel has no ids, a conversation holds one message. */
  function isTaken(attempt: AttemptRow, conversationId: string, genesysMessageId: string | null): boolean {
    if (inConversation.get(conversationId, attempt.id, genesysMessageId, genesysMessageId)) return true
    return genesysMessageId !== null && otherSends(attempt).genesysMessageIds.includes(genesysMessageId)
  }

  return (lease: Lease, attemptId: number, result: LookResult): boolean => {
    const now = clock.now()
    const message = held.get(...heldBy(lease, now))
    const attempt = message && findAttempt.get(attemptId, message.id, message.attempts)
    if (!attempt) return false
    const { id } = message
    const reason = clean(result.reason)
    const lastLook = JSON.stringify({ at: now, ...result.look })

    // What would have cancelled it, had it come before the request left.
    const late = cancellations.standingNow(message)

    switch (result.kind) {
      case 'found': {
        const conversationId = clean(result.conversationId)
        const genesysMessageId = cleanOrNull(result.genesysMessageId)
        if (isTaken(attempt, conversationId, genesysMessageId)) {
          // Looked for again with what is known by then; for ever only where nothing else is ever found.
          const again = message.looks < LOOK_WAITS_MS.length
          const [soon] = LOOK_WAITS_MS
          hold.later(again ? message.reason : takenReason(id), again ? now + soon : null, lastLook, now, id)
          if (!again) turns.release(id)
          return false
        }
        settleAttempt.later('sent', now, null, reason, conversationId, genesysMessageId, attemptId)
        const code = late === null ? null : 'cancelled-late'
        found.later(code, withLate(reason, late), attempt.opened_at, conversationId, lastLook, now, id)
        turns.release(id)
        return true
      }
      case 'held':
        hold.later(
          withLate(reason, late),
          result.againInMs === null ? null : now + result.againInMs,
          lastLook,
          now,
          id,
        )
        if (result.againInMs === null) turns.release(id)
        return true
      case 'absent': {
        const { again } = result
        settleAttempt.later('failed', now, 'absent', reason, null, null, attemptId)
        const dueAt = again ? now : message.due_at
        absent.later(again ? 'scheduled' : 'failed', clean(result.code), reason, dueAt, lastLook, now, id)
        if (again) store.dueNow()
        else {
          once.release(message)
          turns.release(id)
        }
        return true
      }
    }
  }
}

function takenReason(id: number): string {
  return `What Postrider finds in Genesys Cloud for this message is another one’s. Look at the customer’s conversation there, then say what you found: postrider messages settle ${id} --as sent (or not-sent)`
}

/** Writes what Genesys says of a delivery. A delivery that is known is not asked for again. */
export function createSettleDelivery({ prepare, clock }: Store, wishes: Wishes) {
  const settle = prepare<Pick<MessageRow, 'names' | 'channel'>>(
    `UPDATE messages SET delivery = ?, delivery_reason = ?, look_at = ?, looks = looks + 1, updated_at = ?, ${FREE}
     WHERE ${HELD} AND state = 'sent' RETURNING names, channel`,
  )
  return (lease: Lease, result: Parameters<Ledger['settleDelivery']>[1]): boolean => {
    const now = clock.now()
    const { delivery, againInMs } = result
    const lookAt = againInMs === null || delivery !== 'unknown' ? null : now + againInMs
    const reason = cleanOrNull(result.reason)
    const message = settle.get(delivery, reason, lookAt, now, ...heldBy(lease, now))
    if (message && result.optedOut) wishes.optOut(message.names, message.channel, now)
    return message !== undefined
  }
}

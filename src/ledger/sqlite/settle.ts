import type { Settlement } from '../ledger.ts'
import { clean, cleanOrNull } from '../rows.ts'
import type { AttemptRow, MessageRow } from '../schema.ts'
import type { Store } from './store.ts'

/**
 * Writes what became of an attempt. Accepted while it is open; and where it was given up as unconfirmed, for as long as nobody else settled
 * its message: a late answer knows better than a guess.
 */
export function createSettle(store: Store) {
  const { prepare, clock, once } = store
  const findAttempt = prepare<AttemptRow>('SELECT * FROM attempts WHERE id = ?')
  const findMessage = prepare<MessageRow>('SELECT * FROM messages WHERE id = ?')
  const settleAttempt = prepare(
    `UPDATE attempts SET outcome = ?, settled_at = ?, status = ?, code = ?, reason = ?, correlation_id = ?,
                         conversation_id = ?, genesys_message_id = ?
     WHERE id = ? AND outcome = ?`,
  )
  const settleMessage = prepare(
    `UPDATE messages SET state = ?, code = ?, reason = ?, due_at = ?, failures = failures + ?,
                         sent_at = coalesce(?, sent_at), conversation_id = coalesce(?, conversation_id), updated_at = ?,
                         lease_owner = NULL, lease_token = NULL, lease_until = 0
     WHERE id = ? AND state = ?`,
  )

  return (attemptId: number, settlement: Settlement): boolean => {
    const now = clock.now()
    const attempt = findAttempt.get(attemptId)
    const message = attempt && findMessage.get(attempt.message_id)
    if (!message || !maySettle(attempt, message, settlement)) return false
    const sent = settlement.outcome === 'sent'
    settleAttempt.run(
      settlement.outcome,
      now,
      settlement.status,
      cleanOrNull(settlement.code),
      cleanOrNull(settlement.reason),
      cleanOrNull(settlement.correlationId),
      sent ? cleanOrNull(settlement.conversationId) : null,
      sent ? cleanOrNull(settlement.genesysMessageId) : null,
      attemptId,
      attempt.outcome,
    )
    const next = nextOf(settlement, now)
    settleMessage.run(
      next.state,
      next.code,
      next.reason,
      next.dueAt ?? message.due_at,
      settlement.outcome === 'failed' && settlement.counts ? 1 : 0,
      sent ? now : null,
      sent ? cleanOrNull(settlement.conversationId) : null,
      now,
      message.id,
      message.state,
    )
    if (next.state === 'failed') once.release(message)
    if (next.state === 'scheduled' && next.dueAt <= now) store.dueNow()
    return true
  }
}

function maySettle(attempt: AttemptRow, message: MessageRow, settlement: Settlement): boolean {
  if (attempt.outcome === 'open') return message.state === 'sending'
  const isWhy = message.state === 'unconfirmed' && attempt.number === message.attempts
  return attempt.outcome === 'unconfirmed' && isWhy && settlement.outcome !== 'unconfirmed'
}

type Next = { code: string | null; reason: string | null } & (
  | { state: 'sent' | 'failed' | 'unconfirmed'; dueAt: null }
  | { state: 'scheduled'; dueAt: number }
)

function nextOf(settlement: Settlement, now: number): Next {
  switch (settlement.outcome) {
    case 'sent':
      return { state: 'sent', code: null, reason: null, dueAt: null }
    case 'unconfirmed':
      return {
        state: 'unconfirmed',
        code: clean(settlement.messageCode),
        reason: clean(settlement.messageReason),
        dueAt: null,
      }
    case 'failed': {
      const why = { code: clean(settlement.messageCode), reason: clean(settlement.messageReason) }
      return settlement.retryInMs === null
        ? { state: 'failed', ...why, dueAt: null }
        : { state: 'scheduled', ...why, dueAt: now + settlement.retryInMs }
    }
  }
}

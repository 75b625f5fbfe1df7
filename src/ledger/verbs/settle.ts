import type { Settlement } from '../ledger.ts'
import { clean, cleanOrNull } from '../rows.ts'
import type { AttemptRow, MessageRow } from '../schema.ts'
import { type Cancellations, withLate } from './cancellations.ts'
import { FREE } from './leases.ts'
import type { Store } from './store.ts'
import type { Wishes } from './wishes.ts'

/**
 * Writes what became of an attempt. Accepted while it is open; and where it was given up as unconfirmed, for as long as nobody else settled
 * its message: a late answer knows better than a guess.
 */
export function createSettle(
  store: Store,
  { cancellations, wishes }: { cancellations: Cancellations; wishes: Wishes },
) {
  const { prepare, clock, once, lanes, turns } = store
  const findAttempt = prepare<Settled>(
    'SELECT message_id, number, channel, outcome FROM attempts WHERE id = ?',
  )
  const findMessage = prepare<MessageRow>('SELECT * FROM messages WHERE id = ?')
  const settleAttempt = prepare(
    `UPDATE attempts SET outcome = ?, settled_at = ?, status = ?, code = ?, reason = ?, correlation_id = ?,
                         conversation_id = ?, genesys_message_id = ?
     WHERE id = ? AND outcome = ?`,
  )
  const settleMessage = prepare(
    `UPDATE messages SET state = ?, code = ?, reason = ?, due_at = ?, channel = ?, lane = ?, failures = failures + ?,
                         waits = waits + ?, look_at = ?, looks = ?, last_look = ?, delivery = ?, delivery_reason = ?,
                         sent_at = coalesce(?, sent_at), conversation_id = coalesce(?, conversation_id), updated_at = ?,
                         ${FREE}
     WHERE id = ? AND state = ?`,
  )

  return (attemptId: number, settlement: Settlement): boolean => {
    const now = clock.now()
    const attempt = findAttempt.get(attemptId)
    const message = attempt && findMessage.get(attempt.message_id)
    if (!message || !maySettle(attempt, message, settlement)) return false
    const { outcome } = settlement
    const sent = outcome === 'sent'
    settleAttempt.later(
      outcome,
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
    const channel = next.channel ?? message.channel
    // That an event came too late to cancel it is to be read where it was sent, or may have been.
    const late = outcome === 'failed' ? null : cancellations.standingNow(message)
    settleMessage.later(
      next.state,
      sent && late !== null ? 'cancelled-late' : next.code,
      withLate(next.reason, late),
      next.dueAt ?? message.due_at,
      channel,
      channel === message.channel ? message.lane : lanes.idOf(message.route, message.source, channel),
      outcome === 'failed' && settlement.counts === 'failure' ? 1 : 0,
      outcome === 'failed' && settlement.counts === 'wait' ? 1 : 0,
      next.lookAt,
      // Each attempt is looked for from the beginning, and each send has a delivery of its own.
      outcome === 'failed' ? message.looks : 0,
      outcome === 'unconfirmed' ? null : message.last_look,
      sent ? 'unknown' : message.delivery,
      sent ? null : message.delivery_reason,
      sent ? now : null,
      sent ? cleanOrNull(settlement.conversationId) : null,
      now,
      message.id,
      message.state,
    )
    if (settlement.optedOut) wishes.optOut(message.names, attempt.channel, now)
    if (next.state === 'failed') once.release(message)
    // It keeps its turn while it is tried again, or looked for.
    const goesOn = next.state === 'scheduled' || (next.state === 'unconfirmed' && next.lookAt !== null)
    if (!goesOn) turns.release(message.id)
    if (next.state === 'scheduled' && next.dueAt <= now) store.dueNow()
    return true
  }
}

/** An attempt without its text. */
type Settled = Pick<AttemptRow, 'message_id' | 'number' | 'channel' | 'outcome'>

function maySettle(attempt: Settled, message: MessageRow, settlement: Settlement): boolean {
  if (attempt.outcome === 'open') return message.state === 'sending'
  const isWhy = message.state === 'unconfirmed' && attempt.number === message.attempts
  return attempt.outcome === 'unconfirmed' && isWhy && settlement.outcome !== 'unconfirmed'
}

/** `channel` null: the message stays on its own. */
type Next = { code: string | null; reason: string | null; lookAt: number | null; channel: string | null } & (
  | { state: 'sent' | 'failed' | 'unconfirmed'; dueAt: null }
  | { state: 'scheduled'; dueAt: number }
)

function nextOf(settlement: Settlement, now: number): Next {
  switch (settlement.outcome) {
    case 'sent': {
      const lookAt = inMs(settlement.lookInMs, now)
      return { state: 'sent', code: null, reason: null, dueAt: null, lookAt, channel: null }
    }
    case 'unconfirmed': {
      const lookAt = inMs(settlement.lookInMs, now)
      return { state: 'unconfirmed', ...whyOf(settlement), dueAt: null, lookAt, channel: null }
    }
    case 'failed': {
      const why = { ...whyOf(settlement), lookAt: null }
      return settlement.retryInMs === null
        ? { state: 'failed', ...why, dueAt: null, channel: null }
        : { state: 'scheduled', ...why, dueAt: now + settlement.retryInMs, channel: settlement.channel }
    }
  }
}

function whyOf({ messageCode, messageReason }: Exclude<Settlement, { outcome: 'sent' }>) {
  return { code: clean(messageCode), reason: clean(messageReason) }
}

function inMs(ms: number | null, now: number): number | null {
  return ms === null ? null : now + ms
}

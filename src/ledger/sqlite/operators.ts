import type { MessageState } from '../../message.ts'
import type { Acted, Ledger } from '../ledger.ts'
import { clean, messageOf, policiesOf } from '../rows.ts'
import type { MessageRow } from '../schema.ts'
import type { Audit } from './audit.ts'
import { type Cancellations, withLate } from './cancellations.ts'
import type { Caps } from './caps.ts'
import { FREE } from './leases.ts'
import { parted } from './names.ts'
import { takenReason } from './pass-key.ts'
import type { Store } from './store.ts'

type Request<Name extends 'retry' | 'cancel' | 'settleByHand'> = Parameters<Ledger[Name]>[1]

/**
 * What an operator does to one message. Compare-and-set on its state; a lease that somebody holds is lost by it. A message that was sent before
 * keeps when and where, whatever becomes of its re-trigger.
 */
export function createOperators(
  store: Store,
  { cancellations, caps, audit }: { cancellations: Cancellations; caps: Caps; audit: Audit },
) {
  const { prepare, clock, lanes, once, turns } = store
  const find = prepare<MessageRow>('SELECT * FROM messages WHERE id = ?')
  const reschedule = prepare<MessageRow>(
    `UPDATE messages SET state = 'scheduled', code = 'retried', reason = ?, rank = 0, due_at = ?, expire_at = ?,
                         failures = 0, waits = 0, manual_by = ?, channel = ?, lane = ?, contact_id = NULL,
                         found_by = NULL, session = NULL, would_send = NULL, look_at = NULL, looks = 0,
                         last_look = NULL, waits_for = NULL, skipped_for = NULL,
                         cancel_from = coalesce((SELECT max(id) FROM events), 0), updated_at = ?, ${FREE}
     WHERE id = ? AND state = ? RETURNING *`,
  )
  const cancel = prepare<MessageRow>(
    `UPDATE messages SET state = 'cancelled', code = 'by-hand', reason = ?, waits_for = NULL, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'scheduled' RETURNING *`,
  )
  const settle = prepare<MessageRow>(
    `UPDATE messages SET state = ?, code = 'by-hand', reason = ?, sent_at = coalesce(?, sent_at), delivery = ?,
                         delivery_reason = ?, look_at = NULL, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'unconfirmed' RETURNING *`,
  )
  const lastAttempt = prepare<{ id: number; opened_at: number }>(
    'SELECT id, opened_at FROM attempts WHERE message_id = ? ORDER BY number DESC LIMIT 1',
  )

  /** What was refused changed nothing, and is in no trail. */
  function told(
    acted: Acted,
    did: { by: string; reason: string | null },
    action: string,
    target = {},
  ): Acted {
    if (acted.kind === 'refused') return acted
    const { by, reason } = did
    audit({ by, action, target: { message: acted.message.id, ...target }, reason }, clock.now())
    return acted
  }

  const acts = {
    retry(id: number, request: Request<'retry'>): Acted {
      const message = find.get(id)
      if (!message) return missing(id)
      const refused = whyNotRetry(message, request)
      if (refused) return refuse(message, refused)
      const policies = policiesOf(message.policies)
      const holder =
        policies.once === null ? null : once.take(message.route, policies.once, id, policies.oncePerMs)
      if (holder !== null) return refuse(message, takenReason(holder))
      const now = clock.now()
      const [channel = message.channel] = policies.channels
      store.dueNow()
      turns.release(id)
      // An event may have taken them out when the message had ended.
      cancellations.expect(id, parted(message.cancel_keys))
      return done(
        reschedule.get(
          words('Re-triggered', request),
          now,
          now + policies.expireAfterMs,
          clean(request.by),
          channel,
          lanes.idOf(message.route, message.source, channel),
          now,
          id,
          message.state,
        ),
      )
    },

    cancel(id: number, request: Request<'cancel'>): Acted {
      const message = find.get(id)
      if (!message) return missing(id)
      if (message.state !== 'scheduled') {
        return refuse(message, `Message ${id} is ${message.state}; only a scheduled one can be cancelled.`)
      }
      once.release(message)
      turns.release(id)
      return done(cancel.get(words('Cancelled', request), clock.now(), id))
    },

    settleByHand(id: number, request: Request<'settleByHand'>): Acted {
      const message = find.get(id)
      if (!message) return missing(id)
      if (message.state !== 'unconfirmed') {
        return refuse(message, `Message ${id} is ${message.state}; only an unconfirmed one can be settled.`)
      }
      const now = clock.now()
      turns.release(id)
      const attempt = lastAttempt.get(id)
      if (request.as === 'sent') {
        const sentAt = attempt?.opened_at ?? now
        const reason = withLate(words('Found to be sent, says', request), cancellations.standingNow(message))
        return done(settle.get('sent', reason, sentAt, 'unknown', null, now, id))
      }
      once.release(message, { foundAbsent: true })
      if (attempt) caps.forget(message.names, policiesOf(message.policies).countsIn, attempt)
      const reason = words('Found not to be sent, says', request)
      return done(settle.get('failed', reason, null, message.delivery, message.delivery_reason, now, id))
    },
  }

  return {
    retry: (id: number, request: Request<'retry'>) =>
      told(acts.retry(id, request), request, 'message.retry', request.force ? { force: 'yes' } : {}),
    cancel: (id: number, request: Request<'cancel'>) =>
      told(acts.cancel(id, request), request, 'message.cancel'),
    settleByHand: (id: number, request: Request<'settleByHand'>) =>
      told(acts.settleByHand(id, request), request, 'message.settle', { as: request.as }),
  }
}

/** A message that was sent once has the time of it for good, so that what became of it since does not hide that the customer has it. */
function whyNotRetry({ id, state, sent_at }: MessageRow, { force, reason }: Request<'retry'>): string | null {
  if (state === 'scheduled') return `Message ${id} is scheduled already; it is sent when it is due.`
  if (state === 'sending') return `Message ${id} is being sent. Wait for its outcome.`
  if (state !== 'sent' && sent_at === null) return null
  const was =
    state === 'sent' ? `Message ${id} was sent.` : `Message ${id} is ${state}, but it was sent before.`
  if (!force) return `${was} To send it to the customer once more, say so and why: --force --reason "…"`
  return reason?.trim() ? null : `${was} Sending it once more needs a reason: --reason "…"`
}

/** The action with its operator and, where one was given, the reason. `Found … says` names the operator as `by` does. */
function words(action: string, { by, reason }: { by: string; reason: string | null }): string {
  const who = action.endsWith('says') ? `${action} ${by}` : `${action} by ${by}`
  return clean(reason?.trim() ? `${who}: ${reason.trim()}` : `${who}.`)
}

function done(row: MessageRow | undefined): Acted {
  if (!row) throw new Error('a message changed between two statements of one transaction')
  return { kind: 'done', message: messageOf(row) }
}

function refuse(row: MessageRow, reason: string): Acted {
  return { kind: 'refused', reason, state: row.state as MessageState }
}

function missing(id: number): Acted {
  return {
    kind: 'refused',
    reason: `There is no message ${id}. List them: postrider messages list`,
    state: null,
  }
}

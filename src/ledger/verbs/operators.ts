import type { MessageState } from '../../message.ts'
import type { RefusedCode, SpecialCode } from '../foresight.ts'
import type { Acted, Ledger } from '../ledger.ts'
import { parted } from '../names.ts'
import { goneReason } from '../retention.ts'
import { clean, messageOf, policiesOf } from '../rows.ts'
import type { MessageRow } from '../schema.ts'
import type { Audit } from './audit.ts'
import { type Cancellations, withLate } from './cancellations.ts'
import type { Caps } from './caps.ts'
import { FREE } from './leases.ts'
import { takenReason } from './pass-key.ts'
import type { Store } from './store.ts'

type Request<Name extends 'retry' | 'cancel' | 'settleByHand'> = Parameters<Ledger[Name]>[1]
/** `inRun`: as one of many, which nobody looked at by itself. */
type RetryRequest = Request<'retry'> & { inRun?: { late: boolean; attempts: number | null } }
/** `special`: what the message was before. */
export type Retried =
  | (Extract<Acted, { kind: 'done' }> & {
      special: SpecialCode | null
      was: Pick<MessageRow, 'state' | 'code'>
    })
  | (Extract<Acted, { kind: 'refused' }> & { code: RefusedCode })

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
  function told<A extends Acted>(
    acted: A,
    did: { by: string; reason: string | null },
    action: string,
    target = {},
  ): A {
    if (acted.kind === 'refused') return acted
    const { by, reason } = did
    audit({ by, action, target: { message: acted.message.id, ...target }, reason }, clock.now())
    return acted
  }

  const acts = {
    retry(id: number, request: RetryRequest): Retried {
      const message = find.get(id)
      if (!message) return { ...missing(id), code: 'missing' }
      const now = clock.now()
      const refused = whyNotRetry(message, request, now)
      if (refused) return { ...refuse(message, refused.reason), code: refused.code }
      const policies = policiesOf(message.policies)
      const holder =
        policies.once === null ? null : once.take(message.route, policies.once, id, policies.oncePerMs)
      if (holder !== null) return { ...refuse(message, takenReason(holder)), code: 'key-taken' }
      const [channel = message.channel] = policies.channels
      store.dueNow()
      turns.release(id)
      // An event may have taken them out when the message had ended.
      cancellations.expect(id, parted(message.cancel_keys))
      const row = reschedule.get(
        words('Re-triggered', request),
        now,
        now + policies.expireAfterMs,
        clean(request.by),
        channel,
        lanes.idOf(message.route, message.source, channel),
        now,
        id,
        message.state,
      )
      const { state, code } = message
      return { ...done(row), special: specialOf(message, now), was: { state, code } }
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

  /** With what the message was before: its own words of that are gone. */
  function retryKnown(id: number, request: RetryRequest): Retried {
    const acted = acts.retry(id, request)
    const was =
      acted.kind === 'done'
        ? { was: acted.was.state, ...(acted.was.code === null ? {} : { code: acted.was.code }) }
        : {}
    return told(acted, request, 'message.retry', { ...(request.force ? { force: 'yes' } : {}), ...was })
  }

  return {
    /** As `retry`, and what the message was before, or the code of why it is refused. */
    retryKnown,
    retry(id: number, request: Request<'retry'>): Acted {
      const acted = retryKnown(id, request)
      return acted.kind === 'done'
        ? { kind: 'done', message: acted.message }
        : { kind: 'refused', reason: acted.reason, state: acted.state }
    },
    cancel: (id: number, request: Request<'cancel'>) =>
      told(acts.cancel(id, request), request, 'message.cancel'),
    settleByHand: (id: number, request: Request<'settleByHand'>) =>
      told(acts.settleByHand(id, request), request, 'message.settle', { as: request.as }),
  }
}

function whyNotRetry(
  message: MessageRow,
  { force, reason, inRun }: RetryRequest,
  now: number,
): { code: RefusedCode; reason: string } | null {
  const { id, state, removed } = message
  if (removed !== null) return { code: 'removed', reason: goneReason(`Message ${id}`, removed) }
  if (state === 'scheduled') {
    return { code: state, reason: `Message ${id} is scheduled already; it is sent when it is due.` }
  }
  if (state === 'sending') {
    return { code: state, reason: `Message ${id} is being sent. Wait for its outcome.` }
  }
  if (inRun && inRun.attempts !== null && inRun.attempts !== message.attempts) {
    return { code: 'changed', reason: CHANGED }
  }
  const isForced = force && Boolean(reason?.trim())
  if (wasSent(message) && !isForced) return { code: 'sent-before', reason: whyNotAgain(message, force) }
  if (!inRun) return null
  if (state === 'unconfirmed' && !isForced) return { code: state, reason: NOBODY_KNOWS }
  if (isOver(message, now) && !inRun.late) return { code: 'expired', reason: TOO_LATE }
  return null
}

function whyNotAgain({ id, state }: MessageRow, force: boolean): string {
  const was =
    state === 'sent' ? `Message ${id} was sent.` : `Message ${id} is ${state}, but it was sent before.`
  return force
    ? `${was} Sending it once more needs a reason: --reason "…"`
    : `${was} To send it to the customer once more, say so and why: --force --reason "…"`
}

const NOBODY_KNOWS =
  'Nobody knows whether the customer has it: look in Genesys Cloud and settle it; or re-trigger it by its own number, or by force with a reason.'
const CHANGED =
  'It was tried since this run was planned, so that it is not what was looked at then. See what became of it before it is re-triggered once more.'
const TOO_LATE =
  'Its time is over (expireAfter), and what it says may be old news: re-trigger it by its own number, or late ones too: --late'

/** What somebody should know of a message before it is sent again. */
function specialOf(message: MessageRow, now: number): SpecialCode | null {
  if (wasSent(message)) return 'sent-before'
  if (message.state === 'unconfirmed' || message.state === 'cancelled') return message.state
  return isOver(message, now) ? 'expired' : null
}

/** A message that was sent once has the time of it for good, so that what became of it since does not hide that the customer has it. */
function wasSent({ state, sent_at }: MessageRow): boolean {
  return state === 'sent' || sent_at !== null
}

/** As `open` sees it. */
function isOver({ expire_at }: MessageRow, now: number): boolean {
  return expire_at < now
}

/** The action with its operator and, where one was given, the reason. `Found … says` names the operator as `by` does. */
function words(action: string, { by, reason }: { by: string; reason: string | null }): string {
  const who = action.endsWith('says') ? `${action} ${by}` : `${action} by ${by}`
  return clean(reason?.trim() ? `${who}: ${reason.trim()}` : `${who}.`)
}

function done(row: MessageRow | undefined): Extract<Acted, { kind: 'done' }> {
  if (!row) throw new Error('a message changed between two statements of one transaction')
  return { kind: 'done', message: messageOf(row) }
}

function refuse(row: MessageRow, reason: string): Extract<Acted, { kind: 'refused' }> {
  return { kind: 'refused', reason, state: row.state as MessageState }
}

function missing(id: number): Extract<Acted, { kind: 'refused' }> {
  return {
    kind: 'refused',
    reason: `There is no message ${id}. List them: postrider messages list`,
    state: null,
  }
}

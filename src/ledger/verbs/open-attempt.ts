import { consentOf } from '../../consent.ts'
import {
  type Attempt,
  type Brake,
  type Cap,
  type Channel,
  type Customer,
  identifiersFor,
  type Policies,
} from '../../message.ts'
import { HAPPENED_AT } from '../happened.ts'
import type { AttemptDraft, Lease, Opened } from '../ledger.ts'
import { attemptOf, cleanOrNull, pauseOf, policiesOf } from '../rows.ts'
import type { AttemptRow, MessageRow } from '../schema.ts'
import { covers } from '../standing.ts'
import { expiredReason, inWords } from '../words.ts'
import { type BrakeCounts, createBrakeCounts } from './brake.ts'
import { type Cancellations, cancelledReason } from './cancellations.ts'
import type { Caps } from './caps.ts'
import type { Leases } from './leases.ts'
import type { Pauses } from './pauses.ts'
import type { Store } from './store.ts'
import type { Wishes } from './wishes.ts'

/** The last look before the request leaves: lease, pauses, expiry, cancellations, what the customer wants, cap, brake; then the open attempt. */
export function createOpen(
  store: Store,
  leases: Leases,
  pauses: Pauses,
  { cancellations, wishes, caps }: { cancellations: Cancellations; wishes: Wishes; caps: Caps },
) {
  const { clock } = store
  const findEvent = store.prepare<{ happened_at: number }>(
    `SELECT ${HAPPENED_AT} AS happened_at FROM events WHERE id = ?`,
  )
  const counts = createBrakeCounts(store)
  const commit = createCommitAttempt(store)

  return (lease: Lease, draft: AttemptDraft): Opened => {
    const now = clock.now()
    const message = leases.held(lease, now)
    if (!message) return { kind: 'lost' }
    const policies = policiesOf(message.policies)

    const standing = pauses
      .standing(now)
      .find(
        (pause) =>
          pause.probe_message !== message.id && covers(pause, { ...message, channel: draft.channel }),
      )
    if (standing) {
      // On the lane of the channel that was stopped, so that the claim passes it over until the pause ends.
      commit.moveTo(message, draft.channel)
      leases.giveBack(message, now)
      return { kind: 'paused', pause: pauseOf(standing) }
    }

    if (message.expire_at < now) {
      const reason = expiredReason(message, now)
      leases.conclude(lease, { state: 'skipped', code: 'expired', reason })
      return { kind: 'skipped', code: 'expired', reason }
    }

    const cancelledBy = cancellations.standingNow(message)
    if (cancelledBy !== null) {
      const reason = cancelledReason(cancelledBy)
      leases.conclude(lease, { state: 'cancelled', code: 'cancelled', reason })
      cancellations.passKey(message, cancelledBy, now)
      return { kind: 'cancelled', reason }
    }
    const refusal = wishes.refusal(message.names, draft.channel)
    if (refusal !== null) {
      const next = channelLeft(message, policies, draft.channel)
      if (next === null) {
        leases.conclude(lease, { state: 'skipped', code: 'suppressed', reason: refusal })
        return { kind: 'skipped', code: 'suppressed', reason: refusal }
      }
      leases.defer(lease, { until: message.due_at, code: 'next-channel', reason: refusal })
      commit.moveTo(message, next)
      store.dueNow()
      return { kind: 'deferred', code: 'next-channel', reason: refusal }
    }
    const skipped = whyNot(message, policies)
    if (skipped) {
      leases.conclude(lease, { state: 'skipped', ...skipped })
      return { kind: 'skipped', ...skipped }
    }
    const fullUntil = policies.cap ? caps.fullUntil(message, policies.cap, now) : null
    if (policies.cap && fullUntil !== null) {
      const reason = capReason(policies.cap)
      if (policies.onCap === 'defer' && fullUntil <= message.expire_at) {
        leases.defer(lease, {
          until: fullUntil,
          code: 'cap',
          reason: `${reason} It goes when there is room again.`,
        })
        return { kind: 'deferred', code: 'cap', reason }
      }
      leases.conclude(lease, { state: 'skipped', code: 'cap', reason })
      return { kind: 'skipped', code: 'cap', reason }
    }

    const isFirst = message.attempts === 0 && message.would_send === null
    if (isFirst && policies.brake && isExceeded(message.route, policies.brake, counts, now)) {
      leases.giveBack(message, now)
      const pause = pauses.pause({
        scope: 'route',
        name: message.route,
        code: 'brake',
        reason: brakeReason(message.route, policies.brake),
        forMs: null,
        probes: 0,
        by: 'postrider',
      })
      return { kind: 'braked', pause }
    }
    if (isFirst && policies.brake) counts.add(message.route, policies.brake, now)

    // A message planned in shadow is sent when an operator re-triggers it on a route that is live by then.
    if (draft.mode === 'shadow' || (policies.mode === 'shadow' && message.manual_by === null)) {
      commit.wouldSend(message, draft, now)
      leases.conclude(lease, { state: 'skipped', code: 'shadow', reason: SHADOW_REASON })
      return { kind: 'skipped', code: 'shadow', reason: SHADOW_REASON }
    }
    const attempt = commit.attempt(message, draft, now)
    caps.add(message.names, policies.countsIn, { id: attempt.id, opened_at: now })
    return { kind: 'open', attempt }
  }

  /** The next of the route's channels of which the event names an identifier, and that the customer does not refuse; null: none is left. */
  function channelLeft(
    message: MessageRow,
    { channels, findBy }: Policies,
    refused: Channel,
  ): Channel | null {
    const at = channels.indexOf(refused)
    const customer = JSON.parse(message.customer) as Customer
    const left = at < 0 ? [] : channels.slice(at + 1)
    const mayLead = (channel: Channel) =>
      identifiersFor(channel, findBy).some((name) => customer[name] !== undefined)
    return left.find((channel) => mayLead(channel) && wishes.refusal(message.names, channel) === null) ?? null
  }

  function whyNot(message: MessageRow, policies: Policies) {
    if (policies.purpose !== 'marketing') return null
    const { consent } = JSON.parse(message.customer) as Customer
    const given = consentOf(consent)
    const event = given === null ? undefined : findEvent.get(message.event_id)
    const own = event && given !== null ? { given, at: event.happened_at } : null
    return wishes.agrees(message.names, own) ? null : { code: 'no-consent' as const, reason: NO_CONSENT }
  }
}

const NO_CONSENT =
  'No marketing consent: neither the event nor an earlier one of this customer says yes, or the last word was a no. Routes that serve the customer are purpose: service.'

function capReason({ messages, perMs, group }: Cap): string {
  return `The customer got ${messages} ${messages === 1 ? 'message' : 'messages'} ${group === 'all' ? '' : `of the group ${group} `}within ${inWords(perMs)}, which is as many as they may (cap).`
}

const SHADOW_REASON =
  'The route is in shadow: this is what would have been sent, and nothing was. To send it after all: set the route to mode: live, restart, re-trigger.'

function isExceeded(route: string, brake: Brake, counts: BrakeCounts, now: number): boolean {
  return counts.count(route, brake, now) >= brake.messages
}

function brakeReason(route: string, { messages, perMs }: Brake): string {
  return `The brake of route ${route} let ${messages} messages through within ${inWords(perMs)}, which is its limit (brake). Look whether so many are meant; the others wait. To let them go: postrider resume route ${route}`
}

function createCommitAttempt({ prepare, lanes }: Store) {
  const insert = prepare<AttemptRow>(
    `INSERT INTO attempts (message_id, number, channel, outcome, "by", opened_at, contact_id, address, rendered)
     VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?) RETURNING *`,
  )
  const sending = prepare(
    `UPDATE messages SET state = 'sending', attempts = ?, channel = ?, lane = ?, contact_id = ?, found_by = ?, session = ?,
                         code = NULL, reason = NULL, updated_at = ?
     WHERE id = ? AND state = 'scheduled'`,
  )
  const shadow = prepare(
    `UPDATE messages SET would_send = ?, channel = ?, lane = ?, contact_id = ?, found_by = ?, session = ?, updated_at = ?
     WHERE id = ? AND state = 'scheduled'`,
  )
  const moveTo = prepare(`UPDATE messages SET channel = ?, lane = ? WHERE id = ? AND state = 'scheduled'`)

  const laneOf = (message: MessageRow, channel: string) =>
    channel === message.channel ? message.lane : lanes.idOf(message.route, message.source, channel)
  const sessionOf = ({ session }: AttemptDraft) => (session === null ? null : JSON.stringify(session))

  return {
    attempt(message: MessageRow, draft: AttemptDraft, now: number): Attempt {
      const { channel, contactId, foundBy } = draft
      const number = message.attempts + 1
      const address = cleanOrNull(draft.address)
      const rendered = JSON.stringify(draft.rendered)
      const row = insert.get(
        message.id,
        number,
        channel,
        message.manual_by,
        now,
        contactId,
        address,
        rendered,
      )
      const session = sessionOf(draft)
      sending.later(number, channel, laneOf(message, channel), contactId, foundBy, session, now, message.id)
      if (!row) throw new Error(`attempt ${number} of message ${message.id} was not written`)
      return attemptOf(row)
    },
    wouldSend(message: MessageRow, draft: AttemptDraft, now: number): void {
      const { channel, contactId, foundBy } = draft
      const rendered = JSON.stringify(draft.rendered)
      const lane = laneOf(message, channel)
      shadow.later(rendered, channel, lane, contactId, foundBy, sessionOf(draft), now, message.id)
    },
    moveTo(message: MessageRow, channel: string): void {
      if (channel !== message.channel) moveTo.later(channel, laneOf(message, channel), message.id)
    },
  }
}

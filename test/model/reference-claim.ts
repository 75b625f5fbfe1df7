import type { Channel } from '../../src/message.ts'
import { end, messageOf, type Reference, type Said, sharesName } from './reference.ts'

const LONGEST_TURN = 15 * 60_000

/** Leases what is due and may go, operators' own first, then by due time: one for each customer, by whatever name. */
export function claim(ref: Reference, limit: number, leaseMs: number): { id: number; mark: number }[] {
  // A pause may last: who rests under one holds nobody up.
  for (const id of ref.turns.keys()) {
    const one = messageOf(ref, id)
    if (one.state === 'scheduled' && !isLeased(ref, one) && isPaused(ref, one, one.channel))
      ref.turns.delete(id)
  }
  const due = ref.messages
    .filter((one) => one.state === 'scheduled' && one.dueAt <= ref.now && !isLeased(ref, one))
    .filter((one) => !isPaused(ref, one, one.channel))
    .sort((a, b) => Number(b.manual) - Number(a.manual) || a.dueAt - b.dueAt || a.id - b.id)
  const claimed: { id: number; mark: number }[] = []
  for (const message of due) {
    if (claimed.length >= limit) break
    if (isHeldUp(ref, message)) continue
    if (!ref.turns.has(message.id)) ref.turns.set(message.id, { since: ref.now, names: message.names })
    claimed.push({ id: message.id, mark: lease(ref, message, leaseMs) })
  }
  return claimed
}

/** A turn lasts no longer than it may, and as long as its message is in somebody's hands; it does not begin anew. */
function isHeldUp(ref: Reference, { id, names }: Said): boolean {
  return [...ref.turns].some(([other, turn]) => {
    const holder = messageOf(ref, other)
    const isInHands = isLeased(ref, holder) && (holder.state === 'scheduled' || holder.state === 'sending')
    const holds = turn.since > ref.now - LONGEST_TURN || isInHands
    return other !== id && holds && sharesName(names, turn.names)
  })
}

/** Leases what is to be looked for. */
export function claimLooks(ref: Reference, limit: number, leaseMs: number): { id: number; mark: number }[] {
  return ref.messages
    .filter((one) => one.state === 'unconfirmed' && one.lookAt !== null && one.lookAt <= ref.now)
    .filter((one) => !isLeased(ref, one))
    .sort((a, b) => (a.lookAt ?? 0) - (b.lookAt ?? 0) || a.id - b.id)
    .slice(0, limit)
    .map((message) => ({ id: message.id, mark: lease(ref, message, leaseMs) }))
}

function lease(ref: Reference, message: Said, leaseMs: number): number {
  ref.leases += 1
  message.lease = { mark: ref.leases, until: ref.now + leaseMs }
  return ref.leases
}

function isLeased(ref: Reference, { lease: held }: Said): boolean {
  return held !== null && held.until > ref.now
}

/** The message, where this lease is held. */
export function heldBy(ref: Reference, id: number, mark: number): Said | null {
  const message = messageOf(ref, id)
  return isLeased(ref, message) && message.lease?.mark === mark ? message : null
}

export function isPaused(ref: Reference, { rule }: Said, channel: Channel): boolean {
  return ref.pauses.some(
    ({ scope, name, until }) =>
      (until === null || until > ref.now) && name === (scope === 'route' ? rule.name : channel),
  )
}

/** Gives a claimed message back for a while. `code` null: for no reason of its own. */
export function postpone(
  ref: Reference,
  id: number,
  mark: number,
  inMs: number,
  code: string | null,
): boolean {
  const message = heldBy(ref, id, mark)
  if (message?.state !== 'scheduled') return false
  if (message.expireAt < ref.now) {
    end(ref, message, 'skipped', 'expired')
    return true
  }
  message.dueAt = ref.now + inMs
  message.code = code ?? message.code
  message.lease = null
  // Whoever sleeps holds nobody up; in trouble with Genesys it is tried again in its turn.
  if (code === 'quiet-hours') ref.turns.delete(id)
  return true
}

export function conclude(ref: Reference, id: number, mark: number, state: 'failed' | 'skipped'): boolean {
  const message = heldBy(ref, id, mark)
  if (message?.state !== 'scheduled') return false
  end(ref, message, state, 'test')
  return true
}

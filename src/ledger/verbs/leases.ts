import type { Lease, Ledger } from '../ledger.ts'
import { clean, cleanOrNull } from '../rows.ts'
import type { MessageRow } from '../schema.ts'
import { expiredReason } from '../words.ts'
import type { Pauses } from './pauses.ts'
import type { Store } from './store.ts'

type End = Omit<Parameters<Ledger['conclude']>[1], 'state'> & { state: 'failed' | 'skipped' | 'cancelled' }
type Again = Parameters<Ledger['postpone']>[1]

/** Conditions and changes of the columns of a lease. `HELD` wants id, owner, token and the present time. */
export const HELD = 'id = ? AND lease_owner = ? AND lease_token = ? AND lease_until > ?'
export const FREE = 'lease_owner = NULL, lease_token = NULL, lease_until = 0'
export const heldBy = ({ messageId, owner, token }: Lease, now: number) => [messageId, owner, token, now]

/** What the holder of a lease may do besides opening an attempt. Every change is compare-and-set on the lease. */
export type Leases = {
  /** The message, where the lease is held and nothing was opened yet. */
  held(lease: Lease, now: number): MessageRow | null
  renew(lease: Lease, leaseMs: number): boolean
  conclude(lease: Lease, end: End): boolean
  postpone(lease: Lease, again: Again): boolean
  /** Gives the message back, due at a time, because of its customer: it holds nobody. */
  defer(lease: Lease, again: { until: number; code: string; reason: string }): void
  /** Ends the lease and changes nothing else. */
  giveBack(message: MessageRow, now: number): void
}

export function createLeases(store: Store, pauses: Pauses): Leases {
  const { prepare, clock, once, turns } = store
  const held = prepare<MessageRow>(`SELECT * FROM messages WHERE ${HELD} AND state = 'scheduled'`)
  const renew = prepare<{ state: string }>(
    `UPDATE messages SET lease_until = ? WHERE ${HELD} AND state IN ('scheduled', 'sending', 'unconfirmed', 'sent')
     RETURNING state`,
  )
  const conclude = prepare(
    `UPDATE messages SET state = ?, code = ?, reason = ?, updated_at = ?, ${FREE} WHERE ${HELD} AND state = 'scheduled'`,
  )
  const postpone = prepare(
    `UPDATE messages SET due_at = ?, code = ?, reason = ?, updated_at = ?, ${FREE} WHERE ${HELD} AND state = 'scheduled'`,
  )
  const giveBack = prepare(`UPDATE messages SET updated_at = ?, ${FREE} WHERE id = ? AND state = 'scheduled'`)

  function end(lease: Lease, message: MessageRow, { state, code, reason }: End, now: number): void {
    conclude.later(state, clean(code), clean(reason), now, ...heldBy(lease, now))
    once.release(message)
    turns.release(message.id)
  }

  return {
    held: (lease, now) => held.get(...heldBy(lease, now)) ?? null,
    renew(lease, leaseMs) {
      const now = clock.now()
      const renewed = renew.get(now + leaseMs, ...heldBy(lease, now))
      if (!renewed) return false
      // A look is no probe, though its message may have been one.
      if (renewed.state === 'scheduled' || renewed.state === 'sending') {
        pauses.extendProbe(lease.messageId, now + leaseMs)
      }
      return true
    },
    conclude(lease, ending) {
      const now = clock.now()
      const message = held.get(...heldBy(lease, now))
      if (!message) return false
      end(lease, message, ending, now)
      return true
    },
    postpone(lease, again) {
      const now = clock.now()
      const message = held.get(...heldBy(lease, now))
      if (!message) return false
      if (message.expire_at < now) {
        end(lease, message, { state: 'skipped', code: 'expired', reason: expiredReason(message, now) }, now)
        return true
      }
      const code = again.reason === null ? message.code : cleanOrNull(again.code)
      const reason = again.reason === null ? message.reason : clean(again.reason)
      postpone.later(now + again.inMs, code, reason, now, ...heldBy(lease, now))
      // Put off because of the customer's own time it holds nobody; in trouble with Genesys it is tried again in its turn.
      if (again.code === 'quiet-hours') turns.release(message.id)
      if (again.inMs <= 0) store.dueNow()
      return true
    },
    defer(lease, { until, code, reason }) {
      const now = clock.now()
      postpone.later(until, code, clean(reason), now, ...heldBy(lease, now))
      turns.release(lease.messageId)
    },
    giveBack(message, now) {
      giveBack.later(now, message.id)
      turns.release(message.id)
    },
  }
}

import type { Ledger, LookClaim } from '../ledger.ts'
import { attemptOf, messageOf } from '../rows.ts'
import type { AttemptRow, MessageRow } from '../schema.ts'
import type { createOtherSends } from './other-sends.ts'
import type { Pauses } from './pauses.ts'
import type { Store } from './store.ts'

/** Pauses of all sending that say that Genesys cannot be asked either, until they may be probed. The others stop sends, and a look is none. */
const CANNOT_ASK: ReadonlySet<string> = new Set(['unreachable', 'login', 'permissions', 'rate-limited'])

/** Leases what is to be looked for, at the cost of the head of one range of an index and a few look-ups for each message. */
export function createClaimLooks(
  { prepare, clock, random }: Store,
  pauses: Pauses,
  otherSends: ReturnType<typeof createOtherSends>,
) {
  const due = prepare<{ id: number }>(
    `SELECT id FROM messages INDEXED BY messages_to_look
     WHERE state = ? AND look_at <= ? AND lease_until <= ? ORDER BY look_at, id LIMIT ?`,
  )
  const lease = prepare<MessageRow>(
    `UPDATE messages SET lease_owner = ?, lease_token = ?, lease_until = ? WHERE id = ? RETURNING *`,
  )
  const lastAttempt = prepare<AttemptRow>(
    'SELECT * FROM attempts WHERE message_id = ? AND outcome = ? ORDER BY number DESC LIMIT 1',
  )

  return ({ of, owner, limit, leaseMs }: Parameters<Ledger['claimLooks']>[0]): LookClaim[] => {
    const now = clock.now()
    if (limit <= 0) return []
    const cannotAsk = pauses
      .standing(now)
      .some(
        ({ scope, code, until }) =>
          scope === 'all' && CANNOT_ASK.has(code) && (until === null || until > now),
      )
    if (cannotAsk) return []
    return due.all(of, now, now, limit).flatMap(({ id }) => {
      const token = random()
      const message = lease.get(owner, token, now + leaseMs, id)
      const attempt = lastAttempt.get(id, of)
      if (!message || !attempt) return []
      return [
        {
          lease: { messageId: id, owner, token },
          message: messageOf(message),
          attempt: attemptOf(attempt),
          others: otherSends(attempt),
        },
      ]
    })
  }
}

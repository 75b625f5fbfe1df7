import type { Lease } from '../ledger.ts'
import { HELD, heldBy } from './leases.ts'
import type { createSettle } from './settle.ts'
import type { Store } from './store.ts'

/** Takes back an attempt for the holder of the lease with which it was opened, who was not told so and sent nothing. */
export function createWithdraw({ prepare, clock }: Store, settle: ReturnType<typeof createSettle>) {
  const findOpen = prepare<{ id: number }>(
    `SELECT attempts.id FROM attempts JOIN messages ON messages.id = attempts.message_id
     WHERE message_id = (SELECT id FROM messages WHERE ${HELD} AND state = 'sending') AND number = messages.attempts`,
  )

  return (lease: Lease, { inMs }: { inMs: number }): boolean => {
    const attempt = findOpen.get(...heldBy(lease, clock.now()))
    if (!attempt) return false
    return settle(attempt.id, {
      outcome: 'failed',
      status: null,
      code: 'withdrawn',
      reason: WITHDRAWN,
      correlationId: null,
      retryInMs: inMs,
      counts: 'nothing',
      channel: null,
      messageCode: 'withdrawn',
      messageReason: `${WITHDRAWN} It is tried again.`,
    })
  }
}

const WITHDRAWN = 'The ledger went away while the attempt was opened, so nothing was sent.'

import { LOOK_WAITS_MS } from '../../message.ts'
import { GONE_MS } from '../instances.ts'
import { FREE } from './leases.ts'
import type { Store } from './store.ts'

/** What was left behind in the middle of its sending is unconfirmed, and looked for. Answers how many messages that were. */
export type Recover = {
  /** By the boot before, of the one service that owns the ledger: every lease is void. */
  ofTheBootBefore(): { interrupted: number }
  /** By instances that are gone, beside others that are at work: whose lease has ended, or who said that they are at work and say so no more. */
  ofTheGone(): { interrupted: number }
}

export function createRecover({ prepare, clock, turns }: Store): Recover {
  // Whoever says nothing is not there to renew a lease either. Should they be after all, their lease is lost, or what they settle counts.
  const isLeft = `(lease_until <= ? OR lease_owner IN (SELECT id FROM instances WHERE seen_at <= ?))`
  const voidLeases = prepare(`UPDATE messages SET ${FREE} WHERE lease_until > 0 AND ${isLeft}`)
  const voidProbes = prepare(
    `UPDATE pauses INDEXED BY pauses_standing SET until = min(until, ?), probe_message = NULL
     WHERE ended_at IS NULL AND probe_message IS NOT NULL`,
  )
  const interrupted = prepare<{ id: number }>(
    `SELECT id FROM messages INDEXED BY messages_by_state WHERE state = 'sending' AND ${isLeft}`,
  )
  const attempt = prepare(
    `UPDATE attempts SET outcome = 'unconfirmed', settled_at = ?, code = 'interrupted', reason = ?
     WHERE message_id = ? AND outcome = 'open'`,
  )
  const message = prepare(
    `UPDATE messages SET state = 'unconfirmed', code = 'interrupted', reason = ?, look_at = ?, looks = 0, last_look = NULL,
                         updated_at = ?
     WHERE id = ? AND state = 'sending'`,
  )

  /** Of leases that ended by a time, and of instances that were last seen by another. */
  function leftBy(ended: number, seen: number): { interrupted: number } {
    const now = clock.now()
    const found = interrupted.all(ended, seen)
    voidLeases.run(ended, seen)
    for (const { id } of found) {
      attempt.run(now, STOPPED, id)
      message.run(
        `${STOPPED} Postrider looks for it there by itself. If you know already whether it arrived, say so: postrider messages settle ${id} --as sent (or not-sent)`,
        now + LOOK_WAITS_MS[0],
        now,
        id,
      )
    }
    turns.reset(ended)
    return { interrupted: found.length }
  }

  const forgetInstances = prepare('DELETE FROM instances')

  return {
    ofTheBootBefore() {
      forgetInstances.run()
      voidProbes.run(clock.now())
      return leftBy(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    },
    // Their probes end with the leases: a pause's next one is due after that by itself.
    ofTheGone: () => leftBy(clock.now(), clock.now() - GONE_MS),
  }
}

const STOPPED = 'The service stopped while the request may have been on its way to Genesys Cloud.'

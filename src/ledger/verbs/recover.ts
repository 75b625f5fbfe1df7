import { LOOK_WAITS_MS } from '../../message.ts'
import { FREE } from './leases.ts'
import type { Store } from './store.ts'

/**
 * What the owner does at its start: the leases of the boot before are void, and what was being sent when it ended is unconfirmed and
 * looked for. Answers how many messages that were.
 */
export function createRecover({ prepare, clock, turns }: Store) {
  const voidLeases = prepare(`UPDATE messages SET ${FREE} WHERE lease_until > 0`)
  const voidProbes = prepare(
    `UPDATE pauses INDEXED BY pauses_standing SET until = min(until, ?), probe_message = NULL
     WHERE ended_at IS NULL AND probe_message IS NOT NULL`,
  )
  const interrupted = prepare<{ id: number }>(
    `SELECT id FROM messages INDEXED BY messages_by_state WHERE state = 'sending'`,
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

  return (): { interrupted: number } => {
    const now = clock.now()
    voidLeases.run()
    voidProbes.run(now)
    const found = interrupted.all()
    for (const { id } of found) {
      attempt.run(now, STOPPED, id)
      message.run(
        `${STOPPED} Postrider looks for it there by itself. If you know already whether it arrived, say so: postrider messages settle ${id} --as sent (or not-sent)`,
        now + LOOK_WAITS_MS[0],
        now,
        id,
      )
    }
    turns.reset()
    return { interrupted: found.length }
  }
}

const STOPPED = 'The service stopped while the request may have been on its way to Genesys Cloud.'

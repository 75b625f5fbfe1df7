import type { EventKeyRow } from '../schema.ts'
import type { Store } from './store.ts'

const DAY_MS = 86_400_000
/** Keys whose time is over are in nobody's way: they are gone through once a day. */
const SWEEP_MS = DAY_MS
/** What is only looked at costs less than what is removed. */
const KEYS_A_ROW = 4

/** What stands beside events and their messages, and gets old too. */
export type OldAsides = {
  /** At most `limit` of each kind. */
  remove(limit: number, rowsMs: number, now: number): { removed: number; more: boolean }
  /** Looks at some keys of events, and removes those whose time is over and whose event is gone: by the others events are found. */
  sweepKeys(limit: number, now: number): { removed: number; more: boolean }
}

export function createOldAsides({ prepare }: Pick<Store, 'prepare'>): OldAsides {
  const answers = prepare(
    `DELETE FROM idempotency_keys WHERE hash IN (
       SELECT hash FROM idempotency_keys INDEXED BY idempotency_keys_by_time WHERE created_at <= ? LIMIT ?)`,
  )
  const refused = prepare(
    `DELETE FROM refused WHERE (hour, source, reason) IN (
       SELECT hour, source, reason FROM refused WHERE hour <= ? ORDER BY hour, source, reason LIMIT ?)`,
  )
  // Never the newest of all: its id would be given once more.
  const notices = prepare(
    `DELETE FROM notices WHERE id IN (
       SELECT id FROM notices INDEXED BY notices_over WHERE over_at <= ? AND over_at IS NOT NULL LIMIT ?)
     AND id < (SELECT max(id) FROM notices)`,
  )
  const run = prepare<{ id: number }>(
    `SELECT id FROM runs INDEXED BY runs_ended
     WHERE ended_at <= ? AND ended_at IS NOT NULL AND id < (SELECT max(id) FROM runs) LIMIT 1`,
  )
  const runMessages = prepare(
    `DELETE FROM run_messages WHERE run_id = ? AND message_id IN (
       SELECT message_id FROM run_messages WHERE run_id = ? ORDER BY message_id LIMIT ?)`,
  )
  const removeRun = prepare('DELETE FROM runs WHERE id = ?')
  const keysAfter = prepare<EventKeyRow>('SELECT * FROM event_keys WHERE hash > ? ORDER BY hash LIMIT ?')
  const eventOf = prepare('SELECT 1 FROM events WHERE id = ?')
  const removeKey = prepare('DELETE FROM event_keys WHERE hash = ?')

  /** One run at a time, its messages first. */
  function oneRun(limit: number, endedBy: number): { removed: number; more: boolean } {
    const old = run.get(endedBy)
    if (!old) return { removed: 0, more: false }
    const { changes } = runMessages.run(old.id, old.id, limit)
    if (changes < limit) removeRun.run(old.id)
    return { removed: changes + (changes < limit ? 1 : 0), more: true }
  }

  let after: Uint8Array = Buffer.alloc(0)
  let sweptAt = Number.NEGATIVE_INFINITY

  return {
    remove(limit, rowsMs, now) {
      const old = now - rowsMs
      const deleted = [
        answers.run(now - DAY_MS, limit).changes,
        refused.run(old, limit).changes,
        notices.run(old, limit).changes,
      ]
      const runs = oneRun(limit, old)
      const removed = deleted.reduce((sum, changes) => sum + changes, runs.removed)
      return { removed, more: runs.more || deleted.some((changes) => changes === limit) }
    },
    sweepKeys(limit, now) {
      if (after.length === 0 && Math.abs(now - sweptAt) < SWEEP_MS) return { removed: 0, more: false }
      const most = limit * KEYS_A_ROW
      const keys = keysAfter.all(after, most)
      let removed = 0
      for (const { hash, keep_until, event_id } of keys) {
        if (keep_until >= now || (event_id !== null && eventOf.get(event_id))) continue
        removeKey.run(hash)
        removed += 1
      }
      const last = keys.at(-1)
      const more = last !== undefined && keys.length === most
      after = more ? last.hash : Buffer.alloc(0)
      if (!more) sweptAt = now
      return { removed, more }
    },
  }
}

import { parted } from '../names.ts'
import type { MessageRow } from '../schema.ts'
import type { Prepare } from './statement.ts'

/** One message is held up by another, which may be retried for hours, no longer than this, and the seconds of a request that is on its way then. */
export const LONGEST_TURN_MS = 15 * 60_000

/**
 * One message at a time for each customer. Who is claimed takes the turn of every name that the customer has, and keeps it while it is sent, retried or looked for; another one
 * for any of these names waits, out of the queue, in the line of that name. The head of a line comes back when the name is free: however many wait, only so many are moved as are claimed.
 */
export type Turns = {
  /** `taken`: it is this message's turn now. Otherwise it waits in a line; `moved`: and for its sake others came back into the queue, ahead of what the claim has seen. */
  take(message: Waiting, now: number, isOpen: IsOpen): 'taken' | 'waits' | 'moved'
  /** The message is done with, or put off: the next is due. */
  release(messageId: number): void
  /** Brings the heads of lines back whose name is free, as far as one that can be claimed. */
  wake(now: number, isOpen: IsOpen): void
  /** Those that wait for a retry in a lane that is shut hold nobody meanwhile. */
  releaseShut(now: number, isOpen: IsOpen): void
  /** Nobody is at it any more whose lease had ended by a time, but who is looked for, or was tried before and is tried again. */
  reset(ended: number): void
}

type Waiting = Pick<MessageRow, 'id' | 'names' | 'lane'>
/** Whether no pause stops a lane. */
type IsOpen = (lane: number) => boolean

export function createTurns(prepare: Prepare, dueNow: () => void): Turns {
  // A turn that lasted too long stays, so that its message takes no second one; it holds others no more but while its message is in somebody's hands.
  const holders = `FROM turns LEFT JOIN messages ON messages.id = turns.message_id
     WHERE (since > ? OR (messages.lease_until > ? AND messages.state IN ('scheduled', 'sending')))`
  const holder = prepare(`SELECT 1 ${holders} AND hash = ? AND message_id <> ? LIMIT 1`)
  const take = prepare('INSERT INTO turns (hash, message_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const wait = prepare(`UPDATE messages SET waits_for = ? WHERE id = ? AND state = 'scheduled'`)
  const comeBack = prepare('UPDATE messages SET waits_for = NULL WHERE id = ?')
  const remove = prepare<{ hash: Uint8Array }>('DELETE FROM turns WHERE message_id = ? RETURNING hash')
  // `IS NOT NULL` beside it: only so does the partial index apply.
  const first = prepare<Waiting>(
    `SELECT id, names, lane FROM messages INDEXED BY messages_waiting
     WHERE waits_for = ? AND waits_for IS NOT NULL ORDER BY rank, due_at, id LIMIT 1`,
  )
  // One question for all lines: where the ledger is on another machine, each costs a way there and back while nobody else may claim.
  const freeLines = prepare<{ hash: Uint8Array }>(
    `WITH RECURSIVE line (hash) AS (
       SELECT (SELECT waits_for FROM messages INDEXED BY messages_waiting
               WHERE waits_for IS NOT NULL ORDER BY waits_for LIMIT 1)
       UNION ALL
       SELECT (SELECT waits_for FROM messages INDEXED BY messages_waiting
               WHERE waits_for IS NOT NULL AND waits_for > line.hash ORDER BY waits_for LIMIT 1)
       FROM line WHERE line.hash IS NOT NULL
     ) SELECT hash FROM line WHERE hash IS NOT NULL AND NOT EXISTS (SELECT 1 ${holders} AND turns.hash = line.hash)`,
  )
  // A cross join, because SQLite keeps its order: turns are few, scheduled messages are not.
  const resting = prepare<{ message_id: number; lane: number }>(
    `SELECT turns.message_id, messages.lane FROM turns CROSS JOIN messages
     WHERE messages.id = turns.message_id AND messages.state = 'scheduled' AND messages.lease_until <= ?`,
  )
  const idle = prepare<{ message_id: number }>(
    `SELECT turns.message_id FROM turns LEFT JOIN messages ON messages.id = turns.message_id
     WHERE messages.id IS NULL OR NOT (messages.lease_until > ? OR messages.state = 'sending' OR (messages.state = 'scheduled' AND messages.attempts > 0)
       OR (messages.state = 'unconfirmed' AND messages.look_at IS NOT NULL))`,
  )
  const NOBODY = 0

  /** Of each hash, whether another message than `by` has its turn. */
  function areHeld(hashes: readonly Uint8Array[], by: number, now: number): boolean[] {
    return holder
      .each(hashes.map((hash) => [now - LONGEST_TURN_MS, now, hash, by]))
      .map((rows) => rows.length > 0)
  }

  function firstHeld(hashes: readonly Uint8Array[], by: number, now: number): Uint8Array | undefined {
    return hashes[areHeld(hashes, by, now).indexOf(true)]
  }

  /** Brings back the head of one line; true: somebody came back. */
  function wakeLine(hash: Uint8Array, now: number, isOpen: IsOpen): boolean {
    let came = false
    for (;;) {
      const head = first.get(hash)
      if (!head) return came
      const other = firstHeld(parted(head.names), head.id, now)
      if (other) {
        // It was in the line of one name, and it is another that is not free: it goes over to that.
        wait.later(other, head.id)
        continue
      }
      comeBack.later(head.id)
      came = true
      // One under a pause stops nobody who is behind it.
      if (isOpen(head.lane)) return true
    }
  }

  function release(messageId: number): void {
    const free = remove.all(messageId)
    if (free.length === 0) return
    if (first.each(free.map(({ hash }) => [hash])).some((rows) => rows.length > 0)) dueNow()
  }

  return {
    take({ id, names }, now, isOpen) {
      const hashes = parted(names)
      const held = firstHeld(hashes, id, now)
      if (!held) {
        for (const hash of hashes) take.later(hash, id, now)
        return 'taken'
      }
      wait.later(held, id)
      // It may have come back as the head of another line, which goes on without it.
      const areTaken = areHeld(hashes, NOBODY, now)
      const free = hashes.filter((_, n) => !areTaken[n])
      return free.map((hash) => wakeLine(hash, now, isOpen)).includes(true) ? 'moved' : 'waits'
    },
    release,
    wake(now, isOpen) {
      for (const { hash } of freeLines.all(now - LONGEST_TURN_MS, now)) wakeLine(hash, now, isOpen)
    },
    releaseShut(now, isOpen) {
      for (const { message_id, lane } of resting.all(now)) if (!isOpen(lane)) release(message_id)
    },
    reset(ended) {
      for (const { message_id } of idle.all(ended)) release(message_id)
    },
  }
}

import type { Ledger } from '../ledger.ts'
import { clean, cleanOrNull, runOf } from '../rows.ts'
import type { RunActed, RunRequest, RunStep } from '../run.ts'
import type { LaneRow, PauseRow, RunMessageRow, RunRow } from '../schema.ts'
import { isCovered } from '../standing.ts'
import type { Audit } from './audit.ts'
import type { Held } from './held.ts'
import type { createOperators } from './operators.ts'
import type { Store } from './store.ts'

/**
 * Runs: many messages that are re-triggered one after another. Which they are is written down before the first is touched, and a message's re-trigger is one
 * transaction with the note that it was done: a service that dies loses none and does none twice.
 */
export function createRuns(
  store: Store,
  {
    retry,
    held,
    audit,
  }: { retry: ReturnType<typeof createOperators>['retryKnown']; held: Held; audit: Audit },
) {
  const { prepare, clock, lanes } = store
  const insert = prepare<RunRow>(
    `INSERT INTO runs (state, "by", reason, force, late, filter, created_at) VALUES ('preparing', ?, ?, ?, ?, ?, ?) RETURNING *`,
  )
  const abandon = prepare(
    `UPDATE runs INDEXED BY runs_preparing SET state = 'stopped', ended_at = ? WHERE state = 'preparing' AND created_at < ?`,
  )
  const find = prepare<RunRow>('SELECT * FROM runs WHERE id = ?')
  const add = prepare<Pick<RunMessageRow, 'message_id'>>(
    `INSERT INTO run_messages (run_id, message_id, state, attempts)
     VALUES (?, ?, 'waiting', coalesce(?, (SELECT attempts FROM messages WHERE id = ?), 0)) ON CONFLICT DO NOTHING
     RETURNING message_id`,
  )
  const count = prepare('UPDATE runs SET total = total + ? WHERE id = ?')
  const begin = prepare<RunRow>(
    `UPDATE runs SET state = CASE WHEN total = 0 THEN 'done' ELSE 'running' END, ended_at = CASE WHEN total = 0 THEN CAST(? AS BIGINT) END
     WHERE id = ? AND state = 'preparing' RETURNING *`,
  )
  const stop = prepare<RunRow>(
    `UPDATE runs SET state = 'stopped', ended_at = ? WHERE id = ? AND state IN ('preparing', 'running') RETURNING *`,
  )
  const running = prepare<RunRow>(
    `SELECT * FROM runs INDEXED BY runs_running WHERE state = 'running' ORDER BY id`,
  )
  const waiting = prepare<Pick<RunMessageRow, 'message_id' | 'attempts'>>(
    `SELECT message_id, attempts FROM run_messages INDEXED BY run_messages_waiting
     WHERE run_id = ? AND state = 'waiting' AND message_id > ? ORDER BY message_id LIMIT ?`,
  )
  const mark = prepare('UPDATE run_messages SET state = ?, reason = ? WHERE run_id = ? AND message_id = ?')
  const tally = prepare('UPDATE runs SET retried = retried + ?, refused = refused + ? WHERE id = ?')
  const end = prepare(`UPDATE runs SET state = 'done', ended_at = ? WHERE id = ?`)
  const dueByHand = prepare<{ id: number }>(
    `SELECT id FROM messages INDEXED BY messages_due
     WHERE state = 'scheduled' AND waits_for IS NULL AND lane = ? AND rank = 0 AND due_at <= ? LIMIT ?`,
  )

  /** How many re-triggers wait for their turn in these lanes, as far as `limit`. */
  function due(among: readonly LaneRow[], limit: number, now: number): number {
    let found = 0
    for (const lane of among) {
      if (found >= limit) break
      found += dueByHand.all(lane.id, now, limit - found).length
    }
    return found
  }

  let looked = new Map<number, Look>()

  /** The next messages of a run that no pause holds. Looks at `looks` messages at most, and answers at how many it did. */
  function next(run: RunRow, shut: readonly PauseRow[], looks: number): Next {
    const causes = shut.map(({ id }) => id).join()
    const last = looked.get(run.id) ?? { after: 0, causes }
    const rows = waiting.all(run.id, last.after, looks)
    const open = rows.filter(({ message_id }) => !held.isHeld(message_id, shut))
    // Only past what waits whatever becomes of this transaction: it may be undone.
    const [first] = open
    const passed = first ? rows[rows.indexOf(first) - 1] : rows.at(-1)
    const look = { ...last, after: passed?.message_id ?? last.after }
    // Once round; and again when other pauses stand than did when it began.
    const isRound = first === undefined && rows.length < looks
    looked.set(run.id, isRound && causes !== last.causes ? { after: 0, causes } : look)
    return { open, looks: rows.length }
  }

  /** Re-triggers the first of these messages of a run, as many as there is room for. */
  function perform(run: RunRow, open: Next['open'], room: number, now: number): RunStep {
    const request = {
      by: run.by,
      force: run.force === 1,
      reason: run.reason,
    }
    const late = run.late === 1
    const did = { retried: 0, refused: 0 }
    for (const { message_id: id, attempts } of open) {
      if (did.retried >= room) break
      const acted = retry(id, { ...request, inRun: { late, attempts } })
      const state = acted.kind === 'done' ? 'retried' : 'refused'
      did[state] += 1
      mark.later(state, acted.kind === 'done' ? null : cleanOrNull(acted.reason), run.id, id)
    }
    tally.later(did.retried, did.refused, run.id)
    const ended = waiting.get(run.id, 0, 1) === undefined
    if (ended) end.later(now, run.id)
    return { runId: run.id, ...did, ended }
  }

  return {
    /** Notes a run without messages, which does not run yet. Those that somebody began to prepare and never ended are stopped. */
    prepare({ by, reason, force, late, filter }: Omit<RunRequest, 'messageIds' | 'attempts'>): number {
      const now = clock.now()
      abandon.later(now, now - LONGEST_PREPARING_MS)
      const words = reason?.trim() ? clean(reason.trim()) : null
      return rowOf(
        insert.get(clean(by), words, force ? 1 : 0, late ? 1 : 0, clean(JSON.stringify(filter)), now),
      ).id
    },

    /** Adds messages to a run that is being prepared, each once, with how many attempts it had when it was foreseen; `attempts` null: as it is now. */
    fill(id: number, messageIds: readonly number[], attempts: readonly number[] | null): void {
      if (find.get(id)?.state !== 'preparing') return
      const rows = messageIds.map((messageId, n) => [id, messageId, attempts?.[n] ?? null, messageId])
      count.later(add.each(rows).flat().length, id)
    },

    begin(id: number): RunActed {
      const now = clock.now()
      const row = begin.get(now, id)
      if (!row) return { kind: 'refused', reason: `Run ${id} was stopped before it began.` }
      audit(
        {
          by: row.by,
          action: 'run.begin',
          target: {
            run: id,
            messages: row.total,
            ...(row.force === 1 ? { force: 'yes' } : {}),
            ...(row.late === 1 ? { late: 'yes' } : {}),
          },
          reason: row.reason,
        },
        now,
      )
      return { kind: 'done', run: runOf(row) }
    },

    step({ limit }: Parameters<Ledger['stepRun']>[0]): RunStep | null {
      const all = running.all()
      const [oldest] = all
      looked = new Map(all.flatMap(({ id }) => (looked.has(id) ? [[id, looked.get(id) as Look]] : [])))
      if (!oldest) return null
      const now = clock.now()
      const shut = held.shut(now)
      const open = lanes.all().filter((lane) => !isCovered(lane, shut))
      const room = limit - due(open, limit, now)
      const idle = { runId: oldest.id, retried: 0, refused: 0, ended: false }
      if (room <= 0 || shut.some(({ scope }) => scope === 'all')) return idle
      let looks = Math.max(room, MOST_LOOKED)
      for (const run of all) {
        const { open: free, looks: spent } = next(run, shut, looks)
        if (free.length > 0) return perform(run, free, room, now)
        if (waiting.get(run.id, 0, 1) === undefined) return perform(run, [], room, now)
        looks -= spent
        if (looks <= 0) break
      }
      return idle
    },

    stop(id: number, by: string): RunActed {
      const now = clock.now()
      const row = stop.get(now, id)
      if (row) {
        audit({ by, action: 'run.stop', target: { run: id } }, now)
        return { kind: 'done', run: runOf(row) }
      }
      const found = find.get(id)
      const reason = found
        ? `Run ${id} is ${found.state} already.`
        : `There is no run ${id}. List them: postrider runs list`
      return { kind: 'refused', reason }
    },
  }
}

/** Writing a hundred thousand ids down takes seconds. */
const LONGEST_PREPARING_MS = 3_600_000
/**
 * So many messages are looked at in one step: what a pause covers is passed over, and what is refused costs no request, so that a run need not go slowly over either. Not more, so that the ledger is kept from nobody
 * for long: measured, 500 under a pause take 2 ms.
 */
const MOST_LOOKED = 500

/** Of a run: every waiting message up to `after` is under a pause, as far as those with the ids of `causes` stand. */
type Look = { after: number; causes: string }
type Next = { open: readonly Pick<RunMessageRow, 'message_id' | 'attempts'>[]; looks: number }

function rowOf(row: RunRow | undefined): RunRow {
  if (!row) throw new Error('a run that was just written is gone')
  return row
}

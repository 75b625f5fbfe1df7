import type { Ledger } from '../ledger.ts'
import { clean, cleanOrNull } from '../rows.ts'
import type { RunActed, RunRequest, RunStep } from '../run.ts'
import { runOf } from '../run-reads.ts'
import type { LaneRow, RunRow } from '../schema.ts'
import type { Audit } from './audit.ts'
import type { createOperators } from './operators.ts'
import type { Store } from './store.ts'

/**
 * Runs: many messages that are re-triggered one after another. Which they are is written down before the first is touched, and a message's re-trigger is one
 * transaction with the note that it was done: a service that dies loses none and does none twice.
 */
export function createRuns(
  store: Store,
  { retry, audit }: { retry: ReturnType<typeof createOperators>['retry']; audit: Audit },
) {
  const { prepare, clock, lanes } = store
  const insert = prepare<RunRow>(
    `INSERT INTO runs (state, "by", reason, force, filter, created_at) VALUES ('preparing', ?, ?, ?, ?, ?) RETURNING *`,
  )
  const abandon = prepare(
    `UPDATE runs INDEXED BY runs_preparing SET state = 'stopped', ended_at = ? WHERE state = 'preparing' AND created_at < ?`,
  )
  const find = prepare<RunRow>('SELECT * FROM runs WHERE id = ?')
  const add = prepare(
    `INSERT INTO run_messages (run_id, message_id, state) VALUES (?, ?, 'waiting') ON CONFLICT DO NOTHING`,
  )
  const count = prepare('UPDATE runs SET total = total + ? WHERE id = ?')
  const begin = prepare<RunRow>(
    `UPDATE runs SET state = iif(total = 0, 'done', 'running'), ended_at = iif(total = 0, ?, NULL)
     WHERE id = ? AND state = 'preparing' RETURNING *`,
  )
  const stop = prepare<RunRow>(
    `UPDATE runs SET state = 'stopped', ended_at = ? WHERE id = ? AND state IN ('preparing', 'running') RETURNING *`,
  )
  const oldest = prepare<RunRow>(
    `SELECT * FROM runs INDEXED BY runs_running WHERE state = 'running' ORDER BY id LIMIT 1`,
  )
  const waiting = prepare<{ message_id: number }>(
    `SELECT message_id FROM run_messages INDEXED BY run_messages_waiting
     WHERE run_id = ? AND state = 'waiting' ORDER BY message_id LIMIT ?`,
  )
  const mark = prepare('UPDATE run_messages SET state = ?, reason = ? WHERE run_id = ? AND message_id = ?')
  const tally = prepare('UPDATE runs SET retried = retried + ?, refused = refused + ? WHERE id = ?')
  const end = prepare(`UPDATE runs SET state = 'done', ended_at = ? WHERE id = ?`)
  const dueByHand = prepare<{ id: number }>(
    `SELECT id FROM messages INDEXED BY messages_due
     WHERE state = 'scheduled' AND waits_for IS NULL AND lane = ? AND rank = 0 AND due_at <= ? LIMIT ?`,
  )

  /** How many re-triggers wait for their turn in all lanes, as far as `limit`. */
  function due(all: readonly LaneRow[], limit: number, now: number): number {
    let found = 0
    for (const lane of all) {
      if (found >= limit) break
      found += dueByHand.all(lane.id, now, limit - found).length
    }
    return found
  }

  return {
    /** Notes a run without messages, which does not run yet. Those that somebody began to prepare and never ended are stopped. */
    prepare({ by, reason, force, filter }: Omit<RunRequest, 'messageIds'>): number {
      const now = clock.now()
      abandon.run(now, now - LONGEST_PREPARING_MS)
      const words = reason?.trim() ? clean(reason.trim()) : null
      return rowOf(insert.get(clean(by), words, force ? 1 : 0, clean(JSON.stringify(filter)), now)).id
    },

    /** Adds messages to a run that is being prepared, each once. */
    fill(id: number, messageIds: readonly number[]): void {
      if (find.get(id)?.state !== 'preparing') return
      const added = messageIds.reduce((sum, messageId) => sum + add.run(id, messageId).changes, 0)
      count.run(added, id)
    },

    begin(id: number): RunActed {
      const now = clock.now()
      const row = begin.get(now, id)
      if (!row) return { kind: 'refused', reason: `Run ${id} was stopped before it began.` }
      audit(
        {
          by: row.by,
          action: 'run.begin',
          target: { run: id, messages: row.total, ...(row.force === 1 ? { force: 'yes' } : {}) },
          reason: row.reason,
        },
        now,
      )
      return { kind: 'done', run: runOf(row) }
    },

    step({ limit }: Parameters<Ledger['stepRun']>[0]): RunStep | null {
      const run = oldest.get()
      if (!run) return null
      const now = clock.now()
      const room = limit - due(lanes.all(), limit, now)
      const done = { retried: 0, refused: 0 }
      if (room <= 0) return { runId: run.id, ...done, ended: false }
      const request = { by: run.by, force: run.force === 1, reason: run.reason }
      for (const { message_id } of waiting.all(run.id, Math.max(room, MOST_REFUSED))) {
        if (done.retried >= room) break
        const acted = retry(message_id, request)
        if (acted.kind === 'done') done.retried += 1
        else done.refused += 1
        const state = acted.kind === 'done' ? 'retried' : 'refused'
        mark.run(state, acted.kind === 'done' ? null : cleanOrNull(acted.reason), run.id, message_id)
      }
      tally.run(done.retried, done.refused, run.id)
      const ended = waiting.get(run.id, 1) === undefined
      if (ended) end.run(now, run.id)
      return { runId: run.id, ...done, ended }
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
/** What is refused costs no request, so that a run need not go slowly over it; not more, so that the ledger is kept from nobody for long. */
const MOST_REFUSED = 500

function rowOf(row: RunRow | undefined): RunRow {
  if (!row) throw new Error('a run that was just written is gone')
  return row
}

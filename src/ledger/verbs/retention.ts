import { type Retention, type RetentionStep, removedWords } from '../retention.ts'
import type { EventRow } from '../schema.ts'
import { createOldAsides } from './old-asides.ts'
import type { OldRows } from './old-rows.ts'
import type { Payloads } from './payloads.ts'
import type { Store } from './store.ts'

type Line = Pick<EventRow, 'id' | 'received_at'>
/** What one part of a round did with one step; `more`: it is not done. */
type Part = (request: Retention & { limit: number }, now: number) => RetentionStep

/**
 * Removes what is old, some rows at a time: a round goes through parts, each step does a piece of one. How far payloads are removed stands in the ledger; everything else begins anew with the
 * round, so that a step that was undone is made up for in the next.
 */
export function createRetention(
  store: Store,
  { payloads, oldRows }: { payloads: Payloads; oldRows: OldRows },
): (request: Retention & { limit: number }) => RetentionStep {
  const { prepare, clock } = store
  const events = prepare<Line>('SELECT id, received_at FROM events WHERE id > ? ORDER BY id LIMIT ?')
  const done = prepare<{ value: string }>(`SELECT value FROM meta WHERE name = 'payloads'`)
  const setDone = prepare(
    `INSERT INTO meta (name, value) VALUES ('payloads', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
  const keep = prepare('INSERT INTO kept_payloads (event_id) VALUES (?) ON CONFLICT DO NOTHING')
  const kept = prepare<Line>(
    `SELECT events.id, received_at FROM kept_payloads CROSS JOIN events
     WHERE events.id = kept_payloads.event_id AND event_id > ? ORDER BY event_id LIMIT ?`,
  )
  const unkeep = prepare('DELETE FROM kept_payloads WHERE event_id = ?')
  const asides = createOldAsides(store)

  let lookedAgain = 0
  /** Events that were not finished when it was their turn. */
  const keptPayloads: Part = ({ limit, ...retention }, now) => {
    const rows = kept.all(lookedAgain, limit)
    lookedAgain = rows.length < limit ? 0 : (rows.at(-1)?.id ?? 0)
    const free = rows.filter(
      ({ id, received_at }) => received_at <= now - retention.payloadMs && !payloads.isUnfinished(id),
    )
    for (const { id } of free) {
      payloads.removeFrom(id, removedWords(retention))
      unkeep.run(id)
    }
    return { ...NOTHING, payloads: free.length, more: lookedAgain > 0 }
  }

  const newPayloads: Part = ({ limit, ...retention }, now) => {
    const rows = events.all(Number(done.get()?.value ?? 0), limit)
    const old = oldOf(rows, now, now - retention.payloadMs)
    let removed = 0
    for (const { id, received_at } of old) {
      if (received_at > now || payloads.isUnfinished(id)) {
        keep.run(id)
        continue
      }
      payloads.removeFrom(id, removedWords(retention))
      removed += 1
    }
    const last = old.at(-1)
    if (last) setDone.run(String(last.id))
    return { ...NOTHING, payloads: removed, more: old.length === limit }
  }

  let passed = 0
  const rows: Part = ({ limit, rowsMs }, now) => {
    const old = oldOf(events.all(passed, limit), now, now - rowsMs)
    passed = old.length < limit ? 0 : (old.at(-1)?.id ?? 0)
    const free = old.filter(
      ({ id, received_at }) => received_at <= now && !oldRows.isNewest(id) && !payloads.isUnfinished(id),
    )
    oldRows.remove(free.map(({ id }) => id))
    return { ...NOTHING, events: free.length, more: passed > 0 }
  }

  const others: Part = ({ limit, rowsMs }, now) => {
    const { removed, more } = asides.remove(limit, rowsMs, now)
    return { ...NOTHING, others: removed, more }
  }

  const keys: Part = ({ limit }, now) => {
    const { removed, more } = asides.sweepKeys(limit, now)
    return { ...NOTHING, others: removed, more }
  }

  const PARTS: readonly Part[] = [keptPayloads, newPayloads, rows, others, keys]
  let part = 0
  return (request) => {
    const stepped = (PARTS[part] ?? keys)(request, clock.now())
    if (stepped.more) return stepped
    part = (part + 1) % PARTS.length
    return { ...stepped, more: part !== 0 }
  }
}

const NOTHING: RetentionStep = { payloads: 0, events: 0, others: 0, more: false }

/** Those at the beginning that were received by then. What bears a time to come, of a clock that was wrong, stands in nobody's way. */
function oldOf(rows: readonly Line[], now: number, cutoff: number): readonly Line[] {
  const young = rows.findIndex(({ received_at }) => received_at > cutoff && received_at <= now)
  return young < 0 ? rows : rows.slice(0, young)
}

import type { Clock } from '../../clock.ts'
import type { TallyKind } from '../overview.ts'
import type { Prepare } from './statement.ts'

const MINUTE_MS = 60_000
const KEPT_FOR_MS = 2 * 86_400_000
/** How often those that were kept long enough are deleted: a few thousand rows at a time. */
const FORGET_MS = 3_600_000

/**
 * Counts of what happens in a transaction, written at its end: one row for each source and minute, however many events share the commit. Messages are counted where
 * their state is written, by a trigger.
 */
export type Tallies = {
  /** `at`: epoch milliseconds. */
  add(kind: TallyKind, name: string, at: number): void
  /** Into the present transaction, which is then committed. */
  write(): void
  /** Where `back` goes back to. */
  mark(): void
  /** What was counted since `mark` was undone. */
  back(): void
  /** All that was counted was undone. */
  forget(): void
}

type Count = { minute: number; kind: TallyKind; name: string; count: number }

export function createTallies(prepare: Prepare, clock: Pick<Clock, 'now'>): Tallies {
  const upsert = prepare(
    `INSERT INTO tallies (minute, kind, name, count) VALUES (?, ?, ?, ?)
     ON CONFLICT (minute, kind, name) DO UPDATE SET count = tallies.count + excluded.count`,
  )
  const deleteOld = prepare('DELETE FROM tallies WHERE minute < ?')
  let counts = new Map<string, Count>()
  let marked = counts
  let forgotAt = Number.NEGATIVE_INFINITY

  function forgetOld(): void {
    const now = clock.now()
    if (Math.abs(now - forgotAt) < FORGET_MS) return
    deleteOld.later(now - KEPT_FOR_MS)
    forgotAt = now
  }

  return {
    add(kind, name, at) {
      const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS
      const place = `${minute} ${kind} ${name}`
      const count = (counts.get(place)?.count ?? 0) + 1
      counts.set(place, { minute, kind, name, count })
    },
    write() {
      if (counts.size === 0) return
      // In one order everywhere: two transactions that count the same must not wait for each other.
      for (const place of [...counts.keys()].sort()) {
        const { minute, kind, name, count } = counts.get(place) as Count
        upsert.later(minute, kind, name, count)
      }
      counts.clear()
      forgetOld()
    },
    mark() {
      marked = new Map(counts)
    },
    back() {
      counts = new Map(marked)
    },
    forget() {
      counts.clear()
    },
  }
}

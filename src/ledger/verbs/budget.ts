import type { Ledger } from '../ledger.ts'
import type { BudgetRow } from '../schema.ts'
import { wasSetBack } from '../standing.ts'
import type { Store } from './store.ts'

/**
 * GCRA (the generic cell rate algorithm): the row holds when the next call may be made. Fractions of a millisecond are kept, or a limit above
 * 60,000 a minute would be none.
 */
export function createTakeBudget({ prepare, dialect, clock, tallies }: Store) {
  const read = prepare<BudgetRow>(`SELECT * FROM budget WHERE id = 1${dialect.forUpdate}`)
  const write = prepare('UPDATE budget SET tat = ?, lowered_until = ?, taken_at = ? WHERE id = 1')

  return (perMinute: number, calls: number): number[] => {
    const now = clock.now()
    const found = read.get()
    if (!found) throw new Error('the row of the budget is missing')
    const row = onClockOf(now, found)
    const waits: number[] = []
    for (let call = 0; call < calls; call += 1) {
      const { start, next } = placeOf(row, 60_000 / perMinute, now)
      row.tat = next
      tallies.add('calls', '', start)
      waits.push(start - now)
    }
    write.later(row.tat, row.lowered_until, now)
    return waits
  }
}

/** Where the clock was set back since the last call, what was planned on the old time is moved to the new one: nobody waits for an hour to come again. */
function onClockOf(now: number, row: BudgetRow): BudgetRow {
  const { tat, lowered_until: until, taken_at: taken } = row
  if (taken === null || !wasSetBack(taken, now)) return row
  const byMs = taken - now
  return { ...row, tat: tat - byMs, lowered_until: until === null ? null : until - byMs }
}

/**
 * When a call may be made, and when the one after it; epoch milliseconds. While the budget is lowered the slower of the two rates counts, but it holds up no
 * call past its own end: those that queue up meanwhile follow that end at the full rate. Lowered to 0, no call is made before it.
 */
function placeOf(row: BudgetRow, interval: number, now: number): { start: number; next: number } {
  const { tat, lowered_per_minute: perMinute, lowered_until: until } = row
  const soonest = Math.max(tat, now)
  if (perMinute === null || until === null || until <= now)
    return { start: soonest, next: soonest + interval }
  if (perMinute === 0) {
    const start = Math.max(soonest, until)
    return { start, next: start + interval }
  }
  const slowed = soonest + Math.max(interval, 60_000 / perMinute)
  return { start: soonest, next: Math.min(slowed, Math.max(until, soonest + interval)) }
}

/** Only remembers: what was given until then is given, and a later word finds nothing that it had to undo. */
export function createLowerBudget({ prepare, clock }: Store) {
  const lower = prepare('UPDATE budget SET lowered_per_minute = ?, lowered_until = ? WHERE id = 1')
  return ({ perMinute, forMs }: Parameters<Ledger['lowerBudget']>[0]): void => {
    lower.later(Math.max(0, perMinute), clock.now() + Math.ceil(forMs))
  }
}

/** A start waits for nobody who waited before it, and a clock that was set back must not stop sending for as long. */
const LONGEST_DEBT_MS = 60_000

export function createForgiveDebt({ prepare, clock }: Store) {
  const forgive = prepare(
    'UPDATE budget SET tat = min(tat, ?), lowered_per_minute = NULL, lowered_until = NULL, taken_at = NULL WHERE id = 1',
  )
  return (): void => {
    forgive.later(clock.now() + LONGEST_DEBT_MS)
  }
}

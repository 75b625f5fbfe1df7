import type { Ledger } from '../ledger.ts'
import type { Store } from './store.ts'

/**
 * GCRA (the generic cell rate algorithm): the row holds when the next call may be made. Fractions of a millisecond are kept, or a limit above
 * 60,000 a minute would be none. While the budget is lowered, the slower of the two rates counts; lowered to 0, the next call is made when that ends.
 */
export function createTakeBudget({ prepare, clock }: Store) {
  const take = prepare<{ tat: number; interval: number }>(
    `UPDATE budget
     SET tat = max(tat, ?1, iif(lowered_per_minute = 0, lowered_until, 0)) + ${INTERVAL}
     WHERE id = 1 RETURNING tat, ${INTERVAL} AS interval`,
  )

  return (perMinute: number): { waitMs: number } => {
    const now = clock.now()
    const row = take.get(now, 60_000 / perMinute)
    if (!row) throw new Error('the row of the budget is missing')
    return { waitMs: Math.max(0, row.tat - row.interval - now) }
  }
}

/** In milliseconds; ?1 is the present time, ?2 the interval that the caller asks for. */
const INTERVAL =
  'iif(lowered_until > ?1 AND lowered_per_minute > 0, max(?2, 60000.0 / lowered_per_minute), ?2)'

/** Only remembers: what was given until then is given, and a later word finds nothing that it had to undo. */
export function createLowerBudget({ prepare, clock }: Store) {
  const lower = prepare('UPDATE budget SET lowered_per_minute = ?, lowered_until = ? WHERE id = 1')
  return ({ perMinute, forMs }: Parameters<Ledger['lowerBudget']>[0]): void => {
    lower.run(Math.max(0, perMinute), clock.now() + Math.ceil(forMs))
  }
}

/** A start waits for nobody who waited before it, and a clock that was set back must not stop sending for as long. */
const LONGEST_DEBT_MS = 60_000

export function createForgiveDebt({ prepare, clock }: Store) {
  const forgive = prepare(
    'UPDATE budget SET tat = min(tat, ?), lowered_per_minute = NULL, lowered_until = NULL WHERE id = 1',
  )
  return (): void => {
    forgive.run(clock.now() + LONGEST_DEBT_MS)
  }
}

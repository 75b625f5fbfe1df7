import type { Store } from './store.ts'

/**
 * GCRA (the generic cell rate algorithm): the row holds when the next call may be made. Fractions of a millisecond are kept, or a limit above
 * 60,000 a minute would be none.
 */
export function createTakeBudget({ prepare, clock }: Store) {
  const take = prepare<{ tat: number }>('UPDATE budget SET tat = max(tat, ?) + ? WHERE id = 1 RETURNING tat')

  return (perMinute: number): { waitMs: number } => {
    const now = clock.now()
    const interval = 60_000 / perMinute
    const row = take.get(now, interval)
    if (!row) throw new Error('the row of the budget is missing')
    return { waitMs: Math.max(0, row.tat - interval - now) }
  }
}

/** A start waits for nobody who waited before it, and a clock that was set back must not stop sending for as long. */
const LONGEST_DEBT_MS = 60_000

export function createForgiveDebt({ prepare, clock }: Store) {
  const forgive = prepare('UPDATE budget SET tat = min(tat, ?) WHERE id = 1')
  return (): void => {
    forgive.run(clock.now() + LONGEST_DEBT_MS)
  }
}

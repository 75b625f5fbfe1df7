import type { Clock } from '../../clock.ts'
import type { Names } from '../names.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createOnceKeys, type OnceKeys } from './once.ts'
import type { Dialect, Prepare } from './statement.ts'
import { createTallies, type Tallies } from './tallies.ts'
import { createTurns, type Turns } from './turns.ts'

/** What the verbs of the hot path share. Each of them runs inside a transaction that its caller began. */
export type Store = {
  prepare: Prepare
  dialect: Dialect
  clock: Pick<Clock, 'now'>
  random: () => string
  /** Why the database refused the data of one statement, in its own words, which name columns and never values; null for any other error. */
  refusalOf(error: unknown): string | null
  lanes: Lanes
  once: OnceKeys
  names: Names
  turns: Turns
  tallies: Tallies
  /** Says that the present transaction made messages due; who waits for them is told when it is committed. */
  dueNow(): void
}

export function createStore(base: Omit<Store, 'lanes' | 'once' | 'turns' | 'tallies'>): Store {
  const { prepare, clock, dueNow } = base
  return {
    ...base,
    lanes: createLanes(prepare),
    once: createOnceKeys(prepare, clock),
    turns: createTurns(prepare, dueNow),
    tallies: createTallies(prepare, clock),
  }
}

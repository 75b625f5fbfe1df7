import type { Clock } from '../../clock.ts'
import type { Prepare } from './database.ts'
import { createLanes, type Lanes } from './lanes.ts'
import type { Names } from './names.ts'
import { createOnceKeys, type OnceKeys } from './once.ts'
import { createTallies, type Tallies } from './tallies.ts'
import { createTurns, type Turns } from './turns.ts'

/** What the verbs of the hot path share. Each of them runs inside a transaction that its caller began. */
export type Store = {
  prepare: Prepare
  clock: Pick<Clock, 'now'>
  random: () => string
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

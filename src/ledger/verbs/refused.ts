import type { Store } from './store.ts'

const HOUR_MS = 3_600_000
/** So many (source, reason) pairs are told apart between two flushes; a stranger must not fill the memory with names. */
const MOST_PAIRS = 1_000
const LONGEST = 200

export type RefusedCount = {
  source: string
  reason: string
  hour: number
  count: number
  firstAt: number
  lastAt: number
}

/** Counts of refused deliveries on their way to the disk. */
export type RefusedCounts = {
  add(source: string, reason: string): void
  /** What was counted since the last call. */
  drain(): RefusedCount[]
  /** Counts again what could not be written. */
  putBack(counts: readonly RefusedCount[]): void
}

export function createRefusedCounts({ clock }: Pick<Store, 'clock'>): RefusedCounts {
  let counts = new Map<string, RefusedCount>()

  function count(one: RefusedCount): void {
    const name = `${one.hour}\0${one.source}\0${one.reason}`
    const known = counts.get(name)
    if (known) {
      known.count += one.count
      known.firstAt = Math.min(known.firstAt, one.firstAt)
      known.lastAt = Math.max(known.lastAt, one.lastAt)
    } else if (counts.size < MOST_PAIRS || one.source === OTHERS) counts.set(name, one)
    else count({ ...one, source: OTHERS, reason: 'too many to tell apart' })
  }

  return {
    add(source, reason) {
      const now = clock.now()
      const hour = Math.floor(now / HOUR_MS) * HOUR_MS
      const [name, code] = [source.slice(0, LONGEST), reason.slice(0, LONGEST)]
      count({ source: name, reason: code, hour, count: 1, firstAt: now, lastAt: now })
    },
    drain() {
      const drained = [...counts.values()]
      counts = new Map()
      return drained
    },
    putBack(drained) {
      for (const one of drained) count(one)
    },
  }
}

/** No source is called so: names in the configuration have no parentheses. */
const OTHERS = '(others)'

export function createWriteRefused({ prepare }: Store, cleaned: (text: string) => string) {
  const upsert = prepare(
    `INSERT INTO refused (hour, source, reason, count, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (hour, source, reason)
     DO UPDATE SET count = refused.count + excluded.count, first_at = min(refused.first_at, excluded.first_at),
       last_at = max(refused.last_at, excluded.last_at)`,
  )
  return (counts: readonly RefusedCount[]): void => {
    for (const { hour, source, reason, count, firstAt, lastAt } of counts) {
      upsert.run(hour, cleaned(source), cleaned(reason), count, firstAt, lastAt)
    }
  }
}

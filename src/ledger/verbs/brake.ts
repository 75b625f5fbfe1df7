import type { Brake } from '../../message.ts'
import type { Store } from './store.ts'

/**
 * A window is counted in so many buckets: a check sums 61 rows at most, whatever the limit and however long the window. The oldest bucket
 * counts until all of it is out of the window, so a message counts for up to 1/60 of the window too long, never too short.
 */
const BUCKETS = 60

export type BrakeCounts = {
  /** How many messages of the route were opened for the first time within the window. */
  count(route: string, brake: Brake, now: number): number
  /** `times`: how many at once; one by default. */
  add(route: string, brake: Pick<Brake, 'perMs'>, now: number, times?: number): void
}

/** Counts are kept by window length: where a route's configuration changes it, the count begins anew. */
export function createBrakeCounts({ prepare }: Pick<Store, 'prepare'>): BrakeCounts {
  const sum = prepare<{ sum: number }>(
    'SELECT coalesce(sum(count), 0) AS sum FROM route_opens WHERE route = ? AND per_ms = ? AND bucket >= ?',
  )
  const add = prepare(
    `INSERT INTO route_opens (route, per_ms, bucket, count) VALUES (?, ?, ?, ?)
     ON CONFLICT (route, per_ms, bucket) DO UPDATE SET count = route_opens.count + excluded.count`,
  )
  const forget = prepare('DELETE FROM route_opens WHERE route = ? AND per_ms = ? AND bucket < ?')

  const width = ({ perMs }: Pick<Brake, 'perMs'>) => Math.max(1, Math.ceil(perMs / BUCKETS))
  const oldest = (brake: Pick<Brake, 'perMs'>, now: number) => Math.floor((now - brake.perMs) / width(brake))

  return {
    count: (route, brake, now) => sum.get(route, brake.perMs, oldest(brake, now))?.sum ?? 0,
    add(route, brake, now, times = 1) {
      add.later(route, brake.perMs, Math.floor(now / width(brake)), times)
      forget.later(route, brake.perMs, oldest(brake, now))
    },
  }
}

import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../src/clock.ts'

export type ManualClock = Clock & {
  /** Moves time on by `ms`, waking every sleeper on the way in its order. */
  advance(ms: number): Promise<void>
  /** When the next sleeper is due; null where nobody sleeps. */
  nextAt(): number | null
}

/** A clock that stands still until it is told to go on. */
export function createManualClock(startAt = Date.UTC(2026, 10, 23, 9, 0, 0)): ManualClock {
  let now = startAt
  const sleepers = new Set<{ at: number; wake: () => void }>()
  const next = () => {
    let first: { at: number; wake: () => void } | null = null
    for (const sleeper of sleepers) if (first === null || sleeper.at < first.at) first = sleeper
    return first
  }
  return {
    now: () => now,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { at: now + ms, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake)
      })
    },
    async advance(ms) {
      const until = now + ms
      for (let sleeper = next(); sleeper && sleeper.at <= until; sleeper = next()) {
        now = Math.max(now, sleeper.at)
        sleeper.wake()
        await setImmediate()
      }
      now = until
    },
    nextAt: () => next()?.at ?? null,
  }
}

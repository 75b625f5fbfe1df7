import type { Clock } from '../../src/clock.ts'

/** A clock that stands still until it is moved. Sleepers wake when their time has come. */
export type ManualClock = Clock & { advance(ms: number): void }

export function manualClock(start = Date.UTC(2026, 10, 23, 9)): ManualClock {
  let now = start
  const sleepers = new Set<{ at: number; wake(): void }>()
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const sleeper = { at: now + ms, wake }
        function wake() {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        signal?.addEventListener('abort', wake)
        sleepers.add(sleeper)
      }),
    advance(ms) {
      now += ms
      for (const sleeper of [...sleepers]) if (sleeper.at <= now) sleeper.wake()
    },
  }
}

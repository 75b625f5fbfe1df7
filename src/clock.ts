/** Time, passed in so that tests can move it. Every instant in Postrider is epoch milliseconds (UTC). */
export type Clock = {
  now(): number
  /** Resolves after `ms` milliseconds, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Time that goes on where the clock is set back: for what lasts so long and no longer. It says how long, not when. */
export function steady(clock: Pick<Clock, 'now'>): () => number {
  let last = clock.now()
  let behind = 0
  return () => {
    const now = clock.now()
    if (now < last) behind += last - now
    last = now
    return now + behind
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done)
    }),
}

/** Why a sleep is ended, where nobody asks. The reason that `abort` makes where none is given has a stack, which costs more than a message's look-ups. */
export const AWAKE = 'awake'

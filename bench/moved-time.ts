import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../src/clock.ts'
import { createManualClock } from '../test/manual-clock.ts'

/** Time that goes on only when nothing real is under way, so that minutes pass in seconds and nothing depends on the machine. */
export type MovedTime = {
  clock: Clock
  /** The same functions, but that time stands still until their promises are settled. */
  counted<T extends object>(functions: T): T
  run(ms: number): Promise<void>
  /** Moves time on until a promise is settled. */
  until(promise: Promise<void>): Promise<void>
}

export function createMovedTime(): MovedTime {
  const clock = createManualClock()
  let underWay = 0
  let ended = () => {}

  /** Nothing is under way, nor was begun by what ended last: a chain of promises may take some turns to begin the next. */
  async function quiet(): Promise<void> {
    for (let calm = 0; calm < CALM_TURNS; calm = underWay === 0 ? calm + 1 : 0) {
      if (underWay > 0) await new Promise<void>((resolve) => (ended = resolve))
      await setImmediate()
    }
  }

  async function step(latest: number): Promise<void> {
    await quiet()
    const next = Math.min(latest, clock.nextAt() ?? latest)
    await clock.advance(Math.max(0, next - clock.now()))
  }

  return {
    clock,
    counted<T extends object>(functions: T): T {
      const members = Object.entries(functions).map(([name, member]: [string, unknown]) => {
        if (typeof member !== 'function') return [name, member]
        const call = (...args: unknown[]) => {
          const answer: unknown = member(...args)
          if (!(answer instanceof Promise)) return answer
          underWay += 1
          return answer.finally(() => {
            underWay -= 1
            if (underWay === 0) ended()
          })
        }
        return [name, call]
      })
      return Object.fromEntries(members) as T
    },
    async run(ms) {
      const end = clock.now() + ms
      while (clock.now() < end) await step(end)
      await quiet()
    },
    async until(promise) {
      let settled = false
      const wait = promise.finally(() => {
        settled = true
      })
      while (!settled) await step(clock.now() + 1000)
      await wait
    },
  }
}

const CALM_TURNS = 8

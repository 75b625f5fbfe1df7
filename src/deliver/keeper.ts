import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Retention } from '../ledger/retention.ts'
import type { Log } from '../log.ts'

/** Events of one step: some milliseconds of the thread that writes, which is a commit's time. */
const LIMIT = 200
/** Of the time of that thread a tenth at most: ingest and sending have the rest, however much is old. */
const REST = 9
const LEAST_REST_MS = 20
/** What gets old during a round waits for the next. */
const ROUND_MS = 600_000
/** A service that starts has better things to do. */
const FIRST_MS = 60_000
/** Whatever it was may be over then. */
const AGAIN_MS = 60_000

/** Removes what is old from the ledger, step by step. Goes on by itself after a crash: how far it is stands in the ledger. */
export type Keeper = {
  /** Until stopped; resolves when the last step is written. */
  run(): Promise<void>
  /** Idempotent. */
  stop(): void
}

export function createKeeper(deps: {
  ledger: Pick<Ledger, 'removeOld'>
  retention: Retention
  clock: Clock
  log: Log
}): Keeper {
  const { ledger, retention, clock, log } = deps
  const stopping = new AbortController()

  /** Until nothing old is left, or until stopped. */
  async function round(): Promise<void> {
    const removed = { payloads: 0, events: 0 }
    for (;;) {
      const began = clock.now()
      const step = await ledger.removeOld({ ...retention, limit: LIMIT })
      removed.payloads += step.payloads
      removed.events += step.events
      if (!step.more || stopping.signal.aborted) break
      await clock.sleep(Math.max(LEAST_REST_MS, REST * (clock.now() - began)), stopping.signal)
    }
    if (removed.payloads + removed.events === 0) return
    log.info(
      `what is old was removed: the payloads of ${removed.payloads} events, and ${removed.events} events`,
    )
  }

  return {
    async run() {
      await clock.sleep(FIRST_MS, stopping.signal)
      while (!stopping.signal.aborted) {
        const waitMs = await round().then(
          () => ROUND_MS,
          (error: unknown) => {
            log.error('what is old cannot be removed; it is tried again', { error: messageOf(error) })
            return AGAIN_MS
          },
        )
        await clock.sleep(waitMs, stopping.signal)
      }
    },
    stop: () => stopping.abort(),
  }
}

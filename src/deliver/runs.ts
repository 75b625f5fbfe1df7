import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'

/**
 * Of the budget, what a run may take: re-triggers go before what customers' events call for, so that with all of it nothing else would be sent for as long as a run lasts. With
 * half of it, live messages find the other half.
 */
const SHARE = 0.5
/** A message takes two calls, the look-up of its contact and the send; over channels with addresses one, and a run takes less than its share. */
const CALLS_A_MESSAGE = 2
/** One step is what may be re-triggered in this time: live messages wait behind no more than that. */
const STEP_MS = 1_000
/** Whoever begins a run may be another process: it is noticed after this. */
const POLL_MS = 1_000

/** Re-triggers the messages of runs, so many at a time that they do not flood the queue. Goes on by itself after a crash: how far a run is stands in the ledger. */
export type Runner = {
  /** Until stopped; resolves when the last step is written. */
  run(): Promise<void>
  /** Idempotent. */
  stop(): void
}

/** How many messages may wait as re-triggered at a time, and how often that many are. */
export function paceOf(rateLimitPerMinute: number): { limit: number; everyMs: number } {
  const perMinute = (rateLimitPerMinute * SHARE) / CALLS_A_MESSAGE
  const limit = Math.max(1, Math.ceil((perMinute * STEP_MS) / 60_000))
  return { limit, everyMs: Math.ceil((limit / perMinute) * 60_000) }
}

export function createRunner(deps: {
  ledger: Pick<Ledger, 'stepRun'>
  rateLimitPerMinute: number
  clock: Clock
  log: Log
}): Runner {
  const { ledger, clock, log } = deps
  const { limit, everyMs } = paceOf(deps.rateLimitPerMinute)
  const stopping = new AbortController()
  let told: number[] = []

  /** Answers how long to wait before the next. */
  async function step(): Promise<number> {
    const stepped = await ledger.stepRun({ limit })
    if (stepped === null) {
      told = []
      return POLL_MS
    }
    const { runId, retried, refused, ended } = stepped
    // It may be that a pause covers what is left of one, and others go on.
    if (retried + refused > 0 && !told.includes(runId)) {
      log.info('a run re-triggers messages', { run: runId })
      told.push(runId)
    }
    if (ended) {
      log.info('a run has re-triggered all of its messages', { run: runId })
      told = told.filter((id) => id !== runId)
    }
    return everyMs
  }

  return {
    async run() {
      while (!stopping.signal.aborted) {
        const waitMs = await step().catch((error: unknown) => {
          log.error('runs cannot go on; it is tried again', { error: messageOf(error) })
          return POLL_MS
        })
        await clock.sleep(waitMs, stopping.signal)
      }
    },
    stop: () => stopping.abort(),
  }
}

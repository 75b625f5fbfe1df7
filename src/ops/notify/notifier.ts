import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Notice, NoticeCause } from '../../ledger/notices.ts'
import type { Log } from '../../log.ts'
import type { Expected } from '../attention.ts'
import { OUTAGE } from '../pause-cause.ts'
import { deliveryOf, noticesOf } from './notices.ts'
import { isTaken, mayBeTaken, type Posted, post, postedWords, type Receiver } from './post.ts'

/** How often it is looked at what needs a person. */
const LOOK_MS = 10_000
/** How soon what was found is told, and tried again. */
const TELL_MS = 1_000
/** A receiver that takes nothing is asked again after 1, 2, 4 … 60 s, for as long as the cause stands. */
const FIRST_WAIT_MS = 1_000
const LAST_WAIT_MS = 60_000
/** An outage in which one request gets through now and then is one outage: it is over when it has not been told of for longer than it takes to be told of again. */
const OUTAGE_OVER_MS = 60_000

/**
 * Tells somebody outside what needs a person: once when it begins, once when it is over. What stands and what was told is in the ledger, so a restart neither repeats nor forgets it;
 * when the next try is due is not, and a start tries at once. Nothing waits for it: neither receiving nor sending.
 */
export type Notifier = {
  /** Until stopped; resolves when the post on its way was given up. */
  run(): Promise<void>
  /** Idempotent. */
  stop(): void
}

export function createNotifier(deps: {
  ledger: Pick<Ledger, 'pauses' | 'observe' | 'untold' | 'told' | 'tried'> & {
    reads: Pick<Ledger['reads'], 'trouble'>
  }
  receiver: Receiver
  expected: readonly Expected[]
  clock: Clock
  log: Log
}): Notifier {
  const { ledger, receiver, expected, clock, log } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const host = new URL(receiver.url).host
  /** By notice: how often it was answered with something else than yes, and when it is tried next. */
  const waits = new Map<string, Wait>()
  /** The receiver that does not answer at all is left alone with everything. */
  let silence: Wait = NO_WAIT
  let isFailing = false
  /** The outage as it was last seen, and when. */
  let outage: { notice: NoticeCause; at: number } | null = null

  async function look(): Promise<number> {
    const trouble = await ledger.reads.trouble()
    const pauses = await ledger.pauses()
    const now = clock.now()
    const found = noticesOf({ trouble, pauses, expected, now })
    const seen = found.find(({ cause }) => cause === OUTAGE)
    if (seen) outage = { notice: seen, at: now }
    const lingers = !seen && outage !== null && now - outage.at < OUTAGE_OVER_MS
    await ledger.observe(lingers && outage ? [...found, outage.notice] : found)
    return LOOK_MS
  }

  async function tell(): Promise<number> {
    if (clock.now() < silence.at) return TELL_MS
    const untold = await ledger.untold()
    forgetAllBut(untold)
    for (const notice of untold) {
      if (signal.aborted) break
      const key = keyOf(notice)
      const wait = waits.get(key) ?? NO_WAIT
      if (clock.now() < wait.at) continue
      // Before it leaves: who is killed now does not know what became of it either.
      const isFirst = notice.what === 'began' && !notice.tried
      if (isFirst) await ledger.tried(notice.id, true)
      const posted = await post(receiver, deliveryOf(notice), { clock, signal })
      if (isFirst && !isTaken(posted) && !mayBeTaken(posted)) await ledger.tried(notice.id, false)
      if (signal.aborted && posted.kind === 'unanswered') break
      if (isTaken(posted)) {
        await ledger.told(notice.id, notice.what)
        waits.delete(key)
        silence = NO_WAIT
        sayTold(notice)
        continue
      }
      sayFailed(notice, posted)
      if (posted.kind === 'unanswered') {
        silence = longer(silence, clock.now())
        break
      }
      silence = NO_WAIT
      waits.set(key, longer(wait, clock.now()))
    }
    return TELL_MS
  }

  function forgetAllBut(untold: readonly Notice[]): void {
    const keys = new Set(untold.map(keyOf))
    for (const key of waits.keys()) if (!keys.has(key)) waits.delete(key)
  }

  function sayTold({ cause, what }: Notice): void {
    isFailing = false
    log.info(
      what === 'began' ? 'somebody was told what needs a person' : 'somebody was told that it is over',
      {
        reason: cause,
        host,
      },
    )
  }

  /** Once until something is taken again: a receiver that is down for a day is no thousand lines. */
  function sayFailed({ cause }: Notice, posted: Posted): void {
    if (!isFailing) {
      const status = posted.kind === 'answered' ? { status: posted.status } : {}
      log.warn('notify: nobody could be told what needs a person; it is tried again', {
        reason: cause,
        host,
        ...status,
        error: postedWords(posted),
      })
    }
    isFailing = true
  }

  async function again(step: () => Promise<number>, waitMs: number, what: string): Promise<void> {
    while (!signal.aborted) {
      const ms = await step().catch((error: unknown) => {
        log.error(what, { error: messageOf(error) })
        return waitMs
      })
      await clock.sleep(ms, signal)
    }
  }

  return {
    async run() {
      await Promise.all([
        again(look, LOOK_MS, 'notify: what needs a person cannot be looked at; it is tried again'),
        again(tell, LOOK_MS, 'notify: what is to be told cannot be read; it is tried again'),
      ])
    },
    stop: () => stopping.abort(),
  }
}

type Wait = { tries: number; at: number }
const NO_WAIT: Wait = { tries: 0, at: 0 }

function longer({ tries }: Wait, now: number): Wait {
  const ms = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10))
  return { tries: tries + 1, at: now + ms }
}

function keyOf({ id, what }: Notice): string {
  return `${id} ${what}`
}

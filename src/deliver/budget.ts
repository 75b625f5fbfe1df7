import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { BudgetReading } from '../genesys/genesys.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'

/**
 * Genesys counts calls in windows of a minute that begin when it likes, and calls arrive a little sooner or later than they leave. At the full rate one window
 * or another would have a call too many; a hundredth less, and none has.
 */
const MARGIN = 0.99

/** Calls that may be made in a minute under a ceiling, evenly spread. */
export function paceUnder(perMinute: number): number {
  return perMinute * MARGIN
}

/** Below this share of our own pace, what is left of a window says that somebody else uses it, or that a window is nearly over. */
const NOTICEABLE = 0.9

export type Lowering = {
  perMinute: number
  forMs: number
  why: 'allowed-less' | 'used-by-others' | 'used-up'
}

/**
 * What the headers of an answer say about the budget; null: go on as configured. It is only ever lowered: what Genesys allows beyond the
 * configured ceiling is left to others. Pure.
 */
export function loweringOf(reading: BudgetReading, ceiling: number): Lowering | null {
  const { allowed, count, resetMs } = reading
  // What is no number of calls says nothing.
  if (allowed === null || !Number.isInteger(allowed) || allowed < 1) return null
  const most = paceUnder(Math.min(allowed, ceiling))
  if (count !== null && resetMs !== null && resetMs > 0 && resetMs <= LONGEST_WINDOW_MS) {
    const left = allowed - count
    // Counts are whole calls and the rest of a window is whole seconds, rounded up: the most that both can mean.
    const mostLeft = ((left + 1) / Math.max(1, resetMs - 1000)) * 60_000
    if (mostLeft < most * NOTICEABLE) {
      return { perMinute: Math.max(0, (left / resetMs) * 60_000), forMs: resetMs, why: 'used-by-others' }
    }
    // The window's last calls were ours.
    if (left <= 0) return { perMinute: 0, forMs: resetMs, why: 'used-up' }
    if (allowed < ceiling) {
      // What was made before it was known that fewer are allowed is made up for within the window.
      const spread = (Math.max(0, left - ON_THEIR_WAY) / resetMs) * 60_000
      return { perMinute: Math.min(most, spread), forMs: resetMs, why: 'allowed-less' }
    }
  }
  return allowed < ceiling ? { perMinute: most, forMs: ALLOWED_FOR_MS, why: 'allowed-less' } : null
}

/** Calls that an answer's count does not have yet. */
const ON_THEIR_WAY = 3

/** Windows are of a minute; what claims to be longer is not one. */
const LONGEST_WINDOW_MS = 5 * 60_000
/** What Genesys allows changes when its support changes it; each answer says it again. */
const ALLOWED_FOR_MS = 60_000
/** Said again after this, where it lasts. */
const SAY_AGAIN_MS = 10 * 60_000

/** So far ahead places are taken: a process that dies leaves no more of them unused, and who comes with something urgent waits behind no more. */
const AHEAD_MS = 100

/** How long a place that was given back is good. A call that leaves so much later makes no minute fuller than by a hundredth, which `MARGIN` has left. */
const SPARE_MS = 500

/** `ends`: where it is the last of those that were taken together, how many they are. */
type Place = { waitMs: number; ends: number }
type Asking = {
  resolve(place: Place): void
  reject(error: unknown): void
  stopping: AbortSignal | undefined
}

export type Budget = {
  /** Waits for a place among the calls that may be made; returns at once when the signal is aborted. */
  take(stopping?: AbortSignal): Promise<void>
  /** The place that was taken is not needed: no call leaves. Who wants one has it at once, or who asks soon. */
  giveBack(): void
  /** Takes note of what an answer's headers say. */
  read(reading: BudgetReading): void
  /** How many places were taken so far. */
  taken(): number
  /** How many calls a minute this process may make now: the ceiling, or fewer while answers say so. */
  perMinute(): number
}

/** The budget of calls: one row in the ledger, shared by all who call; this is one process' way to it. */
export function createBudget(deps: {
  ledger: Pick<Ledger, 'takeBudget' | 'lowerBudget'>
  /** `rateLimitPerMinute` of the configuration. */
  ceiling: number
  clock: Clock
  log: Log
}): Budget {
  const { ledger, ceiling, clock, log } = deps
  let taken = 0
  let asking: Asking[] = []
  /** How many places were asked of the ledger together with one whose time is not near yet. */
  let ahead = 0
  let isAsked = false
  /** When places were given back that nobody has had since. */
  let spare: number[] = []
  const heard = new WeakSet<AbortSignal>()
  let inForce: (Lowering & { until: number }) | null = null
  const saidAt = new Map<Lowering['why'], number>()

  function say({ why, perMinute, forMs }: Lowering): void {
    const now = clock.now()
    if (now - (saidAt.get(why) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return
    saidAt.set(why, now)
    const made = Math.floor(perMinute)
    const words =
      why === 'allowed-less'
        ? `Genesys Cloud allows fewer calls a minute than rateLimitPerMinute says (${ceiling}): ${made} are made`
        : `others use this OAuth client too: ${made} calls a minute are left of ${ceiling}; give Postrider a client of its own`
    log.warn(words, { count: made, ms: forMs })
  }

  function place(stopping: AbortSignal | undefined): Promise<Place> {
    return new Promise((resolve, reject) => {
      asking.push({ resolve, reject, stopping })
      if (stopping && !heard.has(stopping)) {
        heard.add(stopping)
        stopping.addEventListener('abort', () => giveUp(stopping))
      }
      if (isAsked) return
      isAsked = true
      // With all who ask in this turn of the event loop.
      process.nextTick(takeForAll)
    })
  }

  function giveUp(stopping: AbortSignal): void {
    for (const one of asking) if (one.stopping === stopping) one.resolve({ waitMs: 0, ends: 0 })
    asking = asking.filter((one) => one.stopping !== stopping)
  }

  function hasSpare(): boolean {
    const now = clock.now()
    spare = spare.filter((at) => at <= now && now - at <= SPARE_MS)
    return spare.shift() !== undefined
  }

  /** Each gets the next place, as many as lie close enough with one write; the others go on when the last of those is near. */
  async function takeForAll(): Promise<void> {
    isAsked = false
    const perMinute = paceUnder(ceiling)
    const most = Math.max(1, Math.floor((AHEAD_MS * perMinute) / 60_000))
    const some = asking.splice(0, Math.max(0, most - ahead))
    if (some.length === 0) return
    ahead += some.length
    try {
      const waits = await ledger.takeBudget(perMinute, some.length)
      taken += some.length
      some.forEach(({ resolve }, n) => {
        resolve({ waitMs: waits[n] ?? 0, ends: n === some.length - 1 ? some.length : 0 })
      })
    } catch (error) {
      ahead -= some.length
      for (const { reject } of some) reject(error)
      await takeForAll()
    }
  }

  return {
    async take(stopping) {
      if (stopping?.aborted || hasSpare()) return
      const { waitMs, ends } = await place(stopping)
      const farMs = Math.max(0, Math.ceil(waitMs) - AHEAD_MS)
      if (farMs > 0) await clock.sleep(farMs, stopping)
      ahead -= ends
      if (ends > 0) void takeForAll()
      if (waitMs > 0) await clock.sleep(Math.ceil(waitMs) - farMs, stopping)
    },
    giveBack() {
      const first = asking.shift()
      if (first) first.resolve({ waitMs: 0, ends: 0 })
      else spare.push(clock.now())
    },
    read(reading) {
      const lowering = loweringOf(reading, ceiling)
      if (lowering === null) return
      // They were had at a rate that is too high now.
      spare = []
      const now = clock.now()
      // The same again, or a little more: not worth a write.
      if (inForce && now < inForce.until && lowering.perMinute >= inForce.perMinute * NOTICEABLE) {
        if (lowering.why !== 'allowed-less' || inForce.until - now > ALLOWED_FOR_MS / 2) return
      }
      inForce = { ...lowering, until: now + lowering.forMs }
      if (lowering.why !== 'used-up') say(lowering)
      ledger.lowerBudget({ perMinute: lowering.perMinute, forMs: lowering.forMs }).catch((error: unknown) => {
        log.warn('the budget could not be lowered', { error: messageOf(error) })
      })
    },
    taken: () => taken,
    perMinute: () =>
      inForce && clock.now() < inForce.until ? Math.min(ceiling, inForce.perMinute) : ceiling,
  }
}

import { AWAKE } from '../clock.ts'
import { messageOf, PostriderError } from '../errors.ts'
import type { Genesys } from '../genesys/genesys.ts'
import type { Claim, Lease, Ledger } from '../ledger/ledger.ts'
import type { Pause } from '../message.ts'
import { createAfterwards } from './afterwards.ts'
import { createBreaker, FEWEST } from './breaker.ts'
import { createContacts } from './contacts.ts'
import { type DeliverDeps, deliver } from './deliver.ts'
import { createGate } from './gate.ts'
import { giveBack, LEDGER_AGAIN_MS } from './give-back.ts'
import { createSessions } from './sessions.ts'
import { idsOf } from './settle.ts'

export type Worker = {
  /** Claims and delivers until stopped. Resolves when everything in flight is settled. */
  run(): Promise<void>
  /** Claims and opens nothing more; `run` resolves when what is open is settled. Idempotent. */
  stop(): void
  inFlight(): number
}

type Deps = Omit<
  DeliverDeps,
  'breaker' | 'contacts' | 'sessions' | 'gate' | 'stopping' | 'ledger' | 'genesys'
> & {
  ledger: Ledger
  genesys: Genesys
  /** Names this worker in leases; differs from one start to the next. */
  owner: string
  /** How many instances share the ledger and the budget, with this one. */
  instances(): number
}

/** Longer than a message takes with its look-ups and time-outs; renewed while it waits for the budget. */
const LEASE_MS = 60_000
const RENEW_MS = 20_000
/** New messages wake the worker at once; this finds what became due by time, and what another process made due. */
const POLL_MS = 1_000
/**
 * Enough messages at once to use the whole budget where a message takes 0.6 s in Genesys; at the default of 300 calls a minute, three.
 * Not more: what is on its way when Genesys fails is what an outage can leave unconfirmed.
 */
const MESSAGE_SECONDS = 0.6
const MOST = 64
/**
 * One is on its way while others are claimed, found, rendered or settled, each of which is a wait for the ledger. All instances together claim so many: what one holds waits for the budget of
 * all, and is late by the time until it is missed where it dies.
 */
const CLAIMED_FOR_EACH = 3

/** The loop that keeps messages moving: as many at once as the budget can use, woken by new ones. */
export function createWorker(deps: Deps): Worker {
  const stopping = new AbortController()
  const wake = createWake()
  const breaker = createBreaker(deps)
  const contacts = createContacts(deps.clock)
  const sessions = createSessions(deps.clock)
  const running = new Map<number, Promise<void>>()
  const most = Math.min(
    MOST,
    Math.max(FEWEST, Math.ceil((deps.config.genesys.rateLimitPerMinute / 60) * MESSAGE_SECONDS)),
  )
  const room = () => Math.min(MOST, breaker.room(most))
  const gate = createGate(room, stopping.signal)
  const own = { breaker, contacts, sessions, gate, stopping: stopping.signal }

  const afterwards = createAfterwards({
    ...deps,
    breaker,
    leaseMs: LEASE_MS,
    deliveryShare: deps.config.genesys.deliveryShare,
    keepLease,
    stopping: stopping.signal,
    ring: wake.ring,
  })

  async function run(): Promise<void> {
    const unsubscribe = deps.ledger.onDue(wake.ring)
    try {
      while (!stopping.signal.aborted) {
        if (!(await claimMore())) await wake.heard(deps.clock.sleep, POLL_MS)
      }
      await Promise.all(running.values())
      await afterwards.done()
    } finally {
      unsubscribe()
    }
  }

  /** Starts as many messages as there is room for; false where there was no room or nothing due. */
  async function claimMore(): Promise<boolean> {
    wake.listen()
    const free = Math.ceil((CLAIMED_FOR_EACH * room()) / deps.instances()) - running.size
    try {
      const claim =
        free > 0
          ? await deps.ledger.claim({ owner: deps.owner, limit: free, leaseMs: LEASE_MS })
          : { messages: [], probe: null }
      for (const claimed of claim.messages) start(claimed, claim.probe)
      // Where fewer are due than there is room for, nobody waits for the budget.
      await afterwards.startMore(claim.messages.length >= Math.max(free, 1) || free <= 0)
      return claim.messages.length > 0
    } catch (error) {
      deps.log.error('due messages cannot be claimed', { error: messageOf(error) })
      await deps.clock.sleep(LEDGER_AGAIN_MS, stopping.signal)
      return false
    }
  }

  function start(claimed: Claim['messages'][number], probe: Pause | null): void {
    const id = claimed.message.id
    const done = new AbortController()
    const work = (async () => {
      try {
        await deliver(claimed, probe, { ...deps, ...own })
        if (probe) await breaker.release(probe)
      } catch (error) {
        await gaveTrouble(claimed, error)
      } finally {
        done.abort(AWAKE)
        running.delete(id)
        wake.ring()
      }
    })()
    running.set(id, work)
    void keepLease(claimed.lease, done.signal)
  }

  /** The ledger's own trouble passes, and the message with it; anything else would happen again and again. */
  async function gaveTrouble(claimed: Claim['messages'][number], error: unknown): Promise<void> {
    if (error instanceof PostriderError) {
      return giveBack(claimed, error, { mayBeOpen: false }, { ...deps, ...own })
    }
    // Not its words: they may quote the event.
    const name = error instanceof Error ? error.name : 'a fault'
    const reason = `Postrider itself failed on this message before anything was sent (${name}${placeOf(error)}). Report it; after an update, re-trigger the message.`
    const ended = await deps.ledger
      .conclude(claimed.lease, { state: 'failed', code: 'fault', reason })
      .catch(() => false)
    if (ended) deps.counts?.became('failed', claimed.message.route, 'fault')
    deps.log.error('a message failed by a fault of Postrider', {
      ...idsOf(claimed),
      code: ended ? 'fault' : 'not-ended',
      reason,
    })
  }

  async function keepLease(lease: Lease, done: AbortSignal): Promise<void> {
    for (;;) {
      await deps.clock.sleep(RENEW_MS, done)
      if (done.aborted) return
      try {
        // A lease that is lost shows at `open`, which refuses it.
        if (!(await deps.ledger.renew(lease, LEASE_MS))) return
      } catch (error) {
        deps.log.warn('a lease could not be renewed', { message: lease.messageId, error: messageOf(error) })
      }
    }
  }

  return {
    run,
    stop() {
      stopping.abort()
      wake.ring()
    },
    inFlight: () => running.size,
  }
}

/** Where in the program an error was thrown, without its words. */
function placeOf(error: unknown): string {
  const frame = error instanceof Error ? /src\/[\w./-]+:\d+/.exec(error.stack ?? '')?.[0] : undefined
  return frame === undefined ? '' : ` at ${frame}`
}

/** A bell: what rings between `listen` and `heard` is not missed. */
function createWake() {
  let rung = false
  let waiting: AbortController | null = null
  return {
    ring() {
      rung = true
      waiting?.abort(AWAKE)
    },
    listen() {
      rung = false
    },
    async heard(sleep: (ms: number, signal: AbortSignal) => Promise<void>, ms: number): Promise<void> {
      if (rung) return
      waiting = new AbortController()
      await sleep(ms, waiting.signal)
      waiting = null
    },
  }
}

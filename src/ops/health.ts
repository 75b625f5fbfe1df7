import express, { type Router } from 'express'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import type { Pause } from '../message.ts'

/** What the sender does: told, never judged, because trouble with Genesys must not stop receiving. */
export type SenderState = {
  sendsTo: 'live' | 'gateway' | 'sandbox'
  /** Messages that are on their way now. */
  inFlight: number
  pauses: readonly Pick<Pause, 'scope' | 'name' | 'code'>[]
}

export type HealthDeps = {
  ledger: Pick<Ledger, 'ping'>
  queue: { full(): boolean; waiting(): number }
  sender: () => Promise<SenderState>
  clock: Clock
  log: Log
}

/** Body of /health/ready. `sender` is null where its state, which the ledger keeps, cannot be read. */
export type Readiness = {
  ready: boolean
  ledger: 'writable' | 'unavailable'
  queue: { waiting: number; full: boolean }
  sender: SenderState | null
}

/** A disk that takes longer to write a row is no place to promise durability; probes wait 5 to 10 s. */
const LEDGER_PATIENCE_MS = 4000

/**
 * `GET /live`: the process answers. `GET /ready`: 200 where an event could be recorded now, else 503. To be mounted at /health.
 * `readiness`: where others ask the same. Says nothing of why the ledger cannot be written, which may name files; the log does.
 */
export function health(deps: HealthDeps, readiness = createReadiness(deps)): Router {
  const router = express.Router()
  router.get('/live', (_request, response) => {
    response.set('cache-control', 'no-store').json({ live: true })
  })
  router.get('/ready', async (_request, response) => {
    const state = await readiness()
    response
      .status(state.ready ? 200 : 503)
      .set('cache-control', 'no-store')
      .json(state)
  })
  return router
}

/** Those who ask meanwhile share the look that is under way: each costs a commit, and anybody may ask. */
export function createReadiness(deps: HealthDeps): () => Promise<Readiness> {
  let looking: Promise<Readiness> | null = null
  let wasWritable = true
  const look = async (): Promise<Readiness> => {
    const trouble = await ledgerTrouble(deps)
    const writable = trouble === null
    // Said when it changes, not at each of a probe's questions.
    if (!writable && wasWritable)
      deps.log.error('not ready: the ledger cannot be written', { error: trouble })
    if (writable && !wasWritable) deps.log.info('ready again: the ledger can be written')
    wasWritable = writable

    const queue = { waiting: deps.queue.waiting(), full: deps.queue.full() }
    const sender = writable ? await deps.sender().then(openOf, () => null) : null
    return { ready: writable && !queue.full, ledger: writable ? 'writable' : 'unavailable', queue, sender }
  }
  return () => {
    looking ??= look().finally(() => {
      looking = null
    })
    return looking
  }
}

/** What anybody may see: a pause without its reason, in which an operator may have named a customer. */
function openOf({ pauses, ...sender }: SenderState): SenderState {
  return { ...sender, pauses: pauses.map(({ scope, name, code }) => ({ scope, name, code })) }
}

/** Why the ledger cannot be written, or null. */
async function ledgerTrouble({ ledger, clock }: HealthDeps): Promise<string | null> {
  const answered = new AbortController()
  const late = clock
    .sleep(LEDGER_PATIENCE_MS, answered.signal)
    .then(() => `a write did not reach the disk within ${LEDGER_PATIENCE_MS / 1000} s`)
  try {
    return await Promise.race([ledger.ping().then(() => null), late])
  } catch (error) {
    return messageOf(error)
  } finally {
    answered.abort()
  }
}

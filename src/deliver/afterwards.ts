import { AWAKE, type Clock, steady } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Answer, Genesys } from '../genesys/genesys.ts'
import type { Lease, Ledger, LookClaim } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import type { Counts } from '../metrics.ts'
import { type Breaker, LONG_SLOWDOWN_MS } from './breaker.ts'
import type { Budget } from './budget.ts'
import { readDelivery } from './delivery.ts'
import { look } from './look.ts'
import { outcomeOf } from './outcomes.ts'

/** What is asked of Genesys after a message has left: where an unconfirmed one is, and what became of a sent one. Behind sends. */
export type Afterwards = {
  /** Starts what there is room for. `isBacklog`: messages wait to be sent, and go first. */
  startMore(isBacklog: boolean): Promise<void>
  /** Resolves when what was started is done. */
  done(): Promise<void>
}

type Deps = {
  ledger: Ledger
  genesys: Genesys
  budget: Budget
  breaker: Breaker
  clock: Clock
  log: Log
  counts?: Pick<Counts, 'became'>
  owner: string
  leaseMs: number
  /** Share of the calls that asks for deliveries while there is a backlog; 0: none is ever asked for. */
  deliveryShare: number
  keepLease(lease: Lease, done: AbortSignal): Promise<void>
  stopping: AbortSignal
  /** Called when something that was started is done. */
  ring(): void
}

/** A look makes its calls one after another; two keep the budget in use where nothing is sent. */
const AT_ONCE = 2
/** Where nothing was due, it is asked again after this: looks are minutes apart, and each question is a write. */
const ASK_AGAIN_MS = 10_000
/** Deliveries that were not read while there was a backlog are read after it, not all at once in it. */
const MOST_CREDIT = 5

export function createAfterwards(deps: Deps): Afterwards {
  const { ledger, clock, stopping } = deps
  const running = new Set<Promise<void>>()
  const now = steady(clock)
  const askAgainAt = { unconfirmed: 0, sent: 0 }
  let credit = 0
  let counted = deps.budget.taken()

  async function startMore(isBacklog: boolean): Promise<void> {
    const taken = deps.budget.taken()
    credit = Math.min(MOST_CREDIT, credit + (taken - counted) * deps.deliveryShare)
    counted = taken
    if (!isBacklog) await claim('unconfirmed', AT_ONCE - running.size)
    if (deps.deliveryShare === 0) return
    if (!isBacklog) await claim('sent', AT_ONCE - running.size)
    else if (credit >= 1 && (await claim('sent', Math.min(1, AT_ONCE - running.size))) > 0) credit -= 1
  }

  async function claim(of: 'unconfirmed' | 'sent', limit: number): Promise<number> {
    if (limit <= 0 || stopping.aborted || now() < askAgainAt[of]) return 0
    try {
      const claims = await ledger.claimLooks({ of, owner: deps.owner, limit, leaseMs: deps.leaseMs })
      for (const one of claims) start(of, one)
      if (claims.length === 0) askAgainAt[of] = now() + ASK_AGAIN_MS
      return claims.length
    } catch (error) {
      deps.log.error('messages that are to be looked for cannot be claimed', { error: messageOf(error) })
      askAgainAt[of] = now() + ASK_AGAIN_MS
      return 0
    }
  }

  function start(of: 'unconfirmed' | 'sent', one: LookClaim): void {
    const done = new AbortController()
    const work = (of === 'unconfirmed' ? lookFor(one) : deliveryOf(one))
      .catch((error: unknown) => {
        deps.log.error('a message could not be looked for; it is claimed again when its lease ends', {
          event: one.message.eventId,
          message: one.message.id,
          error: error instanceof Error ? error.name : 'a fault',
        })
      })
      .finally(() => {
        done.abort(AWAKE)
        running.delete(work)
        deps.ring()
      })
    running.add(work)
    void deps.keepLease(one.lease, done.signal)
  }

  function lookFor(one: LookClaim): Promise<void> {
    const { genesys } = deps
    const questions = {
      getContact: asking('unconfirmed', one, genesys.getContact),
      findConversations: asking('unconfirmed', one, genesys.findConversations),
      getConversation: asking('unconfirmed', one, genesys.getConversation),
      getMessages: asking('unconfirmed', one, genesys.getMessages),
    }
    const { log, counts } = deps
    return look(one, { ledger, genesys: questions, clock, log, stopping, ...(counts ? { counts } : {}) })
  }

  async function deliveryOf(one: LookClaim): Promise<void> {
    const getDelivery = asking('sent', one, deps.genesys.getDelivery)
    const { restMs } = await readDelivery(one, { ledger, getDelivery, log: deps.log, stopping })
    if (restMs > 0) askAgainAt.sent = now() + restMs
  }

  /** The same question, in its place in the budget. Of its trouble only a pace of the minute concerns sending. */
  function asking<Args extends unknown[], T>(
    of: 'unconfirmed' | 'sent',
    { message }: LookClaim,
    question: (...args: Args) => Promise<Answer<T>>,
  ): (...args: Args) => Promise<Answer<T>> {
    return async (...args) => {
      await deps.budget.take(stopping)
      if (stopping.aborted) return { kind: 'unreached', code: 'STOPPING', message: 'Postrider stops' }
      const answer = await question(...args)
      const retryAfterMs = 'retryAfterMs' in answer ? answer.retryAfterMs : null
      if (retryAfterMs !== null && retryAfterMs >= LONG_SLOWDOWN_MS) {
        // A limit of the day on this kind of question; sends have their own.
        askAgainAt[of] = now() + retryAfterMs
      } else if (outcomeOf(answer).pause?.code === 'rate-limited') {
        await deps.breaker.after(
          answer,
          { kind: 'question', messageId: message.id, isLookedFor: false },
          null,
        )
      }
      return answer
    }
  }

  return {
    startMore,
    async done() {
      await Promise.all(running)
    },
  }
}

import { steady } from '../clock.ts'
import { traceOf } from '../event.ts'
import type { Answer, Sent } from '../genesys/genesys.ts'
import type { Claim } from '../ledger/ledger.ts'
import type { Attempt } from '../message.ts'
import { backoff } from './backoff.ts'
import type { DeliverDeps } from './deliver.ts'
import type { Target } from './find.ts'
import { outcomeOf } from './outcomes.ts'
import { settlementOf } from './settlement.ts'

type Claimed = Claim['messages'][number]
type Deps = Pick<DeliverDeps, 'ledger' | 'contacts' | 'clock' | 'random' | 'log' | 'counts' | 'stopping'>

/** How long a ledger that cannot be written is still waited for when Postrider stops: as long as a request that is on its way. */
const AFTER_STOP_MS = 20_000

/**
 * Writes the outcome down, however long the ledger takes to be writable again: it is known only here. When Postrider stops it is given up in the end: the next start finds the attempt open, and what became of
 * it is looked for in Genesys Cloud.
 */
export async function settle(
  claimed: Claimed,
  target: Target,
  { attempt, answer, tookMs }: { attempt: Attempt; answer: Answer<Sent>; tookMs: number },
  deps: Deps,
): Promise<void> {
  const { message } = claimed
  const settlement = settlementOf(message, target, answer, deps.random)
  if (settlement.outcome === 'failed' && outcomeOf(answer).code === 'not-found' && target.contact) {
    deps.contacts.forget(target.contact.id)
  }
  deps.counts?.attempted(target.channel, settlement.outcome, tookMs)
  let settled: boolean
  const now = steady(deps.clock)
  let stoppedAt: number | null = null
  for (let tries = 0; ; tries += 1) {
    try {
      settled = await deps.ledger.settle(attempt.id, settlement)
      break
    } catch (error) {
      if (deps.stopping.aborted) stoppedAt ??= now()
      if (stoppedAt !== null && now() - stoppedAt >= AFTER_STOP_MS) {
        return deps.log.error(
          'the outcome of an attempt could not be written before the stop; the next start looks for it in Genesys Cloud',
          { ...idsOf(claimed), attempt: attempt.id, state: settlement.outcome, error: String(error) },
        )
      }
      const wait = backoff(tries, 100, 5_000)
      deps.log.error('the outcome of an attempt cannot be written yet', {
        ...idsOf(claimed),
        attempt: attempt.id,
        error: String(error),
        ms: wait,
      })
      await deps.clock.sleep(wait)
    }
  }
  const isAgain = settlement.outcome === 'failed' && settlement.retryInMs !== null
  if (settled && !isAgain) {
    const code = 'messageCode' in settlement ? settlement.messageCode : 'sent'
    deps.counts?.became(settlement.outcome, message.route, code)
  }
  const outcome = isAgain ? 'not sent, and is tried again' : settlement.outcome
  deps.log[settlement.outcome === 'sent' ? 'info' : 'warn'](`message ${outcome}`, {
    ...idsOf(claimed),
    attempt: attempt.id,
    channel: target.channel,
    state: isAgain ? 'scheduled' : settlement.outcome,
    ...(settlement.status === null ? {} : { status: settlement.status }),
    ...(settlement.code === null ? {} : { code: settlement.code }),
    ...(settlement.correlationId === null ? {} : { correlationId: settlement.correlationId }),
    ...(settlement.outcome === 'sent' && settlement.conversationId !== null
      ? { conversationId: settlement.conversationId }
      : {}),
  })
}

/** What a log line says of a message. */
export function idsOf({ message, event }: Claimed) {
  const { id, eventId, source, route } = message
  return { event: eventId, message: id, source, route, ...traceOf(event) }
}

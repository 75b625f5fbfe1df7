import type { Answer, Delivery, Genesys } from '../genesys/genesys.ts'
import type { Ledger, LookClaim } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import type { DeliveryStatus } from '../message.ts'
import { isOptOut } from './outcomes.ts'

/** When the delivery of a sent message is asked for, each counted from the one before; after the last it stays unknown. */
export const DELIVERY_WAITS_MS = [2 * 60_000, 15 * 60_000, 2 * 3_600_000, 24 * 3_600_000] as const

type Deps = {
  ledger: Pick<Ledger, 'settleDelivery'>
  /** Takes its place in the budget. */
  getDelivery: Genesys['getDelivery']
  log: Log
  /** Aborted when the service stops. */
  stopping: AbortSignal
}

/**
 * Asks what became of a sent message, and writes it down. Answers how long no delivery should be asked for at all: where Genesys does not let
 * us, or is in trouble, the next would be answered the same.
 */
export async function readDelivery(
  { lease, message, attempt }: LookClaim,
  deps: Deps,
): Promise<{ restMs: number }> {
  const id = attempt.genesysMessageId
  if (id === null) {
    await deps.ledger.settleDelivery(lease, { delivery: 'unknown', reason: null, againInMs: null })
    return { restMs: 0 }
  }
  const answer = await deps.getDelivery(id)
  if (deps.stopping.aborted) return { restMs: 0 }
  const againInMs = DELIVERY_WAITS_MS[message.looks + 1] ?? null
  if (answer.kind !== 'ok') {
    await deps.ledger.settleDelivery(lease, { delivery: 'unknown', reason: null, againInMs })
    const restMs = restAfter(answer)
    deps.log.warn('what became of a sent message could not be read', {
      event: message.eventId,
      message: message.id,
      route: message.route,
      code: answer.code ?? answer.kind,
      ...('status' in answer && answer.status !== null ? { status: answer.status } : {}),
      ms: restMs,
    })
    return { restMs }
  }
  const { delivery, reason } = statusOf(answer.value)
  await deps.ledger.settleDelivery(lease, {
    delivery,
    reason,
    againInMs: delivery === 'unknown' ? againInMs : null,
    ...(answer.value?.reasons.some(isOptOut) ? { optedOut: true } : {}),
  })
  if (delivery === 'failed') {
    deps.log.warn('a sent message did not reach its customer', {
      event: message.eventId,
      message: message.id,
      route: message.route,
      channel: attempt.channel,
      reason: reason ?? 'none given',
    })
  }
  return { restMs: 0 }
}

/** Genesys' status of a message in our words. `sent`, `queued`, `published` say no more than that it is on its way. */
export function statusOf(delivery: Delivery | null): { delivery: DeliveryStatus; reason: string | null } {
  switch (delivery?.status) {
    case 'delivery-success':
    case 'read':
      return { delivery: 'delivered', reason: null }
    case 'delivery-failed':
    case 'failed':
      return { delivery: 'failed', reason: delivery.reasons.join('; ') || 'Genesys Cloud gives no reason' }
    default:
      return { delivery: 'unknown', reason: null }
  }
}

/** A permission that is missing is not given within the minute. */
const NOT_ALLOWED_MS = 60 * 60_000
const TROUBLE_MS = 60_000

function restAfter(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): number {
  if (answer.kind !== 'refused') return TROUBLE_MS
  return answer.status === 403 ? NOT_ALLOWED_MS : (answer.retryAfterMs ?? TROUBLE_MS)
}

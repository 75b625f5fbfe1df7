import { happenedAt } from '../../event.ts'
import type { Plan } from '../ledger.ts'
import type { Names } from '../names.ts'
import type { Cancellations } from './cancellations.ts'
import type { Wishes } from './wishes.ts'

type Said = { id: number; source: string; type: string; occurredAt: number; receivedAt: number }

/**
 * Does what an event takes back or says of its customer, before anything that it calls for itself. Doing it twice changes nothing more, whatever an operator did between.
 */
export type Heed = (
  event: Said,
  plan: Pick<Plan, 'cancels' | 'names' | 'consent' | 'suppress'>,
  now: number,
) => void

export function createHeed({
  cancellations,
  wishes,
  names: hashing,
}: {
  cancellations: Cancellations
  wishes: Wishes
  names: Names
}): Heed {
  return (event, { cancels, names, consent, suppress }, now) => {
    if (cancels.length > 0) cancellations.add({ id: event.id, happenedAt: happenedAt(event) }, cancels, now)
    if (consent === null && suppress === null) return
    const hashes = hashing.hashesOf(names)
    if (consent !== null) wishes.consent(hashes, consent, happenedAt(event))
    if (suppress === null) return
    const reason = `event ${event.id} (${event.source}/${event.type})`
    const { channels } = suppress
    wishes.suppress(hashes, { channels, reason, by: 'suppressOn', saidAt: event.receivedAt }, now)
  }
}

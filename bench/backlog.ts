import type { Config } from '../src/config/config.ts'
import type { Ledger, Recordable } from '../src/ledger/ledger.ts'
import { planEvent } from '../src/plan/plan.ts'
import { readDelivery } from '../src/receive/sources/read.ts'

/** So many are recorded in one transaction. */
const BATCH = 500

/** Records `messages` events that happened `at` (epoch milliseconds), each with a message that is due, about the customers B-0, B-1 … in turn. Numbered from `first`, by which their keys differ. */
export async function recordBacklog(
  ledger: Pick<Ledger, 'record'>,
  config: Config,
  { messages, customers, at, first = 0 }: { messages: number; customers: number; at: number; first?: number },
): Promise<void> {
  const entryOf = (n: number): Recordable => {
    const payload = {
      type: 'ticket.resolved',
      data: { customer: { id: `B-${n % customers}` }, ticket: { id: n, subject: 'a bench' } },
    }
    const delivery = { body: Buffer.from(JSON.stringify(payload)), rawHeaders: [], receivedAt: at }
    const [event] = readDelivery(
      { name: 'crm', preset: 'standard-webhooks', custom: null },
      delivery,
      `bench-${n}`,
    )
    if (event === undefined || 'reason' in event) throw new Error('the example cannot be read')
    return { kind: 'event', event, plan: planEvent(event, config), keepKeyForMs: 60_000 }
  }
  for (let from = 0; from < messages; from += BATCH) {
    const count = Math.min(BATCH, messages - from)
    await ledger.record(Array.from({ length: count }, (_, nth) => entryOf(first + from + nth)))
  }
}

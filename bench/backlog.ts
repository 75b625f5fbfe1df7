import type { Config } from '../src/config/config.ts'
import type { Ledger, Recordable } from '../src/ledger/ledger.ts'
import { planEvent } from '../src/plan/plan.ts'

/** Records `messages` events that happened `at` (epoch milliseconds), each with a message that is due, about the customers B-0, B-1 … in turn. */
export async function recordBacklog(
  ledger: Pick<Ledger, 'record'>,
  config: Config,
  { messages, customers, at }: { messages: number; customers: number; at: number },
): Promise<void> {
  const entries = Array.from({ length: messages }, (_, n): Recordable => {
    const payload = {
      type: 'ticket.resolved',
      data: { customer: { id: `B-${n % customers}` }, ticket: { id: n, subject: 'a bench' } },
    }
    const event = {
      source: 'crm',
      type: 'ticket.resolved',
      key: `bench-${n}`,
      occurredAt: at,
      receivedAt: at,
      raw: Buffer.from(JSON.stringify(payload)),
      payload,
    }
    return { kind: 'event', event, plan: planEvent(event, config), keepKeyForMs: 60_000 }
  })
  for (let from = 0; from < messages; from += 500) await ledger.record(entries.slice(from, from + 500))
}

import { systemClock } from '../src/clock.ts'
import type { Config } from '../src/config/config.ts'
import type { AttemptDraft, Ledger, Settlement } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { planEvent } from '../src/plan/plan.ts'
import { readDelivery } from '../src/receive/sources/read.ts'

/** What stands for the numbers of the example's customer and event, and occurs nowhere else. */
export const CUSTOMER = '4004004004'
export const EVENT = '5005005005'
/** Events 1 to 3: one whose message is sent, one skipped, one scheduled. */
export const EXAMPLES = 3

/** Has the examples recorded, claimed, opened and settled in a new ledger. Answers the names of their customer, as `PlannedMessage.names` has them. */
export async function recordExamples(file: string, config: Config): Promise<{ names: readonly string[] }> {
  const ledger = await openLedger({ url: `sqlite:${file}`, clock: systemClock, log: silentLog, owner: true })
  try {
    const names = await record(ledger, config, 1)
    await sendDue(ledger, 1)
    await record(ledger, config, 2)
    const [skipped] = (await ledger.claim({ owner: 'bench', limit: 1, leaseMs: 60_000 })).messages
    if (!skipped) throw new Error('the example is not due')
    const reason = 'The route is off, or no longer in the configuration. Bring it back, then re-trigger.'
    await ledger.conclude(skipped.lease, { state: 'skipped', code: 'route-off', reason })
    await record(ledger, config, 3)
    return { names }
  } finally {
    await ledger.close()
  }
}

/** Fills the body to about 1 kB. */
const NOTE = 'The customer called about the delivery and was told that it is on its way. '.repeat(9)

async function record(
  ledger: Pick<Ledger, 'record'>,
  config: Config,
  nth: number,
): Promise<readonly string[]> {
  const customer = {
    id: `S-${CUSTOMER}`,
    email: `s${CUSTOMER}@example.com`,
    name: 'A Customer',
    locale: 'en',
  }
  const ticket = { id: `T-${EVENT}`, subject: 'Where is my parcel?', note: NOTE }
  const body = JSON.stringify({ type: 'ticket.resolved', data: { customer, ticket } })
  const source = { name: 'crm', preset: 'standard-webhooks', custom: null } as const
  const delivery = { body: Buffer.from(body), rawHeaders: [], receivedAt: Date.now() }
  const [event] = readDelivery(source, delivery, `msg_example_${nth}`)
  if (event === undefined || 'reason' in event) throw new Error('the example cannot be read')
  const plan = planEvent(event, config)
  await ledger.record([{ kind: 'event', event, plan, keepKeyForMs: 60_000 }])
  return plan.messages[0]?.names ?? []
}

/** As many as the worker has on its way at once with an open budget (src/deliver/worker.ts). */
const AT_ONCE = 64

/** Claims `count` messages that are due, opens an attempt of each and settles it as sent, as the worker does, without a request between. Throws where fewer are due. */
export async function sendDue(
  ledger: Pick<Ledger, 'claim' | 'open' | 'settle'>,
  count: number,
): Promise<void> {
  for (let sent = 0; sent < count; ) {
    const limit = Math.min(AT_ONCE, count - sent)
    const { messages } = await ledger.claim({ owner: 'bench', limit, leaseMs: 60_000 })
    if (messages.length === 0) throw new Error('no message is due')
    await Promise.all(
      messages.map(async ({ lease, message }) => {
        const draft = draftOf()
        const opened = await ledger.open(lease, draft)
        if (opened.kind !== 'open')
          throw new Error(`the attempt of message ${message.id} was not opened: ${opened.kind}`)
        const { id } = opened.attempt
        await ledger.settle(id, sentNow())
      }),
    )
    sent += messages.length
  }
}

function draftOf(): AttemptDraft {
  const text = `Your ticket T-${EVENT} “Where is my parcel?” is resolved.`
  return {
    channel: 'webmessaging',
    contactId: crypto.randomUUID(),
    foundBy: 'externalId',
    address: null,
    session: null,
    rendered: { channel: 'webmessaging', text, templateVersion: 'ticket-resolved.liquid@00000000' },
    mode: 'live',
  }
}

function sentNow(): Settlement {
  return {
    outcome: 'sent',
    status: 200,
    code: null,
    reason: null,
    correlationId: crypto.randomUUID(),
    conversationId: crypto.randomUUID(),
    genesysMessageId: crypto.randomUUID(),
    lookInMs: null,
  }
}

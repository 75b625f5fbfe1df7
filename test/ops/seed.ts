import { planEvent } from '../../src/plan/plan.ts'
import { recordableOf } from '../../src/receive/recordable.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'
import type { Ops } from './live.ts'

export type Told = {
  key?: string
  type?: string
  ticket?: unknown
  customer?: Record<string, unknown>
  data?: Record<string, unknown>
  body?: string
}

let sent = 0

/** Records what the source `crm` would have sent, as receiving does once a signature was found good. Answers the ids of the event and of its messages. */
export async function take(
  { ledger, config, clock }: Pick<Ops, 'ledger' | 'config' | 'clock'>,
  { key, type = 'ticket.resolved', ticket = 'T-1', customer = {}, data = {}, body }: Told = {},
): Promise<{ eventId: number; messageIds: readonly number[] }> {
  const source = config.sources.get('crm')
  if (!source) throw new Error('the configuration of the test has a source crm')
  sent += 1
  const written =
    body ??
    JSON.stringify({
      type,
      timestamp: new Date(clock.now()).toISOString(),
      data: {
        ticket: { id: ticket },
        customer: { id: `C-${sent}`, name: 'Ann Example', ...customer },
        ...data,
      },
    })
  const id = key ?? `msg_${sent}`
  const delivery = { body: Buffer.from(written), rawHeaders: ['webhook-id', id], receivedAt: clock.now() }
  const events = readDelivery(source, delivery, id)
  const [recorded] = await ledger.record(
    events.map((event) => recordableOf(event, source, { config, plan: planEvent })),
  )
  if (recorded === undefined || recorded.kind === 'known') throw new Error('the event was known already')
  return { eventId: recorded.eventId, messageIds: 'messageIds' in recorded ? recorded.messageIds : [] }
}

/** Has a message end as sent (with the conversation `c-ID`), failed or unconfirmed, as the sender would have it. */
export async function end(
  { ledger }: Pick<Ops, 'ledger'>,
  as: 'sent' | 'failed' | 'unconfirmed',
  text = 'Hello Ann Example',
): Promise<number> {
  const { messages } = await ledger.claim({ owner: 'test', limit: 1, leaseMs: 60_000 })
  const [claimed] = messages
  if (!claimed) throw new Error('no message is due')
  const { lease, message } = claimed
  const opened = await ledger.open(lease, {
    channel: 'webmessaging',
    contactId: 'contact-1',
    foundBy: 'externalId',
    address: null,
    session: null,
    rendered: { channel: 'webmessaging', text, templateVersion: 'greet.liquid@12345678' },
    mode: 'live',
  })
  if (opened.kind !== 'open') throw new Error(`it was not opened: ${opened.kind}`)
  const said = { status: 200, code: null, reason: null, correlationId: `corr-${message.id}` }
  await ledger.settle(
    opened.attempt.id,
    as === 'sent'
      ? {
          ...said,
          outcome: 'sent',
          conversationId: `c-${message.id}`,
          genesysMessageId: `g-${message.id}`,
          lookInMs: null,
        }
      : as === 'unconfirmed'
        ? {
            ...said,
            outcome: 'unconfirmed',
            messageCode: 'no-answer',
            messageReason: 'No answer.',
            lookInMs: null,
          }
        : {
            ...said,
            status: 400,
            outcome: 'failed',
            retryInMs: null,
            counts: 'failure',
            channel: null,
            messageCode: 'rejected',
            messageReason: 'Genesys Cloud rejected the message.',
          },
  )
  return message.id
}

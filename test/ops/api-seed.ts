import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settlement } from '../../src/ledger/ledger.ts'
import { planByHand } from '../../src/ops/actions/send-event.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { recordableOf } from '../../src/receive/recordable.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'
import { CONFIG, type Ops } from './live.ts'

/** `greet` is on tickets that were resolved, `remind` on those that wait, with a key that is an address; `shown` never sends. */
export const YAML = `${CONFIG.replace('genesys:\n', 'genesys:\n  onlyTo: [only.secret@example.com]\n')}  remind:
    on: crm/ticket.waiting
    template: greet
    channels: [email]
    once: "{{ data.customer.email }}"
  shown:
    on: crm/ticket.shown
    mode: shadow
    template: greet
    channels: [email]
`

/** What nobody may see who sees customers masked: none of it is in any other value. */
export const SECRETS = [
  'ann.secret@example.com',
  'ann.secret',
  '4930123456',
  'C-4711-secret',
  'Secretname',
  'only.secret',
  'Hello',
  'is resolved',
  'secret words',
]

export const CUSTOMER = {
  id: 'C-4711-secret',
  email: 'ann.secret@example.com',
  phone: '+4930123456',
  name: 'Ann Secretname',
  locale: 'de-AT',
}
/** What a send to this customer says. */
export const TEXT = 'Hello Ann Secretname, ticket T-1 is resolved. secret words'

let last = 0

/** An event that really came, and its messages. */
export async function happens(
  { ledger, config, clock }: Ops,
  { type = 'ticket.resolved', customer = CUSTOMER as object } = {},
): Promise<{ eventId: number; messageId: number }> {
  last += 1
  const source = config.sources.get('crm')
  assert.ok(source)
  const body = { type, data: { ticket: { id: `T-${last}` }, note: 'secret words', customer } }
  const delivery = {
    body: Buffer.from(JSON.stringify(body)),
    rawHeaders: ['webhook-id', `key-${last}`],
    receivedAt: clock.now(),
  }
  const [event] = readDelivery(source, delivery, `key-${last}`)
  assert.ok(event)
  const [recorded] = await ledger.record([recordableOf(event, source, { config, plan: planEvent })])
  assert.ok(recorded?.kind === 'recorded')
  return { eventId: recorded.eventId, messageId: recorded.messageIds[0] ?? 0 }
}

/** Claims the one message that is due. */
async function claimed({ ledger }: Ops) {
  const { messages } = await ledger.claim({ owner: 'worker', limit: 1, leaseMs: 60_000 })
  const [one] = messages
  assert.ok(one, 'a message is due')
  return one
}

/** A message that was opened and settled so. */
export async function tried(ops: Ops, outcome: 'sent' | 'unconfirmed'): Promise<number> {
  const { messageId } = await happens(ops)
  const { lease } = await claimed(ops)
  const opened = await ops.ledger.open(lease, {
    channel: 'email',
    contactId: 'contact-1',
    foundBy: 'email',
    address: CUSTOMER.email,
    session: null,
    rendered: {
      channel: 'email',
      subject: 'Hello Ann Secretname',
      text: TEXT,
      html: `<p>${TEXT}</p>`,
      whatsapp: { responseId: 'response-1', header: [], body: [{ id: '1', value: 'Ann Secretname' }] },
      templateVersion: 'greet.liquid@12345678',
    },
    mode: 'live',
  })
  assert.ok(opened.kind === 'open')
  const common = { status: 200, code: null, reason: `it went to ${CUSTOMER.email}`, correlationId: 'corr-1' }
  const settlement: Settlement =
    outcome === 'sent'
      ? { ...common, outcome, conversationId: `conv-${messageId}`, genesysMessageId: null, lookInMs: null }
      : { ...common, outcome, messageCode: 'timeout', messageReason: 'nobody knows', lookInMs: null }
  assert.ok(await ops.ledger.settle(opened.attempt.id, settlement))
  // Behind what is unconfirmed other messages of the customer wait for a while.
  await ops.clock.advance(20 * 60_000)
  return messageId
}

/** A message that ended before any attempt, with a reason that quotes the customer. */
export async function failed(ops: Ops): Promise<number> {
  const { messageId } = await happens(ops)
  const { lease } = await claimed(ops)
  const reason = `Nobody has ${CUSTOMER.email}, ${CUSTOMER.phone} or ${CUSTOMER.id}: ask ${CUSTOMER.name}.`
  assert.ok(await ops.ledger.conclude(lease, { state: 'failed', code: 'no-contact', reason }))
  return messageId
}

/** A message of a route in shadow, with what would have been sent. */
export async function shadowed(ops: Ops): Promise<number> {
  const { messageId } = await happens(ops, { type: 'ticket.shown' })
  const { lease } = await claimed(ops)
  const opened = await ops.ledger.open(lease, {
    channel: 'email',
    contactId: null,
    foundBy: null,
    address: CUSTOMER.email,
    session: null,
    rendered: { channel: 'email', text: TEXT, subject: 'Hello', templateVersion: 'greet.liquid@12345678' },
    mode: 'shadow',
  })
  assert.equal(opened.kind, 'skipped')
  return messageId
}

/** What `postrider send` plans, with the customer in the event's key. */
async function sentByHand({ ledger, config, clock }: Ops): Promise<void> {
  const byHand = planByHand(
    {
      key: `spring/${CUSTOMER.email}`,
      type: 'send.spring',
      customer: { email: CUSTOMER.email, name: CUSTOMER.name },
      data: { ticket: { id: 'T-0' } },
      said: {
        mode: 'shadow',
        template: 'greet',
        channels: ['email'],
        findBy: ['email'],
        externalSource: null,
        requireSessionMs: null,
        expireAfterMs: 3_600_000,
      },
      configVersion: config.version,
      countsIn: [],
      defaultCountry: null,
    },
    clock.now(),
  )
  const [recorded] = await ledger.record([{ kind: 'event', ...byHand, keepKeyForMs: 3_600_000 }])
  assert.ok(recorded?.kind === 'recorded')
}

/** A ledger with one of everything, and a fixture. */
export async function seed(ops: Ops) {
  const sent = await tried(ops, 'sent')
  const unconfirmed = await tried(ops, 'unconfirmed')
  const skipped = await shadowed(ops)
  const failedId = await failed(ops)
  const unrouted = await happens(ops, { type: 'ticket.opened' })
  const scheduled = await happens(ops, { type: 'ticket.waiting' })
  await sentByHand(ops)
  const { ledger } = ops
  const pause = await ledger.pause({
    scope: 'route',
    name: 'greet',
    code: 'operator',
    reason: `as ${CUSTOMER.email} asked`,
    forMs: null,
    probes: 0,
    by: 'root',
  })
  await ledger.suppress(['email:other@example.com'], { channels: null, reason: 'asked', by: 'root' })
  const begun = await ledger.beginRun({
    by: 'root',
    force: false,
    late: false,
    reason: `for ${CUSTOMER.email}`,
    filter: { state: 'failed', reason: CUSTOMER.email },
    messageIds: [failedId],
  })
  assert.ok(begun.kind === 'done')
  ledger.countRefused('crm', 'no-match')
  ledger.keepRefused({
    source: 'crm',
    receivedAt: ops.clock.now(),
    reason: 'no-match',
    method: 'POST',
    target: '/webhooks/crm',
    rawHeaders: ['webhook-id', 'secret words'],
    body: Buffer.from(JSON.stringify({ type: 'ticket.resolved', data: { customer: CUSTOMER } })),
  })
  // What is kept reaches the disk within a second.
  await ops.clock.advance(1_000)
  await ledger.ping()
  await ledger.ping()
  mkdirSync(join(ops.folder, 'fixtures/crm'), { recursive: true })
  writeFileSync(
    join(ops.folder, 'fixtures/crm/resolved.json'),
    JSON.stringify({
      source: 'crm',
      body: {
        type: 'ticket.resolved',
        data: { ticket: { id: 'T-9' }, customer: { id: 'C-9', name: 'Bob' } },
      },
    }),
  )
  return {
    message: { sent, unconfirmed, skipped, failed: failedId, scheduled: scheduled.messageId },
    event: { unrouted: unrouted.eventId, scheduled: scheduled.eventId },
    pause: pause.id,
    run: begun.run.id,
  }
}
export type Seeded = Awaited<ReturnType<typeof seed>>

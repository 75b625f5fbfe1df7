import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Message } from '../../src/message.ts'
import { customerEvent } from './fixtures.ts'
import { type Rig, rigsForEach } from './rig.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const RESEND = 'channels: [webmessaging]\n    onUnconfirmed: resend-if-absent'

const EMAIL = {
  'ticket-resolved.email': '---\nsubject: Resolved\n---\nTicket {{ data.ticket.id }} is resolved.',
}

/** One of them is enough. */
const ANALYTICS = ['analytics:conversationDetail:view', 'analytics:agentConversationDetail:view']

const rigOf = rigsForEach()
const only = async ({ ledger }: Rig): Promise<Message> => {
  const messages = await ledger.reads.messages({ limit: 10 })
  assert.equal(messages.length, 1)
  return messages[0] as Message
}

describe('an unconfirmed message', () => {
  it('is found in a conversation that began three weeks ago and goes on, and is not sent again', async () => {
    const rig = await rigOf({ config: { route: RESEND } })
    const now = rig.clock.now()
    // Its last words are within the threading window, so that Genesys goes on with it.
    const old = rig.sandbox.addConversation({
      contactId: 'contact-N-1',
      startedAt: now - 21 * DAY,
      messages: [{ text: 'Is it done?', at: now - DAY }],
    })
    rig.sandbox.fault({ operation: 'message', times: 1, reset: 'after-acting' })
    await rig.record(1, 1)
    await rig.run(2 * MINUTE)
    const message = await only(rig)
    assert.deepEqual([message.state, message.conversationId, message.attempts], ['sent', old.id, 1])
    await rig.pass(60)
    assert.equal(rig.sandbox.sentTo().get('contact-N-1'), 1)
  })

  it('is found in the active conversation that it joined, which began three weeks ago', async () => {
    const rig = await rigOf({ config: { route: `${RESEND}\n    activeConversation: join` } })
    const startedAt = rig.clock.now() - 21 * DAY
    const old = rig.sandbox.addConversation({ contactId: 'contact-N-1', startedAt, active: true })
    rig.sandbox.fault({ operation: 'message', times: 1, html: true })
    await rig.record(1, 1)
    await rig.run(2 * MINUTE)
    const message = await only(rig)
    assert.deepEqual([message.state, message.conversationId], ['sent', old.id])
    await rig.pass(60)
    assert.equal(rig.sandbox.sentTo().get('contact-N-1'), 1)
  })

  it('is found although analytics lag, and although its contact was merged meanwhile', async () => {
    const rig = await rigOf({ config: { route: RESEND }, sandbox: { analyticsLagMs: 10 * MINUTE } })
    rig.sandbox.fault({ operation: 'message', times: 1, cut: true })
    await rig.record(1, 1)
    await rig.run(2 * MINUTE)
    const held = await only(rig)
    assert.deepEqual([held.state, held.looks, held.lastLook?.complete], ['unconfirmed', 1, true])
    rig.sandbox.addContact({ id: 'canonical', name: 'N', emails: [], phones: [] })
    rig.sandbox.mergeContacts('contact-N-1', 'canonical')
    await rig.pass(40)
    const message = await only(rig)
    assert.deepEqual([message.state, message.attempts], ['sent', 1])
    assert.equal(rig.sandbox.counts().message, 1)
  })

  it('that Genesys does not have is sent again after two looks that agree, once', async () => {
    const rig = await rigOf({ config: { route: RESEND } })
    rig.sandbox.fault({ operation: 'message', times: 1, reset: 'before-acting' })
    await rig.record(1, 1)
    await rig.pass(20)
    assert.deepEqual([(await only(rig)).state, rig.sandbox.counts().message], ['unconfirmed', 0])
    await rig.pass(30)
    const message = await only(rig)
    assert.deepEqual([message.state, message.attempts, message.failures], ['sent', 2, 1])
    const attempts = await rig.ledger.reads.attempts(message.id)
    assert.deepEqual(
      attempts.map(({ outcome, code }) => [outcome, code]),
      [
        ['failed', 'absent'],
        ['sent', null],
      ],
    )
    assert.equal(rig.sandbox.sentTo().get('contact-N-1'), 1)
  })

  it('is never sent again while a look-up is not answered, or is not allowed', async () => {
    const rig = await rigOf({ config: { route: RESEND } })
    rig.sandbox.fault({ operation: 'message', times: 1, reset: 'before-acting' })
    rig.sandbox.setMissingPermissions(ANALYTICS)
    await rig.record(1, 1)
    await rig.pass(180)
    const message = await only(rig)
    assert.equal(message.state, 'unconfirmed')
    assert.match(message.reason ?? '', /analytics:conversationDetail:view/)
    assert.deepEqual(await rig.ledger.pauses(), [], 'sending does not stop for it')
    rig.sandbox.setMissingPermissions([])
    await rig.pass(120)
    assert.equal((await only(rig)).state, 'sent')
    assert.equal(rig.sandbox.sentTo().get('contact-N-1'), 1)
  })

  it('waits out a limit of the day on look-ups, which stops no send', async () => {
    const rig = await rigOf({ config: { route: RESEND } })
    rig.sandbox.fault({ operation: 'message', times: 1, reset: 'after-acting' })
    rig.sandbox.fault({ operation: 'analytics', times: 1, status: 429, retryAfter: 7200 })
    await rig.record(1, 1)
    await rig.pass(10)
    assert.deepEqual([(await only(rig)).state, await rig.ledger.pauses()], ['unconfirmed', []])
    await rig.record(2, 1)
    await rig.run(5_000)
    assert.equal(rig.sandbox.sentTo().get('contact-N-2'), 1)
    await rig.pass(180)
    assert.equal((await rig.ledger.reads.summary()).messages.sent, 2)
  })

  /** Two messages of one text to one contact: of the first the answer is lost, of the second the request. */
  const twoAlike = async (second: string) => {
    const templates = { 'ticket-resolved': 'It is done.' }
    const sandbox = { resolveContact: () => ({ id: 'contact-N-1' }) }
    const rig = await rigOf({ config: { route: RESEND, templates }, sandbox })
    rig.sandbox.fault({ operation: 'message', times: 1, reset: 'after-acting' })
    await rig.record(1, 1)
    await rig.run(1000)
    rig.sandbox.fault({ operation: 'message', times: 1, reset: 'before-acting' })
    await rig.recordEvents([customerEvent(2, rig.clock.now(), { id: second })])
    await rig.pass(90)
    const messages = await rig.ledger.reads.messages({ limit: 10 })
    const attempts = (await Promise.all(messages.map(({ id }) => rig.ledger.reads.attempts(id)))).flat()
    const ids = attempts.flatMap(({ genesysMessageId }) => genesysMessageId ?? [])
    assert.equal(new Set(ids).size, ids.length, 'no id is taken twice')
    return { sent: rig.sandbox.sentTo().get('contact-N-1'), states: messages.map(({ state }) => state) }
  }

  it('of two with the same text to the same customer each is found as its own', async () => {
    // The second waits until the first is found, so that it is known which one Genesys never had.
    assert.deepEqual(await twoAlike('N-1'), { sent: 2, states: ['sent', 'sent'] })
  })

  it('of two to one contact whose events share no name, neither is sent again by itself', async () => {
    // One of them is in Genesys, and nobody can say whose it is.
    assert.equal((await twoAlike('N-2')).sent, 1)
  })
})

describe('requireSession', () => {
  const ROUTE = 'channels: [webmessaging, email]\n    requireSession: 30d'
  const customer = (id: string) => ({ id, email: `${id.toLowerCase()}@example.com` })

  it('sends to those who had a session, keeps which, and costs three calls', async () => {
    const rig = await rigOf({ config: { route: ROUTE, templates: EMAIL } })
    await rig.recordEvents([customerEvent(1, rig.clock.now(), customer('C-1001'))])
    await rig.runUntil(() => rig.drained())
    const message = await only(rig)
    assert.equal(message.state, 'sent')
    const session = rig.sandbox.conversations().find(({ id }) => id === message.session?.conversationId)
    assert.equal(session?.originatingDirection, 'inbound')
    assert.deepEqual(message.session, { conversationId: session?.id, startedAt: session?.startedAt })
    assert.equal(rig.calls(), 3)
    // A second message to them costs its send alone.
    await rig.recordEvents([{ ...customerEvent(1, rig.clock.now(), customer('C-1001')), key: 'second' }])
    await rig.runUntil(() => rig.drained(0))
    assert.equal(rig.calls(), 4)
  })

  it('skips those who had none, or one too long ago, on every channel', async () => {
    const rig = await rigOf({ config: { route: ROUTE, templates: EMAIL } })
    const now = rig.clock.now()
    rig.sandbox.addConversation({
      contactId: 'contact-N-1',
      startedAt: now - 31 * DAY,
      endedAt: now - 31 * DAY,
    })
    rig.sandbox.addConversation({ contactId: 'contact-N-2', startedAt: now - DAY, direction: 'outbound' })
    await rig.recordEvents([1, 2, 3].map((n) => customerEvent(n, now, customer(`N-${n}`))))
    await rig.recordEvents([customerEvent(9, now, customer('unknown'))])
    await rig.runUntil(() => rig.drained())
    const messages = await rig.ledger.reads.messages({ limit: 10 })
    assert.deepEqual(
      messages.map(({ state, code, attempts }) => [state, code, attempts]),
      Array(4).fill(['skipped', 'no-session', 0]),
    )
    assert.equal(rig.sandbox.messages().length, 0)
  })

  it('a permission that only it needs stops no other route', async () => {
    const rig = await rigOf({ config: { route: ROUTE, templates: EMAIL } })
    rig.sandbox.setMissingPermissions(ANALYTICS)
    await rig.recordEvents([customerEvent(1, rig.clock.now(), customer('C-1001'))])
    await rig.run(MINUTE)
    const message = await only(rig)
    assert.equal(message.state, 'scheduled')
    assert.match(message.reason ?? '', /analytics:conversationDetail:view/)
    assert.deepEqual(await rig.ledger.pauses(), [])
    rig.sandbox.setMissingPermissions([])
    await rig.run(5 * MINUTE)
    assert.equal((await only(rig)).state, 'sent')
  })
})

describe('the ladder', () => {
  it('climbs on where the destination is refused for good; each rung is an attempt', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging, email]', templates: EMAIL } })
    rig.sandbox.fault({
      operation: 'message',
      status: 400,
      body: {
        code: 'bad.request',
        message: 'no',
        details: [{ errorCode: 'x', fieldName: 'externalContactId' }],
      },
    })
    const event = customerEvent(1, rig.clock.now(), { id: 'N-1', email: 'n1@example.com' })
    await rig.recordEvents([event])
    await rig.runUntil(() => rig.drained())
    const message = await only(rig)
    assert.deepEqual([message.state, message.channel, message.failures], ['sent', 'email', 0])
    const attempts = await rig.ledger.reads.attempts(message.id)
    assert.deepEqual(
      attempts.map(({ channel, outcome, address }) => [channel, outcome, address]),
      [
        ['webmessaging', 'failed', null],
        ['email', 'sent', 'n1@example.com'],
      ],
    )
  })

  it('where the next channel cannot reach them either, the reason says both', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging, email]', templates: EMAIL } })
    rig.sandbox.fault({
      operation: 'message',
      status: 404,
      body: { code: 'not.found', message: 'no contact' },
    })
    await rig.recordEvents([customerEvent(1, rig.clock.now(), { id: 'N-1', email: 'nobody' })])
    await rig.runUntil(() => rig.drained())
    const message = await only(rig)
    assert.deepEqual([message.state, message.code], ['failed', 'bad-address'])
    assert.match(message.reason ?? '', /^webmessaging: .*no contact.*email: the email address is not one/)
  })

  it('never climbs where nobody knows whether this channel did', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging, email]', templates: EMAIL } })
    rig.sandbox.fault({ operation: 'message', status: 504 })
    const event = customerEvent(1, rig.clock.now(), { id: 'N-1', email: 'n1@example.com' })
    await rig.recordEvents([event])
    await rig.pass(180)
    assert.deepEqual([(await only(rig)).state, rig.sandbox.counts().email], ['unconfirmed', 0])
  })
})

describe('what became of a sent message', () => {
  it('is read, with the reason of a failure', async () => {
    const rig = await rigOf({
      config: { deliveryShare: 0.05 },
      sandbox: {
        delivery: ({ contactId }) =>
          contactId === 'contact-N-1'
            ? { status: 'delivery-failed', reasons: [{ code: 'MessageExpired', message: 'too late' }] }
            : { status: 'read', reasons: [] },
      },
    })
    await rig.record(1, 2)
    await rig.run(3 * MINUTE)
    const messages = await rig.ledger.reads.messages({ limit: 10 })
    const seen = messages.map(({ customer, state, delivery, deliveryReason, lookAt }) => [
      customer.externalId,
      state,
      delivery,
      /MessageExpired/.test(deliveryReason ?? ''),
      lookAt,
    ])
    assert.deepEqual(seen.sort(), [
      ['N-1', 'sent', 'failed', true, null],
      ['N-2', 'sent', 'delivered', false, null],
    ])
  })

  it('costs a small share of the budget while others wait, and no message its place', async () => {
    const rig = await rigOf({ config: { genesys: 'rateLimitPerMinute: 60', deliveryShare: 0.05 } })
    await rig.record(1, 240)
    await rig.run(6 * MINUTE)
    const { message, details = 0 } = rig.sandbox.counts()
    assert.ok((await rig.ledger.reads.summary()).messages.scheduled > 0, 'there was a backlog all the time')
    assert.ok(details > 0 && details <= 0.06 * rig.calls(), `${details} of ${rig.calls()} calls`)
    assert.ok(message >= 150)
  })

  it('is never asked for where the share is 0', async () => {
    const rig = await rigOf({ config: { deliveryShare: 0 } })
    await rig.record(1, 2)
    await rig.pass(30)
    assert.equal(rig.sandbox.counts().details, 0)
  })

  it('is not asked where it is not allowed, but once an hour', async () => {
    const rig = await rigOf({ config: { deliveryShare: 0.05 } })
    rig.sandbox.setMissingPermissions(['conversation:message:view', 'conversation:webmessaging:view'])
    await rig.record(1, 20)
    await rig.pass(30)
    assert.ok((rig.sandbox.requests()['details 403'] ?? 0) <= 2, 'two at once, and no more')
    assert.equal((await rig.ledger.reads.summary()).messages.sent, 20)
  })
})

describe('the budget', () => {
  it('goes down to what others have left, and nothing is refused for its pace', async () => {
    const rig = await rigOf({
      config: { genesys: 'rateLimitPerMinute: 300' },
      sandbox: { rateLimitPerMinute: 300 },
    })
    await rig.record(1, 300)
    await rig.run(20_000)
    rig.sandbox.useCalls(150)
    await rig.run(5 * MINUTE)
    assert.equal(rig.sandbox.requests()['message 429'] ?? 0, 0)
    assert.equal(rig.sandbox.requests()['lookup 429'] ?? 0, 0)
    assert.equal((await rig.ledger.reads.summary()).messages.sent, 300)
  })

  it('goes down to what Genesys allows, where that is less than configured', async () => {
    const rig = await rigOf({
      config: { genesys: 'rateLimitPerMinute: 300' },
      sandbox: { rateLimitPerMinute: 120 },
    })
    await rig.record(1, 150)
    await rig.run(2 * MINUTE)
    const refused = Object.entries(rig.sandbox.requests()).filter(([name]) => name.endsWith(' 429'))
    assert.deepEqual(refused, [])
    assert.ok(rig.calls() <= 2 * 120 + 3, `${rig.calls()} calls`)
  })
})

describe('a message that Genesys reports as not seen', () => {
  it('is marked, and goes over the next channel where the route says so', async () => {
    const route = 'channels: [webmessaging, email]\n    onUndelivered: next-channel'
    const rig = await rigOf({ config: { route, templates: EMAIL } })
    const event = customerEvent(1, rig.clock.now(), { id: 'N-1', email: 'n1@example.com' })
    await rig.recordEvents([event])
    await rig.runUntil(() => rig.drained())
    const { conversationId } = await only(rig)
    assert.ok(conversationId)
    const report = {
      ...event,
      source: 'genesys',
      type: 'genesys.undelivered',
      key: 'report',
      undelivered: { conversationId, genesysMessageIds: [] },
      occurredAt: rig.clock.now(),
    }
    await rig.recordEvents([report, { ...report, key: 'again' }])
    await rig.runUntil(() => rig.drained(0))
    const message = await only(rig)
    assert.deepEqual([message.state, message.channel, message.attempts], ['sent', 'email', 2])
    const attempts = await rig.ledger.reads.attempts(message.id)
    assert.deepEqual(
      attempts.map(({ channel, outcome }) => [channel, outcome]),
      [
        ['webmessaging', 'sent'],
        ['email', 'sent'],
      ],
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Message } from '../../src/message.ts'
import { customerEvent } from './fixtures.ts'
import { type Rig, rigsForEach } from './rig.ts'

/** The example contact who is in a conversation now. */
const EVE = '5d3c7a10-1f6e-4b0a-8c55-000000001005'

describe('deliver', () => {
  const rigOf = rigsForEach()
  const only = async ({ ledger }: Rig): Promise<Message> => {
    const messages = await ledger.reads.messages({ limit: 10 })
    assert.equal(messages.length, 1)
    return messages[0] as Message
  }
  const settled = async (rig: Rig) => {
    await rig.runUntil(() => rig.drained())
    return only(rig)
  }

  it('sends to the contact, and keeps what was sent, to whom and how it was found', async () => {
    const rig = await rigOf()
    await rig.record(1, 1)
    const message = await settled(rig)
    assert.equal(message.state, 'sent')
    assert.equal(message.contactId, 'contact-N-1')
    assert.equal(message.foundBy, 'externalId')
    const [sent] = rig.sandbox.messages()
    assert.equal(sent?.text, 'Ticket T-1 is resolved.')
    assert.equal(message.conversationId, sent?.conversationId)
    const [attempt] = await rig.ledger.reads.attempts(message.id)
    assert.equal(attempt?.status, 200)
    assert.equal(attempt?.genesysMessageId, sent?.id)
    assert.match(attempt?.correlationId ?? '', /^[0-9a-f-]{36}$/)
    assert.equal(attempt?.rendered.text, 'Ticket T-1 is resolved.')
    assert.match(attempt?.rendered.templateVersion ?? '', /^ticket-resolved\.liquid@[0-9a-f]{8}$/)
  })

  it('looks a customer up once for a burst of events', async () => {
    const rig = await rigOf()
    await rig.recordEvents(
      Array.from({ length: 5 }, (_, n) => ({ ...customerEvent(1, rig.clock.now()), key: `k-${n}` })),
    )
    await rig.runUntil(() => rig.drained())
    assert.equal(rig.sandbox.counts().message, 5)
    assert.ok(rig.sandbox.counts().lookup <= 3, 'at most one for each that was on its way')
  })

  it('takes a 202 with no body for sent, without ids', async () => {
    const rig = await rigOf()
    rig.sandbox.fault({ operation: 'message', empty202: true })
    await rig.record(1, 1)
    const message = await settled(rig)
    assert.equal(message.state, 'sent')
    assert.equal(message.conversationId, null)
  })

  it('writes an email where there is no contact, with its subject', async () => {
    const rig = await rigOf({
      config: {
        route: 'channels: [webmessaging, email]',
        templates: {
          'ticket-resolved.email':
            '---\nsubject: "{{ data.ticket.id }}"\n---\nBy mail: {{ data.ticket.id }}.',
        },
      },
    })
    await rig.recordEvents([customerEvent(1, rig.clock.now(), { id: 'stranger', email: 'x@example.com' })])
    const message = await settled(rig)
    assert.equal(message.state, 'sent')
    assert.equal(message.channel, 'email')
    const [mail] = rig.sandbox.messages()
    assert.deepEqual([mail?.to, mail?.subject, mail?.text], ['x@example.com', 'T-1', 'By mail: T-1.'])
  })

  it('fails where nobody is reached, with no attempt spent and the reason what to do', async () => {
    const rig = await rigOf()
    await rig.recordEvents([customerEvent(1, rig.clock.now(), { id: 'stranger' })])
    const message = await settled(rig)
    assert.deepEqual([message.state, message.code, message.attempts], ['failed', 'no-contact', 0])
    assert.match(message.reason ?? '', /externalId.*re-trigger/)
    assert.equal(rig.sandbox.counts().message, 0)
  })

  it('follows a merged contact to its canonical one', async () => {
    const rig = await rigOf()
    await rig.recordEvents([customerEvent(1, rig.clock.now(), { id: 'C-1006' })])
    const message = await settled(rig)
    assert.equal(message.contactId, '5d3c7a10-1f6e-4b0a-8c55-000000001001')
  })

  it('fails when a text does not render or is too long, before any attempt', async () => {
    for (const [template, code] of [
      ['{{ data.nothing }}', 'template-error'],
      ['{% for n in (1..3000) %}x{% endfor %}', 'text-too-long'],
    ] as const) {
      const rig = await rigOf({ config: { templates: { 'ticket-resolved': template } } })
      await rig.record(1, 1)
      const message = await settled(rig)
      assert.deepEqual([message.state, message.code, message.attempts], ['failed', code, 0])
    }
  })

  it('shadow goes through everything but the request, and says what would have been sent', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging]\n    mode: shadow' } })
    await rig.record(1, 1)
    const message = await settled(rig)
    assert.deepEqual([message.state, message.code], ['skipped', 'shadow'])
    assert.equal(message.wouldSend?.text, 'Ticket T-1 is resolved.')
    assert.equal(message.contactId, 'contact-N-1')
    assert.equal(rig.sandbox.counts().message, 0)
    assert.equal(rig.sandbox.counts().lookup, 1)
  })

  it('shadow gets over an outage too: its empty request is the proof that sending works again', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging]\n    mode: shadow' } })
    rig.sandbox.setMissingPermissions(['externalContacts:contact:view'])
    await rig.record(1, 3)
    await rig.run(90_000)
    assert.equal((await rig.ledger.pauses())[0]?.code, 'permissions')
    rig.sandbox.setMissingPermissions([])
    await rig.run(90_000)
    assert.deepEqual(await rig.ledger.pauses(), [])
    assert.equal((await rig.ledger.reads.summary()).messages.skipped, 3)
    assert.deepEqual(rig.sandbox.messages(), [])
  })

  it('onlyTo skips everybody else before anything is asked', async () => {
    const rig = await rigOf({ config: { genesys: 'onlyTo: [N-2]' } })
    await rig.record(1, 2)
    await rig.runUntil(() => rig.drained())
    const messages = await rig.ledger.reads.messages({ limit: 10 })
    const byEvent = new Map(messages.map((message) => [message.customer.externalId, message]))
    assert.deepEqual([byEvent.get('N-1')?.state, byEvent.get('N-1')?.code], ['skipped', 'only-to'])
    assert.equal(byEvent.get('N-2')?.state, 'sent')
    assert.equal(rig.sandbox.counts().lookup, 1)
  })

  it('the brake pauses the route for an operator; after resume the count begins anew', async () => {
    const rig = await rigOf({
      config: { route: 'channels: [webmessaging]\n    brake: { messages: 3, per: 1h }' },
    })
    await rig.record(1, 8)
    await rig.run(30_000)
    assert.equal(rig.sandbox.counts().message, 3)
    const [pause] = await rig.ledger.pauses()
    assert.deepEqual(
      [pause?.scope, pause?.name, pause?.code, pause?.until],
      ['route', 'ticket-resolved', 'brake', null],
    )
    await rig.ledger.resume(pause?.id ?? 0, 'a test')
    await rig.run(30_000)
    assert.equal(rig.sandbox.counts().message, 6)
    assert.equal((await rig.ledger.pauses()).length, 1)
  })

  it('too late is skipped, and says how late', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging]\n    expireAfter: 1h' } })
    await rig.recordEvents([
      { ...customerEvent(1, rig.clock.now()), occurredAt: rig.clock.now() - 2 * 3_600_000 },
    ])
    const message = await settled(rig)
    assert.deepEqual([message.state, message.code], ['skipped', 'expired'])
    assert.equal(rig.sandbox.counts().message, 0)
  })

  it('one that is too late costs no call', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging]\n    expireAfter: 1h' } })
    await rig.recordEvents([
      { ...customerEvent(1, rig.clock.now()), occurredAt: rig.clock.now() - 2 * 3_600_000 },
    ])
    await rig.run(5_000)
    assert.deepEqual(
      [(await only(rig)).state, (await only(rig)).code, rig.calls()],
      ['skipped', 'expired', 0],
    )
  })

  it('429 that asks for no wait at all is asked ever more slowly', async () => {
    const rig = await rigOf()
    rig.sandbox.fault({ operation: 'message', status: 429, retryAfter: 0 })
    await rig.record(1, 3)
    await rig.run(5 * 60_000)
    assert.ok((rig.sandbox.requests()['message 429'] ?? 0) < 20)
  })

  it('a delay holds the message until its time, by the event’s own clock', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging]\n    delay: 30m' } })
    await rig.recordEvents([
      { ...customerEvent(1, rig.clock.now()), occurredAt: rig.clock.now() - 10 * 60_000 },
    ])
    await rig.run(19 * 60_000)
    assert.equal(rig.sandbox.counts().message, 0)
    await rig.run(2 * 60_000)
    assert.equal(rig.sandbox.counts().message, 1)
  })

  it('429: waits what Retry-After says, and loses nothing', async () => {
    const rig = await rigOf()
    rig.sandbox.fault({ operation: 'message', status: 429, retryAfter: 40, times: 1 })
    await rig.record(1, 3)
    const began = rig.clock.now()
    await rig.runUntil(() => rig.drained())
    const messages = await rig.ledger.reads.messages({ limit: 10 })
    assert.deepEqual(
      messages.map(({ state, failures }) => [state, failures]),
      Array(3).fill(['sent', 0]),
    )
    const times = rig.sandbox.messages().map(({ at }) => at - began)
    assert.ok(times.filter((ms) => ms < 40_000).length <= 2, 'only what was on its way went before')
    assert.ok(Math.max(...times) >= 40_000)
  })

  it('a long Retry-After, as of a daily limit, is one pause that says until when', async () => {
    const rig = await rigOf()
    rig.sandbox.fault({ operation: 'message', status: 429, retryAfter: 7200, times: 1 })
    await rig.record(1, 1)
    await rig.run(60_000)
    const [pause] = await rig.ledger.pauses()
    assert.equal(pause?.code, 'rate-limited')
    assert.ok((pause?.until ?? 0) - rig.clock.now() > 7_000_000)
    assert.ok(pause?.reason.includes(new Date(pause.until ?? 0).toISOString()), pause?.reason)
  })

  it('a token that is revoked midway makes no message fail: one login for all', async () => {
    const rig = await rigOf()
    await rig.record(1, 5)
    await rig.runUntil(() => rig.drained())
    assert.equal(rig.sandbox.counts().token, 1)
    rig.sandbox.revokeTokens()
    await rig.record(10, 5)
    await rig.runUntil(() => rig.drained())
    assert.equal(rig.sandbox.counts().message, 10)
    assert.equal(rig.sandbox.counts().token, 2)
    assert.equal((await rig.ledger.reads.summary()).messages.sent, 10)
  })

  it('a token of five minutes is renewed before its end', async () => {
    const rig = await rigOf({ sandbox: { tokenLifeMs: 300_000 } })
    for (let minute = 0; minute < 12; minute += 1) {
      await rig.record(minute, 1)
      await rig.run(60_000)
    }
    assert.equal((await rig.ledger.reads.summary()).messages.sent, 12)
    assert.equal(Object.keys(rig.sandbox.requests()).filter((key) => key.endsWith(' 401')).length, 0)
  })

  it('a login that fails pauses with the exact reason and leaves messages scheduled', async () => {
    const rig = await rigOf({ clientSecret: 'wrong' })
    await rig.record(1, 3)
    await rig.run(120_000)
    const [pause] = await rig.ledger.pauses()
    assert.equal(pause?.code, 'login')
    assert.match(pause?.reason ?? '', /invalid_client.*GENESYS_CLIENT_SECRET/)
    const messages = await rig.ledger.reads.messages({ limit: 10 })
    assert.deepEqual(
      messages.map(({ state, failures }) => [state, failures]),
      Array(3).fill(['scheduled', 0]),
    )
  })

  it('a missing permission pauses, names it, and sending goes on by itself when it is given', async () => {
    const rig = await rigOf()
    rig.sandbox.setMissingPermissions(['conversation:message:create'])
    await rig.record(1, 3)
    await rig.run(90_000)
    const [pause] = await rig.ledger.pauses()
    assert.equal(pause?.code, 'permissions')
    assert.match(pause?.reason ?? '', /conversation:message:create/)
    rig.sandbox.setMissingPermissions([])
    await rig.run(90_000)
    assert.deepEqual(await rig.ledger.pauses(), [])
    assert.equal((await rig.ledger.reads.summary()).messages.sent, 3)
  })

  it('a refusal of one message fails it alone', async () => {
    const rig = await rigOf()
    rig.sandbox.fault({
      operation: 'message',
      contactId: 'contact-N-2',
      status: 403,
      body: { code: 'not.authorized', message: 'no' },
    })
    await rig.record(1, 3)
    await rig.runUntil(() => rig.drained())
    const failed = await rig.ledger.reads.messages({ state: 'failed', limit: 10 })
    assert.deepEqual(
      failed.map(({ code, customer }) => [code, customer.externalId]),
      [['forbidden', 'N-2']],
    )
    assert.deepEqual(await rig.ledger.pauses(), [])
    assert.equal(rig.sandbox.counts().message, 2)
  })

  it('a look-up that is refused for good fails the message, and is not asked again and again', async () => {
    const rig = await rigOf()
    const body = { code: 'not.authorized', message: 'not in this division' }
    rig.sandbox.fault({ operation: 'lookup', status: 403, body })
    await rig.record(1, 1)
    await rig.run(60_000)
    const message = await only(rig)
    assert.deepEqual([message.state, message.code, message.attempts], ['failed', 'forbidden', 0])
    assert.match(message.reason ?? '', /look-up.*not in this division.*nothing was sent.*re-trigger/)
    assert.equal(rig.sandbox.requests()['lookup 403'], 1)
    assert.deepEqual(await rig.ledger.pauses(), [])
  })

  it('an active conversation is waited for, in growing steps that spend no tries', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging]\n    maxAttempts: 2' } })
    await rig.recordEvents([customerEvent(1, rig.clock.now(), { id: 'C-1005' })])
    await rig.run(6 * 60_000)
    const message = await only(rig)
    assert.deepEqual([message.state, message.code], ['scheduled', 'active-conversation'])
    assert.deepEqual([message.attempts, message.waits, message.failures], [4, 4, 0])
    const attempts = await rig.ledger.reads.attempts(message.id)
    assert.deepEqual(
      attempts.map(({ status, outcome }) => [status, outcome]),
      Array(4).fill([409, 'failed']),
    )
    rig.sandbox.setActive(EVE, false)
    await rig.run(12 * 60_000)
    assert.equal((await only(rig)).state, 'sent')
  })

  it('join goes into the active conversation', async () => {
    const rig = await rigOf({ config: { route: 'channels: [webmessaging]\n    activeConversation: join' } })
    const startedAt = rig.clock.now() - 21 * 86_400_000
    rig.sandbox.setActive(EVE, false)
    const { id } = rig.sandbox.addConversation({ contactId: EVE, startedAt, active: true })
    await rig.recordEvents([customerEvent(1, rig.clock.now(), { id: 'C-1005' })])
    await rig.runUntil(() => rig.drained())
    const message = await only(rig)
    assert.deepEqual([message.state, message.conversationId], ['sent', id])
  })

  for (const [name, code, fault] of [
    ['a time-out', 'no-answer', { hang: true }],
    ['500', 'server-error', { status: 500 }],
    ['408', 'no-answer', { status: 408 }],
    ['a reset before it was acted on', 'no-answer', { reset: 'before-acting' }],
  ] as const) {
    it(`${name} leaves the message unconfirmed, and it is not sent again by itself`, async () => {
      const rig = await rigOf()
      rig.sandbox.fault({ operation: 'message', times: 1, ...fault })
      await rig.record(1, 1)
      await rig.run(10 * 60_000)
      const message = await only(rig)
      assert.deepEqual([message.state, message.code, message.attempts], ['unconfirmed', code, 1])
      assert.match(message.reason ?? '', new RegExp(`messages settle ${message.id} `))
      assert.ok(rig.sandbox.counts().message <= 1)
    })
  }

  for (const [name, fault] of [
    ['a reset after it was acted on', { reset: 'after-acting' }],
    ['HTML instead of JSON', { html: true }],
    ['an answer cut short', { cut: true }],
  ] as const) {
    it(`${name} leaves the message unconfirmed until it is found in Genesys`, async () => {
      const rig = await rigOf()
      rig.sandbox.fault({ operation: 'message', times: 1, ...fault })
      await rig.record(1, 1)
      await rig.run(30_000)
      assert.equal((await only(rig)).state, 'unconfirmed')
      await rig.run(10 * 60_000)
      const message = await only(rig)
      const [made] = rig.sandbox.messages()
      assert.deepEqual([message.state, message.code, message.attempts], ['sent', null, 1])
      assert.equal(message.conversationId, made?.conversationId)
      assert.match(message.reason ?? '', /^Found in Genesys Cloud/)
      const [attempt] = await rig.ledger.reads.attempts(message.id)
      assert.deepEqual([attempt?.outcome, attempt?.genesysMessageId], ['sent', made?.id])
      assert.equal(rig.sandbox.counts().message, 1)
    })
  }

  it('a contact that is gone since it was cached is looked up anew', async () => {
    let id = 'old'
    const rig = await rigOf({ sandbox: { resolveContact: () => ({ id }) } })
    await rig.record(1, 1)
    await rig.runUntil(() => rig.drained())
    rig.sandbox.fault({
      operation: 'message',
      contactId: 'old',
      status: 404,
      body: { code: 'not.found', message: 'gone' },
    })
    id = 'new'
    await rig.recordEvents([{ ...customerEvent(1, rig.clock.now()), key: 'again' }])
    await rig.runUntil(() => rig.drained())
    assert.deepEqual(
      rig.sandbox.messages().map(({ contactId }) => contactId),
      ['old', 'new'],
    )
  })

  it('never calls faster than the budget', async () => {
    const rig = await rigOf({
      config: { genesys: 'rateLimitPerMinute: 60' },
      sandbox: { rateLimitPerMinute: 62 },
    })
    await rig.record(1, 60)
    await rig.runUntil(() => rig.drained())
    assert.equal((await rig.ledger.reads.summary()).messages.sent, 60)
    assert.equal(rig.sandbox.requests()['message 429'] ?? 0, 0)
    const times = rig.sandbox.messages().map(({ at }) => at)
    assert.ok(Math.max(...times) - Math.min(...times) >= 110_000, '120 calls at 60 a minute')
  })

  it('goes on with what a pause of one route leaves free', async () => {
    const rig = await rigOf()
    const pause = await rig.ledger.pause({
      scope: 'route',
      name: 'ticket-resolved',
      code: 'operator',
      reason: 'test',
      forMs: null,
      probes: 0,
      by: 'a test',
    })
    await rig.record(1, 2)
    await rig.run(60_000)
    assert.equal(rig.sandbox.counts().message, 0)
    await rig.ledger.resume(pause.id, 'a test')
    await rig.run(60_000)
    assert.equal(rig.sandbox.counts().message, 2)
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { payloadOf, readDelivery } from '../../../src/receive/sources/read.ts'
import { sourceOf } from './source.ts'

const RECEIVED = Date.UTC(2026, 10, 23, 9, 0, 0)
const META = { source: 'genesys', receivedAt: RECEIVED }

/** As the topic has it. */
const BODY = {
  conversationId: '7a1c8f50-0c0e-4c1f-9f53-3f0d2c7f1a11',
  deploymentId: '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60',
  participantId: 'b3b6a3d1-6f3f-4c56-8f5f-8f5f0a8f5f0a',
  externalContactId: '4d4f3a55-7f8b-4d0c-9a57-d1b2c3d4e5f6',
  communicationId: 'c0c0c0c0-1111-4222-8333-444455556666',
  sessionExpiry: 1795510800,
  messages: [
    { id: 'm-2', eventTimeMs: RECEIVED - 61_000 },
    { id: 'm-1', eventTimeMs: RECEIVED - 62_000 },
  ],
  eventTimeMs: RECEIVED - 60_000,
}

const bytes = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
function read(body: unknown) {
  const delivery = { body: bytes(body), rawHeaders: [], receivedAt: RECEIVED }
  const [event] = readDelivery(sourceOf('genesys-undelivered', { name: 'genesys' }), delivery, null)
  assert.ok(event)
  return event
}
function eventOf(body: unknown) {
  const event = read(body)
  assert.ok(!('reason' in event), 'reason' in event ? event.reason : '')
  return event
}
function reasonOf(body: unknown): string {
  const event = read(body)
  assert.ok('reason' in event, 'was read')
  return event.reason
}
const keyOf = (body: unknown): string => read(body).key

describe('what is read', () => {
  test('the conversation, the messages, the time, and the body as it is', () => {
    assert.deepEqual(eventOf(BODY), {
      ...META,
      type: 'genesys.undelivered',
      senderType: 'genesys.undelivered',
      key: keyOf(BODY),
      subject: null,
      customer: {},
      isTest: false,
      headers: {},
      occurredAt: RECEIVED - 60_000,
      raw: bytes(BODY),
      payload: BODY,
      undelivered: { conversationId: BODY.conversationId, genesysMessageIds: ['m-1', 'm-2'] },
    })
  })

  test('in an envelope', () => {
    const event = eventOf({ topicName: 'v2…', version: '2', eventBody: BODY })
    assert.deepEqual(event.undelivered, eventOf(BODY).undelivered)
    assert.equal(event.occurredAt, RECEIVED - 60_000)
  })

  test('the conversation alone, where a workflow hands on no more', () => {
    const { conversationId } = BODY
    for (const body of [{ conversationId }, { conversationId, messages: null, eventTimeMs: null }]) {
      const event = eventOf(body)
      assert.deepEqual(event.undelivered, { conversationId, genesysMessageIds: [] })
      assert.equal(event.occurredAt, RECEIVED)
    }
  })

  test('a time between quotes', () =>
    assert.equal(eventOf({ ...BODY, eventTimeMs: String(RECEIVED - 60_000) }).occurredAt, RECEIVED - 60_000))

  test('a clock that is ahead counts as now', () =>
    assert.equal(eventOf({ ...BODY, eventTimeMs: RECEIVED + 5_000 }).occurredAt, RECEIVED))
})

describe('what is not, and why', () => {
  const cases: [string, unknown, string][] = [
    ['nothing', '', 'the body is empty'],
    ['no JSON', '{"conversationId":', 'the body is not JSON'],
    ['a list', [BODY], 'the body: expected an object with conversationId, got a list'],
    ['nothing in it', {}, 'conversationId: expected an id, got nothing'],
    ['an empty conversation', { conversationId: '' }, 'conversationId: expected an id, got none'],
    ['an empty envelope', { eventBody: null }, 'the body: expected an object with conversationId, got null'],
    [
      'messages that are none',
      { ...BODY, messages: ['m-1'] },
      'messages.0: expected an object with id, got text',
    ],
    [
      'a time that is none',
      { ...BODY, eventTimeMs: 'soon' },
      'eventTimeMs: expected milliseconds since 1970, got text that is none',
    ],
  ]
  for (const [name, body, reason] of cases) test(name, () => assert.equal(reasonOf(body), reason))
})

describe('the key', () => {
  test('is the same for the same news, however it is written', () => {
    const key = keyOf(BODY)
    assert.match(key, /^[0-9a-f]{32}$/)
    const { messages, ...rest } = BODY
    for (const same of [
      JSON.stringify(BODY, null, 2),
      { messages: messages.toReversed(), ...rest },
      { ...BODY, messages: [...messages, ...messages] },
      { eventBody: BODY },
      { ...BODY, sessionExpiry: 1 },
      { ...BODY, eventTimeMs: String(BODY.eventTimeMs) },
    ]) {
      assert.equal(keyOf(same), key)
    }
  })

  test('is another for other news, readable or not', () => {
    const others = [
      BODY,
      { ...BODY, conversationId: 'another' },
      { ...BODY, communicationId: 'another' },
      { ...BODY, messages: BODY.messages.slice(1) },
      { ...BODY, messages: [] },
      { ...BODY, eventTimeMs: BODY.eventTimeMs + 1 },
      { conversationId: BODY.conversationId },
      '',
      'no JSON',
      '{"conversationId":""}',
    ]
    assert.equal(new Set(others.map(keyOf)).size, others.length)
  })
})

describe('payloadOf reads an event again', () => {
  const event = (source: string, type: string, raw: Buffer) => ({
    id: 1,
    source,
    type,
    senderType: type,
    key: 'k',
    subject: null,
    headers: {},
    occurredAt: RECEIVED,
    receivedAt: RECEIVED,
    state: 'planned' as const,
    reason: null,
    notes: [],
    raw,
    configVersion: 'v',
  })
  const source = sourceOf('genesys-undelivered', { name: 'genesys' })

  test('by its source, and by its type where the source is gone', () => {
    const undelivered = event('genesys', 'genesys.undelivered', bytes(BODY))
    for (const sources of [new Map([['genesys', source]]), new Map()]) {
      assert.deepEqual(payloadOf({ sources })(undelivered), { kind: 'read', payload: BODY })
    }
  })

  test('of postrider send, which no source of the configuration sends', () => {
    const body = { type: 'send.spring', timestamp: '2026-11-23T09:00:00.000Z', data: { plan: 'pro' } }
    const payload = payloadOf({ sources: new Map([['genesys', source]]) })
    assert.deepEqual(payload(event('cli', 'send.spring', bytes(body))), { kind: 'read', payload: body })
  })

  test('and says what is wrong with it', () => {
    const payload = payloadOf({ sources: new Map([['genesys', source]]) })
    assert.deepEqual(payload(event('genesys', 'genesys.undelivered', bytes({}))), {
      kind: 'unreadable',
      reason: "The event's body cannot be read: conversationId: expected an id, got nothing.",
    })
  })
})

test('any JSON is read or has its reason, and has a key', () => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({ conversationId: fc.anything(), messages: fc.anything(), eventTimeMs: fc.anything() })
      .map((value) => {
        try {
          return JSON.stringify(value)
        } catch {
          return ''
        }
      }),
  )
  fc.assert(
    fc.property(body, (text) => {
      const event = read(text)
      assert.match(keyOf(text), /^[0-9a-f]{32}$/)
      if ('reason' in event) assert.ok(event.reason.length > 0)
      else assert.ok(event.occurredAt >= 0 && event.occurredAt <= RECEIVED)
    }),
    { numRuns: 300 },
  )
})

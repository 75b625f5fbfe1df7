import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readDelivery } from '../../../src/receive/sources/read.ts'
import { sourceOf } from './source.ts'

const META = { source: 'crm', key: 'msg_1', receivedAt: Date.UTC(2026, 10, 23, 9, 0, 0) }
const read = (body: unknown) => readText(typeof body === 'string' ? body : JSON.stringify(body))
const readText = (text: string) => readBytes(Buffer.from(text))
function readBytes(body: Buffer) {
  const delivery = { body, rawHeaders: [], receivedAt: META.receivedAt }
  const [event] = readDelivery(sourceOf('standard-webhooks', { name: META.source }), delivery, META.key)
  assert.ok(event)
  return event
}

function reasonOf(body: unknown): string {
  const event = read(body)
  assert.ok('reason' in event, 'was read')
  return event.reason
}
function eventOf(body: unknown) {
  const event = read(body)
  assert.ok(!('reason' in event), 'was not read')
  return event
}

describe('what is read', () => {
  test('type, time and payload, with what the payload holds besides', () => {
    const body = { type: 'ticket.resolved', timestamp: '2026-11-23T08:00:00Z', data: { a: 1 }, extra: [1] }
    const raw = Buffer.from(JSON.stringify(body))
    assert.deepEqual(readBytes(raw), {
      source: 'crm',
      type: 'ticket.resolved',
      senderType: 'ticket.resolved',
      key: 'msg_1',
      subject: null,
      occurredAt: Date.UTC(2026, 10, 23, 8),
      receivedAt: META.receivedAt,
      customer: {},
      isTest: false,
      raw,
      headers: {},
      payload: body,
    })
  })

  test('without a time it happened when it was received', () => {
    assert.equal(eventOf({ type: 'a', data: {} }).occurredAt, META.receivedAt)
    assert.equal(eventOf({ type: 'a', timestamp: null, data: {} }).occurredAt, META.receivedAt)
  })

  const eight = Date.UTC(2026, 10, 23, 8)
  const times: [unknown, number][] = [
    ['2026-11-23T08:00:00.000Z', eight],
    ['2026-11-23T10:00:00+02:00', eight],
    ['2026-11-23T10:00:00+0200', eight],
    ['2026-11-23T08:00:00', eight],
    ['2026-11-23 08:00:00.123456+00:00', eight + 123],
    ['2026-11-23T08:00:00.1Z', eight + 100],
    ['2026-11-23T08:00z', eight],
    ['2026-11-23', Date.UTC(2026, 10, 23)],
    ['2028-02-29T23:00:00-02:00', Date.UTC(2028, 2, 1, 1)],
    [eight / 1000, eight],
    [eight / 1000 + 0.5, eight + 500],
    [eight, eight],
  ]
  for (const [timestamp, at] of times) {
    test(`a time such as ${timestamp}`, () =>
      assert.equal(eventOf({ type: 'a', timestamp, data: {} }).occurredAt, at))
  }

  test('a byte order mark is passed over', () =>
    assert.equal(eventOf('\uFEFF{"type":"a","data":{}}').type, 'a'))

  test('integers too long for a number stay exact, as text; others stay numbers', () => {
    const { payload } = eventOf(
      '{"type":"a","data":{"id":9007199254740993,"n":-12345678901234567890,"f":0.1234567890123456,"s":9007199254740991}}',
    )
    assert.deepEqual((payload as { data: unknown }).data, {
      id: '9007199254740993',
      n: '-12345678901234567890',
      f: 0.1234567890123456,
      s: 9007199254740991,
    })
  })

  test('NUL, lone surrogates and names of prototypes are data and nothing more', () => {
    const { payload } = eventOf(
      '{"type":"a\\u0000\\ud800","data":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}',
    )
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    assert.equal((payload as { type: string }).type, 'a\u0000\ud800')
    assert.ok(Object.hasOwn((payload as { data: object }).data, '__proto__'))
  })

  test('64 levels, and a body as wide as it may be', () => {
    assert.equal(eventOf(nested(63)).type, 'a')
    assert.equal(eventOf(`{"type":"a","data":{"list":[${'{},'.repeat(300_000)}0]}}`).type, 'a')
  })
})

/** A body whose data is nested so deep that the whole has `levels` + 1. */
function nested(levels: number): string {
  return `{"type":"a","data":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`
}

describe('what is not, and why', () => {
  const cases: [string, unknown, string][] = [
    ['nothing', '', 'the body is empty'],
    ['blanks', ' \n', 'the body is empty'],
    ['no JSON', '{"type":', 'the body is not JSON'],
    ['a form', 'type=ticket.resolved', 'the body is not JSON'],
    ['a list', [], 'the body: expected an object with type and data, got a list'],
    ['null', null, 'the body: expected an object with type and data, got null'],
    ['text', '"type"', 'the body: expected an object with type and data, got text'],
    [
      'nothing in it',
      {},
      'type: expected text of at most 200 characters, got nothing; data: expected an object, got nothing',
    ],
    [
      'a type that is a number',
      { type: 7, data: {} },
      'type: expected text of at most 200 characters, got a number',
    ],
    ['an empty type', { type: '', data: {} }, 'type: expected text of at most 200 characters, got none'],
    [
      'a type of 10,000 characters',
      { type: 'x'.repeat(10_000), data: {} },
      'type: expected text of at most 200 characters, got 10000',
    ],
    ['data that is a list', { type: 'a', data: [1] }, 'data: expected an object, got a list'],
    ['data that is text', { type: 'a', data: '{}' }, 'data: expected an object, got text'],
    ['65 levels', nested(64), 'the body is nested more than 64 levels deep'],
    [
      'half a million brackets',
      '['.repeat(500_000) + ']'.repeat(500_000),
      'the body is nested more than 64 levels deep',
    ],
  ]
  for (const [name, body, reason] of cases) {
    test(name, () => assert.equal(reasonOf(body), reason))
  }

  for (const timestamp of [
    'yesterday',
    '',
    '23.11.2026',
    '2026-13-01',
    '2026-02-29',
    '2026-02-30',
    '2026-02-30T08:00:00Z',
    '2026-04-31 23:59',
    '2026-11-00',
    '2026-11-23T25:00Z',
    '1614265330',
    -1,
    1e300,
    true,
    {},
    ['2026-11-23'],
  ]) {
    test(`a time such as ${JSON.stringify(timestamp)}`, () =>
      assert.match(
        reasonOf({ type: 'a', timestamp, data: {} }),
        /^timestamp: expected an ISO 8601 time, or seconds/,
      ))
  }

  test('bytes that are not UTF-8, which are kept', () => {
    const raw = Buffer.from('{"type":"a","data":{"name":"Zo\xe9"}}', 'latin1')
    assert.deepEqual(readBytes(raw), { ...META, raw, headers: {}, reason: 'the body is not UTF-8' })
  })

  test('no reason quotes the body', () => {
    for (const body of ['{"secret-word', { type: 1, timestamp: 'secret-word', data: 'secret-word' }]) {
      assert.ok(!reasonOf(body).includes('secret-word'))
    }
  })
})

test('any JSON is read or has its reason, and is kept byte for byte', () => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ type: fc.anything(), timestamp: fc.anything(), data: fc.object() }).map((value) => {
      try {
        return JSON.stringify(value)
      } catch {
        return ''
      }
    }),
  )
  fc.assert(
    fc.property(body, (text) => {
      const event = readText(text ?? '')
      assert.ok(event.raw.equals(Buffer.from(text ?? '')))
      if ('reason' in event) assert.ok(event.reason.length > 0)
      else assert.ok(Number.isInteger(event.occurredAt) && event.type.length <= 200)
    }),
    { numRuns: 300 },
  )
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CustomBlock, customOf } from '../../../src/config/custom.ts'
import { readAgain, readDelivery } from '../../../src/receive/sources/read.ts'
import { RECEIVED } from './reading.ts'
import { sourceOf } from './source.ts'

const TOKEN = { token: { header: 'x-loyalty-token' } }
const TYPE = { ...TOKEN, type: '{{ payload.event }}' }
const FULL = {
  ...TYPE,
  key: '{{ payload.id }}',
  occurredAt: '{{ payload.at }}',
  subject: '{{ data.cart.id }}',
  test: 'payload.mode == "test"',
  customer: {
    externalId: '{{ data.user.id }}',
    email: '{{ data.user.email }}',
    consent: '{{ data.user.news }}',
  },
  types: { CartLeft: 'cart.abandoned', CartPaid: 'order.placed' },
}
const BODY = {
  event: 'CartLeft',
  id: 'evt-1',
  at: '2026-11-23T08:59:00Z',
  mode: 'live',
  data: { cart: { id: 'K-1' }, user: { id: 1001, email: ' ada@example.com ', news: true } },
}

const sourceWith = (block: unknown) => sourceOf('custom', { custom: customOf(CustomBlock.parse(block)) })

function eventsOf(block: unknown, body: unknown, headers: Record<string, string> = {}) {
  const raw = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const delivery = { body: raw, rawHeaders: Object.entries(headers).flat(), receivedAt: RECEIVED }
  return readDelivery(sourceWith(block), delivery, null)
}
function event(...delivery: Parameters<typeof eventsOf>) {
  const [one] = eventsOf(...delivery)
  assert.ok(one && !('reason' in one), one && 'reason' in one ? one.reason : 'no event')
  return one
}
function reason(...delivery: Parameters<typeof eventsOf>) {
  const [one] = eventsOf(...delivery)
  assert.ok(one && 'reason' in one, 'was read')
  return one.reason
}

test('an event is read as the configuration says', () => {
  const { type, senderType, key, subject, occurredAt, customer, isTest, payload } = event(FULL, BODY)
  assert.deepEqual([type, senderType], ['cart.abandoned', 'CartLeft'])
  assert.deepEqual([key, subject, isTest], ['evt-1', 'K-1', false])
  assert.equal(occurredAt, Date.parse(BODY.at))
  assert.deepEqual(customer, { externalId: '1001', email: 'ada@example.com', consent: 'true' })
  assert.deepEqual(payload, BODY)
})

test('what ends it is about the same', () =>
  assert.deepEqual(
    [event(FULL, { ...BODY, event: 'CartPaid' }).type, event(FULL, { ...BODY, event: 'CartPaid' }).subject],
    ['order.placed', event(FULL, BODY).subject],
  ))

test('a type without a word of ours stays as it is', () => {
  assert.equal(event(FULL, { ...BODY, event: 'PointsAdded' }).type, 'PointsAdded')
  assert.equal(event(FULL, { ...BODY, event: 'toString' }).type, 'toString')
})

test('its own test', () => assert.equal(event(FULL, { ...BODY, mode: 'test' }).isTest, true))

test('where the configuration says no more than the type, nothing else is known', () => {
  const { key, subject, occurredAt, customer, isTest } = event(TYPE, BODY)
  assert.match(key, /^[0-9a-f]{32}$/)
  assert.notEqual(event(TYPE, { ...BODY, id: 'evt-2' }).key, key)
  assert.deepEqual([subject, occurredAt, customer, isTest], [null, RECEIVED, {}, false])
})

describe('the time', () => {
  const at = Date.parse(BODY.at)
  const cases: [string, unknown, number][] = [
    ['ISO 8601', BODY.at, at],
    ['seconds', at / 1000, at],
    ['milliseconds', at, at],
    ['seconds between quotes', String(at / 1000), at],
    ['none', 'soon', RECEIVED],
    ['absent', undefined, RECEIVED],
  ]
  for (const [name, written, expected] of cases) {
    test(name, () => assert.equal(event(FULL, { ...BODY, at: written }).occurredAt, expected))
  }
})

test('ids past 2^53 stay whole', () =>
  assert.equal(
    event(FULL, JSON.stringify(BODY).replace('1001', '9007199254740993')).customer.externalId,
    '9007199254740993',
  ))

describe('headers', () => {
  const block = { ...TOKEN, type: '{{ headers["x-event-key"] }}', key: '{{ headers.x-id }}' }
  const sent = { 'X-Event-Key': 'cart:left', 'x-id': '7', 'x-other': 'o' }

  test('that fields name are read, and kept to be read again', () => {
    const one = event(block, BODY, sent)
    assert.deepEqual([one.type, one.key, one.keyIsUnsigned], ['cart:left', '7', true])
    assert.deepEqual(one.headers, { 'x-event-key': 'cart:left', 'x-id': '7' })
    const kept = { ...one, id: 1, state: 'planned' as const, reason: null, notes: [], configVersion: '1' }
    assert.deepEqual(readAgain(kept, { sources: new Map([['custom', sourceWith(block)]]) }), one)
  })

  test('that are absent are nothing', () =>
    assert.equal(reason(block, BODY), 'custom.type comes to nothing for this body'))
})

describe('a delivery of many', () => {
  const block = { ...FULL, events: 'data.items' }
  const item = (id: string, event: unknown) => ({ ...BODY, id, event })

  test('is as many events, and one that cannot be read hides no other', () => {
    const items = [item('a', 'CartLeft'), item('b', null), item('c', 'CartPaid'), 'd']
    const said = eventsOf(block, { data: { items } }).map((one) =>
      'reason' in one ? one.reason : `${one.key} ${one.type}`,
    )
    const nothing = 'custom.type comes to nothing for this body'
    assert.deepEqual(said, ['a cart.abandoned', nothing, 'c order.placed', nothing])
  })

  test('that is the body', () => assert.equal(eventsOf({ ...FULL, events: '.' }, [BODY, BODY]).length, 2))

  test('of none is no event', () => assert.deepEqual(eventsOf(block, { data: { items: [] } }), []))

  test('without its list', () => assert.equal(reason(block, BODY), 'data.items: expected a list of events'))
})

describe('what cannot be read, and why', () => {
  test('no JSON', () => assert.equal(reason(FULL, 'event=CartLeft'), 'the body is not JSON'))
  test('no type', () => assert.equal(reason(FULL, {}), 'custom.type comes to nothing for this body'))
  test('a type that is an object', () =>
    assert.equal(reason(FULL, { event: { a: 1 } }), 'custom.type comes to nothing for this body'))
  test('a type that is too long', () =>
    assert.equal(
      reason(FULL, { event: 'x'.repeat(201) }),
      'the type: expected text of at most 200 characters, got 201',
    ))
  test('a field that takes too much, without a word of the body', () =>
    assert.equal(
      reason(
        {
          ...TYPE,
          subject:
            '{% for a in payload.l %}{{ payload.s | append: payload.s | append: payload.s }}{% endfor %}',
        },
        {
          event: 'x',
          s: 'secret'.repeat(20_000),
          l: Array.from({ length: 100 }, () => 1),
        },
      ),
      'the fields of custom cannot be evaluated: over this body they take more than Liquid may use',
    ))
  test('a source whose configuration says no type', () =>
    assert.equal(reason({}, BODY), 'the configuration does not say where its type stands: set custom.type'))
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { presetNamed } from '../../../src/receive/sources/presets.ts'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('woocommerce')

const headers = (topic: string) => ({ 'X-WC-Webhook-Topic': topic })
const ORDER = {
  id: 727,
  status: 'processing',
  created_via: 'checkout',
  date_created_gmt: '2026-11-23T08:28:02',
  date_modified_gmt: '2026-11-23T08:28:08',
  date_paid_gmt: '2026-11-23T08:28:08',
  date_completed_gmt: null,
  customer_id: 12,
  billing: { first_name: 'Ada', last_name: 'Example', email: 'ada@example.com', phone: '(415) 555-0101' },
}
const OLD = { date_created_gmt: '2026-11-02T08:00:00', date_paid_gmt: '2026-11-02T08:01:00' }

describe('types', () => {
  const cases: [string, string, object, string][] = [
    ['an order that is paid', 'order.created', {}, 'order.placed'],
    [
      'one whose transfer is awaited',
      'order.created',
      { status: 'on-hold', date_paid_gmt: null },
      'order.placed',
    ],
    ['one without anything to ship', 'order.created', { status: 'completed' }, 'order.placed'],
    ['a checkout that came to its payment', 'order.updated', {}, 'order.placed'],
    [
      'one that awaits a transfer',
      'order.updated',
      { status: 'on-hold', date_paid_gmt: null },
      'order.placed',
    ],
    [
      'an old order that is paid now',
      'order.updated',
      { date_created_gmt: OLD.date_created_gmt },
      'order.placed',
    ],
    ['an edit of an old one', 'order.updated', OLD, 'order.updated'],
    [
      'an edit of one without dates',
      'order.updated',
      { date_created_gmt: null, date_paid_gmt: null },
      'order.updated',
    ],
    [
      'one completed by its payment',
      'order.updated',
      { status: 'completed', date_completed_gmt: '2026-11-23T08:28:09' },
      'order.placed',
    ],
    [
      'one that was shipped on the same day',
      'order.updated',
      {
        status: 'completed',
        date_modified_gmt: '2026-11-23T15:00:00',
        date_completed_gmt: '2026-11-23T15:00:00',
      },
      'order.updated',
    ],
    [
      'one paid at the door days later',
      'order.updated',
      {
        status: 'completed',
        ...OLD,
        date_paid_gmt: '2026-11-23T08:28:08',
        date_completed_gmt: '2026-11-23T08:28:08',
      },
      'order.updated',
    ],
    ['a checkout', 'order.created', { status: 'pending' }, 'checkout.updated'],
    [
      'a draft of the checkout block',
      'order.updated',
      { status: 'checkout-draft', created_via: 'store-api' },
      'checkout.updated',
    ],
    [
      'an invoice made by hand',
      'order.created',
      { status: 'pending', created_via: 'admin' },
      'order.created',
    ],
    ['a renewal', 'order.created', { status: 'pending', created_via: 'subscription' }, 'order.created'],
    ['a payment that failed', 'order.updated', { status: 'failed' }, 'order.updated'],
    ['a refund', 'order.updated', { status: 'refunded' }, 'order.updated'],
    ['an order in the bin', 'order.deleted', {}, 'order.deleted'],
    ['a customer whose account is deleted', 'customer.deleted', {}, 'customer.deleted'],
  ]
  for (const [name, topic, change, type] of cases) {
    test(`${name}: ${topic}`, () => {
      const read = event({ ...ORDER, ...change }, headers(topic))
      assert.equal(read.type, type)
      assert.equal(read.senderType, topic)
    })
  }
})

test('a checkout and the order that it becomes are about the same', () => {
  assert.equal(event({ ...ORDER, status: 'pending' }, headers('order.created')).subject, '727')
  assert.equal(event(ORDER, headers('order.updated')).subject, '727')
})

test('the key tells changes apart, and none of it is signed but the body', () => {
  const key = (change: object, topic = 'order.updated') => event({ ...ORDER, ...change }, headers(topic)).key
  assert.equal(key({}), 'order.updated:727:2026-11-23T08:28:08:processing')
  assert.equal(key({ total: '1' }), key({}))
  const others = [
    key({}),
    key({}, 'order.created'),
    key({ id: 728 }),
    key({ date_modified_gmt: '2026-11-23T08:28:09' }),
    key({ status: 'pending' }),
  ]
  assert.equal(new Set(others).size, others.length)
  assert.equal(event({ id: 727 }, headers('order.deleted')).key, 'order.deleted:727')
  assert.match(event({ action: 'x', arg: 1 }, headers('action.x')).key, /^[0-9a-f]{32}$/)
  assert.equal(event(ORDER, headers('order.updated')).keyIsUnsigned, true)
})

test('the customer is that of the bill; guests have no id', () => {
  const named = { email: 'ada@example.com', phone: '(415) 555-0101', name: 'Ada Example' }
  assert.deepEqual(event(ORDER, headers('order.created')).customer, { externalId: '12', ...named })
  assert.deepEqual(event({ ...ORDER, customer_id: 0 }, headers('order.created')).customer, named)
  const account = {
    id: 12,
    email: 'own@example.com',
    first_name: 'Ada',
    last_name: '',
    billing: ORDER.billing,
  }
  assert.deepEqual(event(account, headers('customer.updated')).customer, {
    externalId: '12',
    email: 'own@example.com',
    phone: '(415) 555-0101',
    name: 'Ada',
  })
})

test('its time is UTC without saying so', () => {
  assert.equal(event(ORDER, headers('order.created')).occurredAt, Date.UTC(2026, 10, 23, 8, 28, 8))
  assert.equal(event({ id: 727 }, headers('order.deleted')).occurredAt, RECEIVED)
})

test('ids past 2^53 are intact', () => {
  const read = event('{"id":9007199254740993,"status":"pending"}', headers('order.created'))
  assert.equal(read.subject, '9007199254740993')
})

test('a ping is a form without a signature, and nothing else is', () => {
  const { isPing } = presetNamed('woocommerce')
  const ping = (body: string, signature: string | null = null) =>
    isPing?.({
      body: Buffer.from(body),
      header: (name) => (name === 'x-wc-webhook-signature' ? signature : null),
    })
  assert.equal(ping('webhook_id=3'), true)
  for (const body of [
    '',
    'webhook_id=',
    'webhook_id=3&a=b',
    'webhook_id=3\n',
    '{"id":3}',
    `webhook_id=${'1'.repeat(60)}`,
  ]) {
    assert.equal(ping(body), false, body)
  }
  assert.equal(ping('webhook_id=3', 'c2lnbmVk'), false)
})

test('what is malformed says what is wrong and quotes nothing', () => {
  assert.equal(reason('{"status":"secret', headers('order.created')), 'the body is not JSON')
  assert.equal(reason('"secret"', headers('order.created')), 'the body: expected an object, got text')
  assert.equal(
    reason(ORDER),
    'the header x-wc-webhook-topic: expected text of at most 200 characters, got nothing',
  )
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readAgain } from '../../../src/receive/sources/read.ts'
import { RECEIVED, readingOf } from './reading.ts'
import { sourceOf } from './source.ts'

const { event, reason } = readingOf('shopify')

const headers = (topic: string, id = 'w-1') => ({ 'X-Shopify-Topic': topic, 'X-Shopify-Webhook-Id': id })
const CHECKOUT = {
  token: 'b7e2c4a9f1d84c03',
  cart_token: 'c1-4f2e9d',
  email: 'checkout@example.com',
  phone: null,
  buyer_accepts_marketing: false,
  updated_at: '2026-11-23T03:30:00-05:00',
  completed_at: null,
  customer_locale: 'en-US',
  customer: {
    first_name: 'Ada',
    last_name: 'Example',
    email: 'ada@example.com',
    phone: '+14155550101',
    admin_graphql_api_id: 'gid://shopify/Customer/603851970716743426',
  },
}
/** As it is on the wire, where ids are numbers that a double cannot hold. */
const ORDER = `{"id":820982911946154508,"admin_graphql_api_id":"gid://shopify/Order/820982911946154508","token":"123456abcd",
  "checkout_token":"b7e2c4a9f1d84c03","cart_token":"c1-4f2e9d","email":null,"name":"#9999","buyer_accepts_marketing":true,
  "updated_at":"2026-11-23T03:40:00-05:00","test":false,"customer":{"id":115310627314723954,"email":"ada@example.com"}}`
const order = (change: object) => JSON.stringify({ id: 1, token: 't', ...change })

describe('types', () => {
  const state = (value: string | null) => ({ customer_id: 7, email_marketing_consent: { state: value } })
  const sms = (value: string | null) => ({
    id: 7,
    phone: '+14155550101',
    sms_marketing_consent: { state: value },
  })
  const EMAIL = 'customers_email_marketing_consent/update'
  const SMS = 'customers_marketing_consent/update'
  const cases: [string, string, unknown, string][] = [
    ['an open checkout', 'checkouts/create', CHECKOUT, 'checkout.updated'],
    ['a change of it', 'checkouts/update', CHECKOUT, 'checkout.updated'],
    [
      'a checkout that was completed',
      'checkouts/update',
      { ...CHECKOUT, completed_at: '2026-11-23' },
      'checkouts/update',
    ],
    ['one that is deleted', 'checkouts/delete', { token: 'b7' }, 'checkouts/delete'],
    ['an order', 'orders/create', ORDER, 'order.placed'],
    ['a change of it', 'orders/updated', ORDER, 'orders/updated'],
    ['consent withdrawn', EMAIL, state('unsubscribed'), 'customer.consent_withdrawn'],
    ['consent redacted', EMAIL, state('redacted'), 'customer.consent_withdrawn'],
    ['consent given', EMAIL, state('subscribed'), 'customer.consent_given'],
    ['consent that was never given', EMAIL, state('not_subscribed'), EMAIL],
    ['consent for SMS withdrawn', SMS, sms('unsubscribed'), 'customer.consent_withdrawn'],
    ['consent for SMS given', SMS, sms('subscribed'), 'customer.consent_given'],
    ['consent for SMS of which nothing is known', SMS, sms(null), SMS],
    ['a customer to be forgotten', 'customers/redact', { customer: { id: 7 } }, 'customer.erased'],
    ['a record that is deleted', 'customers/delete', { id: 7 }, 'customers/delete'],
  ]
  for (const [name, topic, body, type] of cases) {
    test(`${name}: ${topic}`, () => {
      const read = event(body, headers(topic))
      assert.equal(read.type, type)
      assert.equal(read.senderType, topic)
    })
  }
})

test('a checkout and its order are about the same', () => {
  assert.equal(event(CHECKOUT, headers('checkouts/update')).subject, CHECKOUT.token)
  assert.equal(event(ORDER, headers('orders/create')).subject, CHECKOUT.token)
})

test('an order without a checkout is about its cart, else about itself', () => {
  const gid = 'gid://shopify/Order/1'
  const about = (change: object) => event(order(change), headers('orders/create')).subject
  assert.equal(about({ checkout_token: null, cart_token: 'c1', admin_graphql_api_id: gid }), 'c1')
  assert.equal(about({ checkout_token: '', cart_token: null, admin_graphql_api_id: gid }), gid)
})

describe('the key', () => {
  test('is the id of the delivery, which is not signed', () => {
    const read = event(ORDER, headers('orders/create', 'w-7'))
    assert.equal(read.key, 'w-7')
    assert.equal(read.keyIsUnsigned, true)
    assert.notEqual(event(ORDER, headers('orders/create', 'w-8')).key, 'w-7')
  })

  test('stays what it was where the event is read again, with its topic', () => {
    const given = { ...headers('checkouts/update', 'w-7'), 'x-shopify-test': 'true' }
    const read = event(CHECKOUT, given)
    const kept = { ...read, id: 1, state: 'planned' as const, reason: null, notes: [], configVersion: 'v' }
    assert.deepEqual(readAgain(kept, { sources: new Map([['shopify', sourceOf('shopify')]]) }), read)
  })
})

describe('the customer', () => {
  const customerOf = (topic: string, body: unknown) => event(body, headers(topic)).customer

  test('of a checkout: its own address first, the id of the global id', () =>
    assert.deepEqual(customerOf('checkouts/update', CHECKOUT), {
      externalId: '603851970716743426',
      email: 'checkout@example.com',
      phone: '+14155550101',
      name: 'Ada Example',
      locale: 'en-US',
      consent: 'no',
    }))

  test('of an order: an id past 2^53 is intact, and the order is no name', () =>
    assert.deepEqual(customerOf('orders/create', ORDER), {
      externalId: '115310627314723954',
      email: 'ada@example.com',
      consent: 'yes',
    }))

  test('of consent, and of one to be forgotten', () => {
    const email = {
      customer_id: 706,
      email_address: 'bo@example.com',
      email_marketing_consent: { state: 'unsubscribed' },
    }
    assert.deepEqual(customerOf('customers_email_marketing_consent/update', email), {
      externalId: '706',
      email: 'bo@example.com',
      consent: 'no',
    })
    const sms = { id: 706, phone: '+14155550102', sms_marketing_consent: { state: 'subscribed' } }
    assert.deepEqual(customerOf('customers_marketing_consent/update', sms), {
      externalId: '706',
      phone: '+14155550102',
      consent: 'yes',
    })
    const redact = { shop_id: 9, customer: { id: 191, email: 'bo@example.com' }, orders_to_redact: [29] }
    assert.deepEqual(customerOf('customers/redact', redact), { externalId: '191', email: 'bo@example.com' })
  })

  test('the id of an order is no id of a customer', () =>
    assert.deepEqual(customerOf('orders/create', order({ customer: null })), {}))
})

test('the time is what the body says, else the header', () => {
  assert.equal(event(ORDER, headers('orders/create')).occurredAt, Date.UTC(2026, 10, 23, 8, 40))
  const triggered = {
    ...headers('orders/create'),
    'x-shopify-triggered-at': '2026-11-23T08:50:00.877041743Z',
  }
  assert.equal(event(order({}), triggered).occurredAt, Date.UTC(2026, 10, 23, 8, 50, 0, 877))
  assert.equal(
    event(order({ updated_at: 'soon' }), triggered).occurredAt,
    Date.UTC(2026, 10, 23, 8, 50, 0, 877),
  )
  assert.equal(event(order({}), headers('orders/create')).occurredAt, RECEIVED)
  const changed = {
    customer_id: 7,
    email_marketing_consent: { state: 'x', consent_updated_at: '2026-11-23T08:00:00Z' },
  }
  const topic = 'customers_email_marketing_consent/update'
  assert.equal(event(changed, headers(topic)).occurredAt, Date.UTC(2026, 10, 23, 8))
})

test('tests are marked in a header or in the order', () => {
  assert.equal(event(ORDER, headers('orders/create')).isTest, false)
  assert.equal(event(ORDER, { ...headers('orders/create'), 'x-shopify-test': 'false' }).isTest, false)
  assert.equal(event(ORDER, { ...headers('orders/create'), 'x-shopify-test': 'true' }).isTest, true)
  assert.equal(event(order({ test: true }), headers('orders/create')).isTest, true)
})

test('what is malformed says what is wrong and quotes nothing', () => {
  assert.equal(reason('{"email":"secret', headers('orders/create')), 'the body is not JSON')
  assert.equal(reason(['secret'], headers('orders/create')), 'the body: expected an object, got a list')
  assert.equal(
    reason(ORDER, { 'x-shopify-webhook-id': 'w-1' }),
    'the header x-shopify-topic: expected text of at most 200 characters, got nothing',
  )
})

test('fields of another kind than expected are passed over', () => {
  const read = event({ ...CHECKOUT, email: ['x'], customer: 'Ada' }, headers('checkouts/update'))
  assert.equal(read.type, 'checkout.updated')
  assert.deepEqual(read.customer, { locale: 'en-US', consent: 'no' })
})

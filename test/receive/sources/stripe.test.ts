import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('stripe')

const SESSION = {
  id: 'cs_1',
  object: 'checkout.session',
  mode: 'payment',
  customer: 'cus_1',
  customer_email: 'asked@example.com',
  customer_details: { email: 'ada@example.com', name: 'Ada Example', phone: '+14155550101' },
  locale: 'en',
  consent: { promotions: 'opt_in' },
  recovered_from: null,
}
const body = (type: string, object: object, change: object = {}) => ({
  id: 'evt_1',
  object: 'event',
  type,
  created: RECEIVED / 1000 - 60,
  livemode: true,
  data: { object },
  ...change,
})
const of = (type: string, object: object) => event(body(type, object))

describe('types', () => {
  const cases: [string, object, string][] = [
    ['checkout.session.expired', SESSION, 'cart.abandoned'],
    ['checkout.session.completed', SESSION, 'order.placed'],
    ['checkout.session.completed', { ...SESSION, mode: 'subscription' }, 'order.placed'],
    ['checkout.session.expired', { ...SESSION, mode: 'setup' }, 'checkout.session.expired'],
    ['checkout.session.completed', { ...SESSION, mode: 'setup' }, 'checkout.session.completed'],
    ['checkout.session.async_payment_failed', SESSION, 'checkout.session.async_payment_failed'],
    ['customer.deleted', { id: 'cus_1', object: 'customer' }, 'customer.deleted'],
  ]
  for (const [sender, object, type] of cases) {
    test(`${sender} is ${type}`, () => {
      const read = of(sender, object)
      assert.equal(read.type, type)
      assert.equal(read.senderType, sender)
    })
  }
})

test('a session that expired and the one that continues it are about the same', () => {
  assert.equal(of('checkout.session.expired', SESSION).subject, 'cs_1')
  assert.equal(of('checkout.session.completed', SESSION).subject, 'cs_1')
  const again = { ...SESSION, id: 'cs_2', recovered_from: 'cs_1' }
  assert.equal(of('checkout.session.completed', again).subject, 'cs_1')
  assert.equal(of('checkout.session.expired', again).subject, 'cs_2')
})

describe('the customer', () => {
  test('of a session, with what they agreed to', () => {
    const customer = {
      externalId: 'cus_1',
      email: 'ada@example.com',
      phone: '+14155550101',
      name: 'Ada Example',
      locale: 'en',
      consent: 'yes',
    }
    assert.deepEqual(of('checkout.session.expired', SESSION).customer, customer)
    const { consent: _, ...silent } = customer
    assert.deepEqual(of('checkout.session.expired', { ...SESSION, consent: null }).customer, silent)
    const no = { ...SESSION, consent: { promotions: 'opt_out' } }
    assert.equal(of('checkout.session.expired', no).customer.consent, 'no')
  })

  test('of a guest: the address that the session was made with, and the language only where it is one', () => {
    const guest = { ...SESSION, customer: null, customer_details: null, locale: 'auto', consent: null }
    assert.deepEqual(of('checkout.session.expired', guest).customer, { email: 'asked@example.com' })
  })

  test('itself; what else has a name is no customer', () => {
    const customer = {
      id: 'cus_1',
      object: 'customer',
      email: 'ada@example.com',
      name: 'Ada',
      preferred_locales: ['de'],
    }
    assert.deepEqual(of('customer.updated', customer).customer, {
      externalId: 'cus_1',
      email: 'ada@example.com',
      name: 'Ada',
      locale: 'de',
    })
    assert.deepEqual(
      of('product.updated', { id: 'prod_1', object: 'product', name: 'A kettle' }).customer,
      {},
    )
  })
})

test('the key is the event, the time its own', () => {
  assert.equal(of('checkout.session.expired', SESSION).key, 'evt_1')
  assert.equal(event(body('a', {}, { id: 'evt_2' })).key, 'evt_2')
  assert.equal(of('checkout.session.expired', SESSION).occurredAt, RECEIVED - 60_000)
})

test('events of test mode are tests', () => {
  assert.equal(event(body('a', SESSION)).isTest, false)
  assert.equal(event(body('a', SESSION, { livemode: false })).isTest, true)
  assert.equal(event(body('a', SESSION, { livemode: undefined })).isTest, false)
})

test('what is malformed says what is wrong and quotes nothing', () => {
  assert.equal(reason('{"id":"secret'), 'the body is not JSON')
  assert.equal(
    reason({ object: 'secret' }),
    'id: expected an id, got nothing; type: expected text of at most 200 characters, got nothing',
  )
  assert.equal(event({ id: 'evt_1', type: 'a', data: 'secret' }).subject, null)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('segment')

const call = (type: string, change: object = {}) => ({
  version: 1,
  type,
  messageId: 'ajs-1',
  userId: 'u-1',
  anonymousId: 'anonymous-1',
  timestamp: '2026-11-23T08:59:00.276Z',
  ...change,
})
const track = (name: string, properties: object = {}) => event(call('track', { event: name, properties }))

describe('types', () => {
  const cases: [object, string, string][] = [
    [call('track', { event: 'Checkout Started' }), 'checkout.updated', 'track.Checkout Started'],
    [call('track', { event: 'Order Completed' }), 'order.placed', 'track.Order Completed'],
    [call('track', { event: 'Product Viewed' }), 'track.Product Viewed', 'track.Product Viewed'],
    [call('delete'), 'customer.erased', 'delete'],
    [call('identify'), 'identify', 'identify'],
    [call('page', { event: 'Order Completed' }), 'page', 'page'],
  ]
  for (const [body, type, sender] of cases) {
    test(`${sender} is ${type}`, () => {
      const read = event(body)
      assert.equal(read.type, type)
      assert.equal(read.senderType, sender)
    })
  }
})

test('a checkout and its order are about the same, as the specification has them', () => {
  assert.equal(track('Checkout Started', { order_id: '50314' }).subject, '50314')
  assert.equal(track('Order Completed', { checkout_id: 'ck-1', order_id: '50314' }).subject, '50314')
  assert.equal(track('Checkout Step Viewed', { checkout_id: 'ck-1' }).subject, 'ck-1')
  assert.equal(track('Cart Viewed', { cart_id: 'ca-1' }).subject, 'ca-1')
  assert.equal(track('Signed Up').subject, null)
})

describe('the customer', () => {
  test('of a call: its user, and what the website knows of them', () => {
    const context = {
      traits: { email: 'ada@example.com', firstName: 'Ada', lastName: 'Example' },
      locale: 'en-US',
      timezone: 'America/Los_Angeles',
    }
    assert.deepEqual(event(call('track', { event: 'Order Completed', context })).customer, {
      externalId: 'u-1',
      email: 'ada@example.com',
      name: 'Ada Example',
      locale: 'en-US',
      timezone: 'America/Los_Angeles',
    })
  })

  test('of identify: its traits, over those that were kept', () => {
    const body = call('identify', {
      traits: { email: 'new@example.com', phone: '+14155550101' },
      context: { traits: { email: 'old@example.com', name: 'Ada' } },
    })
    assert.deepEqual(event(body).customer, {
      externalId: 'u-1',
      email: 'new@example.com',
      phone: '+14155550101',
      name: 'Ada',
    })
  })

  test('traits of a group are not its member’s, and an anonymous id is none', () => {
    assert.deepEqual(
      event(call('group', { traits: { name: 'Initech', email: 'office@example.com' } })).customer,
      {
        externalId: 'u-1',
      },
    )
    assert.deepEqual(event(call('page', { userId: null })).customer, {})
  })
})

test('the key is the id of the message; without one, the bytes', () => {
  assert.equal(event(call('page')).key, 'ajs-1')
  const bare = { type: 'delete', userId: 'u-1', timestamp: '2026-11-23T08:59:00Z' }
  assert.match(event(bare).key, /^[0-9a-f]{32}$/)
  assert.equal(event(bare).key, event(bare).key)
  assert.notEqual(event(bare).key, event({ ...bare, userId: 'u-2' }).key)
})

test('the time is its own', () => {
  assert.equal(event(call('page')).occurredAt, Date.UTC(2026, 10, 23, 8, 59, 0, 276))
  assert.equal(event(call('page', { timestamp: null })).occurredAt, RECEIVED)
})

test('ids past 2^53 are intact', () =>
  assert.deepEqual(event('{"type":"delete","userId":9007199254740993}').customer, {
    externalId: '9007199254740993',
  }))

test('what is malformed says what is wrong and quotes nothing', () => {
  assert.equal(reason('{"type":"secret'), 'the body is not JSON')
  assert.equal(reason({ userId: 'secret' }), 'type: expected text of at most 200 characters, got nothing')
  assert.equal(reason(call('track')), 'event: expected text of at most 200 characters, got nothing')
  assert.equal(
    reason(call('track', { event: '' })),
    'event: expected text of at most 200 characters, got none',
  )
  assert.equal(reason([call('page')]), 'the body: expected an object with type, got a list')
})

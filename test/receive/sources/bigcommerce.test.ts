import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('bigcommerce')

const CART = '09346904-4175-44fd-be53-f7e598531b6c'
const body = (scope: string, data: object) => ({
  scope,
  store_id: '1025646',
  data,
  hash: '352e4afc6dd3fc85ea26bfdf3f91852604d57528',
  created_at: RECEIVED / 1000 - 60,
  producer: 'stores/k2x9tea',
})
const of = (scope: string, data: object) => event(body(scope, data), {}, 'msg_1')

test('a cart that was left, and the order that ends it, are about the cart', () => {
  const left = of('store/cart/abandoned', { type: 'cart', id: CART })
  const bought = of('store/cart/converted', { type: 'cart', id: CART, orderId: 252 })
  assert.deepEqual(
    [left.type, left.senderType, left.subject],
    ['cart.abandoned', 'store/cart/abandoned', CART],
  )
  assert.deepEqual(
    [bought.type, bought.senderType, bought.subject],
    ['order.placed', 'store/cart/converted', CART],
  )
  assert.equal(
    of('store/cart/lineItem/created', { type: 'cart_line_item', id: 'l-1', cartId: CART }).subject,
    CART,
  )
  assert.deepEqual(left.customer, {})
})

test('other events keep their type; a deleted record is no wish to be forgotten', () => {
  for (const scope of ['store/cart/updated', 'store/order/created', 'store/customer/deleted']) {
    assert.equal(of(scope, { id: 3 }).type, scope)
  }
})

test('a customer is named where the id is theirs', () => {
  const named = (scope: string, data: object) => of(scope, data).customer
  assert.deepEqual(named('store/customer/created', { type: 'customer', id: 32 }), { externalId: '32' })
  const address = { type: 'customer', id: 60, address: { customer_id: 32 } }
  assert.deepEqual(named('store/customer/address/updated', address), { externalId: '32' })
  assert.deepEqual(named('store/order/created', { type: 'order', id: 250 }), {})
})

test('the key is the signed id, the time that of the body', () => {
  const read = of('store/cart/abandoned', { id: CART })
  assert.equal(read.key, 'msg_1')
  assert.equal(read.keyIsUnsigned, undefined)
  assert.equal(read.occurredAt, RECEIVED - 60_000)
  assert.equal(event({ scope: 'store/cart/abandoned' }, {}, 'msg_2').key, 'msg_2')
  assert.equal(event({ scope: 'store/cart/abandoned' }, {}, 'msg_2').occurredAt, RECEIVED)
})

test('ids past 2^53 are intact', () => {
  const read = event('{"scope":"store/customer/created","data":{"id":9007199254740993}}', {}, 'msg_1')
  assert.deepEqual(read.customer, { externalId: '9007199254740993' })
})

test('what is malformed says what is wrong and quotes nothing', () => {
  assert.equal(
    reason({ data: { id: 'secret' } }),
    'scope: expected text of at most 200 characters, got nothing',
  )
  assert.equal(reason('secret'), 'the body is not JSON')
  assert.equal(reason(['secret']), 'the body: expected an object with scope, got a list')
})

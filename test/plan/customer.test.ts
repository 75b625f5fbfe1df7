import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Customer } from '../../src/message.ts'
import { customerOf } from '../../src/plan/customer.ts'
import { scopeWith } from '../config/scope.ts'
import { configWith, eventWith } from './house.ts'

const documented = (customer: unknown): Customer =>
  customerOf(scopeWith({ customer }), null, eventWith({ customer }).customer)
const byFields = (line: string, data: unknown): Customer => {
  const fields = configWith({ greet: [`customer: ${line}`] }).routes[0]?.customer ?? null
  assert.ok(fields)
  return customerOf(scopeWith(data), fields, eventWith(data).customer)
}

describe('the documented form', () => {
  test('data.customer, every property of it', () => {
    const rest = {
      email: 'ann@example.com',
      phone: '+4930123456',
      name: 'Ann',
      locale: 'de-AT',
      timezone: 'Europe/Vienna',
      consent: 'yes',
    }
    assert.deepEqual(documented({ id: 'C-1', ...rest, vip: true }), { externalId: 'C-1', ...rest })
  })

  test('numbers and booleans are their text', () =>
    assert.deepEqual(documented({ id: 4711, consent: true }), { externalId: '4711', consent: 'true' }))

  test('an externalId is named id', () => assert.deepEqual(documented({ externalId: 'C-1' }), {}))

  test('blanks around a value are none of it', () =>
    assert.deepEqual(documented({ email: ' ann@example.com\n' }), { email: 'ann@example.com' }))

  for (const value of [null, '', '  ', {}, [], ['C-1'], { id: 'C-1' }, 'x'.repeat(256)]) {
    test(`absent: ${JSON.stringify(value).slice(0, 40)}`, () =>
      assert.deepEqual(documented({ id: value, email: value, name: 'Ann' }), { name: 'Ann' }))
  }

  test('255 characters are an identifier still', () =>
    assert.equal(documented({ id: 'x'.repeat(255) }).externalId?.length, 255))

  test('whatever stands there, a customer has texts of some length and nothing else', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom('id', 'email', 'phone', 'name', '__proto__', 'constructor', 'locale'),
        fc.jsonValue(),
      ),
    )
    fc.assert(
      fc.property(anything, (customer) => {
        for (const [name, value] of Object.entries(documented(customer))) {
          assert.match(name, /^(externalId|email|phone|name|locale|timezone|consent)$/)
          assert.ok(
            typeof value === 'string' && value.trim() === value && value !== '' && value.length <= 255,
          )
        }
      }),
    )
  })
})

describe('the customer block of a route', () => {
  const data = { user: { no: 7, mail: 'ann@example.com' }, customer: { id: 'C-1', name: 'Ann' } }

  test('is read instead of the documented form, not beside it', () =>
    assert.deepEqual(byFields('{ externalId: "{{ data.user.no }}", email: "{{ data.user.mail }}" }', data), {
      externalId: '7',
      email: 'ann@example.com',
    }))

  test('is lenient: what is absent, blank, no text or too long is none', () => {
    const line =
      '{ externalId: "{{ data.a.b.c }}", email: "{{ data.user }}", phone: "{{ data.long }}", name: "{{ data.customer.name }}" }'
    assert.deepEqual(byFields(line, { ...data, long: '1'.repeat(256) }), { name: 'Ann' })
  })
})

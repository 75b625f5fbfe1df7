import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { consentOf } from '../../src/consent.ts'
import type { ReadEvent } from '../../src/event.ts'
import type { Customer } from '../../src/message.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { loaded } from '../config/written.ts'
import { eventWith } from './house.ts'

const CONFIG = `genesys:
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
  defaultCountry: DE
sources:
  crm: { preset: standard-webhooks, secrets: [] }
  shop: { preset: standard-webhooks, secrets: [], externalSource: { id: space-2, name: Shop } }
  tried: { preset: standard-webhooks, secrets: [], acceptTests: true }
routes:
  greet: { on: crm/ticket.resolved, template: greet, channels: [webmessaging] }
suppressOn:
`

function configWith(...entries: string[]): Config {
  return loaded({
    yaml:
      entries.length === 0 ? `${CONFIG}  []\n` : `${CONFIG}${entries.map((one) => `  - ${one}\n`).join('')}`,
  })
}

const ANN: Customer = { externalId: 'C-1', email: 'Ann@Example.com', phone: '030 123456' }

function planOf(event: Partial<ReadEvent>, config: Config = configWith()) {
  return planEvent(eventWith({}, { customer: ANN, ...event }), config)
}

describe('the customer whom an event names', () => {
  test('by every name, in one form each', () =>
    assert.deepEqual(planOf({ type: 'any' }).names, [
      'externalId:space-1:C-1',
      'email:ann@example.com',
      'phone:+4930123456',
    ]))

  test('in the number space of its source', () =>
    assert.equal(planOf({ source: 'shop' }).names[0], 'externalId:space-2:C-1'))

  test('or nobody', () => assert.deepEqual(planOf({ customer: { name: 'Ann' } }).names, []))
})

describe('consent', () => {
  for (const word of ['yes', 'Yes', 'true', '1', 'opt_in', 'opted_in', 'subscribed', 'granted', 'given']) {
    test(`${word} is a yes`, () =>
      assert.equal(planOf({ customer: { ...ANN, consent: word } }).consent, true))
  }
  const NO = ['no', ' NO ', 'false', '0', 'opt_out', 'opted_out', 'unsubscribed', 'denied', 'withdrawn']
  for (const word of NO) {
    test(`${word} is a no`, () =>
      assert.equal(planOf({ customer: { ...ANN, consent: word } }).consent, false))
  }
  for (const word of ['', 'maybe', 'yes please', 'null', 'on', '2', 'not_subscribed', 'pending']) {
    test(`${JSON.stringify(word)} says nothing`, () => assert.equal(consentOf(word), null))
  }
  test('nor does an event that has no word for it', () => {
    assert.equal(planOf({}).consent, null)
    assert.equal(consentOf(undefined), null)
  })

  const types: [string, boolean | null][] = [
    ['customer.consent_given', true],
    ['customer.consent_withdrawn', false],
    ['customer.erased', false],
    ['customer.consent', null],
  ]
  for (const [type, expected] of types) {
    test(`an event ${type}: ${expected}`, () => assert.equal(planOf({ type }).consent, expected))
  }

  test('a type goes before a word', () => {
    const said = (type: string, consent: string) => planOf({ type, customer: { ...ANN, consent } }).consent
    assert.equal(said('customer.consent_given', 'no'), true)
    assert.equal(said('customer.erased', 'yes'), false)
  })

  test('a test says nothing about anybody', () => {
    assert.equal(planOf({ type: 'customer.consent_given', isTest: true }).consent, null)
    assert.equal(planOf({ type: 'customer.consent_withdrawn', isTest: true }).consent, null)
    assert.equal(planOf({ customer: { ...ANN, consent: 'yes' }, isTest: true }).consent, null)
  })
  test('unless its source accepts tests', () => {
    const tried = (type: string) => planOf({ source: 'tried', type, isTest: true }).consent
    assert.equal(tried('customer.consent_given'), true)
    assert.equal(tried('customer.consent_withdrawn'), false)
  })
})

describe('suppressOn', () => {
  const erased = { type: 'customer.erased' }

  test('nobody, where it says nothing of the event', () => {
    const config = configWith('{ on: "*/customer.erased" }')
    assert.equal(planOf({ type: 'other' }, config).suppress, null)
    assert.equal(planOf(erased).suppress, null)
  })

  test('over all channels, or those that it names', () => {
    assert.deepEqual(planOf(erased, configWith('{ on: "*/customer.erased" }')).suppress, { channels: null })
    const some = configWith('{ on: [crm/a, crm/customer.erased], channels: [sms, whatsapp] }')
    assert.deepEqual(planOf(erased, some).suppress, { channels: ['sms', 'whatsapp'] })
  })

  test('over what several entries name together; one without channels means all', () => {
    const [sms, both] = ['{ on: "crm/*", channels: [sms] }', '{ on: "*/customer.*", channels: [email, sms] }']
    assert.deepEqual(planOf(erased, configWith(sms ?? '', both ?? '')).suppress, {
      channels: ['sms', 'email'],
    })
    assert.deepEqual(planOf(erased, configWith(sms ?? '', '{ on: crm/customer.erased }')).suppress, {
      channels: null,
    })
  })

  test('by the sender’s own word', () => {
    const config = configWith('{ on: crm/customers/redact }')
    assert.deepEqual(planOf({ ...erased, senderType: 'customers/redact' }, config).suppress, {
      channels: null,
    })
  })

  test('never by a test, unless its source accepts tests', () => {
    const config = configWith('{ on: "*/customer.erased" }')
    const plan = planOf({ ...erased, isTest: true }, config)
    assert.deepEqual([plan.suppress, plan.reason], [null, 'no route listens to crm/customer.erased'])
    const accepted = planOf({ ...erased, source: 'tried', isTest: true }, config)
    assert.deepEqual(accepted.suppress, { channels: null })
  })

  test('the event’s page says so, whatever else it calls for', () => {
    const reasonOf = (event: Partial<ReadEvent>, entry: string) => planOf(event, configWith(entry)).reason
    assert.equal(
      reasonOf(erased, '{ on: "*/customer.erased" }'),
      'no route listens to crm/customer.erased; suppressOn: its customer is not written to any more',
    )
    assert.equal(
      reasonOf({}, '{ on: "*/ticket.resolved", channels: [sms, email] }'),
      'suppressOn: its customer is not written to any more over sms, email',
    )
  })

  test('and where it names nobody, what to do', () => {
    const plan = planOf({ ...erased, customer: {} }, configWith('{ on: "*/customer.erased" }'))
    assert.deepEqual([plan.suppress, plan.names], [{ channels: null }, []])
    assert.match(plan.reason ?? '', /suppressOn: the event names no customer, .*postrider suppress add$/)
  })
})

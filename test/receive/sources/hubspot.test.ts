import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RECEIVED, readingOf } from './reading.ts'

const { event, events, reason } = readingOf('hubspot')

const change = (subscriptionType: string, more: object = {}) => ({
  eventId: 410000001,
  subscriptionId: 810042,
  portalId: 55012871,
  appId: 3204417,
  occurredAt: RECEIVED - 60_000,
  subscriptionType,
  attemptNumber: 0,
  objectId: 70501,
  changeSource: 'CRM_UI',
  ...more,
})
const property = (propertyName: string, propertyValue: string, more: object = {}) => ({
  propertyName,
  propertyValue,
  ...more,
})
const of = (subscriptionType: string, more: object = {}) => event([change(subscriptionType, more)])

describe('types', () => {
  const ticket = { objectTypeId: '0-5' }
  const contact = { objectTypeId: '0-1' }
  const company = { objectTypeId: '0-2' }
  const cases: [string, object, string][] = [
    ['ticket.propertyChange', property('hs_pipeline_stage', '4'), 'ticket.resolved'],
    ['object.propertyChange', property('hs_pipeline_stage', '4', ticket), 'ticket.resolved'],
    ['ticket.propertyChange', property('hs_pipeline_stage', '3'), 'ticket.propertyChange'],
    ['ticket.propertyChange', property('hs_ticket_priority', '4'), 'ticket.propertyChange'],
    ['object.propertyChange', property('hs_pipeline_stage', '4', company), 'object.propertyChange'],
    ['contact.propertyChange', property('hs_email_optout', 'true'), 'customer.consent_withdrawn'],
    ['object.propertyChange', property('hs_email_optout', 'true', contact), 'customer.consent_withdrawn'],
    ['contact.propertyChange', property('hs_email_optout', 'false'), 'contact.propertyChange'],
    ['object.propertyChange', property('hs_email_optout', 'true', company), 'object.propertyChange'],
    ['contact.privacyDeletion', {}, 'customer.erased'],
    ['contact.deletion', {}, 'contact.deletion'],
    ['object.deletion', contact, 'object.deletion'],
    ['conversation.privacyDeletion', {}, 'conversation.privacyDeletion'],
  ]
  for (const [sender, more, type] of cases) {
    test(`${sender} ${JSON.stringify(more)} is ${type}`, () => {
      const read = of(sender, more)
      assert.equal(read.type, type)
      assert.equal(read.senderType, sender)
    })
  }
})

test('a contact is named by its id, and a ticket names nobody', () => {
  assert.deepEqual(of('contact.creation').customer, { externalId: '70501' })
  assert.deepEqual(of('object.creation', { objectTypeId: '0-1' }).customer, { externalId: '70501' })
  assert.deepEqual(of('contact.propertyChange', property('hs_email_optout', 'true')).customer, {
    externalId: '70501',
    consent: 'no',
  })
  for (const more of [{ objectTypeId: '0-5' }, { objectTypeId: '0-2' }, {}]) {
    assert.deepEqual(of('object.creation', more).customer, {})
  }
  assert.deepEqual(of('ticket.propertyChange', property('hs_pipeline_stage', '4')).customer, {})
})

test('what it is about and when it happened', () => {
  const { subject, occurredAt } = of('ticket.propertyChange', property('hs_pipeline_stage', '4'))
  assert.equal(subject, '70501')
  assert.equal(occurredAt, RECEIVED - 60_000)
  assert.equal(of('contact.creation', { occurredAt: 'soon' }).occurredAt, RECEIVED)
})

describe('the key', () => {
  test('is the same in another try', () => {
    const { key } = of('contact.creation')
    assert.equal(key, `55012871:contact.creation:70501:410000001:${RECEIVED - 60_000}`)
    assert.equal(of('contact.creation', { attemptNumber: 3 }).key, key)
  })

  test('is another where anything of it is: event ids are not unique', () => {
    const others = [
      of('contact.creation'),
      of('contact.deletion'),
      of('contact.creation', { portalId: 55012872 }),
      of('contact.creation', { objectId: 70502 }),
      of('contact.creation', { eventId: 410000002 }),
      of('contact.creation', { occurredAt: RECEIVED }),
      of('contact.associationChange', { objectId: undefined, fromObjectId: 1, toObjectId: 2 }),
      of('contact.associationChange', { objectId: undefined, fromObjectId: 2, toObjectId: 1 }),
    ]
    assert.equal(new Set(others.map(({ key }) => key)).size, others.length)
  })
})

test('ids past 2^53 stay as they are', () => {
  const read = event(JSON.stringify([change('contact.creation')]).replace('70501', '9007199254740993'))
  assert.equal(read.subject, '9007199254740993')
  assert.deepEqual(read.customer, { externalId: '9007199254740993' })
  assert.ok(read.key.includes(':9007199254740993:'))
})

test('a batch is an event for each, and one that cannot be read does not hide its neighbours', () => {
  const read = events([change('contact.creation'), { objectId: 'secret-word' }, change('contact.deletion')])
  assert.deepEqual(
    read.map((one) => ('reason' in one ? one.reason : one.type)),
    [
      'contact.creation',
      'subscriptionType: expected text of at most 200 characters, got nothing; eventId: expected an id, got nothing',
      'contact.deletion',
    ],
  )
  assert.deepEqual(JSON.parse(String(read[2]?.raw)), change('contact.deletion'))
  assert.deepEqual(events([]), [])
})

describe('what cannot be read, and why', () => {
  const cases: [string, unknown, string][] = [
    ['an event without a list', change('contact.creation'), 'the body: expected a list of events'],
    [
      'a list of texts',
      ['secret-word'],
      'the body: expected an object with subscriptionType and eventId, got text',
    ],
    [
      'an id that is none',
      [change('contact.creation', { eventId: null })],
      'eventId: expected an id, got null',
    ],
    ['no JSON', '[{', 'the body is not JSON'],
  ]
  for (const [name, body, why] of cases) test(name, () => assert.equal(reason(body), why))
})

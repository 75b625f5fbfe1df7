import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('intercom')

const CONTACT = '6a41c7d2e9b05f1387c2d401'
const note = (topic: string, item: unknown, change: object = {}) => ({
  type: 'notification_event',
  app_id: 'k3xample',
  id: 'notif_1',
  topic,
  created_at: RECEIVED / 1000 - 60,
  first_sent_at: RECEIVED / 1000 - 60,
  delivery_attempts: 1,
  data: { type: 'notification_event_data', item },
  ...change,
})
const TICKET = {
  type: 'ticket',
  id: '318846201477120',
  ticket_id: '70518',
  ticket_state: { category: 'resolved' },
  contacts: { type: 'contact.list', contacts: [{ type: 'contact', id: CONTACT, role: 'user' }] },
}
const CONVERSATION = {
  type: 'conversation',
  id: '210044',
  source: { author: { type: 'user', id: CONTACT, name: 'Edsger Example', email: 'edsger@example.com' } },
  contacts: { type: 'contact.list', contacts: [{ type: 'contact', id: CONTACT }] },
}
const PERSON = {
  type: 'contact',
  id: CONTACT,
  external_id: 'C-2002',
  email: 'edsger@example.com',
  phone: '+14155550140',
  name: 'Edsger Example',
  language_override: 'nl',
  unsubscribed_from_emails: false,
}

describe('types', () => {
  const cases: [string, unknown, string][] = [
    ['ticket.closed', TICKET, 'ticket.resolved'],
    ['conversation.admin.closed', CONVERSATION, 'ticket.resolved'],
    ['conversation.admin.opened', CONVERSATION, 'ticket.reopened'],
    ['contact.unsubscribed', { type: 'contact_unsubscribe', contact: PERSON }, 'customer.consent_withdrawn'],
    ['contact.subscribed', { type: 'contact_subscribe', contact: PERSON }, 'customer.consent_given'],
    ['ticket.state.updated', TICKET, 'ticket.state.updated'],
    ['conversation.user.replied', CONVERSATION, 'conversation.user.replied'],
    ['contact.deleted', PERSON, 'contact.deleted'],
  ]
  for (const [topic, item, type] of cases) {
    test(`${topic} is ${type}`, () => {
      const read = event(note(topic, item))
      assert.equal(read.type, type)
      assert.equal(read.senderType, topic)
      assert.equal(read.isTest, false)
    })
  }
})

test('a conversation has one name whether it is closed or opened again', () => {
  const subjects = ['closed', 'opened'].map(
    (what) => event(note(`conversation.admin.${what}`, CONVERSATION)).subject,
  )
  assert.deepEqual(subjects, ['210044', '210044'])
  assert.equal(event(note('ticket.closed', TICKET)).subject, '318846201477120')
  assert.equal(event(note('contact.unsubscribed', { contact: PERSON })).subject, CONTACT)
})

describe('the customer is named by the id that Intercom gave', () => {
  const customerOf = (topic: string, item: unknown) => event(note(topic, item)).customer

  test('and by nothing else in a ticket', () =>
    assert.deepEqual(customerOf('ticket.closed', TICKET), { externalId: CONTACT }))

  test('and by address in a conversation that they began; a teammate who began it is not the customer', () => {
    const whole = { externalId: CONTACT, name: 'Edsger Example', email: 'edsger@example.com' }
    assert.deepEqual(customerOf('conversation.admin.closed', CONVERSATION), whole)
    const author = { type: 'admin', id: '991', name: 'Care', email: 'care@example.com' }
    assert.deepEqual(customerOf('conversation.admin.closed', { ...CONVERSATION, source: { author } }), {
      externalId: CONTACT,
    })
  })

  test('in the older form too', () => {
    const user = { type: 'user', id: CONTACT, user_id: 'C-2002', email: 'edsger@example.com', name: null }
    const customer = { externalId: CONTACT, email: 'edsger@example.com' }
    assert.deepEqual(
      customerOf('conversation.admin.closed', { type: 'conversation', id: '1', user }),
      customer,
    )
    assert.deepEqual(customerOf('user.created', user), customer)
  })

  test('with what is known of a contact, and consent where it says so', () => {
    const known = {
      externalId: CONTACT,
      email: 'edsger@example.com',
      phone: '+14155550140',
      name: 'Edsger Example',
      locale: 'nl',
    }
    assert.deepEqual(customerOf('contact.user.updated', PERSON), known)
    assert.deepEqual(customerOf('contact.user.updated', { ...PERSON, unsubscribed_from_emails: true }), {
      ...known,
      consent: 'no',
    })
    assert.deepEqual(customerOf('contact.unsubscribed', { contact: PERSON }), { ...known, consent: 'no' })
    assert.deepEqual(customerOf('contact.subscribed', { contact: PERSON }), { ...known, consent: 'yes' })
  })
})

test('the key is the notification, whatever the try', () => {
  const body = note('ticket.closed', TICKET)
  assert.equal(event(body).key, 'notif_1')
  assert.equal(event({ ...body, delivery_attempts: 2 }).key, 'notif_1')
  assert.equal(event({ ...body, id: 'notif_2' }).key, 'notif_2')
  assert.equal(event(body).occurredAt, RECEIVED - 60_000)
})

test('a ping is a test, and has a key without an id', () => {
  const ping = (change: object) =>
    event(note('ping', { type: 'ping', message: 'a test' }, { id: null, ...change }))
  const first = ping({})
  assert.equal(first.isTest, true)
  assert.equal(first.type, 'ping')
  assert.equal(ping({ delivery_attempts: 2 }).key, first.key)
  assert.notEqual(ping({ created_at: RECEIVED / 1000 }).key, first.key)
})

test('ids past 2^53 stay as they are', () => {
  const body = JSON.stringify(note('ticket.closed', TICKET)).replace('"318846201477120"', '9007199254740993')
  assert.equal(event(body).subject, '9007199254740993')
})

describe('what cannot be read, and why', () => {
  const cases: [string, unknown, string][] = [
    ['no topic', note('', TICKET), 'topic: expected text of at most 200 characters, got none'],
    ['a topic that is none', { topic: 7 }, 'topic: expected text of at most 200 characters, got a number'],
    ['a list', [], 'the body: expected an object with topic, got a list'],
    ['a form', 'topic=ping', 'the body is not JSON'],
  ]
  for (const [name, body, why] of cases) test(name, () => assert.equal(reason(body), why))

  test('what it can do without may be anything', () => {
    for (const data of [
      null,
      'none',
      { item: [] },
      { item: { contacts: { contacts: 'none' }, source: 1 } },
    ]) {
      const read = event(note('ticket.closed', null, { data }))
      assert.equal(read.type, 'ticket.resolved')
      assert.deepEqual(read.customer, {})
    }
  })
})

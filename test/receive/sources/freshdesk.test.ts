import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { freshdesk } from '../../../src/receive/sources/freshdesk.ts'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('freshdesk')

const own = (triggered_event: unknown, change: object = {}) => ({
  freshdesk_webhook: {
    triggered_event,
    ticket_id: '831',
    ticket_url: 'https://care.example.com/helpdesk/tickets/831',
    ticket_subject: 'The parcel is late ☃',
    ticket_status: 'Waiting on Customer',
    requester_name: 'Barbara Example',
    requester_email: 'barbara@example.com',
    ...change,
  },
})

/** The body to paste as Freshdesk fills it in. */
const FILLED: Readonly<Record<string, string>> = {
  'ticket.id': '831',
  'ticket.tags': 'parcel,late',
  'ticket.contact.email': 'barbara@example.com',
  'ticket.contact.mobile': '+14155550131',
  'ticket.contact.name': 'Barbara Example',
}
const PASTED = (freshdesk.setup.body ?? '').replace(/\{\{([\w.]+)\}\}/g, (_, name: string) => {
  const value = FILLED[name]
  assert.ok(value !== undefined, `no placeholder ${name} is known`)
  return value
})

describe('types', () => {
  const cases: [string, string, string][] = [
    ['{status:{from:2,to:4}}', 'status', 'ticket.resolved'],
    ['{status:{from:3,to:5}}', 'status', 'ticket.resolved'],
    ['{status:{from:7,to:4}}', 'status', 'ticket.resolved'],
    ['{status:{from:4,to:5}}', 'status', 'status'],
    ['{status:{from:2,to:3}}', 'status', 'status'],
    ['{status:{from:4,to:2}}', 'status', 'ticket.reopened'],
    ['{status:{from:5,to:3}}', 'status', 'ticket.reopened'],
    ['{status:{from:4,to:6}}', 'status', 'ticket.reopened'],
    ['{status:{from:,to:4}}', 'status', 'status'],
    ['{priority:{from:1,to:4}}', 'priority', 'priority'],
    ['{ticket_action:created}', 'ticket_action', 'ticket_action'],
    ['{note_type:public}', 'note_type', 'note_type'],
  ]
  for (const [change, sender, type] of cases) {
    test(`${change} is ${type}`, () => {
      const read = event(own(change))
      assert.equal(read.type, type)
      assert.equal(read.senderType, sender)
    })
  }
})

test('a ticket has one name in both forms, resolved or reopened', () => {
  const subjects = [own('{status:{from:2,to:4}}'), own('{status:{from:4,to:2}}'), PASTED].map(
    (body) => event(body).subject,
  )
  assert.deepEqual(subjects, ['831', '831', '831'])
})

test('the body to paste says who it is about', () => {
  const read = event(PASTED)
  assert.equal(read.type, 'ticket.resolved')
  assert.deepEqual(read.customer, {
    email: 'barbara@example.com',
    phone: '+14155550131',
    name: 'Barbara Example',
  })
  assert.deepEqual(read.payload, JSON.parse(PASTED))
  assert.equal(event(PASTED.replace('ticket.resolved', 'ticket.reopened')).type, 'ticket.reopened')
})

test("Freshdesk's own form says the address", () =>
  assert.deepEqual(event(own('{status:{from:2,to:4}}')).customer, {
    email: 'barbara@example.com',
    name: 'Barbara Example',
  }))

test('without a time it happened when it was received, and without an id its bytes are the key', () => {
  const resolved = event(own('{status:{from:2,to:4}}'))
  assert.equal(resolved.occurredAt, RECEIVED)
  assert.match(resolved.key, /^[0-9a-f]{32}$/)
  assert.equal(event(own('{status:{from:2,to:4}}')).key, resolved.key)
  assert.notEqual(event(own('{status:{from:2,to:4}}', { ticket_id: '832' })).key, resolved.key)
  assert.notEqual(event(own('{status:{from:4,to:2}}')).key, resolved.key)
  assert.notEqual(event(PASTED.replace('831', '832')).key, event(PASTED).key)
})

test('a key is not remembered for longer than the tries go on', () => {
  const day = 24 * 3_600_000
  assert.deepEqual(freshdesk.dedupe, { forMs: day, leastMs: day })
})

test('ids past 2^53 stay as they are', () => {
  const body = JSON.stringify(own('{status:{from:2,to:4}}')).replace('"831"', '9007199254740993')
  assert.equal(event(body).subject, '9007199254740993')
})

describe('what cannot be read, and why', () => {
  const change = 'expected what changed, such as {status:{from:2,to:4}}'
  const cases: [string, unknown, string][] = [
    ['nothing changed', own(undefined), `freshdesk_webhook.triggered_event: ${change}, got nothing`],
    ['an object', own({ status: 4 }), `freshdesk_webhook.triggered_event: ${change}, got an object`],
    ['words', own('secret-word'), `freshdesk_webhook.triggered_event: ${change}, got text of another form`],
    [
      'a change of another form',
      own('{status:{to:4}}'),
      `freshdesk_webhook.triggered_event: ${change}, got text of another form`,
    ],
    [
      'an empty form',
      { freshdesk_webhook: null },
      'freshdesk_webhook: expected an object with triggered_event, got null',
    ],
    [
      'a body of somebody else',
      { ticket_id: '831' },
      'type: expected text of at most 200 characters, got nothing; data: expected an object, got nothing',
    ],
    ['a name that breaks the JSON', PASTED.replace('Barbara', '"Barbara"'), 'the body is not JSON'],
  ]
  for (const [name, body, why] of cases) test(name, () => assert.equal(reason(body), why))

  test('a megabyte of braces, in no time', () => {
    const begun = performance.now()
    for (const text of ['{a:'.repeat(300_000), `{a:${' '.repeat(900_000)}`, `{${'a'.repeat(900_000)}:b}`]) {
      assert.match(reason(own(text)), /got text of another form$/)
    }
    assert.ok(performance.now() - begun < 2_000)
  })
})

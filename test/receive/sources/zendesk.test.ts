import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { zendesk } from '../../../src/receive/sources/zendesk.ts'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('zendesk')

const STATUS_CHANGED = 'zen:event-type:ticket.status_changed'
const EVENT = {
  account_id: 7100234,
  id: '5f1c0a52-0001-4c1e-9d2a-7e30b6a4c811',
  type: STATUS_CHANGED,
  time: '2026-11-23T08:59:00.987654321Z',
  zendesk_event_version: '2022-11-06',
  subject: 'zen:ticket:60214',
  detail: { id: '60214', requester_id: '384500112233', external_id: '', status: 'SOLVED' },
  event: { current: 'SOLVED', previous: 'OPEN' },
}
const changed = (previous: string, current: string) => ({ ...EVENT, event: { current, previous } })

/** The body to paste as Zendesk fills it in. */
const FILLED: Readonly<Record<string, string>> = {
  'ticket.id': '60214',
  'ticket.tags': 'app login',
  'ticket.updated_at_with_timestamp': '2026-11-23T08:59:00Z',
  'ticket.requester.id': '384500112233',
  'ticket.requester.email': 'grace@example.com',
  'ticket.requester.phone': '+14155550120',
  'ticket.requester.name': 'Grace Example',
  'ticket.requester.locale': 'en-US',
}
const TRIGGER = (zendesk.setup.body ?? '').replace(/\{\{([\w.]+)\}\}/g, (_, name: string) => {
  const value = FILLED[name]
  assert.ok(value !== undefined, `no placeholder ${name} is known`)
  return value
})

describe('types of events', () => {
  const cases: [string, string, string][] = [
    ['OPEN', 'SOLVED', 'ticket.resolved'],
    ['new', 'solved', 'ticket.resolved'],
    ['SOLVED', 'CLOSED', STATUS_CHANGED],
    ['OPEN', 'CLOSED', STATUS_CHANGED],
    ['OPEN', 'PENDING', STATUS_CHANGED],
    ['SOLVED', 'DELETED', STATUS_CHANGED],
    ['SOLVED', 'OPEN', 'ticket.reopened'],
    ['solved', 'hold', 'ticket.reopened'],
    ['SOLVED', 'NEW', 'ticket.reopened'],
    ['CLOSED', 'PENDING', 'ticket.reopened'],
  ]
  for (const [previous, current, type] of cases) {
    test(`from ${previous} to ${current}: ${type}`, () => {
      const read = event(changed(previous, current))
      assert.equal(read.type, type)
      assert.equal(read.senderType, STATUS_CHANGED)
    })
  }

  test('others, and a change that does not say from what to what, keep their own', () => {
    const priority = 'zen:event-type:ticket.priority_changed'
    assert.equal(event({ ...EVENT, type: priority }).type, priority)
    const { event: _, ...silent } = EVENT
    for (const body of [silent, { ...EVENT, event: 'SOLVED' }, { ...EVENT, event: { current: 4 } }]) {
      assert.equal(event(body).type, STATUS_CHANGED)
    }
  })
})

test('an event has its own key and time, and the requester by id alone', () => {
  const { key, occurredAt, subject, customer, keyIsUnsigned, isTest } = event(EVENT, {
    'X-Zendesk-Webhook-Invocation-Id': 'INVOCATION',
  })
  assert.equal(key, EVENT.id)
  assert.equal(occurredAt, Date.UTC(2026, 10, 23, 8, 59, 0, 987))
  assert.equal(subject, '60214')
  assert.deepEqual(customer, { externalId: '384500112233' })
  assert.equal(keyIsUnsigned, true)
  assert.equal(isTest, false)
  assert.notEqual(event({ ...EVENT, id: 'another' }).key, key)
})

test('a trigger says in our form who it is about, in the same number space and of the same ticket', () => {
  const read = event(TRIGGER)
  assert.equal(read.type, 'ticket.resolved')
  assert.equal(read.subject, event(changed('SOLVED', 'OPEN')).subject)
  assert.equal(read.occurredAt, RECEIVED - 60_000)
  assert.deepEqual(read.customer, {
    externalId: event(EVENT).customer.externalId,
    email: 'grace@example.com',
    phone: '+14155550120',
    name: 'Grace Example',
    locale: 'en-US',
  })
  assert.deepEqual(read.payload, JSON.parse(TRIGGER))
})

test('the key of a trigger is its invocation; without one its bytes', () => {
  const invoked = (id: string, body = TRIGGER) => event(body, { 'x-zendesk-webhook-invocation-id': id }).key
  assert.equal(invoked('A'), 'A')
  assert.equal(invoked('A', TRIGGER.replace('60214', '60215')), 'A')
  assert.notEqual(invoked('B'), invoked('A'))
  assert.match(event(TRIGGER).key, /^[0-9a-f]{32}$/)
  assert.notEqual(event(TRIGGER.replace('60214', '60215')).key, event(TRIGGER).key)
})

test('ids past 2^53 stay as they are', () => {
  const body = JSON.stringify(EVENT)
    .replace('"60214"', '9007199254740993')
    .replace('"384500112233"', '9007199254740995')
  const { subject, customer } = event(body)
  assert.equal(subject, '9007199254740993')
  assert.equal(customer.externalId, '9007199254740995')
})

describe('what cannot be read, and why', () => {
  const { id: _, ...withoutId } = EVENT
  const cases: [string, unknown, string][] = [
    ['an event without an id', withoutId, 'id: expected an id, got nothing'],
    ['an event whose id is none', { ...EVENT, id: { a: 1 } }, 'id: expected an id, got an object'],
    [
      'a body of somebody else',
      { ticket_id: '60214', status: 'Solved' },
      'type: expected text of at most 200 characters, got nothing; data: expected an object, got nothing',
    ],
    ['a list', [EVENT], 'the body: expected an object with type and data, got a list'],
    [
      'a time that was not filled in',
      TRIGGER.replace('2026-11-23T08:59:00Z', 'Grace Example'),
      'timestamp: expected an ISO 8601 time, or seconds or milliseconds since 1970, got text that is none',
    ],
    [
      'a name that breaks the JSON',
      TRIGGER.replace('Grace Example', 'Grace "G" Example'),
      'the body is not JSON',
    ],
  ]
  for (const [name, body, why] of cases) test(name, () => assert.equal(reason(body), why))

  test('what it can do without may be anything', () => {
    const bare = event({ id: 7, type: STATUS_CHANGED, time: 'soon', detail: 'none', event: null })
    assert.equal(bare.key, '7')
    assert.equal(bare.occurredAt, RECEIVED)
    assert.equal(bare.subject, null)
    assert.deepEqual(bare.customer, {})
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { verify } from '../../../src/receive/signature/verify.ts'
import { pipedrive } from '../../../src/receive/sources/pipedrive.ts'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('pipedrive')

const META = {
  action: 'change',
  entity: 'deal',
  entity_id: '456',
  id: 'ea17c64f-ec7e-4e47-a321-5d84b7735fef',
  attempt: 1,
  timestamp: '2026-11-23T08:59:00.152Z',
  version: '2.0',
}
const DEAL = { meta: META, data: { id: 456, status: 'won', person_id: 8 }, previous: { status: 'open' } }
const PERSON = {
  meta: { ...META, entity: 'person', entity_id: '8' },
  data: {
    id: 8,
    name: 'Ada Example',
    emails: [
      { label: 'home', value: 'home@example.com', primary: false },
      { label: 'work', value: 'ada@example.com', primary: true },
    ],
    phones: [{ label: 'mobile', value: '+14155550101' }],
  },
  previous: null,
}

test('a change of a deal', () => {
  const { type, senderType, key, subject, occurredAt, customer, isTest, payload } = event(DEAL)
  assert.deepEqual([type, senderType], ['change.deal', 'change.deal'])
  assert.equal(key, META.id)
  assert.equal(subject, '456')
  assert.equal(occurredAt, Date.parse(META.timestamp))
  assert.deepEqual(customer, { externalId: '8' })
  assert.equal(isTest, false)
  assert.deepEqual(payload, DEAL)
})

test('a retry is the same event, another change of the deal another', () => {
  assert.equal(event({ ...DEAL, meta: { ...META, attempt: 3 } }).key, event(DEAL).key)
  assert.notEqual(event({ ...DEAL, meta: { ...META, id: 'another' } }).key, event(DEAL).key)
})

test('a change and the deletion of a deal are about the same', () => {
  const deletion = {
    meta: { ...META, action: 'delete', id: 'b' },
    data: null,
    previous: { id: 456, person_id: 8 },
  }
  assert.equal(event(deletion).type, 'delete.deal')
  assert.equal(event(deletion).subject, event(DEAL).subject)
  assert.deepEqual(event(deletion).customer, { externalId: '8' })
})

describe('a person', () => {
  test('has the primary address, else the first', () => {
    const ada = { externalId: '8', email: 'ada@example.com', phone: '+14155550101', name: 'Ada Example' }
    assert.deepEqual(event(PERSON).customer, ada)
  })

  test('that was deleted has its last state, and is none of our words', () => {
    const deleted = { meta: { ...PERSON.meta, action: 'delete' }, data: null, previous: PERSON.data }
    assert.equal(event(deleted).type, 'delete.person')
    assert.equal(event(deleted).customer.email, 'ada@example.com')
  })

  test('without addresses is known by its id', () => {
    const { customer } = event({ ...PERSON, data: { ...PERSON.data, emails: [], phones: null, name: ' ' } })
    assert.deepEqual(customer, { externalId: '8' })
  })
})

test('what it can do without may be anything', () => {
  const odd = { meta: { ...META, timestamp: 'soon', entity_id: { a: 1 } }, data: [1], previous: 'x' }
  const { occurredAt, subject, customer } = event(odd)
  assert.deepEqual([occurredAt, subject, customer], [RECEIVED, null, {}])
})

test('ids past 2^53 stay whole', () => {
  const long = JSON.stringify(DEAL).replace('"person_id":8', '"person_id":9007199254740993')
  assert.equal(event(long).customer.externalId, '9007199254740993')
})

describe('what cannot be read, and why', () => {
  const cases: [string, unknown, string][] = [
    ['a list', [DEAL], 'the body: expected an object with meta and data, got a list'],
    ['no meta', { data: {} }, 'meta: expected an object with id, action and entity, got nothing'],
    [
      'version 1, whose id is that of the record',
      { meta: { action: 'updated', object: 'deal', id: 456 }, current: { id: 456 } },
      'meta.entity: expected text of at most 200 characters, got nothing',
    ],
    ['no id', { meta: { ...META, id: null } }, 'meta.id: expected an id, got null'],
  ]
  for (const [name, body, why] of cases) test(name, () => assert.equal(reason(body), why))
})

test('it logs in by Basic', () => {
  const { scheme } = pipedrive
  assert.ok(scheme)
  const request = (authorization: string) => ({
    rawHeaders: ['Authorization', `Basic ${Buffer.from(authorization).toString('base64')}`],
    body: Buffer.from('{}'),
    method: 'POST',
    url: 'https://hooks.example.com/webhooks/pipedrive',
    secrets: ['pipedrive:its-password'],
    nowMs: RECEIVED,
  })
  assert.equal(verify(scheme, request('pipedrive:its-password')).kind, 'authentic')
  assert.equal(verify(scheme, request('pipedrive:another')).kind, 'refused')
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RECEIVED, readingOf } from './reading.ts'

const { event, events, reason } = readingOf('klaviyo')

const item = (topic: string, id: string, properties: object = {}) => ({
  topic,
  external_id: id,
  payload: {
    data: {
      id,
      type: 'event',
      attributes: { timestamp: RECEIVED / 1000 - 60, event_properties: properties },
      relationships: { profile: { data: { id: '01PROFILE', type: 'profile' } } },
    },
  },
})
const batch = (...data: unknown[]) => ({ meta: { klaviyo_webhook_id: '01HOOK' }, data })

describe('types', () => {
  const cases: [string, string][] = [
    ['event:klaviyo.unsubscribed_from_email_marketing', 'customer.consent_withdrawn'],
    ['event:klaviyo.unsubscribed_from_sms_marketing', 'customer.consent_withdrawn'],
    ['event:klaviyo.subscribed_to_email_marketing', 'customer.consent_given'],
    ['event:klaviyo.subscribed_to_sms_marketing', 'customer.consent_given'],
    ['event:klaviyo.marked_email_as_spam', 'event:klaviyo.marked_email_as_spam'],
    ['event:klaviyo.opened_email', 'event:klaviyo.opened_email'],
  ]
  for (const [topic, type] of cases) {
    test(`${topic} is ${type}`, () => {
      const read = event(batch(item(topic, 'e1')))
      assert.equal(read.type, type)
      assert.equal(read.senderType, topic)
    })
  }
})

test('each event of a delivery is one, and one that cannot be read does not hide its neighbours', () => {
  const read = events(batch(item('a', 'e1'), { external_id: 'e2' }, item('b', 'e3')))
  assert.deepEqual(
    read.map((one) => ('reason' in one ? one.reason : one.type)),
    ['a', 'topic: expected text of at most 200 characters, got nothing', 'b'],
  )
  assert.deepEqual(read[0]?.raw, Buffer.from(JSON.stringify(item('a', 'e1'))))
  assert.deepEqual(events(batch()), [])
})

test('the key is the same in every delivery of the event', () => {
  const [first] = events(batch(item('a', 'e1'), item('a', 'e2')))
  const [, second] = events(batch(item('a', 'e3'), item('a', 'e1')))
  assert.equal(first?.key, 'e1')
  assert.equal(second?.key, 'e1')
})

test('who, what about and when', () => {
  const address = { email_address: 'ada@example.com' }
  const read = event(batch(item('event:klaviyo.unsubscribed_from_email_marketing', 'e1', address)))
  assert.deepEqual(read.customer, { externalId: '01PROFILE', email: 'ada@example.com' })
  assert.equal(read.subject, '01PROFILE')
  assert.equal(read.occurredAt, RECEIVED - 60_000)
  const bare = event(batch({ topic: 'a', external_id: 'e1', payload: null }))
  assert.deepEqual([bare.customer, bare.subject, bare.occurredAt], [{}, null, RECEIVED])
})

test('what is malformed says what is wrong and quotes nothing', () => {
  assert.equal(reason('{"data":["secret'), 'the body is not JSON')
  assert.equal(reason({ data: { topic: 'secret' } }), 'data: expected a list of events')
  assert.equal(reason(batch('secret')), 'the body: expected an object with topic, got text')
})

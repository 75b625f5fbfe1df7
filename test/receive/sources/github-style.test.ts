import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CustomBlock, customOf } from '../../../src/config/custom.ts'
import { readAgain, readDelivery } from '../../../src/receive/sources/read.ts'
import { RECEIVED, readingOf } from './reading.ts'
import { sourceOf } from './source.ts'

const { event, reason } = readingOf('github-style')

const BODY = {
  action: 'closed',
  issue: { number: 42, user: { login: 'ada' }, updated_at: '2026-11-23T08:59:00Z' },
}
const HEADERS = { 'X-GitHub-Event': 'issues', 'X-GitHub-Delivery': 'f00d-1' }

describe('GitHub', () => {
  test('says the type in a header, and what was done in the body', () => {
    const { type, senderType, key, subject, occurredAt, customer, isTest, payload } = event(BODY, HEADERS)
    assert.deepEqual([type, senderType, key], ['issues.closed', 'issues.closed', 'f00d-1'])
    assert.deepEqual([subject, occurredAt, customer, isTest], [null, RECEIVED, {}, false])
    assert.deepEqual(payload, BODY)
  })

  test('some events have no action', () =>
    assert.equal(event({ ref: 'main' }, { ...HEADERS, 'X-GitHub-Event': 'push' }).type, 'push'))

  test('a redelivery is the same event, and neither its id nor its type is signed', () => {
    assert.equal(event(BODY, HEADERS).key, event(BODY, HEADERS).key)
    assert.notEqual(event(BODY, { ...HEADERS, 'X-GitHub-Delivery': 'f00d-2' }).key, event(BODY, HEADERS).key)
    assert.equal(event(BODY, HEADERS).keyIsUnsigned, true)
  })

  test('without an id the bytes are the key', () => {
    const { 'X-GitHub-Delivery': _, ...headers } = HEADERS
    assert.match(event(BODY, headers).key, /^[0-9a-f]{32}$/)
  })

  test('a ping is a test', () => {
    const ping = event({ zen: 'Keep it simple.' }, { ...HEADERS, 'X-GitHub-Event': 'ping' })
    assert.deepEqual([ping.type, ping.isTest], ['ping', true])
  })

  test('what it keeps is enough to be read again', () => {
    const one = event(BODY, HEADERS)
    assert.deepEqual(one.headers, { 'x-github-event': 'issues' })
    const kept = { ...one, id: 1, state: 'planned' as const, reason: null, notes: [], configVersion: '1' }
    assert.deepEqual(readAgain(kept, { sources: new Map([['github-style', sourceOf('github-style')]]) }), one)
  })
})

describe('a source that says more', () => {
  const read = (block: unknown, headers: Record<string, string>) => {
    const source = sourceOf('github-style', { custom: customOf(CustomBlock.parse(block)) })
    const delivery = {
      body: Buffer.from(JSON.stringify(BODY)),
      rawHeaders: Object.entries(headers).flat(),
      receivedAt: RECEIVED,
    }
    const [one] = readDelivery(source, delivery, null)
    assert.ok(one && !('reason' in one))
    return one
  }

  test('what it says counts, the rest is as GitHub has it', () => {
    const block = {
      subject: '{{ payload.issue.number }}',
      occurredAt: '{{ payload.issue.updated_at }}',
      customer: { externalId: '{{ payload.issue.user.login }}' },
      types: { 'issues.closed': 'ticket.resolved' },
    }
    const { type, senderType, key, subject, occurredAt, customer } = read(block, HEADERS)
    assert.deepEqual([type, senderType, key, subject], ['ticket.resolved', 'issues.closed', 'f00d-1', '42'])
    assert.equal(occurredAt, Date.parse(BODY.issue.updated_at))
    assert.deepEqual(customer, { externalId: 'ada' })
  })

  test('another sender, with headers of its own', () => {
    const block = { type: '{{ headers["x-event-key"] }}', key: '{{ headers["x-request-uuid"] }}' }
    const one = read(block, { 'X-Event-Key': 'issue:updated', 'X-Request-UUID': 'u-1' })
    assert.deepEqual([one.type, one.key], ['issue:updated', 'u-1'])
    assert.deepEqual(one.headers, { 'x-event-key': 'issue:updated', 'x-request-uuid': 'u-1' })
  })
})

describe('what cannot be read, and why', () => {
  test('a form', () => assert.equal(reason('payload=%7B%7D', HEADERS), 'the body is not JSON'))
  test('no type', () =>
    assert.equal(reason(BODY), 'the configuration does not say where its type stands: set custom.type'))
})

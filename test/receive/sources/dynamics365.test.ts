import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { verify } from '../../../src/receive/signature/verify.ts'
import { dynamics365 } from '../../../src/receive/sources/dynamics365.ts'
import { RECEIVED, readingOf } from './reading.ts'

const { event, reason } = readingOf('dynamics365')

const CASE = '6d81597f-0f9f-e711-8122-000d3aa2331c'
const CONTACT = '75c2dd85-e89e-e711-8122-000d3aa2331c'
const option = (Value: number) => ({ __type: 'OptionSetValue:http://schemas.microsoft.com/xrm', Value })
const reference = (Id: string) => ({ __type: 'EntityReference', Id, LogicalName: 'contact', Name: null })

type Attributes = Record<string, unknown>
const entity = (attributes: Attributes) => ({
  LogicalName: 'incident',
  Attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
})
function update(
  target: Attributes,
  images: { before?: Attributes; after?: Attributes } = {},
  rest: object = {},
) {
  const { before, after } = images
  return {
    MessageName: 'Update',
    PrimaryEntityName: 'incident',
    PrimaryEntityId: CASE,
    OperationId: '4af10637-4ea2-e711-8122-000d3aa2331c',
    CorrelationId: 'b374239d-4233-41a9-8b17-a86cb4f737b5',
    OperationCreatedOn: '/Date(1795424340000-0700)/',
    Stage: 40,
    InputParameters: [
      { key: 'Target', value: entity(target) },
      { key: 'SuppressDuplicateDetection', value: false },
    ],
    PreEntityImages: before ? [{ key: 'before', value: entity(before) }] : [],
    PostEntityImages: after ? [{ key: 'after', value: entity(after) }] : [],
    ...rest,
  }
}
const RESOLVED = update(
  { statecode: option(1), statuscode: option(5) },
  { after: { customerid: reference(CONTACT) } },
)

test('a case that is resolved', () => {
  const { type, senderType, key, subject, occurredAt, customer, isTest } = event(RESOLVED)
  assert.deepEqual([type, senderType], ['ticket.resolved', 'Update.incident'])
  assert.equal(key, RESOLVED.OperationId)
  assert.equal(subject, CASE)
  assert.equal(occurredAt, 1795424340000)
  assert.deepEqual(customer, { externalId: CONTACT })
  assert.equal(isTest, false)
})

describe('the word for a change of state', () => {
  const typeOf = (...changed: Parameters<typeof update>) => event(update(...changed)).type
  const state = (code: number) => ({ statecode: option(code) })
  const cases: [string, Attributes, { before?: Attributes; after?: Attributes }, string][] = [
    ['resolved', state(1), {}, 'ticket.resolved'],
    ['resolved, from active', state(1), { before: state(0) }, 'ticket.resolved'],
    ['resolved already', state(1), { before: state(1) }, 'Update.incident'],
    ['canceled', state(2), { before: state(0) }, 'Update.incident'],
    ['active again', state(0), { before: state(1) }, 'ticket.reopened'],
    ['active, as it was', state(0), { before: state(0) }, 'Update.incident'],
    ['active, and nothing says what it was', state(0), {}, 'Update.incident'],
    ['a change of a resolved case', { title: 'x' }, { before: state(1), after: state(1) }, 'Update.incident'],
  ]
  for (const [name, target, images, type] of cases) {
    test(`${name}: ${type}`, () => assert.equal(typeOf(target, images), type))
  }

  test('is for cases alone', () =>
    assert.equal(typeOf(state(1), {}, { PrimaryEntityName: 'contact' }), 'Update.contact'))

  test('both are about the same', () =>
    assert.equal(event(update(state(0), { before: state(1) })).subject, event(RESOLVED).subject))
})

describe('data', () => {
  test('holds the attributes of images, and over them those that were changed', () => {
    const body = update(
      { title: 'new', amount: { Value: 12.5 }, followup: '/Date(1795424340000)/', statecode: option(1) },
      {
        after: { title: 'old', customerid: reference(CONTACT), ticketnumber: 'CAS-1' },
        before: { title: 'older' },
      },
    )
    const { payload } = event(body)
    const data = {
      title: 'new',
      amount: 12.5,
      followup: '2026-11-23T08:59:00.000Z',
      statecode: 1,
      customerid: CONTACT,
      ticketnumber: 'CAS-1',
    }
    assert.deepEqual(payload, { ...body, data })
  })

  test('is empty where the parameters were cut, which is an event all the same', () => {
    const { InputParameters, PreEntityImages, PostEntityImages, ...cut } = RESOLVED
    const { type, customer, payload } = event(cut, { 'x-ms-dynamics-msg-size-exceeded': 'true' })
    assert.equal(type, 'Update.incident')
    assert.deepEqual(customer, {})
    assert.deepEqual(payload, { ...cut, data: {} })
  })

  test('is empty of a deletion, whose Target is a reference', () => {
    const body = {
      ...RESOLVED,
      MessageName: 'Delete',
      InputParameters: [{ key: 'Target', value: reference(CASE) }],
    }
    assert.equal(event({ ...body, PostEntityImages: null }).type, 'Delete.incident')
    assert.deepEqual((event({ ...body, PostEntityImages: null }).payload as { data: unknown }).data, {})
  })
})

describe('a contact', () => {
  const changed = (target: Attributes) =>
    event(update(target, {}, { PrimaryEntityName: 'contact', PrimaryEntityId: CONTACT })).customer

  test('has its addresses', () => {
    const ada = {
      firstname: 'Ada',
      lastname: 'Example',
      emailaddress1: 'ada@example.com',
      telephone1: '+14155550100',
      mobilephone: '+14155550101',
    }
    assert.deepEqual(changed(ada), {
      externalId: CONTACT,
      email: 'ada@example.com',
      phone: '+14155550101',
      name: 'Ada Example',
    })
  })

  test('or some of them', () =>
    assert.deepEqual(changed({ telephone1: '+14155550100', fullname: 'Ada E.' }), {
      externalId: CONTACT,
      phone: '+14155550100',
      name: 'Ada E.',
    }))

  test('that wants no bulk email has no consent, and that does not say so says nothing', () => {
    assert.equal(changed({ donotbulkemail: true }).consent, 'no')
    assert.equal(changed({ donotbulkemail: false }).consent, undefined)
  })
})

describe('the key', () => {
  const zero = { OperationId: '00000000-0000-0000-0000-000000000000' }
  const keyOf = (rest: object) => event(update({}, {}, rest)).key

  test('is the operation, whatever else comes with it', () =>
    assert.equal(keyOf({ CorrelationId: 'another', Stage: 30 }), keyOf({})))

  test('of a synchronous step is its change and its record', () => {
    assert.ok(keyOf(zero)?.startsWith(`b374239d-4233-41a9-8b17-a86cb4f737b5:Update:${CASE}:40:`))
    assert.equal(keyOf(zero), keyOf(zero))
    for (const other of [
      { MessageName: 'Create' },
      { PrimaryEntityId: CONTACT },
      { CorrelationId: 'c' },
      { Depth: 2 },
    ]) {
      assert.notEqual(keyOf({ ...zero, ...other }), keyOf(zero))
    }
  })

  test('is the bytes where there is neither', () => {
    const neither = { ...zero, CorrelationId: null }
    assert.match(keyOf(neither), /^[0-9a-f]{32}$/)
    assert.notEqual(keyOf({ ...neither, Stage: 30 }), keyOf(neither))
  })
})

test('a time that is none is the time of receipt', () => {
  for (const OperationCreatedOn of ['/Date(soon)/', null, 5, '2026-11-23T08:59:00Z']) {
    assert.equal(event(update({}, {}, { OperationCreatedOn })).occurredAt, RECEIVED)
  }
})

describe('what cannot be read, and why', () => {
  const cases: [string, unknown, string][] = [
    ['text', '"x"', 'the body: expected an object with MessageName and PrimaryEntityName, got text'],
    [
      'no names',
      { PrimaryEntityId: CASE },
      'MessageName: expected text of at most 200 characters, got nothing; PrimaryEntityName: expected text of at most 200 characters, got nothing',
    ],
  ]
  for (const [name, body, why] of cases) test(name, () => assert.equal(reason(body), why))
})

test('its token comes as code or in a header, and once', () => {
  const { scheme } = dynamics365
  assert.ok(scheme)
  const kindOf = (url: string, rawHeaders: string[] = []) =>
    verify(scheme, {
      rawHeaders,
      body: Buffer.from('{}'),
      method: 'POST',
      url,
      secrets: ['a-key-of-sixteen-letters'],
      nowMs: RECEIVED,
    }).kind
  const url = 'https://hooks.example.com/webhooks/dynamics365'
  const header = ['X-Postrider-Token', 'a-key-of-sixteen-letters']
  assert.equal(kindOf(`${url}?code=a-key-of-sixteen-letters`), 'authentic')
  assert.equal(kindOf(url, header), 'authentic')
  assert.equal(kindOf(`${url}?code=a-key-of-sixteen-letters`, header), 'refused')
  assert.equal(kindOf(`${url}?code=another`), 'refused')
})

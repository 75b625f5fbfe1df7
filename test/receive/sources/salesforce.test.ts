import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readAgain } from '../../../src/receive/sources/read.ts'
import { salesforce } from '../../../src/receive/sources/salesforce.ts'
import { RECEIVED, readingOf } from './reading.ts'
import { sourceOf } from './source.ts'

const { event, events, reason } = readingOf('salesforce')

const ENVELOPE =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
const LIST = '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
const ORGANIZATION = '<OrganizationId>00Dxx0000000000EAA</OrganizationId>'
const SESSION = '<SessionId>00Dxx!a-session-that-is-live</SessionId>'

function soap(notifications: string, prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'): string {
  const head = `${prolog}${ENVELOPE}<soapenv:Body>${LIST}${ORGANIZATION}<ActionId>04kxx</ActionId>${SESSION}`
  return `${head}${notifications}</notifications></soapenv:Body></soapenv:Envelope>`
}
function notification(
  fields: Record<string, string | null>,
  type = 'Case',
  id = '04lxx000000000AAAA',
): string {
  const written = Object.entries(fields).map(([name, value]) =>
    value === null ? `<sf:${name} xsi:nil="true"/>` : `<sf:${name}>${value}</sf:${name}>`,
  )
  const record = `<sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">${written.join('\n')}</sObject>`
  return `<Notification><Id>${id}</Id>${record}</Notification>`
}
const CLOSED = {
  Id: '500xx000000bZ1AAE',
  Status: 'Closed',
  LastModifiedDate: '2026-11-23T08:59:00.000Z',
  SuppliedEmail: 'ada@example.com',
  ContactId: '003xx000004TmiQAAS',
}
const closed = (change: Record<string, string | null> = {}) => soap(notification({ ...CLOSED, ...change }))

describe('an outbound message', () => {
  test('of a closed case', () => {
    const { type, senderType, key, subject, occurredAt, customer, isTest, payload } = event(closed())
    assert.deepEqual([type, senderType], ['ticket.resolved', 'Case'])
    assert.equal(key, '04lxx000000000AAAA')
    assert.equal(subject, CLOSED.Id)
    assert.equal(occurredAt, Date.parse(CLOSED.LastModifiedDate))
    assert.deepEqual(customer, { externalId: CLOSED.ContactId, email: 'ada@example.com' })
    assert.equal(isTest, false)
    const organizationId = '00Dxx0000000000EAA'
    assert.deepEqual(payload, { organizationId, notificationId: key, type: 'Case', data: CLOSED })
  })

  test('has texts as they are meant, and nil as null', () => {
    const texts = { Subject: 'Kettle &amp; <![CDATA[cups <b>]]> &#x1F375; 🫖', Reason: null, Empty: '' }
    const { payload } = event(closed(texts))
    const data = { ...CLOSED, Subject: 'Kettle & cups <b> 🍵 🫖', Reason: null, Empty: '' }
    assert.deepEqual((payload as { data: unknown }).data, data)
  })

  test('is read whatever its namespaces are called, and where they are declared', () => {
    const odd = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/><e:Body xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><o:notifications xmlns:o="http://soap.sforce.com/2005/09/outbound"><o:Notification xmlns:s="urn:x"><o:Id>04l</o:Id><o:sObject i:type="s:Case"><s:Status>Closed</s:Status></o:sObject></o:Notification></o:notifications></e:Body></e:Envelope>`
    assert.equal(event(`\uFEFF\n ${odd}`).type, 'ticket.resolved')
  })

  describe('says ticket.resolved', () => {
    const cases: [string, Record<string, string | null>, string][] = [
      ['closed by its flag, in any language', { Status: 'Geschlossen', IsClosed: 'true' }, 'ticket.resolved'],
      ['closed by its status', { IsClosed: null }, 'ticket.resolved'],
      ['open by its flag', { IsClosed: 'false' }, 'Case'],
      ['open by its status', { Status: 'Working' }, 'Case'],
      ['no status', { Status: null }, 'Case'],
    ]
    for (const [name, change, type] of cases)
      test(`${name}: ${type}`, () => assert.equal(event(closed(change)).type, type))

    test('of no other record', () => assert.equal(event(soap(notification(CLOSED, 'Work'))).type, 'Work'))
  })

  test('repeated is the same event, and another notification another', () => {
    assert.equal(event(closed({ Status: 'Working' })).key, event(closed()).key)
    assert.notEqual(event(soap(notification(CLOSED, 'Case', '04lxx000000000BAAA'))).key, event(closed()).key)
  })
})

describe('the customer', () => {
  const customerOf = (fields: Record<string, string | null>, type: string) =>
    event(soap(notification(fields, type))).customer

  test('of a case is who wrote in, else its contact', () => {
    const contact = { ContactId: '003', ContactEmail: 'c@example.com', ContactPhone: '+14155550101' }
    const externalId = '003'
    assert.deepEqual(customerOf(contact, 'Case'), {
      externalId,
      email: 'c@example.com',
      phone: '+14155550101',
    })
    const supplied = { SuppliedEmail: 's@example.com', SuppliedPhone: '+14155550102', SuppliedName: 'Ben' }
    const ben = { externalId, email: 's@example.com', phone: '+14155550102', name: 'Ben' }
    assert.deepEqual(customerOf({ ...contact, ...supplied }, 'Case'), ben)
  })

  test('of a contact, lead or account is itself', () => {
    const fields = {
      Id: '003',
      Email: 'a@example.com',
      Phone: '+1415',
      MobilePhone: '+14155550103',
      FirstName: 'Ada',
      LastName: 'E',
    }
    const ada = { externalId: '003', email: 'a@example.com', phone: '+14155550103', name: 'Ada E' }
    for (const type of ['Contact', 'Lead', 'Account']) assert.deepEqual(customerOf(fields, type), ada)
    assert.equal(customerOf({ ...fields, Name: 'Dr. Ada E' }, 'Lead').name, 'Dr. Ada E')
  })

  test('has consented to nothing where it opted out, or does not say', () => {
    assert.equal(customerOf({ Id: '003', HasOptedOutOfEmail: 'true' }, 'Contact').consent, 'no')
    assert.equal(customerOf({ Id: '003', HasOptedOutOfEmail: 'false' }, 'Contact').consent, undefined)
  })
})

describe('a message of many', () => {
  const gone = '<Notification><Id>04lxx000000000GAAA</Id></Notification>'
  const many = soap(
    [
      notification(CLOSED, 'Case', '04l1'),
      gone,
      notification({ ...CLOSED, Status: 'Wörking 🫖' }, 'Case', '04l3'),
    ].join('\n'),
  )

  test('is as many events, and one that cannot be read hides no other', () => {
    const read = events(many)
    const said = read.map((one) => ('reason' in one ? one.reason : `${one.key} ${one.type}`))
    assert.deepEqual(said, [
      '04l1 ticket.resolved',
      'type: expected text of at most 200 characters, got nothing; data: expected a record (sObject), got nothing',
      '04l3 Case',
    ])
  })

  test('is kept in parts that can be read again alone, without the session', () => {
    const config = { sources: new Map([['salesforce', sourceOf('salesforce')]]) }
    for (const one of events(many)) {
      assert.ok(!one.raw.includes('SessionId') && one.raw.includes(ORGANIZATION))
      if ('reason' in one) continue
      const kept = { ...one, id: 1, state: 'planned' as const, reason: null, notes: [], configVersion: '1' }
      assert.deepEqual(readAgain(kept, config), one)
    }
  })

  test('of the same notification twice has it with the same key', () => {
    const [a, b] = events(soap(notification(CLOSED) + notification(CLOSED)))
    assert.equal(a?.key, b?.key)
  })

  test('of none is no event', () => assert.deepEqual(events(soap('')), []))

  test('has at most 1000', () =>
    assert.equal(
      reason(soap('<Notification/>'.repeat(1001))),
      'at most 1000 notifications a delivery, got 1001',
    ))

  test('has an envelope that can be kept with each', () =>
    assert.equal(
      reason(soap(notification(CLOSED)).replace(LIST, LIST.replace('>', ` a="${'x'.repeat(9000)}">`))),
      'the envelope has more than 8000 characters',
    ))
})

describe('a callout of a flow', () => {
  const callout = {
    id: 'a01-1',
    type: 'ticket.resolved',
    timestamp: '2026-11-23T08:59:00Z',
    data: { ticket: { id: '500' }, customer: { id: '003', email: 'ada@example.com' } },
  }

  test('is the form that is ours', () => {
    const { type, key, subject, occurredAt, customer, payload } = event(callout)
    assert.deepEqual([type, key, subject], ['ticket.resolved', 'a01-1', '500'])
    assert.equal(occurredAt, Date.parse(callout.timestamp))
    assert.deepEqual(customer, { externalId: '003', email: 'ada@example.com' })
    assert.deepEqual(payload, callout)
  })

  test('without an id is known by its bytes', () => {
    const { id, ...rest } = callout
    assert.match(event(rest).key, /^[0-9a-f]{32}$/)
    assert.equal(event(rest).key, event(rest).key)
    assert.notEqual(event({ ...rest, type: 'ticket.reopened' }).key, event(rest).key)
  })

  test('has ids past 2^53 whole', () =>
    assert.equal(event('{"id":9007199254740993,"type":"x","data":{}}').key, '9007199254740993'))

  test('needs a type and data', () =>
    assert.equal(
      reason({ id: 'a01-1' }),
      'type: expected text of at most 200 characters, got nothing; data: expected an object, got nothing',
    ))
})

describe('what cannot be read, and why', () => {
  const secret = 'quoted-nowhere'
  const entity = `<!DOCTYPE x [<!ENTITY e "${secret}">]>`
  const deep = '<sf:a xmlns:sf="urn:x">'.repeat(40)
  const cases: [string, string, string][] = [
    ['nothing', '', 'the body is empty'],
    ['cut off', closed().slice(0, -9), 'the body is not well-formed XML'],
    ['a prefix of nobody', closed({ '../x': secret }), 'the body is not well-formed XML'],
    ['an entity of nobody', closed({ Subject: `&${secret};` }), 'the body is not well-formed XML'],
    [
      'a DOCTYPE',
      soap(notification(CLOSED), entity),
      'the body has a DOCTYPE, which no outbound message has',
    ],
    [
      'another document',
      `<html>${secret}</html>`,
      'the body is no outbound message: it has no Envelope with notifications',
    ],
    [
      'notifications of somebody else',
      closed().replace('http://soap.sforce.com/2005/09/outbound', 'urn:x'),
      'the body is no outbound message: it has no Envelope with notifications',
    ],
    ['nested without end', soap(deep + '</sf:a>'.repeat(40)), 'the body is nested more than 32 levels deep'],
    [
      'no id',
      closed().replace('<Id>04lxx000000000AAAA</Id>', ''),
      'notificationId: expected the text of Id, got nothing',
    ],
  ]
  for (const [name, body, why] of cases) test(name, () => assert.equal(reason(body), why))

  test('not UTF-8', () => {
    const split = salesforce.split?.(Buffer.from(closed({ Subject: 'ü' }), 'latin1'), null)
    assert.ok(split?.kind === 'unreadable')
    assert.equal(split.reason, 'the body is not UTF-8')
  })

  test('is kept without the key to the organization', () => {
    const body = '<a><SessionId>secret</SessionId><b'
    const split = salesforce.split?.(Buffer.from(body), null)
    assert.ok(split?.kind === 'unreadable')
    assert.equal(String(split.kept), '<a><SessionId></SessionId><b')
  })
})

describe('the answer', () => {
  const answerTo = (body: string, contentType: string | null = null) =>
    salesforce.accepted?.({
      body: Buffer.from(body),
      header: (name) => (name === 'content-type' ? contentType : null),
    })

  test('to an outbound message acknowledges it, readable or not', () => {
    for (const body of [closed(), closed().slice(0, -9), soap('')]) {
      const answer = answerTo(body)
      assert.equal(answer?.contentType, 'text/xml; charset=utf-8')
      assert.match(
        answer?.body ?? '',
        /<notificationsResponse xmlns="http:\/\/soap\.sforce\.com\/2005\/09\/outbound"><Ack>true<\/Ack><\/notificationsResponse>/,
      )
    }
    assert.ok(answerTo('', 'text/xml; charset=utf-8'))
  })

  test('to a callout is the usual one', () => assert.equal(answerTo('{}', 'application/json'), null))
})

test('an event without a time happened when it came', () =>
  assert.equal(event(closed({ LastModifiedDate: null })).occurredAt, RECEIVED))

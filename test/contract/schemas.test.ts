import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SeenRequest } from '../../src/sandbox/sandbox.ts'
import { hold, isProbe } from './hold.ts'
import { OPERATIONS } from './schemas.ts'

const post = (path: string) => (body: unknown) => asked('POST', path, body)
const send = post('/api/v2/conversations/messages/agentless')
const mail = post('/api/v2/conversations/emails/agentless')
const lookUp = post('/api/v2/externalcontacts/identifierlookup/contacts')
const query = post('/api/v2/analytics/conversations/details/query')
const bulk = post('/api/v2/conversations/messages/c-1/messages/bulk')
const get = (url: string) => asked('GET', url, null)

function asked(method: string, url: string, body: unknown): SeenRequest {
  const { pathname, searchParams } = new URL(url, 'http://host')
  const names = [...new Set(searchParams.keys())]
  return {
    method,
    path: pathname,
    query: Object.fromEntries(names.map((name) => [name, searchParams.getAll(name)])),
    body,
    status: 200,
  }
}

/** The same but for one field; undefined leaves it out. */
function but<T extends object>(whole: T, change: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries({ ...whole, ...change }).filter(([, value]) => value !== undefined),
  )
}

const WEB = {
  fromAddress: 'd-1',
  toAddressMessengerType: 'webmessaging',
  externalContactId: 'k-1',
  textBody: 'Hello',
}
const SMS = {
  fromAddress: '+13175550100',
  toAddressMessengerType: 'sms',
  toAddress: '+4930123456',
  textBody: 'Hello',
}
const OPEN = { fromAddress: 'i-1', toAddressMessengerType: 'open', toAddress: 'C-17', textBody: 'Hello' }
const WHATSAPP = {
  fromAddress: 'i-2',
  toAddressMessengerType: 'whatsapp',
  toAddress: '4930123456',
  messagingTemplate: { responseId: 'r-1', bodyParameters: [{ id: 'order', value: '17' }] },
}
const ADA = { email: 'ada@example.com', name: 'Ada' }
const MAIL = {
  senderType: 'Outbound',
  fromAddress: { email: 'care@demo.example' },
  toAddresses: [ADA],
  replyToAddress: ADA,
  subject: 'Resolved',
  textBody: 'Hello',
  htmlBody: '<p>Hello</p>',
}
const BY_ID = { type: 'ExternalId', value: 'C-17', externalSource: { id: 's-1', name: 'CRM' } }
const BY_EMAIL = { type: 'Email', value: 'ada@example.com' }
const BY_PHONE = { type: 'Phone', value: '+4930123456' }

const CONTACT = { type: 'dimension', dimension: 'externalContactId', operator: 'matches', value: 'k-1' }
const TO = { type: 'dimension', dimension: 'addressTo', operator: 'matches', value: '+4930123456' }
const MESSAGES = { dimension: 'mediaType', value: 'message' }
const QUERY = {
  interval: '2026-10-24T00:00:00.000Z/2026-11-24T00:00:00.000Z',
  order: 'desc',
  orderBy: 'conversationStart',
  paging: { pageSize: 25, pageNumber: 1 },
  segmentFilters: [{ type: 'and', predicates: [CONTACT, MESSAGES] }],
}
const SIDE_BY_SIDE = [
  { type: 'or', predicates: [CONTACT, TO] },
  { type: 'and', predicates: [MESSAGES] },
]
const filtered = (...segmentFilters: object[]) => query(but(QUERY, { segmentFilters }))
const INTEGRATIONS = '/api/v2/conversations/messaging/integrations'
const SOURCES = '/api/v2/externalcontacts/externalsources'
const CONTACT_OF = '/api/v2/externalcontacts/contacts/k-1'

const RIGHT: readonly SeenRequest[] = [
  ...[WEB, SMS, OPEN, WHATSAPP].flatMap((body) => [
    send(body),
    send(but(body, { useExistingActiveConversation: true })),
  ]),
  send(but(WEB, { textBody: 'x'.repeat(2000) })),
  send(but(SMS, { textBody: 'x'.repeat(765) })),
  send({}),
  mail(MAIL),
  mail(but(MAIL, { replyToAddress: undefined, htmlBody: undefined })),
  mail({}),
  lookUp(BY_ID),
  lookUp(but(BY_ID, { value: 'x'.repeat(255) })),
  lookUp(BY_EMAIL),
  lookUp(BY_PHONE),
  query(QUERY),
  filtered(...SIDE_BY_SIDE),
  bulk(['m-1', 'm-2']),
  get('/api/v2/conversations/messages/c-1'),
  get('/api/v2/conversations/messages/m-1/details'),
  get(CONTACT_OF),
  get(`${INTEGRATIONS}?pageSize=100&pageNumber=3`),
  get(`${SOURCES}?limit=200`),
  get(`${SOURCES}?limit=10&cursor=abc`),
  get('/api/v2/webdeployments/deployments/d-1'),
  get('/api/v2/webdeployments/deployments/d-1/identityresolution'),
]

/** One thing wrong with each. */
const WRONG: readonly [what: string, request: SeenRequest, where: RegExp][] = [
  ['a web message to an address', send(but(WEB, { toAddress: '+4930123456' })), /unknown field toAddress/],
  ['a web message to nobody', send(but(WEB, { externalContactId: undefined })), /'externalContactId'/],
  ['a message from nobody', send(but(WEB, { fromAddress: undefined })), /'fromAddress'/],
  [
    'a message of no messenger',
    send(but(WEB, { toAddressMessengerType: undefined })),
    /toAddressMessengerType/,
  ],
  ['email as a messenger', send(but(SMS, { toAddressMessengerType: 'email' })), /toAddressMessengerType/],
  ['a blank text', send(but(WEB, { textBody: ' \n' })), /body\/textBody/],
  ['an sms without a text', send(but(SMS, { textBody: undefined })), /'textBody'/],
  ['an sms of 766 characters', send(but(SMS, { textBody: 'x'.repeat(766) })), /body\/textBody.*765/],
  ['a web message of 2001', send(but(WEB, { textBody: 'x'.repeat(2001) })), /body\/textBody.*2000/],
  ['an open message of 2001', send(but(OPEN, { textBody: 'x'.repeat(2001) })), /body\/textBody.*2000/],
  ['an sms to a national number', send(but(SMS, { toAddress: '030123456' })), /body\/toAddress/],
  ['an sms from no number', send(but(SMS, { fromAddress: 'i-1' })), /body\/fromAddress/],
  [
    'an open message with a template',
    send({ ...OPEN, messagingTemplate: { responseId: 'r' } }),
    /messagingTemplate/,
  ],
  ['whatsapp to a number with +', send(but(WHATSAPP, { toAddress: '+4930123456' })), /body\/toAddress/],
  [
    'whatsapp without a template',
    send(but(WHATSAPP, { messagingTemplate: undefined })),
    /'messagingTemplate'/,
  ],
  ['whatsapp with a text of its own', send({ ...WHATSAPP, textBody: 'Hello' }), /unknown field textBody/],
  ['a template without a response', send(but(WHATSAPP, { messagingTemplate: {} })), /'responseId'/],
  [
    'parameters by name instead of id',
    send(
      but(WHATSAPP, { messagingTemplate: { responseId: 'r', bodyParameters: [{ name: 'a', value: 'b' }] } }),
    ),
    /bodyParameters\/0: unknown field name/,
  ],
  [
    'a flag that is a text',
    send({ ...WEB, useExistingActiveConversation: 'true' }),
    /body\/useExistingActiveConversation: must be boolean/,
  ],
  ['a field of nobody', send({ ...WEB, idempotencyKey: 'x' }), /unknown field idempotencyKey/],
  [
    'a message in a query',
    asked('POST', `${send(WEB).path}?dryRun=true`, WEB),
    /query: unknown field dryRun/,
  ],
  ['a body that was no JSON', send(null), /body: must be object/],

  ['an email of another sender', mail(but(MAIL, { senderType: 'Inbound' })), /must be Outbound/],
  ['an email to nobody', mail(but(MAIL, { toAddresses: [] })), /body\/toAddresses/],
  ['an email to two', mail(but(MAIL, { toAddresses: [ADA, ADA] })), /body\/toAddresses/],
  ['an email to a name', mail(but(MAIL, { toAddresses: [{ name: 'Ada' }] })), /'email'/],
  [
    'an email to a text',
    mail(but(MAIL, { toAddresses: ['ada@example.com'] })),
    /toAddresses\/0: must be object/,
  ],
  ['an email to no address', mail(but(MAIL, { toAddresses: [{ email: 'ada' }] })), /toAddresses\/0\/email/],
  ['an email without a subject', mail(but(MAIL, { subject: undefined })), /'subject'/],
  ['an email without a text', mail(but(MAIL, { textBody: undefined })), /'textBody'/],
  ['an email with copies', mail({ ...MAIL, cc: [ADA] }), /unknown field cc/],

  ['a look-up by cookie', lookUp(but(BY_EMAIL, { type: 'Cookie' })), /body: no such type/],
  ['an external id of no source', lookUp(but(BY_ID, { externalSource: undefined })), /'externalSource'/],
  ['a source without its name', lookUp(but(BY_ID, { externalSource: { id: 's-1' } })), /'name'/],
  ['an email of a source', lookUp({ ...BY_EMAIL, externalSource: BY_ID.externalSource }), /externalSource/],
  ['an id of 256 characters', lookUp(but(BY_ID, { value: 'x'.repeat(256) })), /body\/value.*255/],
  ['a phone number without +', lookUp(but(BY_PHONE, { value: '4930123456' })), /body\/value/],
  ['an email address without @', lookUp(but(BY_EMAIL, { value: 'ada' })), /body\/value/],

  [
    '31 days and a millisecond',
    query(but(QUERY, { interval: '2026-10-24T00:00:00.000Z/2026-11-24T00:00:00.001Z' })),
    /body\/interval/,
  ],
  [
    'an interval from its end',
    query(but(QUERY, { interval: '2026-11-24T00:00:00.000Z/2026-10-24T00:00:00.000Z' })),
    /body\/interval/,
  ],
  ['half an interval', query(but(QUERY, { interval: '2026-11-24T00:00:00.000Z' })), /body\/interval/],
  ['an interval of words', query(but(QUERY, { interval: 'yesterday/today' })), /body\/interval/],
  ['oldest first', query(but(QUERY, { order: 'asc' })), /body\/order/],
  ['a page of 101', query(but(QUERY, { paging: { pageSize: 101, pageNumber: 1 } })), /paging\/pageSize/],
  ['page 0', query(but(QUERY, { paging: { pageSize: 25, pageNumber: 0 } })), /paging\/pageNumber/],
  ['no page', query(but(QUERY, { paging: undefined })), /'paging'/],
  ['everybody’s conversations', query(but(QUERY, { segmentFilters: undefined })), /'segmentFilters'/],
  ['filters that name nobody', filtered({ type: 'and', predicates: [MESSAGES] }), /body\/segmentFilters/],
  ['a filter of nothing', filtered({ type: 'and', predicates: [] }), /predicates/],
  [
    'anybody’s messages, or those of one',
    filtered({ type: 'or', predicates: [CONTACT, MESSAGES] }),
    /predicates/,
  ],
  [
    'a dimension that there is not',
    filtered({ type: 'and', predicates: [CONTACT, { ...TO, dimension: 'email' }] }),
    /dimension/,
  ],
  [
    'a medium that there is not',
    filtered({ type: 'and', predicates: [CONTACT, { ...MESSAGES, value: 'sms' }] }),
    /value/,
  ],
  ['a contact without an id', filtered({ type: 'and', predicates: [{ ...CONTACT, value: '' }] }), /value/],

  ['no message', bulk([]), /body: /],
  ['1,001 messages', bulk(Array.from({ length: 1001 }, (_, n) => `m-${n}`)), /body: .*1000/],
  ['messages in an object', bulk({ ids: ['m-1'] }), /body: must be array/],

  ['a page of 101 integrations', get(`${INTEGRATIONS}?pageSize=101&pageNumber=1`), /query\/pageSize/],
  ['a page that is no number', get(`${INTEGRATIONS}?pageSize=100&pageNumber=first`), /query\/pageNumber/],
  ['two pages at once', get(`${INTEGRATIONS}?pageSize=100&pageNumber=1&pageNumber=2`), /query\/pageNumber/],
  ['sources by page number', get(`${SOURCES}?limit=200&pageNumber=1`), /unknown field pageNumber/],
  ['201 sources', get(`${SOURCES}?limit=201`), /query\/limit/],
  ['a contact by expansion', get(`${CONTACT_OF}?expand=a`), /unknown field expand/],
  ['a question with a body', asked('GET', CONTACT_OF, {}), /body: has none/],

  ['an operation by another method', asked('PUT', send(WEB).path, WEB), /no operation/],
  ['an operation that there is not', get('/api/v2/messaging/conversations'), /no operation/],
  ['a path with a part too many', get('/api/v2/conversations/messages/m-1/details/more'), /no operation/],
  ['a path with an empty part', get('/api/v2/conversations/messages//details'), /no operation/],
]

describe('the schemas', () => {
  it('take what is right', () => {
    for (const request of RIGHT) assert.deepEqual(hold(request), [], JSON.stringify(request))
    const held = new Set(RIGHT.map(({ method, path }) => `${method} ${path}`))
    assert.equal(held.size, OPERATIONS.length, 'a request of each')
  })

  for (const [what, request, where] of WRONG) {
    it(`refuse ${what}`, () => {
      assert.match(hold(request).join('\n'), where)
    })
  }

  it('know an empty request of a send from any other', () => {
    assert.deepEqual([send({}), mail({}), lookUp({}), send([]), send(WEB)].map(isProbe), [
      true,
      true,
      false,
      false,
      false,
    ])
    assert.notDeepEqual(hold(lookUp({})), [])
    assert.notDeepEqual(hold(send([])), [])
  })

  it('tell no values', () => {
    const words = hold(send(but(SMS, { toAddress: '030 secret', textBody: 'secret'.repeat(200) }))).join('\n')
    assert.match(words, /toAddress/)
    assert.doesNotMatch(words, /secret/)
  })
})

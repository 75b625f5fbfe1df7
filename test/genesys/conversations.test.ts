import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { ConversationQuery } from '../../src/genesys/genesys.ts'
import { closeHosts, genesysAt, type Handler, host, json, valueIn } from './host.ts'

afterEach(closeHosts)

const answering = (body: unknown, status = 200) => host((_, response) => json(response, status, body))
const html: Handler = (_, response) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>')
const empty: Handler = (_, response) => void response.writeHead(200).end()

const OF_MONTH: ConversationQuery = {
  of: { contactIds: ['k-1'] },
  mediaType: 'message',
  messageType: 'webmessaging',
  from: Date.UTC(2026, 9, 24),
  to: Date.UTC(2026, 10, 23),
  page: 1,
  pageSize: 25,
}
const matches = (dimension: string, value: string) => ({
  type: 'dimension',
  dimension,
  operator: 'matches',
  value,
})
const MESSAGES = [
  { dimension: 'mediaType', value: 'message' },
  { dimension: 'messageType', value: 'webmessaging' },
]

describe('findConversations asks', () => {
  const bodyOf = async (query: Partial<ConversationQuery>) => {
    const { url, api, bodies } = await answering({})
    await genesysAt(url).findConversations({ ...OF_MONTH, ...query })
    assert.deepEqual(
      api().map(({ method, path }) => `${method} ${path}`),
      ['POST /api/v2/analytics/conversations/details/query'],
    )
    return bodies()[0]
  }

  it('for one contact', async () => {
    assert.deepEqual(await bodyOf({}), {
      interval: '2026-10-24T00:00:00.000Z/2026-11-23T00:00:00.000Z',
      order: 'desc',
      orderBy: 'conversationStart',
      paging: { pageSize: 25, pageNumber: 1 },
      segmentFilters: [{ type: 'and', predicates: [matches('externalContactId', 'k-1'), ...MESSAGES] }],
    })
  })

  it('for several contacts, any of them', async () => {
    const { segmentFilters, paging } = await bodyOf({
      of: { contactIds: ['k-1', 'k-2'] },
      page: 3,
      pageSize: 100,
    })
    assert.deepEqual(paging, { pageSize: 100, pageNumber: 3 })
    assert.deepEqual(segmentFilters, [
      { type: 'or', predicates: [matches('externalContactId', 'k-1'), matches('externalContactId', 'k-2')] },
      { type: 'and', predicates: MESSAGES },
    ])
  })

  it('for an address, on either side', async () => {
    const { segmentFilters } = await bodyOf({
      of: { addresses: ['a@example.com'] },
      mediaType: 'email',
      // Goes with messages alone.
      messageType: 'sms',
    })
    assert.deepEqual(segmentFilters, [
      {
        type: 'or',
        predicates: [matches('addressTo', 'a@example.com'), matches('addressFrom', 'a@example.com')],
      },
      { type: 'and', predicates: [{ dimension: 'mediaType', value: 'email' }] },
    ])
  })

  it('for any type of message', async () => {
    const { segmentFilters } = await bodyOf({ messageType: null })
    assert.deepEqual(segmentFilters, [
      { type: 'and', predicates: [matches('externalContactId', 'k-1'), MESSAGES[0]] },
    ])
  })

  it('nothing where nobody is named: it would be answered with everybody’s', async () => {
    const { url, seen } = await answering({})
    for (const nobody of [{ contactIds: [] }, { addresses: [] }]) {
      const answer = await genesysAt(url).findConversations({ ...OF_MONTH, of: nobody })
      assert.equal(valueIn(answer), 'refused NOT_ASKED')
    }
    assert.deepEqual(seen, [])
  })
})

describe('findConversations reads', () => {
  const pageFrom = async (body: unknown, pageSize = 25) => {
    const { url } = await answering(body)
    return valueIn(await genesysAt(url).findConversations({ ...OF_MONTH, pageSize }))
  }
  const one = (id: string, more: object = {}) => ({
    conversationId: id,
    conversationStart: '2026-11-20T10:00:00.000Z',
    ...more,
  })

  it('the conversations in the order they came', async () => {
    const session = (...subjects: string[]) => ({
      segments: [{}, ...subjects.map((subject) => ({ subject }))],
    })
    const page = await pageFrom({
      conversations: [
        one('c-2', { originatingDirection: 'inbound', conversationEnd: '2026-11-20T10:05:00Z' }),
        one('c-1', {
          originatingDirection: 'outbound',
          participants: [
            { sessions: [session('Order'), session('Order', 'Re: Order')] },
            {},
            { sessions: [{}] },
          ],
        }),
        one('c-0', { originatingDirection: 'sideways' }),
      ],
      totalHits: 3,
    })
    const startedAt = Date.UTC(2026, 10, 20, 10)
    assert.deepEqual(page, {
      conversations: [
        { id: 'c-2', startedAt, endedAt: startedAt + 300_000, direction: 'inbound', subjects: [] },
        { id: 'c-1', startedAt, endedAt: null, direction: 'outbound', subjects: ['Order', 'Re: Order'] },
        { id: 'c-0', startedAt, endedAt: null, direction: null, subjects: [] },
      ],
      more: false,
    })
  })

  it('none where the answer names none', async () => {
    assert.deepEqual(await pageFrom({}), { conversations: [], more: false })
    assert.deepEqual(await pageFrom({ conversations: [], totalHits: 0 }), { conversations: [], more: false })
  })

  it('that there may be more where the page is full', async () => {
    const conversations = [one('c-1'), one('c-2')]
    const more = async (pageSize: number) => {
      const page = await pageFrom({ conversations }, pageSize)
      return typeof page === 'object' && page.more
    }
    assert.deepEqual([await more(2), await more(3)], [true, false])
  })

  it('not what began earlier on the first day, though the page is full of it', async () => {
    const conversations = [one('c-1'), one('c-0', { conversationStart: '2026-10-23T23:59:59.999Z' })]
    const page = await pageFrom({ conversations }, 2)
    assert.ok(typeof page === 'object')
    assert.deepEqual([page.conversations.map(({ id }) => id), page.more], [['c-1'], true])
  })

  it('no answer where one conversation cannot be read: it may be the one', async () => {
    for (const odd of [
      {},
      { conversationId: 'c-2' },
      one('c-2', { conversationStart: 'lately' }),
      one(''),
      null,
    ]) {
      assert.equal(
        await pageFrom({ conversations: [one('c-1'), odd] }),
        'uncertain NOT_JSON',
        JSON.stringify(odd),
      )
    }
    for (const body of [[], [one('c-1')], 'c-1', null, { conversations: 'c-1' }]) {
      assert.equal(await pageFrom(body), 'uncertain NOT_JSON', JSON.stringify(body))
    }
  })
})

describe('getConversation', () => {
  const messagesFrom = async (body: unknown, status = 200) => {
    const { url, api } = await answering(body, status)
    const answer = await genesysAt(url).getConversation('c-1')
    assert.equal(`${api()[0]?.method} ${api()[0]?.path}`, 'GET /api/v2/conversations/messages/c-1')
    return valueIn(answer)
  }

  it('reads the messages of all participants, each once', async () => {
    const messages = await messagesFrom({
      id: 'c-1',
      participants: [
        {
          purpose: 'customer',
          messages: [{ messageId: 'm-1', messageTime: '2026-11-20T10:00:00Z' }, { messageId: 'm-2' }],
        },
        {
          purpose: 'api',
          messages: [{ messageId: 'm-2', messageTime: '2026-11-20T10:01:00Z' }, { mediaUri: 'x' }],
        },
        { purpose: 'acd' },
      ],
    })
    assert.deepEqual(messages, {
      messages: [
        { id: 'm-1', at: Date.UTC(2026, 10, 20, 10) },
        { id: 'm-2', at: Date.UTC(2026, 10, 20, 10, 1) },
      ],
    })
  })

  it('also where they stand in the participants’ communications', async () => {
    const messages = await messagesFrom({
      participants: [
        { messages: [{ id: 'communication', state: 'connected', messages: [{ messageId: 'm-1' }] }] },
      ],
    })
    assert.deepEqual(messages, { messages: [{ id: 'm-1', at: null }] })
  })

  it('null for one that is not there; no answer where the body is none', async () => {
    assert.equal(await messagesFrom({ code: 'not.found', message: 'none' }, 404), null)
    for (const body of [{}, { id: 'c-1' }, [], null]) {
      assert.equal(await messagesFrom(body), 'uncertain NOT_JSON', JSON.stringify(body))
    }
  })
})

describe('getMessages', () => {
  it('reads the texts, of either form', async () => {
    const { url, api, bodies } = await answering({
      entities: [
        {
          id: 'm-1',
          timestamp: '2026-11-20T10:00:00Z',
          direction: 'outbound',
          status: 'sent',
          normalizedMessage: { type: 'Text', text: 'Hello' },
        },
        { id: 'm-2', direction: 'inbound', textBody: 'Yes?' },
        { id: 'm-3', normalizedMessage: { type: 'Structured', content: [] } },
        { status: 'sent' },
      ],
    })
    const answer = await genesysAt(url).getMessages('c-1', ['m-1', 'm-2', 'm-3'])
    assert.deepEqual(valueIn(answer), [
      { id: 'm-1', at: Date.UTC(2026, 10, 20, 10), direction: 'outbound', text: 'Hello' },
      { id: 'm-2', at: null, direction: 'inbound', text: 'Yes?' },
      { id: 'm-3', at: null, direction: null, text: null },
    ])
    assert.equal(
      `${api()[0]?.method} ${api()[0]?.path}`,
      'POST /api/v2/conversations/messages/c-1/messages/bulk',
    )
    assert.deepEqual(bodies(), [['m-1', 'm-2', 'm-3']])
  })

  it('asks for no more than 1,000 at once, each time with a place in the budget', async () => {
    const { url, bodies } = await host(({ body }, response) =>
      json(response, 200, { entities: JSON.parse(body).map((id: string) => ({ id })) }),
    )
    let paced = 0
    const genesys = genesysAt(url, {
      pace: async () => {
        paced += 1
      },
    })
    const ids = Array.from({ length: 2_001 }, (_, n) => `m-${n}`)
    const answer = await genesys.getMessages('c-1', ids)
    assert.deepEqual(
      bodies().map(({ length }) => length),
      [1_000, 1_000, 1],
    )
    assert.equal(paced, 2)
    assert.deepEqual(answer.kind === 'ok' && answer.value.map(({ id }) => id), ids)
    assert.equal(valueIn(await genesys.getMessages('c-1', ids.slice(0, 1_000))).length, 1_000)
    assert.equal(bodies().length, 4)
  })

  it('is no answer as soon as one of them fails', async () => {
    const statuses = [200, 503]
    const { url } = await host((_, response) => json(response, statuses.shift() ?? 500, { entities: [] }))
    const answer = await genesysAt(url).getMessages(
      'c-1',
      Array.from({ length: 1_001 }, (_, n) => `m-${n}`),
    )
    assert.partialDeepStrictEqual(answer, { kind: 'refused', status: 503 })
  })

  it('asks nothing for none', async () => {
    const { url, seen } = await answering({ entities: [] })
    assert.equal(valueIn(await genesysAt(url).getMessages('c-1', [])), 'refused NOT_ASKED')
    assert.deepEqual(seen, [])
  })
})

describe('getDelivery', () => {
  const deliveryFrom = async (body: unknown, status = 200) => {
    const { url, api } = await answering(body, status)
    const answer = await genesysAt(url).getDelivery('m-1')
    assert.equal(`${api()[0]?.method} ${api()[0]?.path}`, 'GET /api/v2/conversations/messages/m-1/details')
    return valueIn(answer)
  }

  it('reads the status as Genesys has it', async () => {
    assert.deepEqual(await deliveryFrom({ id: 'm-1', status: 'delivery-success' }), {
      status: 'delivery-success',
      reasons: [],
    })
  })

  it('reads the reasons of the receipts that failed, each once', async () => {
    const optedOut = { code: 'RecipientOptedOut', message: 'The recipient has opted out' }
    const delivery = await deliveryFrom({
      status: 'delivery-failed',
      normalizedReceipts: [
        {
          type: 'Receipt',
          status: 'Sent',
          reasons: [{ code: 'GeneralError', message: 'of another receipt' }],
        },
        {
          type: 'Receipt',
          status: 'Failed',
          reasons: [optedOut, { code: 'ServerError' }, { message: 'just words' }],
        },
        { type: 'Receipt', status: 'Failed', reasons: [optedOut, {}, null] },
        { type: 'Receipt', status: 'Failed' },
      ],
    })
    assert.deepEqual(delivery, {
      status: 'delivery-failed',
      reasons: ['RecipientOptedOut: The recipient has opted out', 'ServerError', 'just words'],
    })
  })

  it('keeps few and short reasons, without tokens', async () => {
    const reasons = Array.from({ length: 50 }, (_, n) => ({
      code: `E${n}`,
      message: 'Bearer abcdef '.repeat(200),
    }))
    const delivery = await deliveryFrom({
      status: 'failed',
      normalizedReceipts: [{ status: 'Failed', reasons }],
    })
    assert.ok(typeof delivery === 'object' && delivery !== null && delivery.reasons.length === 10)
    assert.ok(delivery.reasons.every((reason) => reason.length <= 500 && !reason.includes('abcdef')))
  })

  it('null for one that Genesys does not know; no answer where the body is none', async () => {
    assert.equal(await deliveryFrom({ code: 'not.found', message: 'none' }, 404), null)
    for (const body of [{}, { status: 3 }, [], null]) {
      assert.equal(await deliveryFrom(body), 'uncertain NOT_JSON', JSON.stringify(body))
    }
  })
})

it('a page of HTML and an empty body answer no question', async () => {
  for (const handler of [html, empty]) {
    const genesys = genesysAt((await host(handler)).url)
    for (const answer of [
      await genesys.findContact({ type: 'Email', value: 'a@example.com' }),
      await genesys.getContact('k-1'),
      await genesys.findConversations(OF_MONTH),
      await genesys.getConversation('c-1'),
      await genesys.getMessages('c-1', ['m-1']),
      await genesys.getDelivery('m-1'),
      await genesys.getDeployment('d-1'),
      await genesys.getIdentityResolution('d-1'),
      await genesys.getExternalSources(),
      await genesys.getIntegrations(),
    ]) {
      assert.equal(valueIn<unknown>(answer), 'uncertain NOT_JSON')
    }
  }
})

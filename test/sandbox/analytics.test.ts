import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { DEPLOYMENT } from '../../src/sandbox/directory.ts'
import type { SandboxConversation } from '../../src/sandbox/sandbox.ts'
import {
  ADA,
  ADA_MERGED,
  ANALYTICS,
  assertError,
  assertFieldError,
  BRUNO,
  DAY,
  DORA,
  EMAIL,
  email,
  HOUR,
  type Json,
  type Live,
  MESSAGE,
  sms,
  startLive,
  webMessage,
} from './live.ts'

const INTERVAL = '2026-11-01T00:00:00.000Z/2026-11-24T00:00:00.000Z'
const MINUTE = 60_000

type Participant = { externalContactId?: string; sessions: (Json & { segments: Json[] })[] }

function without(body: Json, name: string): Json {
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))
}

/** The participants of the first conversation of an answer. */
function participantsOf({ body }: { body: Json }): Participant[] {
  const [conversation] = (body.conversations ?? []) as { participants: Participant[] }[]
  assert.ok(conversation)
  return conversation.participants
}

const and = (...predicates: Json[]) => ({ type: 'and', predicates })
const or = (...predicates: Json[]) => ({ type: 'or', predicates })
const is = (dimension: string, value: string) => ({ dimension, value })

/** Conversations that a query found, by their ids. */
async function find(live: Live, ...segmentFilters: Json[]): Promise<string[]> {
  return idsOf(await live.post(ANALYTICS, { interval: INTERVAL, segmentFilters }))
}

function idsOf({ status, body, text }: { status: number; body: Json; text: string }): string[] {
  assert.equal(status, 200, text)
  return ((body.conversations ?? []) as Json[]).map(({ conversationId }) => String(conversationId))
}

describe(`POST ${ANALYTICS}`, () => {
  let live: Live
  let dora: SandboxConversation
  let doras: SandboxConversation
  let bruno: string
  let text: string
  let mail: string
  let all: string[]
  before(async () => {
    live = await startLive({ rateLimitPerMinute: null, analyticsLagMs: 0 })
    const now = live.clock.now()
    dora = live.sandbox.addConversation({
      contactId: DORA,
      startedAt: now - 6 * DAY,
      endedAt: now - 6 * DAY + HOUR,
      messages: [{ text: 'Hello' }],
    })
    doras = live.sandbox.addConversation({ contactId: DORA, startedAt: now - 5 * DAY, active: true })
    bruno = String(
      (await live.post(MESSAGE, { ...webMessage, externalContactId: BRUNO })).body.conversationId,
    )
    text = String((await live.post(MESSAGE, sms)).body.conversationId)
    mail = String((await live.post(EMAIL, email)).body.conversationId)
    all = live.sandbox.conversations().map(({ id }) => id)
  })

  it('answers conversations as the schema has them', async () => {
    const answer = await live.post(ANALYTICS, {
      interval: INTERVAL,
      segmentFilters: [and(is('externalContactId', BRUNO), is('direction', 'outbound'))],
    })
    const at = new Date(live.clock.now()).toISOString()
    const [conversation] = answer.body.conversations as Json[]
    assert.deepEqual([answer.body.totalHits, Object.keys(answer.body)], [1, ['conversations', 'totalHits']])
    const { participants: _, ...rest } = conversation ?? {}
    assert.deepEqual(rest, {
      conversationId: bruno,
      conversationStart: at,
      conversationEnd: at,
      originatingDirection: 'outbound',
      conversationInitiator: 'api',
      customerParticipation: false,
    })
    const session = {
      mediaType: 'message',
      messageType: 'webmessaging',
      direction: 'outbound',
      addressFrom: DEPLOYMENT,
    }
    const segments = [{ segmentStart: at, segmentEnd: at, segmentType: 'interact', conference: false }]
    assert.deepEqual(
      participantsOf(answer).map(({ sessions, ...participant }) => ({
        ...without(participant, 'participantId'),
        sessions: sessions.map((one) => without(one, 'sessionId')),
      })),
      [
        { purpose: 'customer', externalContactId: BRUNO, sessions: [{ ...session, segments }] },
        { purpose: 'api', sessions: [{ ...session, deliveryStatus: 'Sent', segments }] },
      ],
    )
  })

  it('answers an active conversation without an end, the customer’s own as inbound', async () => {
    const answer = await live.post(ANALYTICS, {
      interval: INTERVAL,
      segmentFilters: [and(is('externalContactId', DORA))],
      order: 'asc',
    })
    const conversations = answer.body.conversations as Json[]
    assert.deepEqual(
      conversations.map((one) => [
        one.conversationId,
        one.originatingDirection,
        one.conversationInitiator,
        one.customerParticipation,
        'conversationEnd' in one,
      ]),
      [
        [dora.id, 'inbound', 'customer', true, true],
        [doras.id, 'inbound', 'customer', false, false],
      ],
    )
    const session = participantsOf(answer)[0]?.sessions[0]
    assert.deepEqual(
      [session?.direction, session?.addressFrom, session?.addressTo],
      ['inbound', undefined, DEPLOYMENT],
    )
  })

  it('answers emails with recipient and subject', async () => {
    const answer = await live.post(ANALYTICS, {
      interval: INTERVAL,
      segmentFilters: [and(is('mediaType', 'email'), is('addressTo', 'ada@example.com'))],
    })
    const [conversation] = answer.body.conversations as Json[]
    assert.deepEqual([conversation?.conversationId, conversation?.originatingDirection], [mail, 'outbound'])
    const [customer] = participantsOf(answer)
    const session = customer?.sessions[0]
    assert.deepEqual(
      [customer?.externalContactId, session?.messageType, session?.addressFrom, session?.addressTo],
      [undefined, undefined, 'care@demo.example', 'ada@example.com'],
    )
    assert.equal(session?.segments[0]?.subject, 'Your order')
  })

  it('answers no conversations at all where there are none', async () => {
    const answer = await live.post(ANALYTICS, {
      interval: INTERVAL,
      segmentFilters: [and(is('externalContactId', 'k-0'))],
    })
    assert.deepEqual([answer.status, answer.body], [200, { totalHits: 0 }])
  })

  it('finds by each dimension that Postrider uses', async () => {
    assert.deepEqual(await find(live, and(is('externalContactId', DORA))), [dora.id, doras.id])
    assert.deepEqual(await find(live, and(is('canonicalExternalContactId', DORA))), [dora.id, doras.id])
    assert.deepEqual(await find(live, and(is('addressTo', sms.toAddress))), [text])
    assert.deepEqual(await find(live, and(is('addressFrom', sms.fromAddress))), [text])
    assert.deepEqual(await find(live, and(is('messageType', 'sms'))), [text])
    assert.deepEqual(await find(live, and(is('mediaType', 'email'))), [mail])
    assert.deepEqual(await find(live, and(is('purpose', 'api'), is('messageType', 'webmessaging'))), [bruno])
    assert.deepEqual(await find(live, and(is('externalContactId', DORA), is('direction', 'outbound'))), [])
    assert.deepEqual(await find(live, and(is('messageType', 'SMS'))), [])
  })

  it('wants all filters to be true, and of each what its type says', async () => {
    const whose = or(
      is('externalContactId', DORA),
      is('externalContactId', BRUNO),
      is('externalContactId', 'k-0'),
    )
    const messenger = and(is('mediaType', 'message'), is('messageType', 'webmessaging'))
    const found = await find(live, whose, messenger)
    // Beside these Bruno's example session.
    assert.deepEqual([found.length, new Set([...found, dora.id, doras.id, bruno]).size], [4, 4])
    assert.deepEqual(await find(live, whose, and(is('messageType', 'sms'))), [])
    const eitherAddress = or(is('addressTo', sms.toAddress), is('addressFrom', sms.toAddress))
    assert.deepEqual(await find(live, eitherAddress, and(is('mediaType', 'message'))), [text])
    // Whoever an alternative may be true of without being named has to be looked at as well.
    assert.deepEqual(
      new Set(await find(live, or(is('externalContactId', BRUNO), is('mediaType', 'email')))),
      new Set([...(await find(live, and(is('externalContactId', BRUNO)))), mail]),
    )
  })

  it('wants the predicates of one filter to be true of the same segment', async () => {
    assert.deepEqual(await find(live, and(is('purpose', 'api'), is('externalContactId', BRUNO))), [])
    const found = await find(live, and(is('purpose', 'api')), and(is('externalContactId', BRUNO)))
    assert.deepEqual(found, [bruno])
  })

  it('joins clauses as their own type says', async () => {
    const clauses = [or(is('messageType', 'sms'), is('mediaType', 'email'))]
    const found = await find(live, { type: 'and', predicates: [is('direction', 'outbound')], clauses })
    assert.deepEqual(found, [text, mail])
    assert.deepEqual(
      await find(live, { type: 'or', clauses: [and(is('messageType', 'sms'), is('mediaType', 'email'))] }),
      [],
    )
  })

  it('knows exists and notExists', async () => {
    const subject = (operator: string) => ({ type: 'dimension', dimension: 'subject', operator })
    assert.deepEqual(await find(live, and(subject('exists'))), [mail])
    assert.deepEqual(
      new Set(await find(live, and(subject('notExists')))),
      new Set(all.filter((id) => id !== mail)),
    )
  })

  it('filters conversations by themselves', async () => {
    const query = (...predicates: Json[]) =>
      live.post(ANALYTICS, { interval: INTERVAL, conversationFilters: [and(...predicates)] })
    assert.deepEqual(idsOf(await query(is('originatingDirection', 'outbound'))), [bruno, text, mail])
    assert.deepEqual(idsOf(await query(is('conversationId', text))), [text])
    assert.deepEqual(
      idsOf(await query(is('conversationId', text), is('originatingDirection', 'inbound'))),
      [],
    )
    assert.deepEqual(idsOf(await query(is('conversationId', 'c-0'))), [])
    const open = { dimension: 'conversationEnd', operator: 'notExists' }
    assert.equal(idsOf(await query(open)).length, 2)
  })

  it('orders by start or end, and gives a page at a time', async () => {
    const query = async (more: Json) =>
      idsOf(
        await live.post(ANALYTICS, {
          interval: INTERVAL,
          segmentFilters: [and(is('mediaType', 'message'))],
          ...more,
        }),
      )
    const rising = await query({})
    const starts = rising.map(
      (id) => live.sandbox.conversations().find((one) => one.id === id)?.startedAt ?? 0,
    )
    assert.deepEqual(
      starts,
      starts.toSorted((a, b) => a - b),
    )
    assert.deepEqual(await query({ order: 'desc' }), rising.toReversed())
    assert.deepEqual(
      await query({ order: 'desc', orderBy: 'conversationEnd', paging: { pageSize: 2, pageNumber: 1 } }).then(
        (ids) => new Set(ids),
      ),
      new Set(
        live.sandbox
          .conversations()
          .filter(({ endedAt }) => endedAt === null)
          .map(({ id }) => id),
      ),
    )
    const pages = [1, 2, 3, 4, 5].map((pageNumber) => query({ paging: { pageSize: 2, pageNumber } }))
    assert.deepEqual((await Promise.all(pages)).flat(), rising)
    assert.equal((await query({ order: 'unordered' })).length, rising.length)
  })

  it('counts all that were found, whatever the page', async () => {
    const segmentFilters = [and(is('externalContactId', DORA))]
    const page = (pageNumber: number) =>
      live.post(ANALYTICS, { interval: INTERVAL, segmentFilters, paging: { pageSize: 1, pageNumber } })
    assert.deepEqual((await page(1)).body.totalHits, 2)
    assert.deepEqual((await page(3)).body, { totalHits: 2 })
  })
})

describe('the interval of a query', () => {
  const found = async (live: Live, interval: string) =>
    idsOf(await live.post(ANALYTICS, { interval, segmentFilters: [and(is('externalContactId', DORA))] }))
      .length

  it('finds what began on a day that it touches, and nothing that only went on in it', async () => {
    const live = await startLive({ analyticsLagMs: 0 })
    live.sandbox.addConversation({
      contactId: DORA,
      startedAt: Date.UTC(2026, 10, 10, 12),
      endedAt: Date.UTC(2026, 10, 12, 12),
    })
    for (const [count, interval] of [
      [1, '2026-11-10T00:00:00.000Z/2026-11-11T00:00:00.000Z'],
      [1, '2026-11-10T13:00:00Z/2026-11-10T14:00:00Z'],
      [1, '2026-11-09T23:00:00Z/2026-11-10T00:00:01Z'],
      [1, '2026-11-11T00:30:00+01:00/2026-11-11T02:00:00+01:00'],
      [1, '2026-11-10T11:00/2026-11-10T13:00'],
      [0, '2026-11-09T00:00:00Z/2026-11-10T00:00:00Z'],
      [0, '2026-11-11T00:00:00Z/2026-11-13T00:00:00Z'],
    ] as const) {
      assert.equal(await found(live, interval), count, interval)
    }
  })

  it('has at most 31 days, or seven where nothing is filtered', async () => {
    const live = await startLive()
    const query = (interval: string, more: Json = {}) => live.post(ANALYTICS, { interval, ...more })
    const filtered = { segmentFilters: [and(is('mediaType', 'message'))] }
    const start = '2026-10-01T00:00:00Z'
    assert.equal((await query(`${start}/2026-11-01T00:00:00Z`, filtered)).status, 200)
    assertFieldError(
      await query(`${start}/2026-11-01T00:00:01Z`, filtered),
      'interval',
      'invalid.value',
      /longer than 31 days/,
    )
    assert.equal((await query(`${start}/2026-10-08T00:00:00Z`)).status, 200)
    assertFieldError(
      await query(`${start}/2026-10-08T00:00:01Z`),
      'interval',
      'invalid.value',
      /longer than 7 days/,
    )
  })

  it('finds nothing until a while after it began', async () => {
    const live = await startLive({ analyticsLagMs: 5 * MINUTE })
    const interval = '2026-11-23T00:00:00Z/2026-11-24T00:00:00Z'
    await live.post(MESSAGE, { ...webMessage, externalContactId: DORA })
    await live.clock.advance(5 * MINUTE - 1)
    assert.equal(await found(live, interval), 0)
    await live.clock.advance(1)
    assert.equal(await found(live, interval), 1)

    live.sandbox.setAnalyticsLag(10 * MINUTE)
    assert.equal(await found(live, interval), 0)
    await live.control('/settings', { analyticsLagMs: 0 }, 'PATCH')
    assert.equal(await found(live, interval), 1)
  })
})

describe('the conversations of contacts that were merged', () => {
  it('stay under the id that they were begun with, and are found by the canonical one', async () => {
    const live = await startLive({ analyticsLagMs: 0 })
    const old = (await live.post(MESSAGE, { ...webMessage, externalContactId: BRUNO })).body.conversationId
    live.sandbox.mergeContacts(BRUNO, DORA)
    await live.clock.advance(80 * HOUR)
    const authorization = `Bearer ${(await live.logIn()).body.access_token}`
    const toDora = { ...webMessage, externalContactId: DORA }
    const fresh = (await live.post(MESSAGE, toDora, { authorization })).body.conversationId
    const found = async (dimension: string, value: string) =>
      idsOf(
        await live.post(
          ANALYTICS,
          {
            interval: '2026-11-20T00:00:00Z/2026-11-28T00:00:00Z',
            segmentFilters: [and(is(dimension, value))],
          },
          { authorization },
        ),
      )
    assert.deepEqual(await found('externalContactId', BRUNO), [old])
    assert.deepEqual(await found('externalContactId', DORA), [fresh])
    assert.deepEqual(await found('canonicalExternalContactId', DORA), [old, fresh])
    assert.deepEqual(await found('canonicalExternalContactId', BRUNO), [])
    assert.deepEqual(await found('externalContactId', ADA_MERGED), [])
    assert.equal((await found('canonicalExternalContactId', ADA)).length, 0, 'she wrote before that')
  })
})

describe('queries that cannot be', () => {
  let live: Live
  before(async () => {
    live = await startLive({ rateLimitPerMinute: null })
  })
  const right = {
    interval: INTERVAL,
    order: 'desc',
    orderBy: 'conversationStart',
    paging: { pageSize: 100, pageNumber: 1 },
    segmentFilters: [and(is('externalContactId', ADA), is('mediaType', 'message'))],
  }
  const filter = (value: Json) => ({ segmentFilters: [value] })
  const predicate = (value: Json) => filter({ type: 'and', predicates: [value] })

  it('are not this one', async () => {
    assert.equal((await live.post(ANALYTICS, right)).status, 200)
  })

  for (const [name, change, field, code] of [
    ['no interval', { interval: undefined }, 'interval', 'missing.value'],
    ['an interval of days', { interval: '2026-11-01/2026-11-02' }, 'interval', 'invalid.value'],
    ['one time', { interval: '2026-11-01T00:00:00Z' }, 'interval', 'invalid.value'],
    ['three times', { interval: `${INTERVAL}/2026-11-25T00:00:00Z` }, 'interval', 'invalid.value'],
    [
      'a day that does not exist',
      { interval: '2026-11-31T00:00:00Z/2026-11-32T00:00:00Z' },
      'interval',
      'invalid.value',
    ],
    [
      'an interval backwards',
      { interval: '2026-11-02T00:00:00Z/2026-11-01T00:00:00Z' },
      'interval',
      'invalid.value',
    ],
    ['milliseconds', { interval: 1_000 }, 'interval', 'invalid.value'],
    ['another order', { order: 'descending' }, 'order', 'invalid.value'],
    ['another orderBy', { orderBy: 'startTime' }, 'orderBy', 'invalid.value'],
    ['a page of none', { paging: { pageSize: 0, pageNumber: 1 } }, 'paging.pageSize', 'invalid.value'],
    ['a page of 101', { paging: { pageSize: 101, pageNumber: 1 } }, 'paging.pageSize', 'invalid.value'],
    ['page zero', { paging: { pageSize: 1, pageNumber: 0 } }, 'paging.pageNumber', 'invalid.value'],
    ['half a page', { paging: { pageSize: 1.5, pageNumber: 1 } }, 'paging.pageSize', 'invalid.value'],
    ['a page of text', { paging: { pageSize: '25', pageNumber: 1 } }, 'paging.pageSize', 'invalid.value'],
    ['no page number', { paging: { pageSize: 25 } }, 'paging.pageNumber', 'missing.value'],
    ['a filter without type', filter({ predicates: [] }), 'segmentFilters[0].type', 'missing.value'],
    ['a filter of another type', filter({ type: 'not' }), 'segmentFilters[0].type', 'invalid.value'],
    ['a filter of nothing', filter({ type: 'and' }), 'segmentFilters[0].predicates', 'missing.value'],
    [
      'filters that are no list',
      { segmentFilters: right.segmentFilters[0] },
      'segmentFilters',
      'invalid.value',
    ],
    [
      'an unknown dimension',
      predicate(is('contactId', ADA)),
      'segmentFilters[0].predicates[0].dimension',
      'invalid.value',
    ],
    [
      'a conversation’s dimension for segments',
      predicate(is('originatingDirection', 'inbound')),
      'segmentFilters[0].predicates[0].dimension',
      'invalid.value',
    ],
    [
      'a segment’s dimension for conversations',
      { conversationFilters: [and(is('mediaType', 'email'))] },
      'conversationFilters[0].predicates[0].dimension',
      'invalid.value',
    ],
    ['no dimension', predicate({ value: ADA }), 'segmentFilters[0].predicates[0].dimension', 'missing.value'],
    [
      'no value',
      predicate({ dimension: 'mediaType' }),
      'segmentFilters[0].predicates[0].value',
      'missing.value',
    ],
    [
      'a value that is no text',
      predicate({ dimension: 'mediaType', value: 7 }),
      'segmentFilters[0].predicates[0].value',
      'invalid.value',
    ],
    [
      'another operator',
      predicate({ ...is('mediaType', 'email'), operator: 'equals' }),
      'segmentFilters[0].predicates[0].operator',
      'invalid.value',
    ],
    [
      'clauses within clauses',
      filter({ type: 'and', clauses: [{ type: 'or', clauses: [] }] }),
      'segmentFilters[0].clauses[0].clauses',
      'invalid.value',
    ],
    ['a field that the API does not have', { filters: [] }, 'filters', 'invalid.value'],
    ['what is not evaluated here', { surveyFilters: [] }, 'surveyFilters', 'invalid.value'],
  ] as const) {
    it(`are answered 400: ${name}`, async () => {
      assertFieldError(await live.post(ANALYTICS, { ...right, ...change }), field, code, /./)
    })
  }

  it('are answered 400: a predicate about a metric', async () => {
    const query = predicate({ type: 'metric', metric: 'tSegmentDuration', value: '1' })
    assertError(await live.post(ANALYTICS, { ...right, ...query }), 400, 'bad.request', /type metric/)
  })

  it('are answered 403 without either permission', async () => {
    const both = ['analytics:conversationDetail:view', 'analytics:agentConversationDetail:view']
    live.sandbox.setMissingPermissions(both)
    assertError(await live.post(ANALYTICS, right), 403, 'missing.any.permissions', /conversationDetail:view/)
    live.sandbox.setMissingPermissions([])
  })
})

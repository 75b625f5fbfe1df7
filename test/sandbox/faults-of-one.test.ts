import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  ADA,
  ANALYTICS,
  BRUNO,
  CONTACTS,
  EMAIL,
  email,
  type Json,
  type Live,
  LOOKUP,
  MESSAGE,
  MESSAGES,
  sms,
  startLive,
  webMessage,
} from './live.ts'

const INTERVAL = '2026-11-20T00:00:00Z/2026-11-24T00:00:00Z'
const queryFor = (dimension: string, value: string) => ({
  interval: INTERVAL,
  segmentFilters: [
    { type: 'or', predicates: [{ dimension, value }], clauses: [] },
    { type: 'and', predicates: [{ dimension: 'mediaType', value: 'message' }] },
  ],
})

describe('a fault of one operation', () => {
  it('meets that one alone, of every operation there is', async () => {
    const live = await startLive({ rateLimitPerMinute: null })
    const sent = (await live.post(MESSAGE, webMessage)).body
    const requests: Record<string, () => Promise<{ status: number }>> = {
      token: () => live.logIn(),
      lookup: () => live.post(LOOKUP, { type: 'Email', value: 'ada@example.com' }),
      contact: () => live.get(`${CONTACTS}/${ADA}`),
      message: () => live.post(MESSAGE, webMessage),
      email: () => live.post(EMAIL, email),
      analytics: () => live.post(ANALYTICS, queryFor('externalContactId', ADA)),
      conversation: () => live.get(`${MESSAGES}/${sent.conversationId}`),
      bulk: () => live.post(`${MESSAGES}/${sent.conversationId}/messages/bulk`, [sent.id]),
      details: () => live.get(`${MESSAGES}/${sent.id}/details`),
      other: () => live.get('/api/v2/tokens/me'),
    }
    for (const operation of Object.keys(requests)) {
      live.sandbox.clearFaults()
      live.sandbox.fault({ operation: operation as 'bulk', status: 503 })
      for (const [name, ask] of Object.entries(requests)) {
        assert.equal((await ask()).status, name === operation ? 503 : 200, `${operation}: ${name}`)
      }
    }
    live.sandbox.clearFaults()
    assert.deepEqual(new Set(Object.keys(live.sandbox.counts())), new Set(Object.keys(requests)))
    assert.ok(Object.values(live.sandbox.counts()).every((count) => count >= 9))
  })
})

describe('a fault of one customer', () => {
  let live: Live
  const toBruno = { ...webMessage, externalContactId: BRUNO }
  beforeEach(async () => {
    live = await startLive({ rateLimitPerMinute: null })
  })

  it('by contact, meets what names them, and their messages and conversations', async () => {
    const ada = (await live.post(MESSAGE, webMessage)).body
    const bruno = (await live.post(MESSAGE, toBruno)).body
    live.sandbox.fault({ contactId: ADA, status: 500 })
    const both = async (ask: (sent: Json, id: string) => Promise<{ status: number }>) => [
      (await ask(ada, ADA)).status,
      (await ask(bruno, BRUNO)).status,
    ]
    for (const [name, ask] of Object.entries({
      message: (_: Json, externalContactId: string) =>
        live.post(MESSAGE, { ...webMessage, externalContactId }),
      contact: (_: Json, id: string) => live.get(`${CONTACTS}/${id}`),
      analytics: (_: Json, id: string) => live.post(ANALYTICS, queryFor('externalContactId', id)),
      conversation: (sent: Json) => live.get(`${MESSAGES}/${sent.conversationId}`),
      bulk: (sent: Json) => live.post(`${MESSAGES}/${sent.conversationId}/messages/bulk`, [sent.id]),
      details: (sent: Json) => live.get(`${MESSAGES}/${sent.id}/details`),
    })) {
      assert.deepEqual(await both(ask), [500, 200], name)
    }
    assert.equal((await live.post(MESSAGE, sms)).status, 200, 'who that is, the request does not say')
  })

  it('by address, meets what is sent to it or looks for it', async () => {
    const other = '+14155550199'
    const sent = (await live.post(MESSAGE, sms)).body
    const mails = (to: string) => live.post(EMAIL, { ...email, toAddresses: [{ email: to }] })
    live.sandbox.fault({ to: sms.toAddress, status: 500 })
    live.sandbox.fault({ to: 'ada@example.com', status: 502 })
    assert.deepEqual(
      [
        (await live.post(MESSAGE, sms)).status,
        (await live.post(MESSAGE, { ...sms, toAddress: other })).status,
        (await live.post(ANALYTICS, queryFor('addressTo', sms.toAddress))).status,
        (await live.post(ANALYTICS, queryFor('addressTo', other))).status,
        (await live.post(LOOKUP, { type: 'Phone', value: sms.toAddress })).status,
        (await live.get(`${MESSAGES}/${sent.id}/details`)).status,
        (await live.get(`${MESSAGES}/${sent.conversationId}`)).status,
      ],
      [500, 200, 500, 200, 500, 500, 500],
    )
    assert.deepEqual(
      [(await mails('ada@example.com')).status, (await mails('bruno@example.com')).status],
      [502, 200],
    )
    assert.equal((await live.post(MESSAGE, webMessage)).status, 200)
  })

  it('counts down only by requests that it meets', async () => {
    live.sandbox.fault({ operation: 'message', contactId: BRUNO, status: 500, times: 1 })
    assert.deepEqual(
      [
        (await live.post(MESSAGE, webMessage)).status,
        (await live.post(MESSAGE, toBruno)).status,
        (await live.post(MESSAGE, toBruno)).status,
      ],
      [200, 500, 200],
    )
  })

  it('meets nobody by a body that cannot be read', async () => {
    live.sandbox.fault({ contactId: ADA, status: 500 })
    assert.equal((await live.post(MESSAGE, '{"externalContactId":')).status, 400)
    assert.equal((await live.post(MESSAGE, '[null]')).status, 400)
    assert.equal((await live.post(ANALYTICS, { segmentFilters: 7, toAddresses: [3] })).status, 400)
  })
})

describe('a fault of a share', () => {
  it('meets those of which chance has it, and counts down by them alone', async () => {
    const draws = [0.05, 0.5, 0.1, 0.09, 0.05]
    const live = await startLive({ random: () => draws.shift() ?? 1 })
    await live.fault({ operation: 'message', share: 0.1, status: 503, times: 2 })
    const statuses: number[] = []
    for (let n = 0; n < 5; n += 1) statuses.push((await live.post(MESSAGE, webMessage)).status)
    assert.deepEqual(statuses, [503, 200, 200, 503, 200])
    assert.deepEqual(draws, [0.05], 'nothing is drawn when it is used up')
  })

  it('of a tenth that is cut off after acting is acted on all the same', async () => {
    let n = 0
    const live = await startLive({ rateLimitPerMinute: null, random: () => (n++ % 10) / 10 })
    live.sandbox.fault({ operation: 'message', share: 0.1, reset: 'after-acting' })
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => live.post(MESSAGE, webMessage)))
    assert.equal(answers.filter(({ status }) => status === 'rejected').length, 5)
    assert.equal(live.sandbox.sentTo().get(ADA), 50)
  })

  it('lets the next fault in the list have what it does not meet', async () => {
    const live = await startLive({ random: () => 0.7 })
    await live.fault({ share: 0.5, status: 503 })
    await live.fault({ share: 0.8, status: 504 })
    assert.equal((await live.post(MESSAGE, webMessage)).status, 504)
  })

  it('is a number from 0 to 1', async () => {
    const live = await startLive()
    for (const share of [-0.1, 1.1, '10%']) assert.equal((await live.fault({ share })).status, 400)
  })
})

describe('a delay of nothing', () => {
  it('is none, also where time stands still', async () => {
    const live = await startLive()
    await live.fault({ operation: 'message', delayMs: 0 })
    assert.equal((await live.post(MESSAGE, webMessage)).status, 200)
  })
})

describe('answers that cannot be read', () => {
  let live: Live
  beforeEach(async () => {
    live = await startLive()
  })
  const send = () => live.post(MESSAGE, webMessage)
  const accepted = () => live.sandbox.messages().length

  it('badJson: acts, and answers what only says that it is JSON', async () => {
    await live.fault({ operation: 'message', badJson: true })
    const answer = await send()
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/json'])
    assert.throws(() => JSON.parse(answer.text))
    assert.equal(accepted(), 1)
  })

  it('emptyBody: acts, and answers nothing; with a status it does not act', async () => {
    await live.fault({ operation: 'message', emptyBody: true, times: 1 })
    const acted = await send()
    assert.deepEqual([acted.status, acted.text, accepted()], [200, '', 1])
    await live.fault({ operation: 'message', emptyBody: true, status: 500 })
    const failed = await send()
    assert.deepEqual([failed.status, failed.text, accepted()], [500, '', 1])
  })

  it('html: with a status it is answered instead of acting', async () => {
    await live.fault({ operation: 'message', html: true, status: 502 })
    const answer = await send()
    assert.deepEqual([answer.status, answer.headers.get('content-type'), accepted()], [502, 'text/html', 0])
  })

  it('a body of another type is written as it is', async () => {
    const headers = { 'Content-Type': 'text/plain' }
    await live.fault({ operation: 'message', status: 404, headers, body: 'no such app' })
    const answer = await send()
    assert.deepEqual([answer.headers.get('content-type'), answer.text], ['text/plain', 'no such app'])
  })

  it('a redirect leads elsewhere', async () => {
    await live.fault({ operation: 'other', status: 302, headers: { Location: '/elsewhere' } })
    const answer = await live.ask('/api/v2/tokens/me', { redirect: 'manual' })
    assert.deepEqual([answer.status, answer.headers.get('location')], [302, '/elsewhere'])
  })

  for (const [status, code] of [
    [413, 'request.entity.too.large'],
    [415, 'unsupported.media.type'],
    [422, 'invalid.value'],
  ] as const) {
    it(`status ${status} has the API’s code`, async () => {
      await live.fault({ operation: 'message', status })
      const answer = await send()
      assert.deepEqual([answer.status, answer.body.code, accepted()], [status, code, 0])
    })
  }
})

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startReceiving, ticketResolved } from './live.ts'
import { OTHER_SECRET } from './signing.ts'

type Live = Awaited<ReturnType<typeof startReceiving>>

describe('an authentic delivery', () => {
  let live: Live
  before(async () => {
    live = await startReceiving()
  })
  after(() => live.stop())

  test('is on disk with its message when it is answered 200', async () => {
    const delivery = live.sign({ id: 'msg_first' })
    const answer = await live.post(delivery)
    assert.deepEqual([answer.status, answer.body], [200, 'recorded'])
    assert.equal(answer.headers['x-powered-by'], undefined)
    const [event] = (await live.kept()).events
    assert.ok(event)
    assert.deepEqual(
      [event.source, event.type, event.key, event.state, event.receivedAt],
      ['crm', 'ticket.resolved', 'msg_first', 'planned', live.clock.now()],
    )
    assert.ok(delivery.body.equals(event.raw))
    const messages = await live.ledger.reads.messages({ eventId: event.id, limit: 10 })
    assert.deepEqual(
      messages.map(({ route, state, customer }) => [route, state, customer]),
      [['ticket-resolved', 'scheduled', { externalId: 'C-1' }]],
    )
  })

  test('that comes again, even with another body, is answered 200 and changes nothing', async () => {
    await live.post(live.sign({ id: 'msg_again' }))
    const before = await live.kept()
    const again = await live.post(live.sign({ id: 'msg_again', body: ticketResolved(8) }))
    assert.deepEqual([again.status, again.body], [200, 'known'])
    const after = await live.kept()
    assert.deepEqual(
      [after.events.length, after.messages.length],
      [before.events.length, before.messages.length],
    )
  })

  test('is accepted under either family of headers, signed with either secret or both', async () => {
    const ways = [
      { family: 'svix' },
      { secrets: [OTHER_SECRET] },
      { secrets: ['whsec_bm90IG91cnM=', OTHER_SECRET] },
    ] as const
    for (const [n, way] of ways.entries()) {
      assert.equal((await live.post(live.sign({ id: `msg_way_${n}`, ...way }))).body, 'recorded')
    }
  })

  test('is accepted in chunks, without a content type, and with a query', async () => {
    const { headers, body } = live.sign({ id: 'msg_chunked' })
    const answer = await live.post(
      { headers: { ...headers, 'transfer-encoding': 'chunked' }, body },
      '/webhooks/crm?a=1',
    )
    assert.equal(answer.body, 'recorded')
  })

  test('that no route listens to is kept and makes no message', async () => {
    await live.post(live.sign({ id: 'msg_unrouted', body: '{"type":"lead.created","data":{}}' }))
    const [event] = await live.ledger.reads.events({ type: 'lead.created', limit: 1 })
    assert.equal(event?.state, 'unrouted')
    assert.deepEqual(await live.ledger.reads.messages({ eventId: event.id, limit: 1 }), [])
  })
})

test('1,000 copies of one event at once: each answered 200, one event, one message', async () => {
  const live = await startReceiving()
  try {
    const delivery = live.sign()
    const answers = await Promise.all(Array.from({ length: 1000 }, () => live.post(delivery)))
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal(answers.filter(({ body }) => body === 'recorded').length, 1)
    const { events, messages } = await live.kept()
    assert.deepEqual([events.length, messages.length], [1, 1])
  } finally {
    await live.stop()
  }
})

test('500 different events at once: each is recorded once', async () => {
  const live = await startReceiving()
  try {
    const deliveries = Array.from({ length: 500 }, (_, n) =>
      live.sign({ id: `msg_${n}`, body: ticketResolved(n) }),
    )
    const answers = await Promise.all(deliveries.map((delivery) => live.post(delivery)))
    assert.ok(answers.every(({ body }) => body === 'recorded'))
    const { events, messages } = await live.kept()
    assert.equal(new Set(events.map(({ key }) => key)).size, 500)
    assert.equal(new Set(messages.map(({ eventId }) => eventId)).size, 500)
  } finally {
    await live.stop()
  }
})

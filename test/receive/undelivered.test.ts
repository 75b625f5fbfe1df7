import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Recordable } from '../../src/ledger/ledger.ts'
import { startReceiving } from './live.ts'
import { OTHER_TOKEN, TOKEN } from './signing.ts'

const PATH = '/webhooks/genesys'
const body = (change: object = {}) =>
  Buffer.from(
    JSON.stringify({
      conversationId: 'conversation-1',
      communicationId: 'communication-1',
      deploymentId: '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60',
      messages: [{ id: 'message-1', eventTimeMs: 1 }],
      ...change,
    }),
  )

describe('a workflow of Genesys Cloud posts what was not delivered', () => {
  let live: Awaited<ReturnType<typeof startReceiving>>
  const recorded: Recordable[] = []
  const post = (headers: Record<string, string>, bytes = body(), path = PATH) =>
    live.post({ headers: { 'content-type': 'application/json', ...headers }, body: bytes }, path)

  before(async () => {
    live = await startReceiving({
      around: (ledger) => ({
        ...ledger,
        record(entries) {
          recorded.push(...entries)
          return ledger.record(entries)
        },
      }),
    })
  })
  after(() => live.stop())

  test('the ledger is told which messages, by the event that is kept', async () => {
    const at = live.clock.now() - 5_000
    const answer = await post({ 'x-postrider-token': TOKEN }, body({ eventTimeMs: at }))
    assert.deepEqual([answer.status, answer.body], [200, 'recorded'])
    const [entry] = recorded
    assert.ok(entry?.kind === 'event')
    assert.deepEqual(entry.event.undelivered, {
      conversationId: 'conversation-1',
      genesysMessageIds: ['message-1'],
    })
    const [event] = (await live.kept()).events
    assert.ok(event)
    assert.deepEqual(
      [event.source, event.type, event.state, event.occurredAt, event.receivedAt],
      ['genesys', 'genesys.undelivered', 'unrouted', at, live.clock.now()],
    )
    assert.ok(body({ eventTimeMs: at }).equals(event.raw))
  })

  test('the same news again is known, other news is not', async () => {
    const news = body({ conversationId: 'conversation-2' })
    assert.equal((await post({ authorization: `Bearer ${OTHER_TOKEN}` }, news)).body, 'recorded')
    assert.equal((await post({ 'x-postrider-token': TOKEN }, news)).body, 'known')
    const more = body({ conversationId: 'conversation-2', communicationId: 'communication-2' })
    assert.equal((await post({ 'x-postrider-token': TOKEN }, more)).body, 'recorded')
  })

  test('what cannot be read is kept with its reason, each once', async () => {
    const nonsense = Buffer.from('{"conversation":"x"}')
    assert.equal((await post({ 'x-postrider-token': TOKEN }, nonsense)).body, 'recorded')
    assert.equal((await post({ 'x-postrider-token': TOKEN }, nonsense)).body, 'known')
    const unreadable = await live.ledger.reads.events({ state: 'unreadable', limit: 10 })
    assert.deepEqual(
      unreadable.map(({ source, reason }) => [source, reason]),
      [['genesys', 'conversationId: expected an id, got nothing']],
    )
    assert.ok(nonsense.equals(unreadable[0]?.raw ?? Buffer.alloc(0)))
  })

  test('without the right token nothing is kept, and the refusal is counted', async () => {
    const before = (await live.kept()).events.length
    const wrong: [Record<string, string>, RegExp, string?][] = [
      [{}, /without a token in the header x-postrider-token/],
      [{ 'x-postrider-token': 'a-token-of-somebody-else' }, /none of this source/],
      [{ 'x-postrider-token': TOKEN, authorization: `Bearer ${TOKEN}` }, /one token/],
      [{ authorization: `Basic ${TOKEN}` }, /Bearer/],
      [{ 'x-postrider-token': TOKEN }, /no secret yet/, '/webhooks/genesys-waiting'],
    ]
    for (const [headers, words, path] of wrong) {
      const answer = await post(headers, body({ conversationId: 'conversation-3' }), path)
      assert.equal(answer.status, 401)
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      assert.match(JSON.parse(answer.body).detail, words)
    }
    assert.equal((await live.kept()).events.length, before)
    assert.deepEqual(await live.refused(), {
      'genesys missing-header': 1,
      'genesys no-match': 1,
      'genesys duplicate-header': 1,
      'genesys malformed-header': 1,
      'genesys-waiting no-secret': 1,
    })
    assert.ok(!JSON.stringify(live.lines).includes(TOKEN))
  })

  test('a delivery that is signed instead is refused, and a token opens no source that wants signatures', async () => {
    const signed = live.sign({ id: 'msg_signed' })
    assert.equal((await live.post(signed, PATH)).status, 401)
    assert.equal((await post({ 'x-postrider-token': TOKEN }, body(), '/webhooks/crm')).status, 401)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jsonOf, type Said } from './run.ts'
import { exampleOf, withSenders } from './senders.ts'

type Replayed = { webhookId: string; status: number; answer: string }

const { folder, config, run, replay, events } = withSenders()

const own = (source: string, headers: Record<string, string>, body: unknown, name = source) =>
  folder.write(`${name}.json`, JSON.stringify({ source, headers, body }))

const OWN_BODY = { id: '{{ id }}', event: 'points.added' }
const ACK = 'Ack true'

/** One of each kind of scheme. `proves`: what a changed delivery is refused for. */
const SENDERS: { file: string; proves: 'time and body' | 'body' | 'token' }[] = [
  { file: exampleOf('bigcommerce', 'customer-created'), proves: 'time and body' },
  { file: exampleOf('zendesk', 'ticket-resolved'), proves: 'time and body' },
  { file: exampleOf('hubspot', 'contact-erased'), proves: 'time and body' },
  { file: exampleOf('stripe', 'session-expired'), proves: 'time and body' },
  { file: exampleOf('klaviyo', 'consent-withdrawn'), proves: 'time and body' },
  { file: exampleOf('custom', 'cart-left'), proves: 'time and body' },
  { file: exampleOf('shopify', 'order-placed'), proves: 'body' },
  { file: exampleOf('intercom', 'contact-unsubscribed'), proves: 'body' },
  { file: exampleOf('segment', 'identify'), proves: 'body' },
  { file: exampleOf('github-style', 'issue-closed'), proves: 'body' },
  {
    file: own('signed-header', { 'X-Event-Id': 'event-1', 'x-kind': 'points.added' }, { of: '{{ id }}' }),
    proves: 'body',
  },
  { file: exampleOf('freshdesk', 'ticket-resolved'), proves: 'token' },
  { file: exampleOf('pipedrive', 'person-created'), proves: 'token' },
  { file: exampleOf('salesforce', 'case-closed'), proves: 'token' },
  { file: exampleOf('dynamics365', 'case-resolved'), proves: 'token' },
  { file: own('bearer', {}, OWN_BODY), proves: 'token' },
  { file: own('in-body', {}, { ...OWN_BODY, auth: { by: 'hand' } }), proves: 'token' },
]

const answersOf = (said: Said) => {
  assert.equal(said.code, 0, `${said.out}${said.err}`)
  return jsonOf<Replayed[]>(said)
}

for (const { file, proves } of SENDERS) {
  const name = file.split('/').slice(-2).join('/')
  describe(`replay of ${name}`, () => {
    it('is signed as the sender does, and known when it comes twice', async () => {
      const replayed = answersOf(await replay([file, '--duplicate', '--json']))
      assert.deepEqual(
        replayed.map(({ status }) => status),
        [200, 200],
      )
      const [first, again] = replayed
      assert.ok(first && again)
      assert.equal(again.webhookId, first.webhookId)
      // Salesforce reads in the answer that it need not come again.
      if (file.includes('/salesforce/')) assert.deepEqual([first.answer, again.answer], [ACK, ACK])
      else assert.deepEqual([first.answer, again.answer], ['recorded', 'known'])
    })

    for (const part of ['body', 'signature', 'header']) {
      if (proves === 'token' && part === 'body') {
        it('--tamper body: nothing would refuse it, so nothing is posted', async () => {
          const { code, out, err } = await replay([file, '--tamper', part])
          assert.deepEqual([code, out], [2, ''])
          assert.match(err, /a token says nothing of the body/)
        })
      } else {
        it(`--tamper ${part}: refused`, async () => {
          const [replayed] = answersOf(await replay([file, '--tamper', part, '--json']))
          assert.equal(replayed?.status, 401, replayed?.answer)
        })
      }
    }

    const status = proves === 'time and body' ? 401 : 200
    it(`--skew -10m: ${status}`, async () => {
      const [replayed] = answersOf(await replay([file, '--skew', '-10m', '--json']))
      assert.equal(replayed?.status, status, replayed?.answer)
    })
  })
}

describe('replay --times', () => {
  const isNew = [
    exampleOf('shopify', 'checkout-updated'),
    exampleOf('zendesk', 'ticket-resolved-by-trigger'),
    own('signed-header', { 'x-event-id': 'event-2', 'x-kind': 'points.added' }, { of: '{{ id }}' }, 'times'),
    own('bearer', {}, OWN_BODY, 'times-bearer'),
  ]
  for (const file of isNew) {
    it(`${file.split('/').slice(-2).join('/')}: an id in a header, or {{ id }} in the body, is new each time`, async () => {
      const said = await replay([file, '--times', '3', '--json'])
      const replayed = answersOf(said)
      assert.equal(said.err, '')
      assert.equal(new Set(replayed.map(({ webhookId }) => webhookId)).size, 3)
      assert.deepEqual(
        replayed.slice(1).map(({ answer }) => answer),
        ['recorded', 'recorded'],
      )
    })
  }

  it('says where a fixture is the same event each time', async () => {
    const file = own('bearer', {}, { id: 'always-the-same', event: 'points.added' }, 'same')
    const said = await replay([file, '--times', '3', '--json'])
    assert.deepEqual(
      answersOf(said).map(({ answer }) => answer),
      ['recorded', 'known', 'known'],
    )
    assert.match(said.err, /^.*same\.json: the same event each time.*\{\{ id \}\}.*\n$/)
  })
})

describe('replay --topic', () => {
  it('is another event to a sender that says in a header what happened', async () => {
    const body = { id: 1, token: 'of-the-topic', updated_at: '{{ now }}' }
    const headers = { 'X-Shopify-Topic': 'orders/create', 'x-shopify-webhook-id': 'topic-1' }
    const file = own('shopify', headers, body, 'topic')
    answersOf(await replay([file, '--topic', 'checkouts/update', '--json']))
    const [event] = await events('shopify')
    assert.deepEqual(
      [event?.key, event?.senderType, event?.type],
      ['topic-1', 'checkouts/update', 'checkout.updated'],
    )
  })

  for (const [source, headers, topic] of [
    ['github-style', { 'x-github-delivery': 'topic-2' }, 'issues'],
    ['signed-header', { 'x-event-id': 'topic-3' }, 'points.spent'],
  ] as const) {
    it(`${source}: though the fixture has none`, async () => {
      const file = own(source, headers, { action: 'closed', at: '{{ now }}' }, `topic-${source}`)
      answersOf(await replay([file, '--topic', topic, '--json']))
      const [event] = await events(source)
      assert.ok(event?.senderType.startsWith(topic), event?.senderType)
    })
  }

  for (const [source, name] of [
    ['stripe', 'session-expired'],
    ['custom', 'cart-left'],
    ['zendesk', 'ticket-resolved'],
  ] as const) {
    it(`${source} says it in the body: a mistake, and nothing is posted`, async () => {
      const { code, out, err } = await replay([exampleOf(source, name), '--topic', 'checkouts/update'])
      assert.deepEqual([code, out], [2, ''])
      assert.match(err, new RegExp(`^--topic: ${source} .*in no header`))
    })
  }
})

describe('replay to another address than the sender signs', () => {
  const otherwise = (publicUrl: string) => ({
    POSTRIDER_CONFIG: folder.write(
      'otherwise.yaml',
      config.replace('publicUrl: https://postrider.example.com', publicUrl),
    ),
  })
  const file = exampleOf('hubspot', 'contact-erased')

  it('no publicUrl on this side: the service says which one the sender called', async () => {
    const said = await replay([file, '--json'], otherwise(''))
    assert.equal(said.code, 1)
    const [replayed] = jsonOf<Replayed[]>(said)
    assert.equal(replayed?.status, 401)
    assert.match(
      replayed?.answer ?? '',
      /the secret is right, but what was called is https:\/\/127\.0\.0\.1:\d+\/webhooks\/hubspot, and not https:\/\/postrider\.example\.com\/.*set publicUrl/,
    )
  })

  it('a publicUrl that names the whole path is the same', async () => {
    const whole = otherwise('publicUrl: https://postrider.example.com/webhooks/hubspot')
    assert.equal((await replay([file], whole)).code, 0)
  })
})

describe('events replan', () => {
  const body = { admin_graphql_api_id: 'gid://shopify/Order/71', email: 'ada@example.com', order_number: 71 }
  const shopify = (topic: string, id: string) =>
    own('shopify', { 'x-shopify-topic': topic, 'x-shopify-webhook-id': id }, body, id)

  it('plans what was kept because its body came before as something else', async () => {
    answersOf(await replay([shopify('orders/paid', 'replan-1'), '--json']))
    answersOf(await replay([shopify('orders/create', 'replan-2'), '--json']))
    const [kept] = await events('shopify')
    assert.deepEqual([kept?.key, kept?.type, kept?.state], ['replan-2', 'order.placed', 'unplanned'])
    assert.match(kept?.reason ?? '', /replan/)
    const shown = await run(['events', 'list', '--state', 'unplanned', '--source', 'shopify'])
    assert.match(shown.out, /replan-2/)

    const said = await run(['events', 'replan', String(kept?.id), '--json'])
    assert.equal(said.code, 0, said.err)
    assert.deepEqual(
      jsonOf<{ state: string; added: number }[]>(said).map(({ state, added }) => [state, added]),
      [['planned', 1]],
    )
  })

  it('reads what was unreadable by its headers too, as the source reads them now', async () => {
    const file = own('signed-header', { 'x-event-id': 'replan-3' }, { points: 3 }, 'replan-3')
    answersOf(await replay([file, '--json']))
    const [unreadable] = await events('signed-header')
    assert.deepEqual([unreadable?.state, unreadable?.headers], ['unreadable', { 'x-event-id': 'replan-3' }])
    const id = String(unreadable?.id)
    assert.equal((await run(['events', 'replan', id])).code, 1)

    const mended = config.replace(`type: '{{ headers["x-kind"] }}'`, `type: 'of {{ headers["x-event-id"] }}'`)
    const changed = { POSTRIDER_CONFIG: folder.write('mended.yaml', mended) }
    const said = await run(['events', 'replan', id], changed)
    assert.equal(said.code, 0, said.out)
    const [read] = await events('signed-header')
    assert.deepEqual([read?.id, read?.state, read?.type], [unreadable?.id, 'unrouted', 'of replan-3'])
  })

  it('takes a delivery apart that was kept whole, since nobody knew then where its events stand', async () => {
    const item = (id: string) => ({
      id,
      event: 'CartPaid',
      member: { number: 'M-1001', email: 'ada@example.com' },
    })
    const file = own('custom', {}, { list: [item('apart-1'), { id: 'apart-2' }, item('apart-3')] }, 'apart')
    answersOf(await replay([file, '--json']))
    const [whole] = await events('custom')
    assert.deepEqual([whole?.state, whole?.reason], ['unreadable', 'data.items: expected a list of events'])

    const mended = {
      POSTRIDER_CONFIG: folder.write('apart.yaml', config.replace('events: data.items', 'events: list')),
    }
    const replan = () => run(['events', 'replan', String(whole?.id), '--json'], mended)
    type Replanned = { state: string; added: number; reason: string }
    const [said] = jsonOf<Replanned[]>(await replan())
    assert.deepEqual([said?.state, said?.added], ['unrouted', 2])
    assert.match(
      said?.reason ?? '',
      /a delivery of 3 events, which are events of their own now: \d+, \d+, \d+$/,
    )
    const all = await events('custom')
    const planned = all.filter(({ key, state }) => key.startsWith('apart-') && state === 'planned')
    assert.deepEqual(planned.map(({ key }) => key).sort(), ['apart-1', 'apart-3'])
    assert.equal((await replan()).code, 0)
    assert.equal((await events('custom')).length, all.length, 'and once only')
  })
})

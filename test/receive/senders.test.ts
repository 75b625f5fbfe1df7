import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { startReceiving } from './live.ts'

const SECRET = 'a-secret-of-the-sender-tests'

const ROUTE = 'template: ticket-resolved, channels: [webmessaging]'
const YAML = `
genesys:
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  hubspot: { preset: hubspot, secrets: [${SECRET}], publicUrl: "https://hooks.example.com" }
  shopify: { preset: shopify, secrets: [${SECRET}] }
  tried: { preset: shopify, secrets: [${SECRET}], acceptTests: true }
  salesforce: { preset: salesforce, secrets: [${SECRET}] }
  woocommerce: { preset: woocommerce, secrets: [${SECRET}] }
  zendesk: { preset: zendesk, secrets: [${SECRET}] }
  lists:
    preset: github-style
    secrets: [${SECRET}]
    custom: { events: items, type: "{{ payload.type }}", customer: { email: "{{ payload.email }}" } }
routes:
  erased: { on: "*/customer.erased", ${ROUTE} }
  placed: { on: ["*/order.placed", "shopify/orders/paid"], ${ROUTE} }
  checkout: { on: shopify/checkouts/update, ${ROUTE} }
  solved: { on: zendesk/ticket.resolved, ${ROUTE} }
`

let service: Awaited<ReturnType<typeof startReceiving>>
before(async () => {
  service = await startReceiving({ yaml: YAML })
})
after(() => service.stop())

const mac = (...parts: (string | Buffer)[]) =>
  parts.reduce((made, part) => made.update(part), createHmac('sha256', SECRET)).digest('base64')

/** What became of the events whose key or type is one of these, the oldest first. */
async function eventsOf(source: string) {
  const { events } = await service.kept()
  return events.filter((event) => event.source === source).toSorted((a, b) => a.id - b.id)
}

describe('a batch of HubSpot', () => {
  const erasure = (objectId: number, rest: object = {}) => ({
    eventId: 1,
    portalId: 8,
    occurredAt: service.clock.now(),
    subscriptionType: 'contact.privacyDeletion',
    attemptNumber: 0,
    objectId,
    ...rest,
  })

  function deliver(
    events: unknown,
    { url = 'https://hooks.example.com/webhooks/hubspot', secret = SECRET, host = 'hooks.example.com' } = {},
  ) {
    const body = Buffer.from(typeof events === 'string' ? events : JSON.stringify(events))
    const timestamp = String(service.clock.now())
    const signature = createHmac('sha256', secret)
      .update(`POST${url}`)
      .update(body)
      .update(timestamp)
      .digest('base64')
    const headers = { host, 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp }
    return service.post({ headers, body }, '/webhooks/hubspot')
  }

  test('each of its events is claimed alone, and one that cannot be read hides none', async () => {
    const [first, second, third] = [erasure(1), erasure(2), erasure(3)]
    assert.deepEqual(await answered(deliver([first, 'nonsense', second])), [200, 'recorded'])
    // HubSpot tries again with what failed beside what is new, and counts its tries.
    assert.deepEqual(await answered(deliver([{ ...second, attemptNumber: 1 }, third])), [200, 'recorded'])
    assert.deepEqual(await answered(deliver([{ ...third, attemptNumber: 2 }])), [200, 'known'])
    const events = await eventsOf('hubspot')
    assert.deepEqual(
      events.map(({ state, subject }) => [state, subject]),
      [
        ['planned', '1'],
        ['unreadable', null],
        ['planned', '2'],
        ['planned', '3'],
      ],
    )
    assert.deepEqual(JSON.parse(String(events[2]?.raw)), second, 'each keeps its own bytes')
    const { messages } = await service.kept()
    assert.deepEqual(messages.map(({ customer }) => customer.externalId).sort(), ['1', '2', '3'])
  })

  test('without an event it is answered, and leaves nothing', async () => {
    const before = await service.kept()
    assert.deepEqual(await answered(deliver([])), [200, 'nothing'])
    assert.deepEqual(await service.kept(), before)
  })

  test('of a thousand is kept whole', async () => {
    const many = Array.from({ length: 1000 }, (_, n) => erasure(10_000 + n))
    assert.deepEqual(await answered(deliver(many)), [200, 'recorded'])
    assert.equal((await eventsOf('hubspot')).filter(({ subject }) => Number(subject) >= 10_000).length, 1000)
  })

  test('whose list is none is one unreadable event', async () => {
    const before = (await eventsOf('hubspot')).length
    assert.deepEqual(await answered(deliver({ eventId: 1 })), [200, 'recorded'])
    const [kept, ...others] = (await eventsOf('hubspot')).slice(before)
    assert.deepEqual(
      [kept?.state, kept?.reason, others],
      ['unreadable', 'the body: expected a list of events', []],
    )
  })

  test('signed for another URL is refused with the URL that it was', async () => {
    const { status, body } = await deliver([], {
      url: 'https://old.example.com/webhooks/hubspot',
      host: 'old.example.com',
    })
    assert.equal(status, 401)
    assert.match(
      JSON.parse(body).detail,
      /what was called is https:\/\/old\.example\.com\/webhooks\/hubspot.*set publicUrl of this source to https:\/\/old\.example\.com/,
    )
    const line = service.lines.findLast(({ message }) => message === 'delivery refused')
    assert.equal(line?.fields.code, 'wrong-url')
    assert.equal((await service.refused())['hubspot wrong-url'], 1)
    const wrong = await deliver([], { secret: 'another-secret-altogether' })
    assert.deepEqual([wrong.status, /what was called is/.test(JSON.parse(wrong.body).detail)], [401, false])
    assert.equal((await service.refused())['hubspot no-match'], 1)
  })
})

describe('a sender that signs neither time nor topic', () => {
  let n = 0
  function order(rest: object = {}) {
    n += 1
    return Buffer.from(
      JSON.stringify({ id: n, checkout_token: `c-${n}`, email: `ann${n}@example.com`, ...rest }),
    )
  }
  const deliver = (body: Buffer, topic: string, id: string, source = 'shopify') =>
    service.post(
      {
        headers: { 'x-shopify-hmac-sha256': mac(body), 'x-shopify-topic': topic, 'x-shopify-webhook-id': id },
        body,
      },
      `/webhooks/${source}`,
    )

  test('sends an event again under its id, or its body under another: it is known', async () => {
    const body = order()
    assert.deepEqual(await answered(deliver(body, 'orders/create', 'a-1')), [200, 'recorded'])
    assert.deepEqual(await answered(deliver(body, 'orders/create', 'a-1')), [200, 'known'])
    assert.deepEqual(await answered(deliver(body, 'orders/create', 'a-2')), [200, 'known'])
    assert.equal((await eventsOf('shopify')).length, 1)
  })

  test('sends a body under another topic: it is kept, flagged and not planned, and an operator may plan it', async () => {
    const body = order()
    await deliver(body, 'orders/create', 'b-1')
    assert.deepEqual(await answered(deliver(body, 'orders/paid', 'b-2')), [200, 'recorded'])
    const event = (await eventsOf('shopify')).at(-1)
    assert.equal(event?.state, 'unplanned')
    assert.match(event?.reason ?? '', /came before, as an event of another type.*postrider events replan/s)
    assert.equal(event?.senderType, 'orders/paid')
    const { messages } = await service.kept()
    assert.deepEqual(
      messages.filter(({ eventId }) => eventId === event?.id),
      [],
    )
    const line = service.lines.findLast(({ message }) => message === 'event kept and not planned')
    assert.equal(line?.fields.event, event?.id)
    assert.deepEqual(await answered(deliver(body, 'orders/paid', 'b-3')), [200, 'known'])
  })

  test('sends a body under ever other topics: some are kept, and none takes the id of a genuine event', async () => {
    const body = order()
    await deliver(body, 'orders/create', 'e-1')
    const before = (await eventsOf('shopify')).length
    for (let n = 0; n < 20; n += 1) await deliver(body, `x/${n}`, `e-2`)
    assert.equal((await eventsOf('shopify')).length, before + 4)
    assert.deepEqual(await answered(deliver(order(), 'orders/create', 'e-2')), [200, 'recorded'])
  })

  test('keeps its own topic beside our word for it, and routes listen to either', async () => {
    await deliver(order(), 'orders/create', 'c-1')
    await deliver(Buffer.from('{"token":"t-1","email":"ann@example.com"}'), 'checkouts/update', 'c-2')
    const [placed, checkout] = (await eventsOf('shopify')).slice(-2)
    assert.deepEqual([placed?.type, placed?.senderType], ['order.placed', 'orders/create'])
    assert.deepEqual(
      [checkout?.type, checkout?.senderType, checkout?.subject],
      ['checkout.updated', 'checkouts/update', 't-1'],
    )
    const routes = (await service.kept()).messages.filter(({ eventId }) => eventId === checkout?.id)
    assert.deepEqual(
      routes.map(({ route }) => route),
      ['checkout'],
    )
  })

  test('tries out its side: the event is kept and its message skipped, unless the source accepts tests', async () => {
    await deliver(order({ test: true }), 'orders/create', 'd-1')
    await deliver(order({ test: true }), 'orders/create', 'd-2', 'tried')
    const { messages } = await service.kept()
    const states = messages.slice(0, 2).map(({ source, state, code }) => [source, state, code])
    assert.deepEqual(states.sort(), [
      ['shopify', 'skipped', 'test-event'],
      ['tried', 'scheduled', null],
    ])
  })
})

describe('an outbound message of Salesforce', () => {
  const notification = (id: string) =>
    `<Notification><Id>${id}</Id><sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>500${id}</sf:Id><sf:Status>New</sf:Status></sObject></Notification>`
  const soap = (inner: string) =>
    Buffer.from(
      `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D1</OrganizationId>${inner}</notifications></soapenv:Body></soapenv:Envelope>`,
    )
  const deliver = (body: Buffer, token = SECRET) =>
    service.post(
      { headers: { 'content-type': 'text/xml; charset=utf-8' }, body },
      `/webhooks/salesforce?token=${token}`,
    )

  test('is acknowledged in XML, new or known or unreadable, since Salesforce sends until it reads that', async () => {
    const body = soap(notification('1') + notification('2'))
    for (const sent of [body, body, soap('<Notification/>'), Buffer.from('<broken')]) {
      const { status, headers, body: answer } = await deliver(sent)
      assert.equal(status, 200)
      assert.match(String(headers['content-type']), /^text\/xml/)
      assert.match(answer, /<Ack>true<\/Ack>/)
    }
    const states = (await eventsOf('salesforce')).map(({ state, key }) => `${state} ${key.slice(0, 2)}`)
    assert.deepEqual(states.slice(0, 2), ['unrouted 1', 'unrouted 2'])
    assert.deepEqual(
      states.slice(2).map((one) => one.split(' ')[0]),
      ['unreadable', 'unreadable'],
    )
  })

  test('without its token is not', async () => {
    const { status, body } = await deliver(soap(notification('3')), 'guessed')
    assert.equal(status, 401)
    assert.doesNotMatch(body, /Ack/)
    const shown = JSON.stringify(service.lines)
    assert.ok(!shown.includes(SECRET) && !shown.includes('guessed'), 'no token is logged')
  })
})

test("WooCommerce's ping is answered exactly 200 and leaves nothing", async () => {
  const before = await service.kept()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = Buffer.from('webhook_id=142')
  assert.deepEqual(await answered(service.post({ headers, body }, '/webhooks/woocommerce')), [200, 'ping'])
  assert.deepEqual(await service.kept(), before)
  // Nothing else comes in unsigned.
  const order = Buffer.from('{"id":1,"status":"processing"}')
  const unsigned = await service.post(
    { headers: { 'x-wc-webhook-topic': 'order.created' }, body: order },
    '/webhooks/woocommerce',
  )
  assert.equal(unsigned.status, 401)
})

test('a batch whose key stands in a header of the delivery keeps every event of it', async () => {
  const items = ['a', 'b', 'c'].map((name) => ({ type: 't', email: `${name}@example.com` }))
  const body = Buffer.from(JSON.stringify({ items }))
  const hex = createHmac('sha256', SECRET).update(body).digest('hex')
  const headers = { 'x-hub-signature-256': `sha256=${hex}`, 'x-github-delivery': 'D-1' }
  assert.deepEqual(await answered(service.post({ headers, body }, '/webhooks/lists')), [200, 'recorded'])
  assert.deepEqual(await answered(service.post({ headers, body }, '/webhooks/lists')), [200, 'known'])
  const kept = await eventsOf('lists')
  assert.deepEqual(
    kept.map(({ raw }) => JSON.parse(String(raw))),
    items,
  )
})

test('where a time is signed, the same words may be said again once the signature is too old to come again', async () => {
  const body = Buffer.from(
    '{"type":"ticket.resolved","data":{"ticket":{"id":7},"customer":{"email":"ann@example.com"}}}',
  )
  const deliver = (invocation: string) => {
    const timestamp = new Date(service.clock.now()).toISOString().replace(/\.\d+/, '')
    const headers = {
      'x-zendesk-webhook-signature': mac(timestamp, body),
      'x-zendesk-webhook-signature-timestamp': timestamp,
      'x-zendesk-webhook-invocation-id': invocation,
    }
    return answered(service.post({ headers, body }, '/webhooks/zendesk'))
  }
  assert.deepEqual(await deliver('I-1'), [200, 'recorded'])
  assert.deepEqual(await deliver('I-2'), [200, 'known'])
  await service.clock.advance(11 * 60_000)
  assert.deepEqual(await deliver('I-3'), [200, 'recorded'])
  assert.deepEqual(await deliver('I-1'), [200, 'known'])
})

test("Zendesk's test before a webhook is created is refused with what it means", async () => {
  const body = Buffer.from('{"a":1}')
  const timestamp = new Date(service.clock.now()).toISOString().replace(/\.\d+/, '')
  const signature = createHmac('sha256', 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==')
    .update(timestamp)
    .update(body)
    .digest('base64')
  const headers = {
    'x-zendesk-webhook-signature': signature,
    'x-zendesk-webhook-signature-timestamp': timestamp,
  }
  const answer = await service.post({ headers, body }, '/webhooks/zendesk')
  assert.equal(answer.status, 401)
  assert.match(JSON.parse(answer.body).detail, /every test before a webhook is created.*set its own secret/)
})

async function answered(answer: ReturnType<typeof service.post>): Promise<[number, string]> {
  const { status, body } = await answer
  return [status, body]
}

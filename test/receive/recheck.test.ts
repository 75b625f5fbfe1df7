import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Config, Source } from '../../src/config/config.ts'
import { PostriderError } from '../../src/errors.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { receive } from '../../src/receive/receive.ts'
import { type Rechecked, recheckRefused } from '../../src/receive/recheck.ts'
import { signRequest } from '../../src/receive/signature/sign.ts'
import { schemeOf } from '../../src/receive/sources/scheme-of.ts'
import { testLog } from '../test-log.ts'
import { startReceiving, ticketResolved } from './live.ts'
import { rawHeadersOf, signed } from './signing.ts'

const HOUR = 3_600_000
const NEW = `whsec_${Buffer.from('the secret that the sender has.1').toString('base64')}`
const FORGED = `whsec_${Buffer.from('a secret that nobody here knows.').toString('base64')}`
const OLD_TOKEN = 'a-token-of-before-0123456789abcdef'
const NEW_TOKEN = 'user:a-token-of-now-0123456789abcdef'

const TOKENS = `type: "{{ payload.type }}", key: "{{ payload.id }}"`
const YAML = `
genesys:
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  crm: { preset: standard-webhooks, secrets: ["whsec_dGhlIG9sZCBzZWNyZXQgb2YgdGhlIHRlc3RzLg=="] }
  waiting: { preset: standard-webhooks, secrets: [] }
  hubspot: { preset: hubspot, secrets: [${OLD_TOKEN}], publicUrl: "https://old.example.com" }
  shopify: { preset: shopify, secrets: [${OLD_TOKEN}] }
  basic: { preset: custom, secrets: ["user:${OLD_TOKEN}"], custom: { token: basic, ${TOKENS} } }
  bearer: { preset: custom, secrets: [${OLD_TOKEN}], custom: { token: bearer, ${TOKENS} } }
  header: { preset: custom, secrets: [${OLD_TOKEN}], custom: { token: { header: x-token }, ${TOKENS} } }
  query: { preset: custom, secrets: [${OLD_TOKEN}], custom: { token: { query: key }, ${TOKENS} } }
  body: { preset: custom, secrets: [${OLD_TOKEN}], custom: { token: { body: auth.token }, ${TOKENS} } }
routes:
  ticket-resolved: { on: "*/ticket.resolved", template: ticket-resolved, channels: [webmessaging] }
`

const NONE: Rechecked = {
  deliveries: 0,
  accepted: 0,
  acceptedBefore: 0,
  withoutBody: 0,
  refused: {},
  events: { recorded: 0, known: 0, unreadable: 0, unplanned: 0 },
  messages: 0,
  expired: 0,
}

describe('what was refused is looked at again', () => {
  let live: Awaited<ReturnType<typeof startReceiving>>
  before(async () => {
    live = await startReceiving({ yaml: YAML })
  })
  after(() => live.stop())

  /** The configuration once it is mended: this source has these secrets, and what else is changed. */
  function mended(name: string, secrets: readonly string[], change: Partial<Source> = {}): [Config, Source] {
    const before = live.config.sources.get(name)
    assert.ok(before)
    const source = { ...before, secrets, ...change }
    return [{ ...live.config, sources: new Map([...live.config.sources, [name, source]]) }, source]
  }

  async function recheck(
    [config, source]: [Config, Source],
    { since, ledger = live.ledger }: { since?: number; ledger?: Ledger } = {},
  ): Promise<Rechecked> {
    // What was refused in this second is on disk after it.
    await live.refused()
    return recheckRefused(
      { source, ...(since === undefined ? {} : { since }), by: 'ann' },
      { ledger, config, plan: planEvent, now: live.clock.now },
    )
  }

  async function refuse(name: string, delivery: ReturnType<typeof signed>, path = `/webhooks/${name}`) {
    assert.equal((await live.post(delivery, path)).status, 401)
  }

  const ticket = (id: string, rest: Partial<Parameters<typeof signed>[0]> = {}) =>
    signed({ id, atMs: live.clock.now(), body: ticketResolved(), secrets: [NEW], ...rest })

  test('a night later, as of its arrival: recorded with its messages; what is forged stays refused', async () => {
    const at = live.clock.now()
    await refuse('crm', ticket('night_1'))
    await refuse('crm', ticket('forged', { secrets: [FORGED] }))
    await live.clock.advance(HOUR)
    await refuse('crm', ticket('night_2'))
    await refuse('crm', ticket('stale', { atMs: live.clock.now() - 301_000 }))
    await live.clock.advance(6 * HOUR)
    const present = mended('crm', ['whsec_bm90IG91cnM=', NEW])

    assert.deepEqual(await recheck(mended('crm', ['whsec_bm90IG91cnM='])), {
      ...NONE,
      deliveries: 4,
      refused: { 'no-match': 3, 'too-old': 1 },
    })
    assert.deepEqual((await live.kept()).events, [])
    assert.deepEqual(await recheck(present), {
      ...NONE,
      deliveries: 4,
      accepted: 2,
      refused: { 'no-match': 1, 'too-old': 1 },
      events: { ...NONE.events, recorded: 2 },
      messages: 2,
    })
    const { events, messages } = await live.kept()
    assert.deepEqual(
      events.map(({ key, state, receivedAt }) => [key, state, receivedAt - at]),
      [
        ['night_2', 'planned', HOUR],
        ['night_1', 'planned', 0],
      ],
    )
    assert.deepEqual(new Set(messages.map(({ eventId }) => eventId)), new Set(events.map(({ id }) => id)))

    assert.deepEqual(await recheck(present), {
      ...NONE,
      deliveries: 2,
      acceptedBefore: 2,
      refused: { 'no-match': 1, 'too-old': 1 },
    })
    assert.equal((await live.kept()).messages.length, 2)
  })

  test('only those of the time that is asked for', async () => {
    await refuse('waiting', ticket('early'))
    await live.clock.advance(HOUR)
    const since = live.clock.now()
    await refuse('waiting', ticket('late'))
    const given = mended('waiting', [NEW])
    assert.equal((await recheck(given, { since })).accepted, 1)
    assert.deepEqual(
      (await live.ledger.reads.events({ source: 'waiting', limit: 9 })).map(({ key }) => key),
      ['late'],
    )
    const { accepted, acceptedBefore } = await recheck(given)
    assert.deepEqual([accepted, acceptedBefore], [1, 1])
  })

  test('what came again since is known, and several tries of one event are one', async () => {
    const since = live.clock.now()
    const present = mended('crm', [NEW])
    for (let time = 0; time < 3; time += 1) {
      await refuse('crm', ticket('tried'))
      await live.clock.advance(60_000)
    }
    await refuse('crm', ticket('again'))
    // The sender’s next try comes to a service that was mended.
    const { headers, body } = ticket('again')
    const delivery = {
      source: 'crm',
      method: 'POST',
      target: '/webhooks/crm',
      rawHeaders: rawHeadersOf(headers),
    }
    const reply = await receive(
      { ...delivery, body, receivedAt: live.clock.now() },
      { config: present[0], ledger: live.ledger, plan: planEvent, log: testLog() },
    )
    assert.equal(reply.kind, 'recorded')
    const { accepted, events, messages } = await recheck(present, { since })
    assert.deepEqual([accepted, events, messages], [4, { ...NONE.events, recorded: 1, known: 3 }, 1])
    for (const key of ['tried', 'again']) {
      const its = (await live.kept()).events.filter((event) => event.key === key)
      assert.equal(its.length, 1, key)
    }
  })

  test('an end between the record and the mark is harmless', async () => {
    const since = live.clock.now()
    const present = mended('crm', [NEW])
    await refuse('crm', ticket('interrupted'))
    const ledger: Ledger = {
      ...live.ledger,
      acceptRefused: () => Promise.reject(new PostriderError('LEDGER_UNAVAILABLE', 'The disk is full.')),
    }
    await assert.rejects(recheck(present, { since, ledger }), {
      code: 'LEDGER_UNAVAILABLE',
      message: /^The disk is full\. 0 of 1 were looked at before; run it again/,
    })
    const { accepted, events, messages } = await recheck(present, { since })
    assert.deepEqual([accepted, events.recorded, events.known, messages], [1, 0, 1, 0])
    assert.equal((await live.kept()).events.filter(({ key }) => key === 'interrupted').length, 1)
  })

  test('what can be said of it: too old by now, unreadable, without its body', async () => {
    const since = live.clock.now()
    const present = mended('crm', [NEW])
    const timestamp = new Date(since - 23 * HOUR).toISOString()
    const data = { customer: { id: 'C-1' }, ticket: { id: 8 } }
    await refuse('crm', ticket('old', { body: JSON.stringify({ type: 'ticket.resolved', timestamp, data }) }))
    await refuse('crm', ticket('broken', { body: '{' }))
    await refuse('crm', ticket('long', { body: ticketResolved().padEnd(70_000) }))
    await live.clock.advance(2 * HOUR)
    assert.deepEqual(await recheck(present, { since }), {
      ...NONE,
      deliveries: 3,
      accepted: 2,
      withoutBody: 1,
      events: { ...NONE.events, recorded: 2, unreadable: 1 },
      messages: 1,
      expired: 1,
    })
  })

  for (const name of ['basic', 'bearer', 'header', 'query', 'body', 'shopify']) {
    test(`${name}: what proves it was kept`, async () => {
      const present = mended(name, [NEW_TOKEN])
      const unsigned = {
        method: 'POST',
        url: `https://hooks.example.com/webhooks/${name}`,
        headers: { 'x-shopify-topic': 'orders/create', 'x-shopify-event-id': 'e-1' },
        body: Buffer.from(JSON.stringify({ type: 'ticket.resolved', id: 1, email: 'ann@example.com' })),
        id: 'msg',
        at: new Date(live.clock.now()),
      }
      const { url, headers, body } = signRequest(schemeOf(present[1]), NEW_TOKEN, unsigned)
      const { pathname, search } = new URL(url)
      await refuse(name, { headers, body }, pathname + search)
      await live.clock.advance(HOUR)
      const { accepted, events } = await recheck(present)
      assert.deepEqual([accepted, events.recorded], [1, 1])
    })
  }

  test('a URL that was set wrongly', async () => {
    const wanted = { publicUrl: 'https://hooks.example.com' }
    const present = mended('hubspot', [OLD_TOKEN], wanted)
    const event = { eventId: 1, portalId: 8, occurredAt: live.clock.now(), objectId: 5, attemptNumber: 0 }
    const { headers, body } = signRequest(schemeOf(present[1]), OLD_TOKEN, {
      method: 'POST',
      url: 'https://hooks.example.com/webhooks/hubspot',
      headers: { host: 'hooks.example.com' },
      body: Buffer.from(JSON.stringify([{ ...event, subscriptionType: 'contact.privacyDeletion' }])),
      id: 'msg',
      at: new Date(live.clock.now()),
    })
    await refuse('hubspot', { headers, body })
    await live.refused()
    const [kept] = await live.ledger.reads.refusedDeliveries({ source: 'hubspot', limit: 1 })
    assert.equal(kept?.reason, 'wrong-url')
    assert.equal((await recheck(mended('hubspot', [OLD_TOKEN]))).accepted, 0)
    assert.equal((await recheck(present)).events.recorded, 1)
  })
})

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createGenesys } from '../../src/genesys/client.ts'
import type { Answer, ConversationQuery, Genesys, OutboundEmail } from '../../src/genesys/genesys.ts'
import { CHANNELS } from '../../src/message.ts'
import {
  DEPLOYMENT,
  EXTERNAL_SOURCE,
  OPEN_INTEGRATION,
  SANDBOX_CLIENT,
  type Sandbox,
  type SeenRequest,
  SMS_NUMBER,
  startSandbox,
  WHATSAPP_INTEGRATION,
} from '../../src/sandbox/sandbox.ts'
import { ADA } from '../sandbox/live.ts'
import { hold, operationOf } from './hold.ts'
import { OPERATIONS } from './schemas.ts'

const DAY_MS = 86_400_000
const ABSENT = '00000000-0000-0000-0000-000000000000'

const EMAIL: OutboundEmail = {
  from: { email: 'care@demo.example' },
  replyTo: null,
  to: { email: 'ada@example.com' },
  subject: 'Resolved',
  text: 'Your ticket is resolved.',
  html: null,
}
const NOW = Date.now()
const QUERY: ConversationQuery = {
  of: { contactIds: [ADA] },
  mediaType: 'message',
  messageType: 'webmessaging',
  from: NOW - 31 * DAY_MS,
  to: NOW,
  page: 1,
  pageSize: 100,
}
const PARAMETER = { id: 'order', value: '17' }
const TEMPLATE = { responseId: 'r-1', header: [], body: [] }

/** Each function of the client in all its forms; what it is answered does not matter, except that the sandbox found fault with nothing. */
const CALLS: Readonly<
  Record<
    Exclude<keyof Genesys, 'host' | 'login'>,
    readonly ((genesys: Genesys) => Promise<Answer<unknown>>)[]
  >
> = {
  sendMessage: [false, true].flatMap((joinActive) => {
    const text = 'x'.repeat(2000)
    return [
      (g) => g.sendMessage({ channel: 'webmessaging', from: DEPLOYMENT, joinActive, contactId: ADA, text }),
      (g) =>
        g.sendMessage({ channel: 'open', from: OPEN_INTEGRATION, joinActive, to: 'a customer/17', text }),
      (g) =>
        g.sendMessage({
          channel: 'sms',
          from: SMS_NUMBER,
          joinActive,
          to: '+4930123456',
          text: text.slice(0, 765),
        }),
      ...[
        TEMPLATE,
        { ...TEMPLATE, header: [PARAMETER] },
        { ...TEMPLATE, body: [PARAMETER, { id: 'day', value: 'Monday' }] },
      ].map(
        (template) => (g: Genesys) =>
          g.sendMessage({
            channel: 'whatsapp',
            from: WHATSAPP_INTEGRATION,
            joinActive,
            to: '4930123456',
            template,
          }),
      ),
    ]
  }),
  sendEmail: [
    EMAIL,
    { ...EMAIL, html: '<p>Your ticket is resolved.</p>' },
    { ...EMAIL, replyTo: { email: 'desk@demo.example' } },
    {
      ...EMAIL,
      from: { email: 'care@demo.example', name: 'Care' },
      replyTo: { email: 'desk@demo.example', name: 'Desk' },
      to: { email: 'ada@example.com', name: 'Ada' },
    },
  ].map((email) => (g) => g.sendEmail(email)),
  probe: CHANNELS.map((channel) => (g) => g.probe(channel)),
  findContact: [
    (g) => g.findContact({ type: 'ExternalId', value: 'C'.repeat(255), externalSource: EXTERNAL_SOURCE }),
    (g) => g.findContact({ type: 'Email', value: 'ada@example.com' }),
    (g) => g.findContact({ type: 'Phone', value: '+4930123456' }),
  ],
  getContact: [(g) => g.getContact(ADA), (g) => g.getContact(ABSENT)],
  findConversations: [
    QUERY,
    { ...QUERY, page: 2, pageSize: 1 },
    { ...QUERY, messageType: null },
    { ...QUERY, of: { contactIds: [ADA, ABSENT] } },
    { ...QUERY, of: { addresses: ['+4930123456'] }, messageType: 'sms' as const },
    { ...QUERY, of: { addresses: ['4930123456', 'other'] }, messageType: 'whatsapp' as const },
    { ...QUERY, of: { addresses: ['17'] }, messageType: 'open' as const },
    { ...QUERY, of: { addresses: ['ada@example.com'] }, mediaType: 'email' as const, messageType: null },
    { ...QUERY, from: QUERY.to - 1 },
  ].map((query) => (g) => g.findConversations(query)),
  getConversation: [(g) => g.getConversation(ABSENT)],
  getMessages: [
    async (g) => g.getMessages(await conversationIn(g), ['m-1']),
    async (g) =>
      g.getMessages(
        await conversationIn(g),
        Array.from({ length: 1_001 }, (_, n) => `m-${n}`),
      ),
  ],
  getDelivery: [(g) => g.getDelivery(ABSENT)],
  getDeployment: [(g) => g.getDeployment(DEPLOYMENT)],
  getIdentityResolution: [(g) => g.getIdentityResolution(DEPLOYMENT)],
  getExternalSources: [(g) => g.getExternalSources()],
  getIntegrations: [(g) => g.getIntegrations()],
}

async function conversationIn(genesys: Genesys): Promise<string> {
  const answer = await genesys.findConversations(QUERY)
  assert.ok(answer.kind === 'ok' && answer.value.conversations[0], JSON.stringify(answer))
  return answer.value.conversations[0].id
}

describe('every request that the client can make', () => {
  const seen: SeenRequest[] = []
  let sandbox: Sandbox
  let genesys: Genesys
  before(async () => {
    sandbox = await startSandbox({
      port: 0,
      clock: systemClock,
      rateLimitPerMinute: null,
      // More than one page of each, so that further pages are asked for.
      externalSources: many('source').concat(EXTERNAL_SOURCE),
      integrations: [
        ...many('integration').map((one) => ({ ...one, messengerType: 'sms' })),
        { id: OPEN_INTEGRATION, name: 'Open', messengerType: 'open' },
        { id: WHATSAPP_INTEGRATION, name: 'WhatsApp', messengerType: 'whatsapp' },
      ],
      onRequest: (one) => seen.push(one),
    })
    genesys = createGenesys({
      region: 'mypurecloud.com',
      gatewayUrl: sandbox.url,
      ...SANDBOX_CLIENT,
      clock: systemClock,
      pace: async () => {},
    })
  })
  after(() => sandbox.close())

  for (const [name, calls] of Object.entries(CALLS)) {
    it(`${name}: is of an operation as its schema has it, and the sandbox takes it`, async () => {
      const already = seen.length
      for (const call of calls) {
        const answer = await call(genesys)
        assert.equal(answer.kind, 'ok', JSON.stringify(answer))
      }
      const asked = seen.slice(already)
      assert.ok(asked.length >= calls.length)
      assert.deepEqual(asked.flatMap(hold), [])
    })
  }

  it('are all that there is to call: every function was called, every operation asked, with every parameter', () => {
    const functions = Object.keys(genesys).filter((name) => name !== 'host' && name !== 'login')
    assert.deepEqual(Object.keys(CALLS).sort(), functions.sort())
    const asked = new Set(seen.map((one) => operationOf(one)?.name))
    assert.deepEqual([...asked].sort(), OPERATIONS.map(({ name }) => name).sort())
    for (const { name, query } of OPERATIONS) {
      const given = seen
        .filter((one) => operationOf(one)?.name === name)
        .flatMap((one) => Object.keys(one.query))
      assert.deepEqual([...new Set(given)].sort(), Object.keys(query.properties).sort(), name)
    }
  })
})

describe('the table of operations', () => {
  it('has just those that src/genesys calls of the SDK', () => {
    const room = join(import.meta.dirname, '../../src/genesys')
    const called = globSync('**/*.ts', { cwd: room })
      .map((file) => readFileSync(join(room, file), 'utf8'))
      .flatMap((source) => [...source.matchAll(/\.((?:get|post|put|patch|delete|head)[A-Z]\w+)\(/g)])
      .map(([, name]) => name)
      // Of the client itself, which asks nobody.
      .filter((name) => name !== 'getHttpClient' && !FUNCTIONS.has(name ?? ''))
    assert.deepEqual([...new Set(called)].sort(), OPERATIONS.map(({ name }) => name).sort())
  })
})

/** Of Postrider's own, which doctors call. */
const FUNCTIONS: ReadonlySet<string> = new Set(Object.keys(CALLS))

function many(name: string) {
  return Array.from({ length: 201 }, (_, n) => ({ id: `${name}-${n}`, name: `${name} ${n}` }))
}

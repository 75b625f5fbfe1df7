import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import { DEPLOYMENT, OPEN_INTEGRATION, WHATSAPP_INTEGRATION } from '../../src/sandbox/directory.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import {
  ADA,
  ADA_MERGED,
  assertError,
  assertFieldError,
  BRUNO,
  DAY,
  DORA,
  EMAIL,
  EVE_ACTIVE,
  email,
  HOUR,
  type Json,
  type Live,
  LOOKUP,
  MESSAGE,
  MESSAGES,
  sms,
  startLive,
  webMessage,
} from './live.ts'

const OTHER = 'another-deployment'
const toDora = { ...webMessage, externalContactId: DORA }
const joining = { useExistingActiveConversation: true }

/** Days pass in these tests; tokens last. */
function start() {
  return startLive({ deployments: [DEPLOYMENT, OTHER], tokenLifeMs: 400 * DAY, rateLimitPerMinute: null })
}

function conversationOf(sandbox: Sandbox, id: unknown) {
  const found = sandbox.conversations().find((one) => one.id === id)
  assert.ok(found)
  return found
}

describe('the conversation that an agentless message goes into', () => {
  let live: Live
  const sent = async (body: Json): Promise<string> => {
    const answer = await live.post(MESSAGE, body)
    assert.equal(answer.status, 200, answer.text)
    return String(answer.body.conversationId)
  }
  beforeEach(async () => {
    live = await start()
  })

  it('is the one of the last 72 hours, counted from its last message; else a new one', async () => {
    const first = await sent(toDora)
    await live.clock.advance(72 * HOUR - 1)
    assert.equal(await sent(toDora), first)
    await live.clock.advance(72 * HOUR - 1)
    assert.equal(await sent(toDora), first)
    await live.clock.advance(72 * HOUR)
    assert.notEqual(await sent(toDora), first)
    const { startedAt, lastAt, endedAt, originatingDirection, initiator, messages } = conversationOf(
      live.sandbox,
      first,
    )
    assert.deepEqual([originatingDirection, initiator, messages.length], ['outbound', 'api', 3])
    assert.deepEqual([lastAt - startedAt, endedAt], [144 * HOUR - 2, lastAt])
  })

  it('is begun anew after the time that the org has set', async () => {
    await live.control('/settings', { threadingMs: HOUR }, 'PATCH')
    const first = await sent(toDora)
    await live.clock.advance(HOUR)
    assert.notEqual(await sent(toDora), first)
  })

  it('is the customer’s own where it is recent enough, and stays inbound', async () => {
    const startedAt = live.clock.now() - 73 * HOUR
    const recent = live.sandbox.addConversation({
      contactId: DORA,
      startedAt,
      messages: [{ text: 'Hello', at: startedAt + 2 * HOUR }],
    })
    const old = live.sandbox.addConversation({ contactId: BRUNO, startedAt })
    assert.equal(await sent(toDora), recent.id)
    assert.notEqual(await sent({ ...webMessage, externalContactId: BRUNO }), old.id)
    assert.equal(recent.originatingDirection, 'inbound')
    assert.deepEqual(
      recent.messages.map(({ by, text }) => [by, text]),
      [
        ['customer', 'Hello'],
        ['api', webMessage.textBody],
      ],
    )
  })

  it('is of the same deployment', async () => {
    const ours = await sent(toDora)
    const others = await sent({ ...toDora, fromAddress: OTHER })
    assert.notEqual(others, ours)
    assert.equal(await sent(toDora), ours)
    assert.equal(await sent({ ...toDora, fromAddress: OTHER }), others)
  })

  it('is the newest of them', async () => {
    const now = live.clock.now()
    const newer = live.sandbox.addConversation({ contactId: DORA, startedAt: now - HOUR })
    live.sandbox.addConversation({ contactId: DORA, startedAt: now - 2 * HOUR })
    assert.equal(await sent(toDora), newer.id)
  })

  it('is the active one, for those who may join it, however long ago it began; others are answered 409', async () => {
    const now = live.clock.now()
    const active = live.sandbox.addConversation({ contactId: DORA, startedAt: now - 60 * DAY, active: true })
    live.sandbox.addConversation({ contactId: DORA, startedAt: now - HOUR })
    assertError(await live.post(MESSAGE, toDora), 409, 'conflict', /^An active conversation is already/)
    assert.equal(await sent({ ...toDora, ...joining }), active.id)
    assert.deepEqual([active.lastAt, active.endedAt], [now, null])
    // It is between this deployment and her.
    assert.notEqual(await sent({ ...toDora, fromAddress: OTHER }), active.id)
  })

  it('goes by both addresses for other messengers', async () => {
    const whatsapp = {
      fromAddress: WHATSAPP_INTEGRATION,
      toAddressMessengerType: 'whatsapp',
      toAddress: '14155550101',
      messagingTemplate: { responseId: 'r-1' },
    }
    const open = { ...sms, toAddressMessengerType: 'open', fromAddress: OPEN_INTEGRATION, toAddress: 'u-1' }
    for (const [body, other] of [
      [sms, '+14155550199'],
      [whatsapp, '14155550199'],
      [open, 'u-2'],
    ] as const) {
      const first = await sent(body)
      assert.equal(await sent(body), first)
      assert.notEqual(await sent({ ...body, toAddress: other }), first)
      await live.clock.advance(72 * HOUR)
      assert.notEqual(await sent(body), first)
    }
    const active = live.sandbox.addConversation({
      contactId: ADA,
      startedAt: live.clock.now() - HOUR,
      messageType: 'sms',
      active: true,
    })
    assert.deepEqual([active.from, active.to], ['+13175550100', '+14155550101'])
    assert.equal((await live.post(MESSAGE, sms)).status, 409)
    assert.equal(await sent({ ...sms, ...joining }), active.id)
  })

  it('is one for all who were merged, and keeps the contact that it was begun with', async () => {
    const first = await sent({ ...webMessage, externalContactId: ADA_MERGED })
    assert.equal(await sent(webMessage), first)
    assert.equal(conversationOf(live.sandbox, first).contactId, ADA_MERGED)
    assert.deepEqual(
      live.sandbox.messages().map(({ contactId }) => contactId),
      [ADA, ADA],
    )
    const bruno = await sent({ ...webMessage, externalContactId: BRUNO })
    live.sandbox.mergeContacts(BRUNO, DORA)
    assert.equal(await sent(toDora), bruno)
    assert.equal(conversationOf(live.sandbox, bruno).contactId, BRUNO)
  })
})

describe('whether an agent talks to a contact', () => {
  it('can be said, and asked for, while it runs', async () => {
    const live = await start()
    const { sandbox } = live
    const send = async (body: Json) => (await live.post(MESSAGE, body)).status
    const toEve = { ...webMessage, externalContactId: EVE_ACTIVE }
    assert.deepEqual([await send(toDora), await send(toEve)], [200, 409])
    assert.equal((await live.control(`/contacts/${DORA}/active`, { active: true })).status, 204)
    sandbox.setActive(EVE_ACTIVE, false)
    assert.deepEqual([await send(toDora), await send(toEve)], [409, 200])
    const open = () => sandbox.conversations().filter(({ endedAt }) => endedAt === null)
    assert.deepEqual(
      open().map(({ contactId, originatingDirection }) => [contactId, originatingDirection]),
      [[DORA, 'inbound']],
    )
    sandbox.setActive(DORA, true)
    assert.equal(open().length, 1)
    await live.clock.advance(HOUR)
    sandbox.setActive(DORA, false)
    assert.deepEqual([await send(toDora), open().length], [200, 0])
    assert.equal((await live.control(`/contacts/${DORA}/active`, {})).status, 400)
  })

  it('comes with a contact that is added, and is left as it is where nothing is said', async () => {
    const { sandbox, post } = await start()
    const toSam = { ...webMessage, externalContactId: 'k-sam' }
    const sam = { id: 'k-sam', name: 'Sam', emails: [], phones: [] }
    sandbox.addContact({ ...sam, active: true })
    assert.equal((await post(MESSAGE, toSam)).status, 409)
    sandbox.addContact({ ...sam, phones: ['+14155550177'] })
    assert.equal((await post(MESSAGE, toSam)).status, 409)
    sandbox.addContact({ ...sam, active: false })
    assert.equal((await post(MESSAGE, toSam)).status, 200)
  })

  it('can be said of one whom nobody has looked up yet', async () => {
    const { sandbox, post } = await startLive({ resolveContact: ({ value }) => ({ id: `k-${value}` }) })
    sandbox.setActive('k-N-1', true)
    await post(LOOKUP, { type: 'Email', value: 'N-1' })
    assert.equal((await post(MESSAGE, { ...webMessage, externalContactId: 'k-N-1' })).status, 409)
  })

  it('holds for all who were merged', async () => {
    const { sandbox, post } = await start()
    sandbox.setActive(ADA_MERGED, true)
    assert.equal((await post(MESSAGE, webMessage)).status, 409)
    sandbox.setActive(ADA, false)
    assert.equal((await post(MESSAGE, webMessage)).status, 200)
  })
})

describe('conversations that somebody else begins', () => {
  it('are there for the example contacts, of the past days: three had a session, one never, one has one now', async () => {
    const { sandbox, clock } = await start()
    const days = sandbox
      .conversations()
      .map(({ contactId, originatingDirection, channel, from, startedAt, endedAt }) => [
        contactId.slice(-4),
        originatingDirection,
        channel,
        from,
        (clock.now() - startedAt) / DAY,
        endedAt === null,
      ])
    assert.deepEqual(days, [
      ['1001', 'inbound', 'webmessaging', DEPLOYMENT, 4, false],
      ['1002', 'inbound', 'webmessaging', DEPLOYMENT, 9, false],
      ['1003', 'inbound', 'webmessaging', DEPLOYMENT, 20, false],
      ['1005', 'inbound', 'webmessaging', DEPLOYMENT, 0, true],
    ])
  })

  it('are of the deployment that the org was given', async () => {
    const { sandbox } = await startLive({ deployments: [OTHER] })
    assert.deepEqual(new Set(sandbox.conversations().map(({ from }) => from)), new Set([OTHER]))
  })

  it('can be added by the control API, with times in ISO 8601 or milliseconds', async () => {
    const { control, ask, sandbox, clock } = await start()
    const answer = await control('/conversations', {
      contactId: 'k-unknown',
      startedAt: '2026-11-01T10:00:00Z',
      endedAt: Date.UTC(2026, 10, 1, 10, 30),
      messages: [{ text: 'Hi', by: 'agent', at: '2026-11-01T11:10:00+01:00' }],
      direction: 'outbound',
    })
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(
      [answer.body.startedAt, answer.body.endedAt, answer.body.lastAt, answer.body.initiator],
      [Date.UTC(2026, 10, 1, 10), Date.UTC(2026, 10, 1, 10, 30), Date.UTC(2026, 10, 1, 10, 30), 'agent'],
    )
    const listed = JSON.parse((await ask('/sandbox/conversations')).text)
    assert.deepEqual(listed, JSON.parse(JSON.stringify(sandbox.conversations())))
    assert.deepEqual(listed.at(-1), answer.body)
    for (const wrong of [
      { contactId: 'k-1' },
      { contactId: 'k-1', startedAt: 'yesterday' },
      { contactId: 'k-1', startedAt: clock.now(), messageType: 'email' },
      { contactId: 'k-1', startedAt: clock.now(), messageType: 'sms' },
      { contactId: 'k-1', startedAt: 1, endedAt: 2, active: true },
      { contactId: 'k-1', startedAt: 1, started: 2 },
    ]) {
      assert.equal((await control('/conversations', wrong)).status, 400, JSON.stringify(wrong))
    }
  })

  it('stay when what was accepted is forgotten', async () => {
    const live = await start()
    const { sandbox, post } = live
    const before = sandbox.conversations().length
    const recent = sandbox.addConversation({
      contactId: DORA,
      startedAt: live.clock.now() - HOUR,
      messages: [{ text: 'Hello' }],
    })
    const sent = (await post(MESSAGE, toDora)).body
    await post(MESSAGE, webMessage)
    await post(EMAIL, email)
    assert.equal(sandbox.conversations().length, before + 3)
    await live.ask('/sandbox/messages', { method: 'DELETE' })
    assert.equal(sandbox.conversations().length, before + 1)
    assert.deepEqual(
      recent.messages.map(({ text }) => text),
      ['Hello'],
    )
    assert.equal((await live.get(String(sent.selfUri))).status, 404)
    assert.equal(sandbox.sentTo().size, 0)
  })
})

describe(`GET ${MESSAGES}/{conversationId}`, () => {
  it('answers who took part, and which messages they wrote', async () => {
    const live = await start()
    const startedAt = live.clock.now() - HOUR
    const { id, messages } = live.sandbox.addConversation({
      contactId: DORA,
      startedAt,
      messages: [
        { text: 'Hello', at: startedAt + 1000 },
        { text: 'Yes?', by: 'agent', at: startedAt + 2000 },
      ],
    })
    const sent = (await live.post(MESSAGE, toDora)).body
    const { status, body } = await live.get(`${MESSAGES}/${id}`)
    assert.equal(status, 200)
    const participants = body.participants as Json[]
    assert.deepEqual([body.id, Object.keys(body)], [id, ['id', 'participants', 'selfUri']])
    assert.deepEqual(
      participants.map(({ purpose, direction, state, startTime }) => [purpose, direction, state, startTime]),
      [
        ['customer', 'inbound', 'disconnected', new Date(startedAt).toISOString()],
        ['agent', 'inbound', 'disconnected', new Date(startedAt).toISOString()],
        ['api', 'outbound', 'disconnected', new Date(startedAt).toISOString()],
      ],
    )
    const detail = (messageId: unknown, messageStatus: string, at: number) => ({
      messageId,
      messageURI: `${MESSAGES}/${messageId}/details`,
      messageStatus,
      messageTime: new Date(at).toISOString(),
    })
    assert.deepEqual(
      participants.map((one) => one.messages),
      [
        [detail(messages[0]?.id, 'received', startedAt + 1000)],
        [detail(messages[1]?.id, 'sent', startedAt + 2000)],
        [detail(sent.id, 'sent', live.clock.now())],
      ],
    )
    assert.deepEqual(
      participants.map(({ externalContact }) => (externalContact as Json | undefined)?.id),
      [DORA, undefined, undefined],
    )
    assert.equal(new Set(participants.map((one) => one.id)).size, 3)
    assert.deepEqual((await live.get(`${MESSAGES}/${id}`)).body, body, 'the same ids each time')
  })

  it('says of an active one that it is connected', async () => {
    const { sandbox, get, clock } = await start()
    const { id } = sandbox.addConversation({ contactId: DORA, startedAt: clock.now(), active: true })
    const [customer] = (await get(`${MESSAGES}/${id}`)).body.participants as Json[]
    assert.deepEqual([customer?.state, customer?.endTime, customer?.messages], ['connected', undefined, []])
  })

  it('answers 404 to what is no conversation of messages, 403 without its permission', async () => {
    const { get, post, sandbox } = await start()
    const mail = (await post(EMAIL, email)).body
    const sent = (await post(MESSAGE, toDora)).body
    for (const id of ['c-0', mail.conversationId, sent.id]) {
      assertError(await get(`${MESSAGES}/${id}`), 404, 'not.found', /conversation was not found/)
    }
    sandbox.setMissingPermissions(['conversation:message:view'])
    const answer = await get(`${MESSAGES}/${sent.conversationId}`)
    assertError(answer, 403, 'missing.permissions', /conversation:message:view/)
  })
})

describe(`POST ${MESSAGES}/{conversationId}/messages/bulk`, () => {
  let live: Live
  let id: string
  let ids: string[]
  before(async () => {
    live = await start()
    const startedAt = live.clock.now() - HOUR
    const conversation = live.sandbox.addConversation({
      contactId: DORA,
      startedAt,
      messages: [{ text: 'Hello', at: startedAt }],
    })
    await live.post(MESSAGE, toDora)
    id = conversation.id
    ids = conversation.messages.map((message) => message.id)
  })
  const bulk = (body: unknown) => live.post(`${MESSAGES}/${id}/messages/bulk`, body)

  it('answers the messages of the ids, with their texts', async () => {
    const { status, body } = await bulk(ids)
    assert.equal(status, 200)
    assert.deepEqual(body, {
      entities: [
        {
          id: ids[0],
          conversationId: id,
          toAddress: DEPLOYMENT,
          direction: 'inbound',
          messengerType: 'webmessaging',
          status: 'received',
          timestamp: new Date(live.clock.now() - HOUR).toISOString(),
          normalizedMessage: { id: ids[0], type: 'Text', text: 'Hello', direction: 'Inbound' },
          selfUri: `${MESSAGES}/${ids[0]}/details`,
        },
        {
          id: ids[1],
          conversationId: id,
          fromAddress: DEPLOYMENT,
          direction: 'outbound',
          messengerType: 'webmessaging',
          status: 'sent',
          timestamp: new Date(live.clock.now()).toISOString(),
          normalizedMessage: {
            id: ids[1],
            type: 'Text',
            text: webMessage.textBody,
            direction: 'Outbound',
          },
          selfUri: `${MESSAGES}/${ids[1]}/details`,
        },
      ],
    })
  })

  it('passes over ids that the conversation does not have', async () => {
    const other = (await live.post(MESSAGE, webMessage)).body.id
    assert.deepEqual((await bulk(['m-0', other])).body, { entities: [] })
    assert.equal(((await bulk([ids[1], other])).body.entities as Json[]).length, 1)
  })

  it('takes an array of 1 to 1,000 strings', async () => {
    assert.equal((await bulk(Array(1000).fill(ids[0]))).status, 200)
    for (const body of [[], Array(1001).fill(ids[0]), [7], [{ id: ids[0] }], [null]]) {
      assertError(await bulk(body), 400, 'bad.request', /between 1 and 1000|array of strings/)
    }
    for (const body of ['{}', '"x"', 'null', JSON.stringify({ body: ids })]) {
      assertError(await bulk(body), 400, 'bad.request', /must be an array/)
    }
    assertError(await bulk('[1'), 400, 'bad.request', /malformed/)
  })

  it('answers 404 to an unknown conversation, 403 without both permissions', async () => {
    const unknown = await live.post(`${MESSAGES}/c-0/messages/bulk`, ids)
    assertError(unknown, 404, 'not.found', /conversation/)
    live.sandbox.setMissingPermissions(['conversation:message:view'])
    assert.equal((await bulk(ids)).status, 200)
    live.sandbox.setMissingPermissions(['conversation:message:view', 'conversation:webmessaging:view'])
    assertError(await bulk(ids), 403, 'missing.any.permissions', /webmessaging:view/)
    live.sandbox.setMissingPermissions([])
  })

  it('is the only operation that takes a list', async () => {
    const answer = await live.post(MESSAGE, [webMessage])
    assertError(answer, 400, 'bad.request', /must be an object/)
    assertFieldError(await live.post(MESSAGE, {}), 'fromAddress', 'missing.value', /required/)
  })
})

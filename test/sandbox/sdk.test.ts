import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createGenesys } from '../../src/genesys/client.ts'
import { checkAccess } from '../../src/genesys/doctor.ts'
import type { Answer, Genesys } from '../../src/genesys/genesys.ts'
import {
  DEPLOYMENT,
  EXTERNAL_SOURCE,
  OPEN_INTEGRATION,
  SMS_NUMBER,
  WHATSAPP_INTEGRATION,
} from '../../src/sandbox/directory.ts'
import { SANDBOX_CLIENT, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import { ADA, ADA_MERGED, BRUNO, DAY, DORA, EVE_ACTIVE, HOUR, type Live, startLive } from './live.ts'

const mail = {
  from: { email: 'care@demo.example', name: 'Demo Care' },
  replyTo: { email: 'answers@demo.example' },
  to: { email: 'ada@example.com', name: 'Ada Example' },
  subject: 'Your order',
  text: 'It is on its way.',
  html: '<p>It is on its way.</p>',
}
const message = {
  channel: 'webmessaging',
  from: DEPLOYMENT,
  joinActive: false,
  contactId: ADA,
  text: 'Hello',
} as const

/** A sandbox, and the client that asks it through the SDK. */
async function start(options: Partial<SandboxOptions> = {}): Promise<{ live: Live; genesys: Genesys }> {
  const live = await startLive(options)
  const genesys = createGenesys({
    region: 'mypurecloud.com',
    gatewayUrl: live.sandbox.url,
    ...SANDBOX_CLIENT,
    clock: live.clock,
    pace: async () => {},
  })
  return { live, genesys }
}

function okValue<T>(answer: Answer<T>): T {
  assert.ok(answer.kind === 'ok', JSON.stringify(answer))
  return answer.value
}

describe('the sandbox as the SDK meets it', () => {
  let live: Live
  let genesys: Genesys
  before(async () => {
    ;({ live, genesys } = await start({ tokenLifeMs: HOUR }))
  })

  it('takes everything that Postrider sends', async () => {
    const found = await genesys.findContact({
      type: 'ExternalId',
      value: 'C-1006',
      externalSource: EXTERNAL_SOURCE,
    })
    const contact = okValue(found)
    assert.deepEqual([contact?.id, new Set(contact?.ids)], [ADA, new Set([ADA, ADA_MERGED])])
    const sent = await genesys.sendMessage(message)
    const mailed = await genesys.sendEmail(mail)
    const plain = await genesys.sendEmail({ ...mail, replyTo: null, html: null })
    const messages = live.sandbox.messages()
    assert.deepEqual(
      [sent, mailed, plain].map(okValue),
      messages.map(({ id, conversationId }) => ({ messageId: id, conversationId })),
    )
    assert.deepEqual(
      messages.map(({ channel, contactId, to, text, html }) => [channel, contactId, to, text, html]),
      [
        ['webmessaging', ADA, '', 'Hello', null],
        ['email', '', 'ada@example.com', mail.text, mail.html],
        ['email', '', 'ada@example.com', mail.text, null],
      ],
    )
    assert.deepEqual(sent.kind === 'ok' && sent.budget, { allowed: 300, count: 2, resetMs: 60_000 })
    assert.match((sent.kind === 'ok' && sent.correlationId) || '', /^[\da-f-]{36}$/)
  })

  it('takes the messages of other channels', async () => {
    const number = live.sandbox.messages().length
    const to = '+14155550101'
    const digits = to.slice(1)
    const template = { responseId: 'r-1', body: [{ id: 'name', value: 'Ada' }], header: [] }
    const sent = [
      await genesys.sendMessage({ channel: 'sms', from: SMS_NUMBER, joinActive: false, to, text: 'Hi' }),
      await genesys.sendMessage({
        channel: 'open',
        from: OPEN_INTEGRATION,
        joinActive: true,
        to: 'u-1',
        text: 'Hi',
      }),
      await genesys.sendMessage({
        channel: 'whatsapp',
        from: WHATSAPP_INTEGRATION,
        joinActive: false,
        to: digits,
        template,
      }),
    ]
    assert.deepEqual(
      sent.map((answer) => answer.kind),
      ['ok', 'ok', 'ok'],
      JSON.stringify(sent),
    )
    assert.deepEqual(
      live.sandbox
        .messages()
        .slice(number)
        .map((one) => [one.channel, one.to]),
      [
        ['sms', to],
        ['open', 'u-1'],
        ['whatsapp', digits],
      ],
    )
  })

  it('answers refusals as the client reads them', async () => {
    const active = await genesys.sendMessage({ ...message, contactId: EVE_ACTIVE })
    assert.deepEqual(active.kind === 'refused' && [active.status, active.code, active.message], [
      409,
      'conflict',
      'An active conversation is already in progress',
    ])
    const long = await genesys.sendMessage({ ...message, text: 'a'.repeat(2001) })
    assert.deepEqual(long.kind === 'refused' && [long.status, long.code], [400, 'bad.request'])
    const nobody = await genesys.findContact({ type: 'Email', value: 'nobody@example.com' })
    assert.equal(okValue(nobody), null)
    live.sandbox.fault({ status: 429, retryAfter: 40, times: 1 })
    const slower = await genesys.sendMessage(message)
    assert.deepEqual(slower.kind === 'refused' && slower.retryAfterMs, 40_000)
    live.sandbox.setDailyLimit({ messages: 0 })
    const tomorrow = await genesys.sendMessage(message)
    live.sandbox.setDailyLimit(null)
    assert.deepEqual(tomorrow.kind === 'refused' && [tomorrow.status, tomorrow.retryAfterMs], [
      429,
      15 * HOUR,
    ])
  })

  it('gives no value for an answer that cannot be read', async () => {
    live.sandbox.fault({ operation: 'message', badJson: true, times: 1 })
    assert.notEqual((await genesys.sendMessage(message)).kind, 'unreached')
    live.sandbox.fault({ operation: 'lookup', badJson: true, times: 1 })
    assert.notEqual((await genesys.findContact({ type: 'Email', value: 'ada@example.com' })).kind, 'ok')
    live.sandbox.fault({ operation: 'analytics', emptyBody: true, times: 1 })
    const query = {
      of: { contactIds: [ADA] },
      mediaType: 'message',
      messageType: 'webmessaging',
      from: live.clock.now() - DAY,
      to: live.clock.now(),
      page: 1,
      pageSize: 25,
    } as const
    assert.notEqual((await genesys.findConversations(query)).kind, 'ok')
  })

  it('lets the client log in again when its token is over or revoked', async () => {
    await live.clock.advance(HOUR)
    assert.equal((await genesys.sendMessage(message)).kind, 'ok')
    live.sandbox.revokeTokens()
    assert.equal((await genesys.sendMessage(message)).kind, 'ok')
  })

  it('satisfies the doctor, and tells it what is missing', async () => {
    const inUse = {
      externalSources: [EXTERNAL_SOURCE],
      webmessaging: { deploymentId: DEPLOYMENT },
      email: mail.from,
    }
    const well = await checkAccess(genesys, inUse)
    assert.deepEqual(
      well.filter(({ ok }) => !ok),
      [],
    )
    live.sandbox.setMissingPermissions([
      'conversation:message:create',
      'conversation:email:create',
      'conversation:agentlessEmail:send',
    ])
    const findings = await checkAccess(genesys, { ...inUse, webmessaging: { deploymentId: 'unknown' } })
    live.sandbox.setMissingPermissions([])
    assert.deepEqual(
      findings.filter(({ ok }) => !ok).map(({ name }) => name),
      ['send web messages', 'messenger deployment', 'send emails'],
    )
  })
})

describe('what was sent, looked for through the SDK', () => {
  it('is found by contact, conversation and text, once analytics have caught up', async () => {
    const { live, genesys } = await start()
    const { clock, sandbox } = live
    const startedAt = clock.now() - 2 * HOUR
    const session = sandbox.addConversation({
      contactId: DORA,
      startedAt,
      messages: [{ text: 'Hello', at: startedAt }],
    })
    const joined = okValue(await genesys.sendMessage({ ...message, contactId: DORA, text: 'One' }))
    const begun = okValue(await genesys.sendMessage({ ...message, contactId: BRUNO, text: 'Two' }))
    const find = async (contactIds: readonly string[], page = 1, pageSize = 25) =>
      okValue(
        await genesys.findConversations({
          of: { contactIds },
          mediaType: 'message',
          messageType: 'webmessaging',
          from: clock.now() - 31 * DAY,
          to: clock.now(),
          page,
          pageSize,
        }),
      )
    assert.deepEqual(await find([DORA]), {
      conversations: [
        { id: session.id, startedAt, endedAt: clock.now(), direction: 'inbound', subjects: [] },
      ],
      more: false,
    })
    assert.equal((await find([BRUNO])).conversations.length, 1, 'only the example session so far')
    await clock.advance(60_000)
    assert.deepEqual(
      (await find([BRUNO])).conversations.map(({ id, direction }) => [
        id === begun.conversationId,
        direction,
      ]),
      [
        [true, 'outbound'],
        [false, 'inbound'],
      ],
    )
    assert.equal((await find([DORA, BRUNO])).conversations.length, 3)
    assert.equal((await find([DORA, BRUNO], 1, 2)).more, true)
    assert.deepEqual(await find(['k-0']), { conversations: [], more: false })

    const held = okValue(await genesys.getConversation(session.id))
    assert.deepEqual(
      held?.messages.map(({ at }) => at),
      [startedAt, clock.now() - 60_000],
    )
    const ids = held?.messages.map(({ id }) => id) ?? []
    assert.equal(ids[1], joined.messageId)
    assert.deepEqual(okValue(await genesys.getMessages(session.id, ids)), [
      { id: ids[0], at: startedAt, direction: 'inbound', text: 'Hello' },
      { id: ids[1], at: clock.now() - 60_000, direction: 'outbound', text: 'One' },
    ])
    assert.equal(okValue(await genesys.getConversation('c-0')), null)
  })

  it('is found by address too: texts, and emails with their subject', async () => {
    const { live, genesys } = await start({ analyticsLagMs: 0 })
    const to = '+14155550101'
    const text = { channel: 'sms', from: SMS_NUMBER, joinActive: false, to, text: 'Hi' } as const
    const sent = okValue(await genesys.sendMessage(text))
    const mailed = okValue(await genesys.sendEmail(mail))
    const find = async (addresses: readonly string[], mediaType: 'message' | 'email') => {
      const { conversations } = okValue(
        await genesys.findConversations({
          of: { addresses },
          mediaType,
          messageType: mediaType === 'email' ? null : 'sms',
          from: live.clock.now() - DAY,
          to: live.clock.now() + 1,
          page: 1,
          pageSize: 100,
        }),
      )
      return conversations.map(({ id, subjects }) => [id, ...subjects])
    }
    assert.deepEqual(await find([`tel:${to}`, to], 'message'), [[sent.conversationId]])
    assert.deepEqual(await find([mail.to.email], 'email'), [[mailed.conversationId, 'Your order']])
    assert.deepEqual(await find([mail.to.email], 'message'), [])
  })

  it('has what became of it, with reasons', async () => {
    const { live, genesys } = await start()
    const id = okValue(await genesys.sendMessage(message)).messageId ?? ''
    assert.deepEqual(okValue(await genesys.getDelivery(id)), { status: 'sent', reasons: [] })
    live.sandbox.setDelivery(id, 'failed', [{ code: 'MessageExpired', message: 'Too late.' }])
    const { status, reasons } = okValue(await genesys.getDelivery(id)) ?? {}
    assert.equal(status, 'failed')
    assert.match(reasons?.join() ?? '', /MessageExpired/)
    assert.equal(okValue(await genesys.getDelivery('m-0')), null)
  })

  it('is told from others’ by the contacts of a merge', async () => {
    const { live, genesys } = await start()
    live.sandbox.mergeContacts(BRUNO, DORA)
    const contact = okValue(await genesys.getContact(BRUNO))
    assert.deepEqual([contact?.id, new Set(contact?.ids)], [DORA, new Set([DORA, BRUNO])])
    assert.equal(okValue(await genesys.getContact('k-0')), null)
  })
})

describe('what the org has, through the SDK', () => {
  it('is its integrations, of all pages, and how guests are matched', async () => {
    const more = Array.from({ length: 130 }, (_, n) => ({
      id: `i-${n}`,
      name: `Shop ${n}`,
      messengerType: 'open',
    }))
    const { genesys } = await start({ integrations: more })
    const integrations = okValue(await genesys.getIntegrations())
    assert.equal(new Set(integrations.map(({ id }) => id)).size, 132)
    assert.deepEqual(
      integrations.find(({ id }) => id === WHATSAPP_INTEGRATION),
      { id: WHATSAPP_INTEGRATION, name: 'Sandbox WhatsApp', messengerType: 'whatsapp', status: 'Active' },
    )
    assert.deepEqual(okValue(await genesys.getIdentityResolution(DEPLOYMENT)), {
      resolves: true,
      externalSourceId: EXTERNAL_SOURCE.id,
    })
    assert.equal(okValue(await genesys.getIdentityResolution('d-0')), null)
  })
})

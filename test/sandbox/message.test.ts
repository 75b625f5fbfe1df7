import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import { DEPLOYMENT, OPEN_INTEGRATION, WHATSAPP_INTEGRATION } from '../../src/sandbox/directory.ts'
import {
  ADA,
  ADA_MERGED,
  assertError,
  assertFieldError,
  EVE_ACTIVE,
  type Json,
  type Live,
  MESSAGE,
  sms,
  startLive,
  webMessage,
} from './live.ts'

const UUID = /^[\da-f-]{36}$/
const APPLE = { id: 'an-apple-integration', name: 'Apple', messengerType: 'apple' }
const whatsapp = {
  fromAddress: WHATSAPP_INTEGRATION,
  toAddressMessengerType: 'whatsapp',
  toAddress: '14155550101',
  messagingTemplate: { responseId: 'r-1', bodyParameters: [{ id: 'name', value: 'Ada' }] },
}

describe(`POST ${MESSAGE}`, () => {
  let live: Live
  before(async () => {
    live = await startLive({ rateLimitPerMinute: null, integrations: [APPLE], smsNumbers: ['+4930901820'] })
  })
  beforeEach(() => live.ask('/sandbox/messages', { method: 'DELETE' }))

  it('accepts a web message', async () => {
    const { status, body } = await live.post(MESSAGE, webMessage)
    assert.equal(status, 200)
    const { id, conversationId, selfUri, ...rest } = body
    assert.match(String(id), UUID)
    assert.match(String(conversationId), UUID)
    assert.equal(selfUri, `/api/v2/conversations/messages/${id}/details`)
    assert.deepEqual(rest, {
      fromAddress: DEPLOYMENT,
      messengerType: 'webmessaging',
      useExistingActiveConversation: false,
      timestamp: new Date(live.clock.now()).toISOString(),
    })
    const [kept] = live.sandbox.messages()
    assert.deepEqual(
      [kept?.id, kept?.channel, kept?.contactId, kept?.to, kept?.text],
      [id, 'webmessaging', ADA, '', webMessage.textBody],
    )
  })

  it('accepts what other channels want', async () => {
    for (const body of [
      sms,
      whatsapp,
      { ...sms, toAddressMessengerType: 'open', fromAddress: OPEN_INTEGRATION, toAddress: 'any text' },
      { ...sms, toAddressMessengerType: 'apple', fromAddress: APPLE.id },
      { ...sms, fromAddress: '+4930901820' },
    ]) {
      const answer = await live.post(MESSAGE, body)
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.body.toAddress, body.toAddress)
    }
    assert.deepEqual(
      live.sandbox.messages().map(({ channel, text }) => [channel, text]),
      [
        ['sms', 'Hi'],
        ['whatsapp', 'Response r-1\nAda'],
        ['open', 'Hi'],
        ['apple', 'Hi'],
        ['sms', 'Hi'],
      ],
    )
  })

  const without = (body: Json, name: string) =>
    Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))

  for (const [name, body, field, code, message] of [
    ['an empty body', {}, 'fromAddress', 'missing.value', /required/],
    ['no messenger type', { fromAddress: 'x' }, 'toAddressMessengerType', 'missing.value', /required/],
    [
      'no contact',
      without(webMessage, 'externalContactId'),
      'externalContactId',
      'missing.value',
      /required/,
    ],
    ['webmessaging without text', without(webMessage, 'textBody'), 'textBody', 'missing.value', /required/],
    [
      'webmessaging with a toAddress',
      { ...webMessage, toAddress: '+14155550101' },
      'toAddress',
      'invalid.value',
      /not allowed/,
    ],
    [
      'webmessaging with an empty toAddress',
      { ...webMessage, toAddress: '' },
      'toAddress',
      'invalid.value',
      /not allowed/,
    ],
    [
      'email as a messenger',
      { ...webMessage, toAddressMessengerType: 'email' },
      'toAddressMessengerType',
      'invalid.value',
      /one of sms/,
    ],
    [
      'a messenger in capitals',
      { ...webMessage, toAddressMessengerType: 'WebMessaging' },
      'toAddressMessengerType',
      'invalid.value',
      /one of/,
    ],
    [
      'a text of 2001 characters',
      { ...webMessage, textBody: 'a'.repeat(2001) },
      'textBody',
      'invalid.value',
      /2000/,
    ],
    ['an sms of 766 characters', { ...sms, textBody: 'a'.repeat(766) }, 'textBody', 'invalid.value', /765/],
    ['sms without text', without(sms, 'textBody'), 'textBody', 'missing.value', /required/],
    ['sms with blanks for a text', { ...sms, textBody: ' \n' }, 'textBody', 'missing.value', /required/],
    ['sms without toAddress', without(sms, 'toAddress'), 'toAddress', 'missing.value', /required/],
    [
      'sms to a number without plus',
      { ...sms, toAddress: '14155550101' },
      'toAddress',
      'invalid.value',
      /E\.164/,
    ],
    ['sms from what is no number', { ...sms, fromAddress: 'shop' }, 'fromAddress', 'invalid.value', /E\.164/],
    [
      'whatsapp with a plus',
      { ...whatsapp, toAddress: '+14155550101' },
      'toAddress',
      'invalid.value',
      /digits/,
    ],
    [
      'whatsapp without a template',
      { ...without(whatsapp, 'messagingTemplate'), textBody: 'Hi' },
      'messagingTemplate',
      'missing.value',
      /required/,
    ],
    [
      'a template without responseId',
      { ...whatsapp, messagingTemplate: {} },
      'messagingTemplate.responseId',
      'missing.value',
      /required/,
    ],
    [
      'a template parameter without value',
      { ...whatsapp, messagingTemplate: { responseId: 'r', headerParameters: [{ id: 'a' }] } },
      'messagingTemplate.headerParameters[0].value',
      'missing.value',
      /required/,
    ],
    ['a number for a text', { ...webMessage, textBody: 7 }, 'textBody', 'invalid.value', /string/],
    [
      'a text for a boolean',
      { ...webMessage, useExistingActiveConversation: 'true' },
      'useExistingActiveConversation',
      'invalid.value',
      /boolean/,
    ],
    [
      'a field that the API does not have',
      { ...webMessage, body: 'x' },
      'body',
      'invalid.value',
      /not a known/,
    ],
  ] as const) {
    it(`answers 400 to ${name}`, async () => {
      assertFieldError(await live.post(MESSAGE, body), field, code, message)
      assert.deepEqual(live.sandbox.messages(), [])
    })
  }

  it('takes texts of exactly the longest', async () => {
    assert.equal((await live.post(MESSAGE, { ...webMessage, textBody: 'a'.repeat(2000) })).status, 200)
    assert.equal((await live.post(MESSAGE, { ...sms, textBody: 'a'.repeat(765) })).status, 200)
  })

  it('answers 404 to an integration that the org does not have, 400 to one of another messenger', async () => {
    for (const unknown of [
      { ...whatsapp, fromAddress: DEPLOYMENT },
      { ...sms, toAddressMessengerType: 'open', fromAddress: 'an-integration' },
    ]) {
      assertError(await live.post(MESSAGE, unknown), 404, 'not.found', /integration/)
    }
    const other = await live.post(MESSAGE, { ...whatsapp, fromAddress: OPEN_INTEGRATION })
    assertError(other, 400, 'bad.request', /is of open, not of whatsapp/)
    assert.deepEqual(live.sandbox.messages(), [])
  })

  it('answers 400 to an sms from a number that is not provisioned', async () => {
    const answer = await live.post(MESSAGE, { ...sms, fromAddress: '+13175550199' })
    assertError(answer, 400, 'bad.request', /\+13175550199 is not provisioned/)
    assert.deepEqual(live.sandbox.messages(), [])
  })

  it('answers 404 to an unknown deployment and to an unknown contact', async () => {
    assertError(await live.post(MESSAGE, { ...webMessage, fromAddress: ADA }), 404, 'not.found', /deployment/)
    const nobody = { ...webMessage, externalContactId: DEPLOYMENT }
    assertError(await live.post(MESSAGE, nobody), 404, 'not.found', /external contact/)
    assert.deepEqual(live.sandbox.messages(), [])
  })

  it('answers 409 while an agent talks to the customer, unless the message joins in', async () => {
    const toEve = { ...webMessage, externalContactId: EVE_ACTIVE }
    assertError(
      await live.post(MESSAGE, toEve),
      409,
      'conflict',
      /^An active conversation is already in progress$/,
    )
    assert.deepEqual(live.sandbox.messages(), [])
    const joined = await live.post(MESSAGE, { ...toEve, useExistingActiveConversation: true })
    assert.deepEqual([joined.status, joined.body.useExistingActiveConversation], [200, true])
  })

  it('reaches the canonical contact where a merged one is named', async () => {
    await live.post(MESSAGE, { ...webMessage, externalContactId: ADA_MERGED })
    assert.equal(live.sandbox.messages()[0]?.contactId, ADA)
  })
})

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { OutboundEmail, OutboundMessage } from '../../src/genesys/genesys.ts'
import { closeHosts, genesysAt, host, json } from './host.ts'

afterEach(closeHosts)

const sent = () => host((_, response) => json(response, 200, { id: 'm-1', conversationId: 'c-1' }))

describe('sendMessage', () => {
  const TEMPLATE = {
    responseId: 'r-1',
    header: [{ id: 'order', value: '17' }],
    body: [
      { id: 'name', value: 'Ada' },
      { id: 'day', value: 'Monday' },
    ],
  }
  const cases: [string, OutboundMessage, object][] = [
    [
      'webmessaging: to a contact, and never to an address',
      { channel: 'webmessaging', from: 'd-1', joinActive: false, contactId: 'k-1', text: 'Hello' },
      {
        fromAddress: 'd-1',
        toAddressMessengerType: 'webmessaging',
        externalContactId: 'k-1',
        textBody: 'Hello',
      },
    ],
    [
      'webmessaging, into a conversation that is active',
      { channel: 'webmessaging', from: 'd-1', joinActive: true, contactId: 'k-1', text: 'Hello' },
      {
        fromAddress: 'd-1',
        toAddressMessengerType: 'webmessaging',
        externalContactId: 'k-1',
        textBody: 'Hello',
        useExistingActiveConversation: true,
      },
    ],
    [
      'sms',
      { channel: 'sms', from: '+13175550100', joinActive: false, to: '+4930123456', text: 'Hello' },
      {
        fromAddress: '+13175550100',
        toAddressMessengerType: 'sms',
        toAddress: '+4930123456',
        textBody: 'Hello',
      },
    ],
    [
      'open',
      { channel: 'open', from: 'i-1', joinActive: false, to: 'C-1001', text: 'Hello' },
      { fromAddress: 'i-1', toAddressMessengerType: 'open', toAddress: 'C-1001', textBody: 'Hello' },
    ],
    [
      'whatsapp: a canned response with what is filled in, and no text',
      { channel: 'whatsapp', from: 'i-2', joinActive: false, to: '4930123456', template: TEMPLATE },
      {
        fromAddress: 'i-2',
        toAddressMessengerType: 'whatsapp',
        toAddress: '4930123456',
        messagingTemplate: {
          responseId: 'r-1',
          headerParameters: TEMPLATE.header,
          bodyParameters: TEMPLATE.body,
        },
      },
    ],
    [
      'whatsapp with nothing to fill in',
      {
        channel: 'whatsapp',
        from: 'i-2',
        joinActive: true,
        to: '4930123456',
        template: { responseId: 'r-1', header: [], body: [] },
      },
      {
        fromAddress: 'i-2',
        toAddressMessengerType: 'whatsapp',
        toAddress: '4930123456',
        messagingTemplate: { responseId: 'r-1' },
        useExistingActiveConversation: true,
      },
    ],
  ]
  for (const [name, message, body] of cases) {
    it(name, async () => {
      const { url, api, bodies } = await sent()
      const answer = await genesysAt(url).sendMessage(message)
      assert.deepEqual(answer.kind === 'ok' && answer.value, { messageId: 'm-1', conversationId: 'c-1' })
      assert.equal(`${api()[0]?.method} ${api()[0]?.path}`, 'POST /api/v2/conversations/messages/agentless')
      assert.deepEqual(bodies(), [body])
    })
  }

  it('an array is no answer of the operation', async () => {
    const { url } = await host((_, response) => json(response, 200, [{ id: 'm-1' }]))
    const [message] = cases.map(([, one]) => one)
    assert.ok(message)
    assert.partialDeepStrictEqual(await genesysAt(url).sendMessage(message), {
      kind: 'uncertain',
      code: 'NOT_JSON',
    })
  })
})

describe('sendEmail', () => {
  const from = { email: 'care@example.com', name: 'Care' }
  const email: OutboundEmail = {
    from,
    replyTo: null,
    to: { email: 'a@example.com' },
    subject: 'S',
    text: 'T',
    html: null,
  }
  const body = {
    senderType: 'Outbound',
    fromAddress: from,
    toAddresses: [{ email: 'a@example.com' }],
    subject: 'S',
    textBody: 'T',
  }

  it('writes exactly what is given', async () => {
    const { url, api, bodies } = await sent()
    await genesysAt(url).sendEmail(email)
    await genesysAt(url).sendEmail({ ...email, replyTo: { email: 'b@example.com' }, html: '<p>T</p>' })
    assert.deepEqual(
      new Set(api().map(({ path }) => path)),
      new Set(['/api/v2/conversations/emails/agentless']),
    )
    assert.deepEqual(bodies(), [
      body,
      { ...body, replyToAddress: { email: 'b@example.com' }, htmlBody: '<p>T</p>' },
    ])
  })
})

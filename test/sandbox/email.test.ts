import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import { assertError, assertFieldError, EMAIL, email, type Live, startLive } from './live.ts'

describe(`POST ${EMAIL}`, () => {
  let live: Live
  before(async () => {
    live = await startLive({ emailDomains: ['demo.example'], rateLimitPerMinute: null })
  })
  beforeEach(() => live.ask('/sandbox/messages', { method: 'DELETE' }))

  it('accepts an email to one recipient', async () => {
    const replyToAddress = { email: 'answers@demo.example' }
    const answer = await live.post(EMAIL, { ...email, replyToAddress, htmlBody: '<p>Hi</p>' })
    assert.equal(answer.status, 200, answer.text)
    const { id, conversationId, ...rest } = answer.body
    assert.notEqual(id, conversationId)
    assert.deepEqual(rest, {
      senderType: 'Outbound',
      fromAddress: email.fromAddress,
      toAddresses: email.toAddresses,
      replyToAddress,
      subject: 'Your order',
      dateCreated: new Date(live.clock.now()).toISOString(),
    })
    const [kept] = live.sandbox.messages()
    assert.deepEqual(
      [kept?.channel, kept?.to, kept?.subject, kept?.text, kept?.html, kept?.from],
      [
        'email',
        'ada@example.com',
        'Your order',
        'It is on its way.',
        '<p>Hi</p>',
        { address: 'care@demo.example', name: 'Demo Care' },
      ],
    )
  })

  it('begins a conversation each time, unless it names one of email', async () => {
    const first = (await live.post(EMAIL, email)).body.conversationId
    assert.notEqual((await live.post(EMAIL, email)).body.conversationId, first)
    assert.equal((await live.post(EMAIL, { ...email, conversationId: first })).body.conversationId, first)
    const unknown = await live.post(EMAIL, { ...email, conversationId: 'c-0' })
    assertError(unknown, 404, 'not.found', /conversation/)
  })

  const [recipient] = email.toAddresses
  for (const [name, change, field, code, message] of [
    ['no sender type', { senderType: undefined }, 'senderType', 'missing.value', /required/],
    ['another sender type', { senderType: 'Integration' }, 'senderType', 'invalid.value', /Outbound/],
    ['no sender', { fromAddress: undefined }, 'fromAddress', 'missing.value', /required/],
    [
      'a sender that is a text',
      { fromAddress: 'care@demo.example' },
      'fromAddress',
      'invalid.value',
      /object/,
    ],
    [
      'a sender without address',
      { fromAddress: { name: 'Care' } },
      'fromAddress.email',
      'missing.value',
      /required/,
    ],
    [
      'a sender that is no address',
      { fromAddress: { email: 'care' } },
      'fromAddress.email',
      'invalid.value',
      /email/,
    ],
    ['no recipients', { toAddresses: undefined }, 'toAddresses', 'missing.value', /required/],
    ['zero recipients', { toAddresses: [] }, 'toAddresses', 'invalid.value', /exactly one/],
    [
      'two recipients',
      { toAddresses: [recipient, recipient] },
      'toAddresses',
      'invalid.value',
      /exactly one/,
    ],
    ['recipients that are no list', { toAddresses: recipient }, 'toAddresses', 'invalid.value', /array/],
    [
      'a recipient that is a text',
      { toAddresses: ['ada@example.com'] },
      'toAddresses[0]',
      'invalid.value',
      /object/,
    ],
    [
      'a recipient that is no address',
      { toAddresses: [{ email: 'ada example.com' }] },
      'toAddresses[0].email',
      'invalid.value',
      /email/,
    ],
    [
      'a reply address that is none',
      { replyToAddress: { email: '' } },
      'replyToAddress.email',
      'missing.value',
      /required/,
    ],
    ['a subject that is a number', { subject: 7 }, 'subject', 'invalid.value', /string/],
    ['a field that the API does not have', { body: 'Hi' }, 'body', 'invalid.value', /not a known/],
  ] as const) {
    it(`answers 400 to ${name}`, async () => {
      assertFieldError(await live.post(EMAIL, { ...email, ...change }), field, code, message)
      assert.deepEqual(live.sandbox.messages(), [])
    })
  }

  it('answers 400 to an email with nothing in it', async () => {
    const answer = await live.post(EMAIL, { ...email, textBody: undefined })
    assertError(answer, 400, 'bad.request', /textBody or htmlBody/)
    assert.equal(
      (await live.post(EMAIL, { ...email, textBody: undefined, htmlBody: '<p>Hi</p>' })).status,
      200,
    )
  })

  it('answers 400 to a domain that the org does not send from', async () => {
    const answer = await live.post(EMAIL, { ...email, fromAddress: { email: 'care@elsewhere.example' } })
    assertError(answer, 400, 'bad.request', /elsewhere\.example is not an outbound domain/)
  })
})

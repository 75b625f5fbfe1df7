import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Target } from '../../src/deliver/find.ts'
import { MOST_WAITS, settlementOf } from '../../src/deliver/settlement.ts'
import type { Channel, Message } from '../../src/message.ts'
import { answered, NO_ANSWER, refused } from './answers.ts'
import { messageWith } from './messages.ts'

const random = () => 0.5

function targetOf(channel: Channel, cached = false): Target {
  const contact = { id: 'k-1', ids: ['k-1'], foundBy: 'externalId' as const, cached }
  return channel === 'webmessaging'
    ? { channel, contact, address: null, session: null }
    : { channel, contact: null, address: 'somewhere', session: null }
}

const settled = (message: Message, answer: Parameters<typeof settlementOf>[2], cached = false) =>
  settlementOf(message, targetOf(message.channel, cached), answer, random)

describe('settlementOf', () => {
  it('sent: its ids, and when its delivery is asked for', () => {
    const settlement = settled(messageWith(), answered({ messageId: 'm-1', conversationId: 'c-1' }))
    assert.ok(settlement.outcome === 'sent')
    assert.deepEqual(
      [settlement.genesysMessageId, settlement.conversationId, settlement.lookInMs],
      ['m-1', 'c-1', 120_000],
    )
  })

  it('of an email, and of a message without an id, no delivery is asked for', () => {
    const email = settled(
      messageWith({ channel: 'email' }),
      answered({ messageId: 'm-1', conversationId: 'c-1' }),
    )
    const without = settled(messageWith(), answered({ messageId: null, conversationId: null }, 202))
    assert.ok(email.outcome === 'sent' && email.lookInMs === null)
    assert.ok(without.outcome === 'sent' && without.lookInMs === null)
  })

  it('uncertain: unconfirmed, looked for after a minute, never the next channel', () => {
    for (const answer of [NO_ANSWER, refused(408), refused(500), refused(504)]) {
      const settlement = settled(messageWith(), answer)
      assert.ok(settlement.outcome === 'unconfirmed')
      assert.equal(settlement.lookInMs, 60_000)
      assert.match(settlement.messageReason, /looks for it.*messages settle 7/)
    }
  })

  it('a destination that is refused for good: the next channel at once, and no try is spent', () => {
    const refusals = [
      refused(404, { code: 'not.found' }),
      refused(400, { fields: ['externalContactId'] }),
      refused(422, { fields: ['toAddress'] }),
      refused(400, { message: 'The recipient has opted out.' }),
    ]
    for (const answer of refusals) {
      const settlement = settled(messageWith(), answer)
      assert.ok(settlement.outcome === 'failed')
      assert.deepEqual(
        [settlement.channel, settlement.retryInMs, settlement.counts, settlement.messageCode],
        ['email', 0, 'nothing', 'next-channel'],
      )
      assert.match(settlement.messageReason, /^webmessaging: .*next channel.*email/)
    }
  })

  it('one who opted out is remembered, on the last channel too; nobody else is', () => {
    const says = (answer: Parameters<typeof settlementOf>[2]) => {
      const settlement = settled(messageWith({ channel: 'email' }), answer)
      return 'optedOut' in settlement && settlement.optedOut === true
    }
    assert.equal(says(refused(400, { code: 'RecipientOptedOut' })), true)
    assert.equal(says(refused(422, { message: 'RecipientOptedOut: the recipient wrote STOP' })), true)
    assert.equal(says(refused(403, { message: 'The recipient has opted out.' })), true)
    assert.equal(says(refused(400, { message: 'InvalidDestination' })), false)
    assert.equal(says(refused(400, { fields: ['toAddress'] })), false)
    assert.equal(
      says(refused(400, { fields: ['fromAddress'], message: 'This number opted out of A2P.' })),
      false,
    )
    assert.equal(says(refused(500, { message: 'RecipientOptedOut' })), false)
    assert.equal(says(NO_ANSWER), false)
  })

  it('on the last channel it is failed', () => {
    const settlement = settled(
      messageWith({ channel: 'email' }),
      refused(400, { fields: ['toAddresses[0].email'] }),
    )
    assert.ok(settlement.outcome === 'failed')
    assert.deepEqual(
      [settlement.channel, settlement.retryInMs, settlement.messageCode],
      [null, null, 'destination-rejected'],
    )
  })

  it('what is wrong for everybody does not send everybody over the next channel', () => {
    const refusals = [
      refused(404, { message: 'The requested deployment was not found.' }),
      refused(404, { fields: ['fromAddress'] }),
      refused(404, { code: 'deployment.not.found', message: 'Not found' }),
      refused(404, { message: 'The agentless domain was not found.' }),
      refused(400, { fields: ['fromAddress', 'toAddress'] }),
      refused(400, { fields: ['textBody'] }),
      refused(413),
      refused(415),
      refused(403),
    ]
    for (const answer of refusals) {
      const settlement = settled(messageWith(), answer)
      assert.ok(settlement.outcome === 'failed')
      assert.deepEqual([settlement.channel, settlement.retryInMs], [null, null])
    }
  })

  it('a contact known from memory is looked up anew before the next channel is tried', () => {
    const settlement = settled(messageWith(), refused(404), true)
    assert.ok(settlement.outcome === 'failed')
    assert.deepEqual(
      [settlement.channel, settlement.retryInMs, settlement.messageCode],
      [null, 0, 'not-found'],
    )
  })

  it('an active conversation is waited for in growing steps, and waits are not failures', () => {
    const waits = [0, 1, 2, 5, MOST_WAITS - 2].map((waits) => {
      const settlement = settled(messageWith({ waits, failures: 7 }), refused(409))
      assert.ok(settlement.outcome === 'failed')
      assert.equal(settlement.counts, 'wait')
      return settlement.retryInMs
    })
    assert.deepEqual(waits, [45_000, 90_000, 180_000, 675_000, 675_000])
    const last = settled(messageWith({ waits: MOST_WAITS - 1 }), refused(409))
    assert.ok(last.outcome === 'failed')
    assert.deepEqual([last.retryInMs, last.messageCode], [null, 'active-conversation'])
  })

  it('a 400 that speaks of an active conversation is one', () => {
    const answer = refused(400, { message: 'An active conversation is already in progress' })
    const settlement = settled(messageWith(), answer)
    assert.ok(settlement.outcome === 'failed' && settlement.counts === 'wait')
  })

  it('what the whole sender waits for spends nothing', () => {
    for (const answer of [refused(429), refused(401), refused(302)]) {
      const settlement = settled(messageWith({ failures: 7 }), answer)
      assert.ok(settlement.outcome === 'failed')
      assert.deepEqual([settlement.counts, settlement.retryInMs], ['nothing', 750])
    }
  })
})

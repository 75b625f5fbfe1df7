import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forgetMessages } from '../../src/sandbox/accept.ts'
import { sendAgentlessMessage } from '../../src/sandbox/agentless-message.ts'
import { getMessageDetails } from '../../src/sandbox/message-data.ts'
import { createOrg } from '../../src/sandbox/org.ts'
import { createManualClock } from '../manual-clock.ts'
import {
  ADA,
  ADA_MERGED,
  ANALYTICS,
  EMAIL,
  email,
  type Json,
  MESSAGE,
  MESSAGES,
  sms,
  startLive,
  webMessage,
} from './live.ts'

describe('the sandbox’s own count', () => {
  it('is by contact, or by address, of what was accepted alone', async () => {
    const live = await startLive()
    await live.post(MESSAGE, webMessage)
    await live.post(MESSAGE, { ...webMessage, externalContactId: ADA_MERGED })
    await live.post(MESSAGE, sms)
    await live.post(EMAIL, email)
    await live.post(MESSAGE, {})
    await live.fault({ operation: 'message', status: 503, times: 1 })
    await live.post(MESSAGE, webMessage)
    const expected = { [ADA]: 2, [sms.toAddress]: 1, 'ada@example.com': 1 }
    assert.deepEqual(Object.fromEntries(live.sandbox.sentTo()), expected)
    assert.deepEqual((await live.ask('/sandbox/sent')).body, expected)
  })

  it('holds for thousands of messages at a time, each found by its id', async () => {
    const customers = 250
    const live = await startLive({ rateLimitPerMinute: null, analyticsLagMs: 0 })
    for (let n = 0; n < customers; n += 1) {
      live.sandbox.addContact({ id: `k-${n}`, name: '', emails: [], phones: [] })
    }
    const send = async (n: number) => {
      const externalContactId = `k-${n % customers}`
      const { status } = await live.post(MESSAGE, {
        ...webMessage,
        externalContactId,
        textBody: `Number ${n}`,
      })
      assert.equal(status, 200)
    }
    const total = 4 * customers
    for (let n = 0; n < total; n += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => send(n + k)))

    const sent = live.sandbox.sentTo()
    assert.equal(sent.size, customers)
    assert.ok([...sent.values()].every((count) => count === 4))
    assert.equal(live.sandbox.messages().length, total)
    assert.equal(live.sandbox.counts().message, total)
    for (const n of [0, 789, total - 1]) {
      const message = live.sandbox.messages().find(({ text }) => text === `Number ${n}`)
      const details = (await live.get(`${MESSAGES}/${message?.id}/details`)).body
      assert.equal((details.normalizedMessage as Json).text, `Number ${n}`)
      const interval = '2026-11-23T00:00:00Z/2026-11-24T00:00:00Z'
      const predicates = [{ dimension: 'externalContactId', value: message?.contactId }]
      const found = await live.post(ANALYTICS, { interval, segmentFilters: [{ type: 'and', predicates }] })
      const [conversation] = found.body.conversations as Json[]
      assert.deepEqual([found.body.totalHits, conversation?.conversationId], [1, message?.conversationId])
    }
  })
  it('goes on when the oldest texts have gone', () => {
    const org = createOrg({ clock: createManualClock() }, null)
    const total = 60_000
    const sent = Array.from(
      { length: total },
      (_, n) =>
        sendAgentlessMessage({ ...sms, toAddress: `+1415${1_000_000 + (n % 30_000)}`, textBody: `${n}` }, org)
          .id,
    )
    const { messages, count, byCustomer } = org.accepted
    assert.deepEqual([count, byCustomer.size], [total, 30_000])
    assert.ok([...byCustomer.values()].every((one) => one === 2))
    assert.deepEqual([messages.length, messages[0]?.text, messages.at(-1)?.text], [50_000, '10000', '59999'])
    assert.throws(() => getMessageDetails(org, sent[9_999] ?? ''), /message was not found/)
    assert.equal(getMessageDetails(org, sent[10_000] ?? '').normalizedMessage.text, '10000')
    // The second message to each went into the conversation of the first, which is there as long as one of them is.
    const kept = [...org.conversations.byId.values()]
    assert.equal(kept.length, 30_000)
    assert.deepEqual(
      kept[0]?.messages.map(({ text }) => text),
      ['30000'],
    )

    forgetMessages(org)
    assert.deepEqual(
      [org.messagesById, org.conversations.byId, org.conversations.byParty, org.conversations.byThread].map(
        ({ size }) => size,
      ),
      [0, 0, 0, 0],
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assertError,
  EMAIL,
  email,
  type Json,
  type Live,
  MESSAGE,
  MESSAGES,
  startLive,
  webMessage,
} from './live.ts'

async function sentId(live: Live, body: Json = webMessage): Promise<string> {
  return String((await live.post(MESSAGE, body)).body.id)
}
const detailsOf = async (live: Live, id: string) => (await live.get(`${MESSAGES}/${id}/details`)).body

describe(`GET ${MESSAGES}/{messageId}/details`, () => {
  it('answers that a message was sent, until it is told what became of it', async () => {
    const live = await startLive()
    const { body: sent } = await live.post(MESSAGE, webMessage)
    const { status, body } = await live.get(String(sent.selfUri))
    assert.equal(status, 200)
    assert.deepEqual(body, {
      id: sent.id,
      conversationId: sent.conversationId,
      fromAddress: webMessage.fromAddress,
      direction: 'outbound',
      messengerType: 'webmessaging',
      status: 'sent',
      timestamp: sent.timestamp,
      normalizedMessage: { id: sent.id, type: 'Text', text: webMessage.textBody, direction: 'Outbound' },
      selfUri: sent.selfUri,
    })
  })

  it('answers 404 to what is no message, also to an email', async () => {
    const live = await startLive()
    const mail = (await live.post(EMAIL, email)).body
    for (const id of ['m-0', mail.id]) {
      assertError(await live.get(`${MESSAGES}/${id}/details`), 404, 'not.found', /message was not found/)
    }
  })

  it('answers what the control API said, with receipts', async () => {
    const live = await startLive()
    const id = await sentId(live)
    const reasons = [{ code: 'InvalidDestination', message: 'No such number.' }]
    const set = await live.control(`/messages/${id}/status`, { status: 'delivery-failed', reasons })
    assert.equal(set.status, 204, set.text)
    const failed = await detailsOf(live, id)
    assert.equal(failed.status, 'delivery-failed')
    assert.deepEqual(failed.normalizedReceipts, [
      { id, type: 'Receipt', status: 'Failed', reasons, isFinalReceipt: true, direction: 'Outbound' },
    ])
    live.sandbox.setDelivery(id, 'failed', ['RecipientOptedOut'])
    assert.deepEqual(((await detailsOf(live, id)).normalizedReceipts as Json[])[0]?.reasons, [
      { code: 'RecipientOptedOut', message: 'The sandbox was told RecipientOptedOut.' },
    ])
    live.sandbox.setDelivery(id, 'delivery-success')
    assert.deepEqual((await detailsOf(live, id)).normalizedReceipts, [
      { id, type: 'Receipt', status: 'Delivered', isFinalReceipt: false, direction: 'Outbound' },
    ])
    live.sandbox.setDelivery(id, 'queued')
    const queued = await detailsOf(live, id)
    assert.deepEqual([queued.status, 'normalizedReceipts' in queued], ['queued', false])
  })

  it('refuses what cannot be said of a message', async () => {
    const live = await startLive()
    const id = await sentId(live)
    for (const body of [
      { status: 'delivered' },
      {},
      { status: 'failed', reasons: ['Because'] },
      { status: 'failed', reasons: [{ message: 'no code' }] },
    ]) {
      assert.equal((await live.control(`/messages/${id}/status`, body)).status, 400, JSON.stringify(body))
    }
    assert.equal((await live.control('/messages/m-0/status', { status: 'failed' })).status, 404)
    assert.throws(() => live.sandbox.setDelivery('m-0', 'failed'), /message was not found/)
    assert.equal((await detailsOf(live, id)).status, 'sent')
  })

  it('answers as the option has it, each time anew; what was set for a message comes first', async () => {
    let late = false
    const live = await startLive({
      delivery: ({ text }) =>
        late && text === 'lost'
          ? { status: 'failed', reasons: [{ code: 'MessageExpired', message: 'Too late.' }] }
          : null,
    })
    const kept = await sentId(live)
    const lost = await sentId(live, { ...webMessage, textBody: 'lost' })
    const statuses = async () => [(await detailsOf(live, kept)).status, (await detailsOf(live, lost)).status]
    assert.deepEqual(await statuses(), ['sent', 'sent'])
    late = true
    assert.deepEqual(await statuses(), ['sent', 'failed'])
    live.sandbox.setDelivery(lost, 'read')
    assert.deepEqual(await statuses(), ['sent', 'read'])
  })

  it('is what the conversation says too', async () => {
    const live = await startLive()
    const sent = (await live.post(MESSAGE, webMessage)).body
    live.sandbox.setDelivery(String(sent.id), 'read')
    const { participants } = (await live.get(`${MESSAGES}/${sent.conversationId}`)).body
    const [detail] = (participants as { messages: Json[] }[]).flatMap(({ messages }) => messages)
    assert.deepEqual([detail?.messageId, detail?.messageStatus], [sent.id, 'read'])
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ConversationQuery, Genesys, OutboundMessage } from '../../src/genesys/genesys.ts'
import { DEPLOYMENT, EXTERNAL_SOURCE, SMS_NUMBER } from '../../src/sandbox/directory.ts'
import { SANDBOX_CLIENT, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import { createManualClock } from '../manual-clock.ts'
import { genesysAt, valueIn } from './host.ts'

/** From what was sent to what became of it, by one question after the other, as the sandbox answers them. */
describe('a message that was sent is found again', () => {
  const clock = createManualClock()
  let sandbox: Sandbox
  let genesys: Genesys
  before(async () => {
    sandbox = await startSandbox({ port: 0, clock, ...HELD })
    genesys = genesysAt(sandbox.url, { ...SANDBOX_CLIENT, clock, timeoutMs: 10_000 })
  })
  after(() => sandbox.close())

  const lookFor = async (query: Pick<ConversationQuery, 'of' | 'messageType'>, text: string) => {
    const page = valueIn(
      await genesys.findConversations({
        ...query,
        mediaType: 'message',
        from: clock.now() - 31 * 86_400_000,
        to: clock.now(),
        page: 1,
        pageSize: 25,
      }),
    )
    assert.ok(typeof page === 'object', `${page}`)
    for (const { id, direction } of page.conversations) {
      const held = valueIn(await genesys.getConversation(id))
      assert.ok(typeof held === 'object' && held !== null, `${held}`)
      const seen = valueIn(
        await genesys.getMessages(
          id,
          held.messages.map((one) => one.id),
        ),
      )
      assert.ok(typeof seen === 'object', `${seen}`)
      const found = seen.find((one) => one.text === text)
      if (found) return { conversationId: id, direction, message: found }
    }
    return null
  }

  const sent = async (message: OutboundMessage) => {
    const ids = valueIn(await genesys.sendMessage(message))
    assert.ok(typeof ids === 'object', `${ids}`)
    const at = clock.now()
    // Analytics lag behind.
    await clock.advance(120_000)
    return { ...ids, at }
  }

  it('by the contact, under any of the ids it was merged from', async () => {
    const contact = valueIn(
      await genesys.findContact({ type: 'ExternalId', value: 'C-1006', externalSource: EXTERNAL_SOURCE }),
    )
    assert.ok(typeof contact === 'object' && contact !== null && contact.ids.length === 2)
    assert.deepEqual(valueIn(await genesys.getContact(contact.ids[1] ?? '')), contact)
    const text = 'Your order is on its way'
    const { at, conversationId, messageId } = await sent({
      channel: 'webmessaging',
      from: DEPLOYMENT,
      joinActive: false,
      contactId: contact.id,
      text,
    })
    const found = await lookFor({ of: { contactIds: contact.ids }, messageType: 'webmessaging' }, text)
    assert.equal(found?.conversationId, conversationId)
    assert.deepEqual(found?.message, { id: messageId, at, direction: 'outbound', text })
    sandbox.setDelivery(messageId ?? '', 'delivery-failed', ['RecipientOptedOut'])
    const delivery = valueIn(await genesys.getDelivery(messageId ?? ''))
    assert.partialDeepStrictEqual(delivery, { status: 'delivery-failed' })
    assert.match(JSON.stringify(delivery), /RecipientOptedOut: /)
    assert.equal(
      await lookFor({ of: { contactIds: contact.ids }, messageType: 'webmessaging' }, 'another'),
      null,
    )
  })

  it('by the address', async () => {
    const text = 'Your table is booked'
    const to = '+4930901820199'
    const { conversationId } = await sent({ channel: 'sms', from: SMS_NUMBER, joinActive: false, to, text })
    const found = await lookFor({ of: { addresses: [to] }, messageType: 'sms' }, text)
    assert.deepEqual([found?.conversationId, found?.direction], [conversationId, 'outbound'])
  })

  it('and null for what is not there', async () => {
    const id = '00000000-0000-0000-0000-000000000000'
    assert.deepEqual(
      [await genesys.getContact(id), await genesys.getConversation(id), await genesys.getDelivery(id)].map(
        (answer) => valueIn<unknown>(answer),
      ),
      [null, null, null],
    )
  })

  it('lists what the org has', async () => {
    const integrations = valueIn(await genesys.getIntegrations())
    assert.ok(typeof integrations === 'object')
    assert.deepEqual(
      new Set(integrations.map(({ messengerType }) => messengerType)),
      new Set(['open', 'whatsapp']),
    )
    assert.deepEqual(valueIn(await genesys.getIdentityResolution(DEPLOYMENT)), {
      resolves: true,
      externalSourceId: EXTERNAL_SOURCE.id,
    })
  })
})

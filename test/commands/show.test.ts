import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { claimLook, entry, openOne, planned, SENT, UNCONFIRMED } from '../ledger/contract/build.ts'
import { command, jsonOf, temporaryFolder } from './run.ts'

const TIME = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d'

describe('messages show: what was found out around the send', () => {
  const folder = temporaryFolder()
  const variables = { DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}` }
  let ledger: Ledger
  before(async () => {
    ledger = await openLedger({
      url: variables.DATABASE_URL,
      clock: systemClock,
      log: silentLog,
      owner: true,
    })
  })
  after(async () => {
    await ledger.close()
    folder[Symbol.dispose]()
  })

  async function scheduled(key: string): Promise<number> {
    const now = systemClock.now()
    const [recorded] = await ledger.record([entry(now, key, [planned(now)])])
    assert.ok(recorded?.kind === 'recorded')
    return recorded.messageIds[0] ?? 0
  }
  const show = async (id: number) => (await command(['messages', 'show', String(id)], variables)).out
  const json = async (id: number) =>
    jsonOf<Record<string, unknown>>(await command(['messages', 'show', String(id), '--json'], variables))

  it('one that is unconfirmed: the next look, then what it saw, then that no other comes', async () => {
    const id = await scheduled('unconfirmed')
    const attempt = await openOne(ledger)
    await ledger.settle(attempt.id, { ...UNCONFIRMED, lookInMs: 0 })
    assert.match(await show(id), new RegExp(`^looked for ${TIME}$`, 'm'))

    const { lease } = await claimLook(ledger)
    const look = { complete: false, saw: '2 conversations, none with this text' }
    await ledger.settleLook(lease, attempt.id, { kind: 'held', againInMs: null, look, reason: 'Held.' })
    const shown = await show(id)
    assert.match(
      shown,
      new RegExp(
        `^looked ${TIME} {2}· {2}2 conversations, none with this text, and not all could be read$`,
        'm',
      ),
    )
    assert.match(shown, /^not looked for again$/m)
    const { lookAt, looks, lastLook, session } = await json(id)
    assert.deepEqual([lookAt, looks, session], [null, 1, null])
    const { at, ...rest } = lastLook as { at: string }
    assert.deepEqual(rest, look)
    assert.match(at, /^\d{4}-\d\d-\d\dT.*Z$/)
  })

  it('one that was sent: the session it was made dependent on, and what became of it', async () => {
    const id = await scheduled('sent')
    const session = { conversationId: 'conversation-of-last-week', startedAt: Date.UTC(2026, 10, 20, 10) }
    const attempt = await openOne(ledger, { session })
    await ledger.settle(attempt.id, { ...SENT, lookInMs: 0 })
    const waiting = await show(id)
    assert.match(waiting, new RegExp(`^session ${TIME} {2}· {2}conversation conversation-of-last-week$`, 'm'))
    assert.match(waiting, new RegExp(`^delivery unknown {2}· {2}asked for next ${TIME}$`, 'm'))

    const { lease } = await claimLook(ledger, 'sent')
    await ledger.settleDelivery(lease, { delivery: 'failed', reason: 'MessageExpired', againInMs: null })
    assert.match(await show(id), /^delivery failed: MessageExpired$/m)
    const { delivery, deliveryReason, lookAt, looks, ...message } = await json(id)
    assert.deepEqual([delivery, deliveryReason, lookAt, looks], ['failed', 'MessageExpired', null, 1])
    assert.deepEqual(message.session, {
      conversationId: 'conversation-of-last-week',
      startedAt: '2026-11-20T10:00:00.000Z',
    })
  })

  it('what went over whatsapp: the response and what was filled in, and the text for operators', async () => {
    const whatsapp = {
      responseId: 'response-7',
      header: [{ id: 'name', value: 'Ada' }],
      body: [{ id: '1', value: 'T-7' }],
    }
    const rendered = { channel: 'whatsapp', whatsapp, templateVersion: 'greet.liquid@1' } as const
    const id = await scheduled('whatsapp')
    const attempt = await openOne(ledger, {
      channel: 'whatsapp',
      contactId: null,
      foundBy: null,
      address: '13175550100',
      rendered: { ...rendered, text: 'Hello Ada' },
    })
    await ledger.settle(attempt.id, SENT)
    const shown = await show(id)
    assert.match(shown, /^channel whatsapp {2}· {2}address 13175550100 {2}· {2}due /m)
    assert.match(
      shown,
      /^Says \(whatsapp, greet\.liquid@1\):\nresponse {2}response-7\nheader {4}name: Ada\nbody {6}1: T-7\n\nHello Ada\n$/m,
    )
  })

  it('one that the customer did not see, and that goes on to its next channel', async () => {
    const key = 'not-seen'
    const now = systemClock.now()
    const policies = { onUndelivered: 'next-channel' } as const
    const [recorded] = await ledger.record([entry(now, key, [planned(now, { policies })])])
    assert.ok(recorded?.kind === 'recorded')
    const [id = 0] = recorded.messageIds
    const attempt = await openOne(ledger)
    await ledger.settle(attempt.id, { ...SENT, conversationId: 'not-seen', lookInMs: 0 })
    const undelivered = { conversationId: 'not-seen', genesysMessageIds: [] }
    const occurredAt = systemClock.now()
    await ledger.record([entry(now, 'report', [], { source: 'genesys', occurredAt, undelivered })])
    const shown = await show(id)
    assert.match(shown, /^Message \d+ {2}scheduled /m)
    assert.match(shown, /^delivery undelivered: .*did not see it\.$/m)
  })

  it('one that waits: nothing of it', async () => {
    const shown = await show(await scheduled('waiting'))
    assert.match(shown, /^channel webmessaging {2}· {2}no contact found yet {2}· {2}due /m)
    assert.doesNotMatch(shown, /^(session|looked|not looked|delivery)/m)
  })
})

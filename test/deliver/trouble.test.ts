import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PostriderError } from '../../src/errors.ts'
import type { Answer } from '../../src/genesys/genesys.ts'
import type { Message } from '../../src/message.ts'
import { refused } from './answers.ts'
import { customerEvent } from './fixtures.ts'
import { type Rig, rigsForEach } from './rig.ts'

const SERVER_ERROR: Answer<never> = refused(500, { code: 'internal.server.error' })

describe('trouble with one message or with all', () => {
  const rigOf = rigsForEach()
  const all = async ({ ledger }: Rig): Promise<Message[]> => ledger.reads.messages({ limit: 1000 })
  const counts = async (rig: Rig) => (await rig.ledger.reads.summary()).messages

  it('renders what its source read: a byte order mark passed over, long integers whole', async () => {
    const rig = await rigOf({ config: { templates: { 'ticket-resolved': 'Number {{ data.ticket.id }}.' } } })
    const event = customerEvent(1, rig.clock.now())
    const body =
      '\uFEFF{"type":"ticket.resolved","data":{"customer":{"id":"N-1"},"ticket":{"id":9007199254740993123}}}'
    await rig.recordEvents([{ ...event, raw: Buffer.from(body) }])
    await rig.runUntil(() => rig.drained())
    assert.deepEqual(
      rig.sandbox.messages().map(({ text }) => text),
      ['Number 9007199254740993123.'],
    )
  })

  it('a body that cannot be read any more fails its message, with the reason', async () => {
    const rig = await rigOf()
    await rig.recordEvents([{ ...customerEvent(1, rig.clock.now()), raw: Buffer.from('not JSON') }])
    await rig.runUntil(() => rig.drained())
    const [message] = await all(rig)
    assert.deepEqual([message?.state, message?.code], ['failed', 'unreadable'])
    assert.match(message?.reason ?? '', /not JSON/)
  })

  it('a fault of Postrider itself ends the message and says where, and nothing of the event', async () => {
    const rig = await rigOf({
      payloadOf: () => {
        throw new TypeError('cannot read ada@example.com')
      },
    })
    await rig.record(1, 1)
    await rig.run(5 * 60_000)
    const [message] = await all(rig)
    assert.deepEqual([message?.state, message?.code, message?.attempts], ['failed', 'fault', 0])
    assert.match(message?.reason ?? '', /TypeError.*re-trigger/)
    assert.doesNotMatch(message?.reason ?? '', /ada/)
  })

  it('a ledger that is away for a moment before a message is opened costs it seconds, not its whole lease', async () => {
    let refusals = 3
    const rig = await rigOf({
      around: (ledger) => ({
        ...ledger,
        open: (...args) => (refusals-- > 0 ? away() : ledger.open(...args)),
        postpone: (...args) => (refusals-- > 0 ? away() : ledger.postpone(...args)),
      }),
    })
    const away = () => Promise.reject(new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is away.'))
    const began = rig.clock.now()
    await rig.record(1, 1)
    await rig.runUntil(() => rig.drained())
    const [message] = await all(rig)
    assert.deepEqual([message?.state, message?.attempts], ['sent', 1])
    const tookMs = rig.clock.now() - began
    assert.ok(tookMs <= 10_000, `${tookMs} ms`)
  })

  it('an attempt that was opened while its answer was lost is taken back, and sent by the next', async () => {
    let losses = 1
    const rig = await rigOf({
      around: (ledger) => ({
        ...ledger,
        async open(...args) {
          const opened = await ledger.open(...args)
          return losses-- > 0 ? away() : opened
        },
      }),
    })
    const away = () => Promise.reject(new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is away.'))
    const began = rig.clock.now()
    await rig.record(1, 1)
    await rig.runUntil(() => rig.drained())
    const [message] = await all(rig)
    const attempts = await rig.ledger.reads.attempts(message?.id ?? 0)
    assert.deepEqual(
      [message?.state, ...attempts.map(({ outcome, code }) => `${outcome} ${code}`)],
      ['sent', 'failed withdrawn', 'sent null'],
    )
    const tookMs = rig.clock.now() - began
    assert.ok(tookMs <= 10_000, `${tookMs} ms`)
    assert.equal(rig.sandbox.messages().length, 1)
  })

  it('a look-up that fails for one customer stops nobody else, and ends when its message expires', async () => {
    const rig = await rigOf({
      config: { route: 'channels: [webmessaging]\n    expireAfter: 10m' },
      lookup: ({ value }) => (value === 'N-1' ? SERVER_ERROR : null),
    })
    await rig.record(1, 1)
    await rig.run(60_000)
    assert.deepEqual(await rig.ledger.pauses(), [])
    await rig.record(2, 20)
    await rig.run(60_000)
    assert.equal((await counts(rig)).sent, 20)
    await rig.run(15 * 60_000)
    const [message] = await rig.ledger.reads.messages({ customer: { externalId: 'N-1' }, limit: 1 })
    assert.deepEqual([message?.state, message?.code], ['skipped', 'expired'])
  })

  it('however high the rate, sends that hang from the beginning leave three unconfirmed', async () => {
    const rig = await rigOf({
      config: { genesys: 'rateLimitPerMinute: 6000' },
      sandbox: { rateLimitPerMinute: null },
    })
    rig.sandbox.fault({ operation: 'message', hang: true })
    await rig.record(1, 100)
    await rig.run(30_000)
    assert.ok((await counts(rig)).unconfirmed <= 3, JSON.stringify(await counts(rig)))
    rig.sandbox.clearFaults()
    await rig.run(10 * 60_000)
    assert.ok((await counts(rig)).sent >= 97)
  })

  it('where empty requests are checked and messages get no answer, few are tried', async () => {
    const rig = await rigOf()
    const customers = Array.from({ length: 30 }, (_, n) => `contact-N-${n + 1}`)
    for (const contactId of customers) rig.sandbox.fault({ operation: 'message', contactId, status: 503 })
    await rig.record(1, 30)
    await rig.run(9 * 60_000)
    assert.ok((await counts(rig)).unconfirmed <= 4, JSON.stringify(await counts(rig)))
    const [pause] = await rig.ledger.pauses()
    assert.match(pause?.reason ?? '', /postrider resume/)
    rig.sandbox.clearFaults()
    await rig.run(30 * 60_000)
    assert.ok((await counts(rig)).sent >= 26)
    assert.deepEqual(await rig.ledger.pauses(), [])
  })

  it('a login that asks for a slower pace is asked again when it says', async () => {
    const rig = await rigOf()
    rig.sandbox.fault({ operation: 'token', status: 429, retryAfter: 60, times: 1 })
    await rig.record(1, 1)
    await rig.run(30_000)
    const [pause] = await rig.ledger.pauses()
    assert.deepEqual([pause?.code, (pause?.until ?? 0) - (pause?.since ?? 0)], ['rate-limited', 60_000])
    await rig.run(60_000)
    assert.equal((await counts(rig)).sent, 1)
  })

  it('a message whose channel is no longer configured fails before anything is opened', async () => {
    const rig = await rigOf()
    await rig.record(1, 1)
    Object.assign(rig.config.genesys, { webmessaging: null })
    await rig.runUntil(() => rig.drained())
    const [message] = await all(rig)
    assert.deepEqual([message?.state, message?.code, message?.attempts], ['failed', 'no-channel', 0])
  })
})

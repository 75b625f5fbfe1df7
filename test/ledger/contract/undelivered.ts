import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Undelivered } from '../../../src/event.ts'
import type { AttemptDraft, Ledger } from '../../../src/ledger/ledger.ts'
import type { Message, Policies } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimLook,
  claimLooks,
  claimOne,
  DAY,
  entry,
  failed,
  messageWith,
  onLedger,
  openOne,
  plan,
  planned,
  SENT,
  schedule,
} from './build.ts'

const NEXT: Partial<Policies> = { onUndelivered: 'next-channel' }

export function undelivered(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  /** A message that was sent in a conversation; its id. */
  async function sent(
    ledger: Ledger,
    harness: Harness,
    genesysMessageId: string | null,
    policies: Partial<Policies> = NEXT,
    conversationId = 'conv-1',
  ): Promise<number> {
    const id = await schedule(ledger, harness, { policies })
    await settleSent(ledger, { genesysMessageId, conversationId })
    return id
  }

  async function settleSent(
    ledger: Ledger,
    where: { genesysMessageId: string | null; conversationId: string | null },
    opened: Partial<AttemptDraft> = {},
  ): Promise<void> {
    const settlement = { ...SENT, ...where, lookInMs: 0 }
    assert.equal(await ledger.settle((await openOne(ledger, opened)).id, settlement), true)
  }

  let reports = 0
  /** Records an event that says so; the event's reason. */
  async function report(
    ledger: Ledger,
    harness: Harness,
    what: Partial<Undelivered> = {},
    occurredAt = harness.clock.now(),
  ): Promise<string> {
    reports += 1
    const says = { conversationId: 'conv-1', genesysMessageIds: [], ...what }
    const rest = { source: 'genesys', type: 'undelivered', occurredAt, undelivered: says }
    const [recorded] = await ledger.record([entry(harness.clock.now(), `report-${reports}`, [], rest)])
    assert.ok(recorded?.kind === 'recorded')
    const event = await ledger.reads.event(recorded.eventId)
    assert.equal(event?.state, 'unrouted')
    return event?.reason ?? ''
  }

  const deliveries = async (ledger: Ledger, ...ids: number[]) =>
    (await Promise.all(ids.map((id) => messageWith(ledger, id)))).map(({ delivery }) => delivery)

  const where = ({ state, channel, code, delivery, dueAt, lookAt }: Message) => [
    state,
    channel,
    code,
    delivery,
    dueAt,
    lookAt,
  ]

  describe('an event of messages that were not seen', () => {
    on('marks those whose ids it gives, of that conversation', async (ledger, harness) => {
      const [one, two, three] = [
        await sent(ledger, harness, 'gen-1', {}),
        await sent(ledger, harness, 'gen-2', {}),
        await sent(ledger, harness, 'gen-3', {}),
      ]
      const elsewhere = await sent(ledger, harness, 'gen-1', {}, 'conv-2')
      const reason = await report(ledger, harness, {
        genesysMessageIds: ['gen-1', 'gen-3', 'gen-of-an-agent'],
      })
      assert.deepEqual(await deliveries(ledger, one, two, three, elsewhere), [
        'undelivered',
        'unknown',
        'undelivered',
        'unknown',
      ])
      for (const id of [one, three])
        assert.match(reason, new RegExp(`message ${id} of route greet was not seen`))
      assert.doesNotMatch(reason, new RegExp(`message (${two}|${elsewhere}) `))
      const { deliveryReason, state, lookAt } = await messageWith(ledger, one)
      assert.match(deliveryReason ?? '', /did not see it/)
      assert.deepEqual([state, lookAt], ['sent', null])
    })

    on('without ids marks the newest of the conversation', async (ledger, harness) => {
      const older = await sent(ledger, harness, 'gen-1', {})
      harness.clock.advance(1000)
      const newest = await sent(ledger, harness, null, {})
      await sent(ledger, harness, 'gen-3', {}, 'conv-2')
      assert.match(await report(ledger, harness), new RegExp(`^message ${newest} of route greet`))
      assert.deepEqual(await deliveries(ledger, older, newest), ['unknown', 'undelivered'])
    })

    on('without ids marks none that was sent after it happened', async (ledger, harness) => {
      // Clocks may differ by ten seconds.
      const early = harness.clock.now() - 10_001
      const first = await sent(ledger, harness, 'gen-1', {})
      const happened = harness.clock.now()
      harness.clock.advance(10_001)
      const after = await sent(ledger, harness, 'gen-2', {})
      assert.equal(
        await report(ledger, harness, {}, early),
        'every message of this conversation that is known here was sent after it; nothing was changed',
      )
      assert.deepEqual(await deliveries(ledger, first, after), ['unknown', 'unknown'])
      assert.match(
        await report(ledger, harness, {}, happened),
        new RegExp(`^message ${first} of route greet`),
      )
      assert.deepEqual(await deliveries(ledger, first, after), ['undelivered', 'unknown'])
      // An id leaves no doubt, whatever the clocks say.
      await report(ledger, harness, { genesysMessageIds: ['gen-2'] }, early)
      assert.deepEqual(await deliveries(ledger, after), ['undelivered'])
    })

    on('of a message that was delivered changes nothing', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1')
      const { lease } = await claimLook(ledger, 'sent')
      await ledger.settleDelivery(lease, { delivery: 'delivered', reason: null, againInMs: null })
      const before = await messageWith(ledger, id)
      for (const what of [{}, { genesysMessageIds: ['gen-1'] }]) {
        assert.equal(
          await report(ledger, harness, what),
          `message ${id} of route greet was delivered, as Genesys Cloud said before; nothing was changed`,
        )
      }
      assert.deepEqual(await messageWith(ledger, id), before)
      assert.equal(before.delivery, 'delivered')
      assert.deepEqual(await claimAll(ledger), [])
    })

    on('of which nothing is known says so, and changes nothing', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1')
      const before = await messageWith(ledger, id)
      const unknown = 'no message of this conversation is known here'
      for (const [what, words] of [
        [{ conversationId: 'conv-2' }, unknown],
        [{ conversationId: 'conv-2', genesysMessageIds: ['gen-1'] }, unknown],
        [
          { genesysMessageIds: ['gen-of-an-agent'] },
          `message ${id} went to this conversation, but under none of the ids that are reported; nothing was changed`,
        ],
      ] as const) {
        assert.equal(await report(ledger, harness, what), words)
      }
      assert.deepEqual(await messageWith(ledger, id), before)
    })

    on('goes on to the next channel at once, where the route says so', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1')
      const { sentAt } = await messageWith(ledger, id)
      harness.clock.advance(1000)
      let told = 0
      ledger.onDue(() => {
        told += 1
      })
      const reason = await report(ledger, harness, { genesysMessageIds: ['gen-1'] })
      assert.equal(reason, `message ${id} of route greet was not seen by the customer; email is tried`)
      assert.equal(told, 1)
      const message = await messageWith(ledger, id)
      const now = harness.clock.now()
      assert.deepEqual(where(message), ['scheduled', 'email', 'undelivered', 'undelivered', now, null])
      assert.match(message.reason ?? '', /did not see it on webmessaging.*email is tried/)
      assert.deepEqual([message.sentAt, message.conversationId], [sentAt, 'conv-1'])
      assert.equal((await claimOne(ledger)).message.channel, 'email')
    })

    on('once for each send, however often it is reported', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1')
      const older = await sent(ledger, harness, 'gen-0', NEXT, 'conv-2')
      await report(ledger, harness)
      assert.match(await report(ledger, harness), /has gone on since and is scheduled/)
      await settleSent(ledger, { genesysMessageId: null, conversationId: 'conv-e' }, { channel: 'email' })
      const before = await messageWith(ledger, id)
      assert.deepEqual([before.state, before.delivery, before.deliveryReason], ['sent', 'unknown', null])
      // Late reports of the first send do not touch the second, with or without its id.
      assert.match(await report(ledger, harness), /gone on since and is sent/)
      assert.match(
        await report(ledger, harness, { genesysMessageIds: ['gen-1'] }),
        /gone on since and is sent/,
      )
      assert.deepEqual(await messageWith(ledger, id), before)
      assert.deepEqual(await deliveries(ledger, older), ['unknown'])
      assert.deepEqual(
        (await ledger.reads.attempts(id)).map(({ outcome }) => outcome),
        ['sent', 'sent'],
      )
    })

    on('a report of an older message does not stand in for the newest', async (ledger, harness) => {
      const older = await sent(ledger, harness, 'gen-1')
      await sent(ledger, harness, 'gen-2')
      await report(ledger, harness)
      await settleSent(ledger, { genesysMessageId: null, conversationId: null }, { channel: 'email' })
      await report(ledger, harness)
      assert.deepEqual(await deliveries(ledger, older), ['unknown'])
    })

    on('the same report twice is known', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1', {})
      const says = { conversationId: 'conv-1', genesysMessageIds: ['gen-1'] }
      const twice = entry(harness.clock.now(), 'same', [], { undelivered: says })
      const recorded = await ledger.record([twice, twice])
      assert.deepEqual(
        recorded.map(({ kind }) => kind),
        ['recorded', 'known'],
      )
      assert.match(
        await report(ledger, harness),
        new RegExp(`of message ${id} of route greet this was reported before`),
      )
    })

    for (const [why, policies, message] of [
      ['its route asks for nothing more', {}, {}],
      ['its route has no channel after webmessaging', { ...NEXT, channels: ['webmessaging'] }, {}],
      ['it is too late for email', NEXT, { expireAt: 0 }],
    ] as const) {
      on(`stays sent where ${why}`, async (ledger, harness) => {
        const now = harness.clock.now()
        const expireAt = 'expireAt' in message ? now : now + DAY
        const id = await schedule(ledger, harness, { policies, expireAt })
        await settleSent(ledger, { genesysMessageId: 'gen-1', conversationId: 'conv-1' })
        harness.clock.advance(1)
        assert.match(await report(ledger, harness), new RegExp(`not seen by the customer; ${why}`))
        const { state, channel, delivery, lookAt } = await messageWith(ledger, id)
        assert.deepEqual([state, channel, delivery, lookAt], ['sent', 'webmessaging', 'undelivered', null])
        assert.deepEqual(await claimAll(ledger), [])
        assert.deepEqual(await claimLooks(ledger, 'sent'), [])
      })
    }

    on('at its last moment it is not too late', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { policies: NEXT, expireAt: harness.clock.now() })
      await settleSent(ledger, { genesysMessageId: 'gen-1', conversationId: 'conv-1' })
      await report(ledger, harness)
      assert.equal((await messageWith(ledger, id)).state, 'scheduled')
    })

    on('from channel to channel, to the last', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1', {
        ...NEXT,
        channels: ['webmessaging', 'open', 'email'],
      })
      await report(ledger, harness)
      await settleSent(ledger, { genesysMessageId: 'gen-2', conversationId: 'conv-2' }, { channel: 'open' })
      await report(ledger, harness, { conversationId: 'conv-2' })
      const { state, channel } = await messageWith(ledger, id)
      assert.deepEqual([state, channel], ['scheduled', 'email'])
    })

    on(
      'where the next channel certainly fails, its once key is held: it was sent before',
      async (ledger, harness) => {
        const keyed = { ...NEXT, once: 'ticket-7' }
        const id = await sent(ledger, harness, 'gen-1', keyed)
        await report(ledger, harness)
        await ledger.settle((await openOne(ledger, { channel: 'email' })).id, failed(null))
        const message = await messageWith(ledger, id)
        assert.deepEqual([message.state, message.delivery], ['failed', 'undelivered'])
        const later = await schedule(ledger, harness, { policies: keyed })
        assert.equal((await messageWith(ledger, later)).code, 'once')
      },
    )

    on('what it re-schedules waits for its pauses, and can be cancelled', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1')
      await ledger.pause({
        scope: 'channel',
        name: 'email',
        code: 'operator',
        reason: 'Stop.',
        forMs: null,
        probes: 0,
        by: 'ann',
      })
      await report(ledger, harness)
      assert.deepEqual(await claimAll(ledger), [])
      assert.equal((await ledger.cancel(id, { by: 'ann', reason: null })).kind, 'done')
    })

    on('who asks for its delivery at that moment has lost the lease', async (ledger, harness) => {
      const id = await sent(ledger, harness, 'gen-1', {})
      const { lease } = await claimLook(ledger, 'sent')
      await report(ledger, harness)
      const late = { delivery: 'delivered', reason: null, againInMs: null } as const
      assert.equal(await ledger.settleDelivery(lease, late), false)
      assert.deepEqual(await deliveries(ledger, id), ['undelivered'])
    })

    on('keeps what went wrong with its own plan, and plans as any other', async (ledger, harness) => {
      await sent(ledger, harness, 'gen-1', {})
      const now = harness.clock.now()
      const says = { undelivered: { conversationId: 'conv-1', genesysMessageIds: [] } }
      const broken = entry(now, 'broken', [planned(now, { route: 'tell-sales' })], says)
      assert.ok(broken.kind === 'event')
      const half = { ...broken.plan, state: 'unplanned', reason: 'route x failed: no such filter' } as const
      const [recorded] = await ledger.record([{ ...broken, plan: half }])
      assert.ok(recorded?.kind === 'recorded')
      assert.equal(recorded.messageIds.length, 1)
      const event = await ledger.reads.event(recorded.eventId)
      assert.match(event?.reason ?? '', /^message \d+ .*; route x failed: no such filter$/)
    })

    on('where the database refuses the event, nothing is marked', async (ledger, harness) => {
      await harness.refuseEventsOfType('poison')
      const id = await sent(ledger, harness, 'gen-1')
      const says = { conversationId: 'conv-1', genesysMessageIds: [] }
      const now = harness.clock.now()
      const recorded = await ledger.record([
        entry(now, 'bad', [], { type: 'poison', undelivered: says }),
        { kind: 'event', event: entry(now, 'good').event as never, plan: plan([]), keepKeyForMs: DAY },
      ])
      assert.deepEqual(
        recorded.map(({ kind }) => kind),
        ['set-aside', 'recorded'],
      )
      const { state, delivery } = await messageWith(ledger, id)
      assert.deepEqual([state, delivery], ['sent', 'unknown'])
    })
  })
}

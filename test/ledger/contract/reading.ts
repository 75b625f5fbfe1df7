import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { EventFilter, MessageFilter } from '../../../src/ledger/reads.ts'
import type { Harness } from '../contract.ts'
import { DAY, entry, onLedger, openOne, planned, SENT, schedule, UNCONFIRMED } from './build.ts'

export function reading(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('reads', () => {
    on('events, by every filter, newest first', async (ledger, { clock }) => {
      const start = clock.now()
      await ledger.record([entry(start, 'k1', [planned(start)])])
      clock.advance(1000)
      await ledger.record([entry(clock.now(), 'k2', [], { source: 'shop', type: 'cart.left' })])
      clock.advance(1000)
      await ledger.record([
        entry(clock.now(), 'k3', [planned(clock.now(), { route: 'other' })], {
          type: 'ticket_x',
          senderType: 'tickets/x',
        }),
      ])
      const keys = async (filter: Partial<EventFilter>) =>
        (await ledger.reads.events({ limit: 10, ...filter })).map(({ key }) => key)
      assert.deepEqual(await keys({}), ['k3', 'k2', 'k1'])
      assert.deepEqual(await keys({ limit: 2 }), ['k3', 'k2'])
      assert.deepEqual(await keys({ state: 'unrouted' }), ['k2'])
      assert.deepEqual(await keys({ source: 'shop' }), ['k2'])
      assert.deepEqual(await keys({ route: 'greet' }), ['k1'])
      assert.deepEqual(await keys({ type: 'ticket.*' }), ['k1'])
      assert.deepEqual(await keys({ type: 'ticket_x' }), ['k3'])
      assert.deepEqual(await keys({ type: '*_*' }), ['k3'])
      assert.deepEqual(await keys({ type: 'tickets/x' }), ['k3'])
      assert.deepEqual(await keys({ type: 'ticket*' }), ['k3', 'k1'])
      assert.deepEqual(await keys({ type: '*/*', state: 'planned' }), ['k3'])
      assert.deepEqual(await keys({ type: 'tickets/x', source: 'shop' }), [])
      assert.deepEqual(await keys({ type: 'ticket' }), [])
      assert.deepEqual(await keys({ reason: 'no route' }), ['k2'])
      assert.deepEqual(await keys({ since: start + 1000 }), ['k3', 'k2'])
      assert.deepEqual(await keys({ until: start + 1000 }), ['k2', 'k1'])
      assert.equal(await ledger.reads.event(99), null)
    })

    on('messages, by every filter, newest first', async (ledger, harness) => {
      const { clock } = harness
      const start = clock.now()
      const first = await schedule(ledger, harness)
      clock.advance(1000)
      const customer = { externalId: 'c-2', email: 'bob@example.com' }
      const second = await schedule(
        ledger,
        harness,
        { route: 'other', customer, state: 'failed', code: 'bad-key', reason: 'The key is 100% odd.' },
        'shop',
      )
      const ids = async (filter: Partial<MessageFilter>) =>
        (await ledger.reads.messages({ limit: 10, ...filter })).map(({ id }) => id)
      const eventId = (await ledger.reads.message(second))?.eventId ?? 0
      assert.deepEqual(await ids({}), [second, first])
      assert.deepEqual(await ids({ limit: 1 }), [second])
      assert.deepEqual(await ids({ state: 'scheduled' }), [first])
      assert.deepEqual(await ids({ route: 'other' }), [second])
      assert.deepEqual(await ids({ source: 'shop' }), [second])
      assert.deepEqual(await ids({ type: 'ticket.*' }), [second, first])
      assert.deepEqual(await ids({ type: 'cart.*' }), [])
      assert.deepEqual(await ids({ reason: 'bad-key' }), [second])
      assert.deepEqual(await ids({ reason: '100% odd' }), [second])
      assert.deepEqual(await ids({ reason: '1_0' }), [])
      assert.deepEqual(await ids({ eventId }), [second])
      assert.deepEqual(await ids({ since: start + 1 }), [second])
      assert.deepEqual(await ids({ until: start }), [first])
      assert.deepEqual(await ids({ customer: { email: 'ANN@example.com' } }), [first])
      assert.deepEqual(await ids({ customer: { phone: '+13175550100' } }), [first])
      assert.deepEqual(await ids({ customer: { externalId: 'c-2', email: 'bob@example.com' } }), [second])
      assert.deepEqual(await ids({ customer: { externalId: 'c-2', email: 'ann@example.com' } }), [])
      assert.equal(await ledger.reads.message(99), null)
    })

    on('messages, by the sender’s own type', async (ledger, { clock }) => {
      const now = clock.now()
      const [one] = await ledger.record([
        entry(now, 'k1', [planned(now)], { type: 'order.placed', senderType: 'orders/create' }),
        entry(now, 'k2', [planned(now)]),
      ])
      assert.ok(one?.kind === 'recorded')
      for (const type of ['order.placed', 'orders/create', 'orders/*', 'order*']) {
        const found = await ledger.reads.messages({ limit: 10, type })
        assert.deepEqual(
          found.map(({ eventId }) => eventId),
          [one.eventId],
          type,
        )
      }
      assert.deepEqual(await ledger.reads.messages({ limit: 10, type: 'orders' }), [])
    })

    on('an identifier is not found under another’s name', async (ledger, harness) => {
      await schedule(ledger, harness, { customer: { externalId: 'x@example.com' } })
      const found = await ledger.reads.messages({ limit: 10, customer: { email: 'x@example.com' } })
      assert.deepEqual(found, [])
    })

    on('a summary of an empty ledger, and of one in use', async (ledger, harness) => {
      const { clock } = harness
      const empty = await ledger.reads.summary()
      assert.deepEqual(empty.due, { count: 0, oldestDueAt: null })
      assert.deepEqual(empty.messages.scheduled, 0)
      assert.equal(empty.looking, 0)
      assert.equal(empty.host, null)

      await ledger.bindHost('api.mypurecloud.de')
      await schedule(ledger, harness, { dueAt: clock.now() - 7 })
      await ledger.settle((await openOne(ledger)).id, SENT)
      for (const lookInMs of [1000, null]) {
        await schedule(ledger, harness)
        await ledger.settle((await openOne(ledger)).id, { ...UNCONFIRMED, lookInMs })
      }
      clock.advance(2 * DAY)
      const now = clock.now()
      await schedule(ledger, harness, { dueAt: now - 5 })
      await schedule(ledger, harness, { dueAt: now + 5 }, 'shop')
      await ledger.record([entry(now, 'nothing')])
      const summary = await ledger.reads.summary()
      assert.equal(summary.host, 'api.mypurecloud.de')
      assert.deepEqual(summary.events, { planned: 5, unrouted: 1, unplanned: 0, unreadable: 0 })
      assert.equal(summary.messages.sent, 1)
      assert.deepEqual([summary.messages.unconfirmed, summary.looking], [2, 1])
      assert.equal(summary.messages.scheduled, 2)
      assert.deepEqual(summary.due, { count: 1, oldestDueAt: now - 5 })
      assert.deepEqual(summary.lastEventAt, { crm: now, shop: now })
      assert.deepEqual([summary.recent.messages.sent, summary.recent.messages.scheduled], [0, 2])
      assert.deepEqual([summary.recent.events.planned, summary.recent.events.unrouted], [2, 1])
      assert.equal((await ledger.reads.summary({ since: 0 })).recent.messages.sent, 1)
    })

    on('many at once', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const all = await Promise.all(Array.from({ length: 50 }, () => ledger.reads.message(id)))
      assert.deepEqual(new Set(all.map((message) => message?.id)), new Set([id]))
    })
  })
}

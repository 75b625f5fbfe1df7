import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Cursor, Page } from '../../../src/ledger/pages.ts'
import type { Harness } from '../contract.ts'
import { entry, happens, onLedger, planned, schedule, unreadable } from './build.ts'

export function paging(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('pages', () => {
    on('of events, newest first, each once, without what they carry', async (ledger, { clock }) => {
      const now = clock.now()
      await ledger.record([
        entry(now, 'k1', [planned(now)], { subject: 'T-7', senderType: 'solved', headers: { a: 'b' } }),
        entry(now, 'k2'),
        unreadable(now, 'k3'),
        entry(now + 5, 'k4'),
        entry(now - 5, 'k5'),
      ])
      const first = await ledger.reads.eventPage({}, { limit: 2 })
      assert.deepEqual(
        first.items.map(({ key }) => key),
        ['k4', 'k3'],
      )
      assert.deepEqual(first.next, { at: now, id: 3 })
      const rest = await ledger.reads.eventPage({}, { limit: 3, before: first.next ?? { at: 0, id: 0 } })
      assert.deepEqual([rest.items.map(({ key }) => key), rest.next], [['k2', 'k1', 'k5'], null])
      const { raw: _raw, headers: _headers, ...line } = (await ledger.reads.event(1)) ?? assert.fail()
      assert.deepEqual(rest.items[1], line)
    })

    on('of messages, each with all that is known of it', async (ledger, harness) => {
      const ids = [await schedule(ledger, harness), await schedule(ledger, harness, { state: 'failed' })]
      const { items, next } = await ledger.reads.messagePage({}, { limit: 2 })
      assert.deepEqual(items, await ledger.reads.messages({ limit: 2 }))
      assert.deepEqual([items.map(({ id }) => id), next], [ids.toReversed(), null])
      const { eventId = 0 } = items[0] ?? {}
      const own = await ledger.reads.messagePage({ eventId }, { limit: 2 })
      assert.deepEqual([own.items, own.next], [items.slice(0, 1), null])
    })

    on('of a customer’s events, those that have messages to them', async (ledger, harness) => {
      const bob = { externalId: 'c-2', email: 'bob@example.com' }
      const { eventId: ann } = await happens(ledger, harness, { messages: [planned(harness.clock.now())] })
      harness.clock.advance(1)
      const now = harness.clock.now()
      const messages = ['one', 'two'].map((route) => planned(now, { route, customer: bob }))
      const { eventId: both } = await happens(ledger, harness, { messages })
      await happens(ledger, harness)
      const idsOf = async (filter: Parameters<typeof ledger.reads.eventPage>[0]) =>
        (await ledger.reads.eventPage(filter, { limit: 10 })).items.map(({ id }) => id)
      assert.deepEqual(await idsOf({ customer: { email: 'BOB@example.com' } }), [both])
      assert.deepEqual(await idsOf({ customer: { email: 'BOB@example.com' }, route: 'two' }), [both])
      assert.deepEqual(await idsOf({ customer: { email: 'BOB@example.com' }, state: 'unrouted' }), [])
      assert.deepEqual(await idsOf({ customer: { externalId: 'c-1' } }), [ann])
      assert.deepEqual(await idsOf({ customer: { externalId: 'c-1', email: 'bob@example.com' } }), [])
    })

    on(
      'say where a search that finds nothing goes on, until all was looked at',
      async (ledger, { clock }) => {
        const now = clock.now()
        const MANY = 2_500
        await ledger.record(Array.from({ length: MANY }, (_, n) => entry(now + n, `key-${n}`, [])))
        await ledger.record([entry(now - 1, 'oldest', [], { type: 'rare' })])
        const found: string[] = []
        let pages = 0
        let before: Cursor | null = { at: now + MANY, id: 0 }
        while (before) {
          const page: Page<{ key: string }> = await ledger.reads.eventPage(
            { type: 'rare' },
            { limit: 10, before },
          )
          found.push(...page.items.map(({ key }) => key))
          assert.ok(page.next === null || page.next.at < before.at)
          before = page.next
          pages += 1
        }
        assert.deepEqual(found, ['oldest'])
        assert.ok(pages > 1 && pages < 5, `${pages} pages`)
        // What is older than asked for is not looked at.
        const since = await ledger.reads.eventPage({ type: 'rare', since: now + MANY - 50 }, { limit: 10 })
        assert.deepEqual(since, { items: [], next: null })
      },
    )
  })
}

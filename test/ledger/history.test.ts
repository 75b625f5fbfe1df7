import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Kysely } from 'kysely'
import type { Event } from '../../src/event.ts'
import { createHistory } from '../../src/ledger/history.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { createNames } from '../../src/ledger/names.ts'
import type { Schema } from '../../src/ledger/schema.ts'
import { readerDialect } from '../../src/ledger/sqlite/dialect.ts'
import { entry, plan, planned, unreadable } from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

describe('what was received, page by page', () => {
  let harness: SqliteHarness
  let ledger: Ledger
  let began = 0
  before(async () => {
    harness = await sqliteHarness()
    ledger = await harness.open()
    began = harness.clock.now()
    // Several of one millisecond, of several states, and one whose clock went back.
    for (const [n, at] of [0, 5, 5, 5, 5, 9, 7, 20].entries()) {
      const received = began + at
      await ledger.record([
        n % 4 === 3
          ? unreadable(received, `key-${n}`)
          : entry(received, `key-${n}`, n % 2 === 0 ? [planned(received)] : []),
      ])
    }
  })
  after(() => harness.dispose())

  async function readAll(limit: number, since: number): Promise<Event[]> {
    const all: Event[] = []
    for (;;) {
      const page = await ledger.reads.eventsAfter(all.at(-1) ?? null, { since, limit })
      all.push(...page)
      if (page.length < limit) return all
    }
  }

  test('each event once, in the order of receipt, whatever the length of a page', async () => {
    for (const limit of [1, 2, 3, 100]) {
      const times = (await readAll(limit, began)).map(({ id, receivedAt }) => [id, receivedAt - began])
      assert.deepEqual(
        times,
        [
          [1, 0],
          [2, 5],
          [3, 5],
          [4, 5],
          [5, 5],
          [7, 7],
          [6, 9],
          [8, 20],
        ],
        `pages of ${limit}`,
      )
    }
    assert.deepEqual(
      (await readAll(2, began + 6)).map(({ id }) => id),
      [7, 6, 8],
    )
  })

  test('how many there are, and the messages of some', async () => {
    assert.equal(await ledger.reads.countEvents({ since: began + 5, until: began + 9 }), 6)
    assert.deepEqual(await ledger.reads.messagesOf([]), [])
    const found = await ledger.reads.messagesOf([1, 2, 3])
    assert.deepEqual(
      found.map(({ eventId, route, state, code, isManual }) => [eventId, route, state, code, isManual]),
      [
        [1, 'greet', 'scheduled', null, false],
        [3, 'greet', 'scheduled', null, false],
      ],
    )
  })

  test('what customers refused and agreed to, by name', async () => {
    const [ann, ben] = ['email:ann@example.com', 'phone:+4930123456']
    await ledger.suppress([ann], { channels: ['sms'], reason: 'by phone', by: 'eve' })
    const since = harness.clock.now()
    harness.clock.advance(5)
    await ledger.allow([ann], 'sms', 'eve')
    const said = { ...entry(began + 30, 'said'), plan: plan([], { names: [ben], consent: true }) }
    assert.ok(said.kind === 'event')
    await ledger.record([said])
    assert.deepEqual(await ledger.reads.wishesOf([ann, ben, 'email:nobody@example.com']), [
      { name: ann, kind: 'refusal', channel: 'sms', since, until: since + 5, by: 'eve' },
      { name: ben, kind: 'consent', given: true, at: began + 30 },
    ])
    assert.deepEqual(await ledger.reads.wishesOf([]), [])
  })

  test('every question is answered from an index, in its order', async () => {
    const db = harness.raw()
    const steps: string[] = []
    const dialect = readerDialect({
      async read(sql, values) {
        steps.push(
          ...db
            .prepare(`EXPLAIN QUERY PLAN ${sql}`)
            .all(...values)
            .map(({ detail }) => String(detail)),
        )
        return db.prepare(sql).all(...values)
      },
      close: async () => {},
    })
    const history = createHistory(new Kysely<Schema>({ dialect }), createNames(Buffer.alloc(32)))
    await history.eventsAfter({ id: 3, receivedAt: began + 5 }, { since: began, limit: 10 })
    await history.countEvents({ since: began, until: began + 9 })
    await history.messagesOf([1, 2])
    await history.wishesOf(['email:ann@example.com'])
    for (const step of steps) {
      assert.doesNotMatch(step, /^SCAN (events|messages|suppressions|consents)|TEMP B-TREE/, steps.join('\n'))
    }
    assert.ok(
      steps.some((step) =>
        /SEARCH events USING INDEX events_by_state \(state=\? AND received_at>/.test(step),
      ),
    )
  })
})

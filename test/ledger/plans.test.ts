import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { Kysely } from 'kysely'
import { createNames } from '../../src/ledger/names.ts'
import { createReads } from '../../src/ledger/read.ts'
import type { Reads } from '../../src/ledger/reads.ts'
import type { Schema } from '../../src/ledger/schema.ts'
import { DIALECT, preparer } from '../../src/ledger/sqlite/database.ts'
import { readerDialect } from '../../src/ledger/sqlite/dialect.ts'
import type { Reader } from '../../src/ledger/sqlite/reader.ts'
import { refusalOf } from '../../src/ledger/sqlite/trouble.ts'
import type { Prepare } from '../../src/ledger/verbs/statement.ts'
import { createStore } from '../../src/ledger/verbs/store.ts'
import { createVerbs } from '../../src/ledger/verbs/verbs.ts'
import { planned } from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

/** Every statement of the hot path, as it is compiled for a real ledger. */
function statementsOf(db: DatabaseSync, { clock }: SqliteHarness): string[] {
  const seen: string[] = []
  const compile = preparer(db)
  const prepare: Prepare = (sql) => {
    seen.push(sql)
    return compile(sql)
  }
  const names = createNames(Buffer.alloc(32))
  const random = () => 'token'
  createVerbs(createStore({ prepare, dialect: DIALECT, clock, names, random, refusalOf, dueNow() {} }))
  return seen
}

/** So many messages that are due, spread over the lanes. */
function seed(db: DatabaseSync, count: number, now: number, lanes = 4): void {
  const { customer, policies } = planned(now)
  db.exec(`
    BEGIN;
    INSERT INTO lanes (id, route, source, channel)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${lanes})
      SELECT i, 'route-' || i, 'crm', 'webmessaging' FROM n;
    INSERT INTO events (id, source, type, key, occurred_at, received_at, state, notes, config_version, raw)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      SELECT i, 'crm', 't', 'k' || i, ${now}, ${now}, 'planned', '[]', 'c', x'7b7d' FROM n;
    INSERT INTO messages (event_id, lane, source, route, channel, state, due_at, expire_at, created_at, updated_at,
                          config_version, customer, policies)
      SELECT id, id % ${lanes} + 1, 'crm', 'route-' || (id % ${lanes} + 1), 'webmessaging', 'scheduled',
             ${now} - id, ${now} + 1000000, ${now}, ${now}, 'c', '${JSON.stringify(customer)}', '${JSON.stringify(policies)}'
      FROM events;
    COMMIT;
  `)
}

/** What operators read, with the plan of each question. */
function explained(harness: SqliteHarness): { reads: Reads; plans: string[][] } {
  const db = harness.raw()
  const plans: string[][] = []
  const reader: Reader = {
    async read(sql, values) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
      plans.push(plan.map(({ detail }) => String(detail)))
      return db.prepare(sql).all(...values)
    },
    close: async () => {},
  }
  const dialect = readerDialect(reader)
  const reads = createReads(new Kysely<Schema>({ dialect }), harness.clock, createNames(Buffer.alloc(32)))
  return { reads, plans }
}

describe('query plans', () => {
  test('no statement of the hot path looks through events, messages or attempts', async () => {
    const harness = await sqliteHarness()
    try {
      await harness.open()
      const db = harness.raw()
      const statements = statementsOf(db, harness)
      assert.ok(statements.length > 55, `${statements.length} statements`)
      for (const sql of statements) {
        const plan = db
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all()
          .map(({ detail }) => String(detail))
        for (const step of plan) {
          assert.doesNotMatch(
            step,
            /^SCAN (events|messages|attempts|event_keys|once_keys|message_identifiers|cancellations|cancel_keys|customer_sends|suppressions|consents)(?! USING INDEX suppressions_by_time)/,
            sql,
          )
          // What a start puts in order is what was being sent: as many as a service has in hand.
          if (/messages_by_state/.test(step)) assert.match(sql, /state = 'sending' AND /)
          if (!/pauses/.test(sql)) assert.doesNotMatch(step, /TEMP B-TREE/, sql)
        }
      }
      const claim = statements.find((sql) => /^SELECT id, names, lane, rank, due_at FROM messages/.test(sql))
      assert.ok(claim)
      const [step] = db.prepare(`EXPLAIN QUERY PLAN ${claim}`).all()
      assert.match(
        String(step?.detail),
        /SEARCH messages USING INDEX messages_due \(lane=\? AND rank=\? AND due_at<\?\)/,
      )
      const steps = statements.flatMap((sql) => db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
      const plan = steps.map(({ detail }) => String(detail)).join('\n')
      for (const search of [
        'SEARCH messages USING INDEX messages_to_look (state=? AND look_at<?)',
        'SEARCH attempts USING INDEX attempts_by_contact (contact_id=? AND opened_at>?)',
        'SEARCH attempts USING INDEX attempts_by_address (address=? AND opened_at>?)',
        'SEARCH attempts USING INDEX attempts_by_conversation (conversation_id=?)',
        'SEARCH cancellations USING PRIMARY KEY (hash=? AND occurred_at>?)',
        'SEARCH cancel_keys USING PRIMARY KEY (hash=?)',
        'SEARCH customer_sends USING PRIMARY KEY (hash=? AND cap_group=? AND opened_at>?)',
        'SEARCH suppressions USING PRIMARY KEY (hash=? AND channel=?)',
        'SEARCH consents USING PRIMARY KEY (hash=?)',
        'SEARCH turns USING PRIMARY KEY (hash=?)',
        'SEARCH messages USING INDEX messages_skipped_for (skipped_for=?)',
        'SEARCH messages USING INDEX messages_waiting (waits_for=?)',
        'SEARCH messages USING COVERING INDEX messages_waiting (waits_for>?)',
        'SEARCH tallies USING PRIMARY KEY (minute<?)',
        'SEARCH idempotency_keys USING PRIMARY KEY (hash=?)',
        'SEARCH idempotency_keys USING INDEX idempotency_keys_by_time (created_at<?)',
        'SEARCH notices USING INDEX notices_over (over_at<?)',
        'SCAN notices USING INDEX notices_untold',
      ]) {
        assert.ok(plan.includes(search), search)
      }
    } finally {
      await harness.dispose()
    }
  })

  test('a claim costs the same with 50,000 messages waiting as with 2,000', async () => {
    const costs: number[] = []
    for (const count of [2_000, 50_000]) {
      const harness = await sqliteHarness()
      try {
        await (await harness.open()).close()
        const db = new DatabaseSync(harness.file)
        seed(db, count, harness.clock.now())
        db.close()
        const ledger = await harness.open()
        const times: number[] = []
        for (let round = 0; round < 40; round += 1) {
          const begun = performance.now()
          const { messages } = await ledger.claim({ owner: 'w', limit: 10, leaseMs: 60_000 })
          times.push(performance.now() - begun)
          assert.equal(messages.length, 10)
        }
        costs.push(times.sort((a, b) => a - b)[20] ?? Number.NaN)
      } finally {
        await harness.dispose()
      }
    }
    const [few = 0, many = 0] = costs
    // Looking through a hundred times as many would take about a hundred times as long; a deeper tree and a noisy machine do not.
    assert.ok(many < few * 10 + 1, `2,000: ${few.toFixed(2)} ms, 50,000: ${many.toFixed(2)} ms`)
  })

  test('what operators read by state, time, customer or event uses an index', async () => {
    const harness = await sqliteHarness()
    try {
      await harness.open()
      const { reads, plans } = explained(harness)
      await reads.summary()
      await reads.messages({ limit: 50 })
      await reads.messages({ limit: 50, state: 'sent', since: 5, until: 9 })
      await reads.messages({ limit: 50, since: 5, route: 'greet', type: 'ticket.*' })
      await reads.events({ limit: 50, since: 5, route: 'greet' })
      await reads.suppressions({ limit: 50 })
      await reads.suppressed(['email:ann@example.com'])
      assert.ok(plans.length > 8)
      for (const plan of plans) {
        for (const step of plan)
          assert.doesNotMatch(
            step,
            /^SCAN (events|messages|attempts|suppressions(?! USING INDEX suppressions_by_time))/,
            plan.join('\n'),
          )
      }
      assert.ok(
        plans.some((plan) => plan.some((step) => /messages USING (COVERING )?INDEX messages_due/.test(step))),
      )
      for (const plan of plans.filter((steps) => steps.some((step) => /MERGE/.test(step)))) {
        assert.ok(!plan.some((step) => /TEMP B-TREE/.test(step)), plan.join('\n'))
      }

      plans.length = 0
      await reads.messages({ limit: 50, customer: { email: 'ann@example.com' } })
      await reads.messages({ limit: 50, eventId: 7 })
      const [byCustomer = [], byEvent = []] = plans
      assert.ok(
        byCustomer.some((step) => /SEARCH messages USING INTEGER PRIMARY KEY/.test(step)),
        byCustomer.join('\n'),
      )
      assert.ok(
        byEvent.some((step) => /event_id=\?/.test(step)),
        byEvent.join('\n'),
      )
    } finally {
      await harness.dispose()
    }
  })

  test('pages, searches and the overview are look-ups, without anything that is sorted', async () => {
    const harness = await sqliteHarness()
    try {
      await harness.open()
      const { reads, plans } = explained(harness)
      const page = { limit: 50, before: { at: 9, id: 7 } }
      for (const filter of [
        {},
        { since: 5, until: 9 },
        { route: 'greet', type: 'ticket.*', reason: 'x', source: 'crm' },
      ]) {
        await reads.eventPage(filter, page)
        await reads.messagePage(filter, page)
      }
      const steps = plans.flat()
      assert.ok(steps.length > 100, `${steps.length} steps`)
      for (const step of steps) assert.doesNotMatch(step, /^SCAN (events|messages)|TEMP B-TREE/, step)
      for (const search of [
        'SEARCH events USING COVERING INDEX events_by_state (state=? AND received_at<?)',
        'SEARCH events USING INDEX events_by_state (state=? AND received_at<?)',
        'SEARCH events USING INDEX events_by_state (state=? AND received_at>? AND received_at<?)',
        'SEARCH messages USING COVERING INDEX messages_by_state (state=? AND created_at<?)',
        'SEARCH messages USING INDEX messages_by_state (state=? AND created_at<?)',
        'SEARCH messages USING INDEX messages_by_state (state=? AND created_at>? AND created_at<?)',
      ]) {
        assert.ok(steps.includes(search), `${search}\n${[...new Set(steps)].join('\n')}`)
      }

      plans.length = 0
      await reads.search('7')
      await reads.search('+4930123456')
      for (const one of [{ message: 7 }, { event: 7 }]) await reads.auditOf(one)
      await reads.trouble()
      await reads.tallies(5)
      await reads.backlog()
      await reads.run(1)
      await reads.runs({ limit: 50, before: 5 })
      await reads.suppressionPage({ limit: 50 })
      await reads.suppressionPage({ limit: 50, before: { since: 5, hash: '00'.repeat(16), channel: '' } })
      const looked = plans.flat()
      for (const step of looked) {
        assert.doesNotMatch(
          step,
          /^SCAN (events|messages|attempts|audit|event_keys|customer_sends|tallies|runs|run_messages)/,
          step,
        )
      }
      for (const search of [
        'SEARCH messages USING COVERING INDEX messages_failed (state=? AND updated_at>?)',
        'SEARCH runs USING INTEGER PRIMARY KEY (rowid<?)',
        'SCAN suppressions USING INDEX suppressions_by_time',
        'SEARCH suppressions USING INDEX suppressions_by_time ((since,hash,channel)<(?,?,?))',
        'SEARCH event_keys USING PRIMARY KEY (hash=?)',
        'SEARCH attempts USING INDEX attempts_by_correlation (correlation_id=?)',
        'SEARCH attempts USING INDEX attempts_by_genesys_message (genesys_message_id=?)',
        'SEARCH attempts USING INDEX attempts_by_conversation (conversation_id=?)',
        'SEARCH message_identifiers USING PRIMARY KEY (block=? AND hash=?)',
        'SEARCH customer_sends USING PRIMARY KEY (hash=?)',
        'SEARCH audit USING INDEX audit_of_message (<expr>=?)',
        'SEARCH audit USING INDEX audit_of_event (<expr>=?)',
        'SEARCH tallies USING PRIMARY KEY (minute>? AND minute<?)',
      ]) {
        assert.ok(looked.includes(search), `${search}\n${[...new Set(looked)].join('\n')}`)
      }
    } finally {
      await harness.dispose()
    }
  })

  test('a page looks at as many lines among 60,000 as among 15,000, though nothing matches', async () => {
    const looked: number[][] = []
    for (const count of [15_000, 60_000]) {
      const harness = await sqliteHarness()
      try {
        await (await harness.open()).close()
        const db = harness.raw()
        seed(db, count, harness.clock.now())
        db.exec(`
          UPDATE events SET received_at = received_at - id, reason = 'No route.';
          UPDATE messages SET created_at = created_at - id, reason = 'No route.';
        `)
        // Each line that the filter is asked about, whether it has a reason or not.
        let lines = 0
        db.function('like', { varargs: true }, () => {
          lines += 1
          return 0
        })
        const { reads } = explained(harness)
        const before = { at: harness.clock.now() - 10_000, id: 0 }
        const counts: number[] = []
        for (const page of [{ limit: 50 }, { limit: 50, before }]) {
          for (const ask of [
            () => reads.eventPage({ reason: 'x' }, page),
            () => reads.messagePage({ reason: 'x', state: 'scheduled' }, page),
          ]) {
            const found = await ask()
            assert.ok(found.items.length === 0 && found.next)
            counts.push(lines)
            lines = 0
          }
        }
        looked.push(counts)
      } finally {
        await harness.dispose()
      }
    }
    const each = [2_000, 2_000, 2_000, 2_000]
    assert.deepEqual(looked, [each, each])
  })
})

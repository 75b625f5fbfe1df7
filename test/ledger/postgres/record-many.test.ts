import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Ledger, Recordable, Recorded } from '../../../src/ledger/ledger.ts'
import { entry, planned } from '../contract/build.ts'
import { type PostgresHarness, postgresHarness } from '../postgres-harness.ts'

/** Deliveries as they come at once: several routes, an event without messages, one that failed to find anybody, the same event twice, one with a business key among them. */
function deliveries(now: number): Recordable[][] {
  const one = planned(now)
  return [
    [entry(now, 'k1', [one, { ...one, route: 'other', dueAt: now + 60_000 }])],
    [entry(now, 'k2')],
    [entry(now, 'k1', [one])],
    [entry(now, 'k3', [{ ...one, state: 'failed', code: 'no-customer', reason: 'Nobody is named.' }])],
    [
      entry(now, 'k4', [one]),
      entry(now, 'k5', [{ ...one, customer: { externalId: 'c-2', phone: '+491701234567' } }]),
    ],
    [entry(now, 'k6', [{ ...one, policies: { ...one.policies, once: 'ticket-7' } }])],
    [entry(now, 'k5', [one])],
    [entry(now, 'k8', [one], { type: 'poison' })],
    [entry(now, 'k7', [one], { subject: 'with "quotes", {braces}, \\ and NULL' })],
  ]
}

async function recordedBy(
  record: (ledger: Ledger, all: Recordable[][]) => Promise<Recorded[]>,
  before: (harness: PostgresHarness) => Promise<void> = async () => {},
) {
  const harness = await postgresHarness()
  try {
    const ledger = await harness.open()
    await before(harness)
    const recorded = await record(ledger, deliveries(harness.clock.now()))
    const db = await harness.raw()
    const rows = async (sql: string) => (await db.query(sql)).rows
    return {
      kinds: recorded.map((some) => some.map(({ kind }) => kind)),
      counts: recorded.map((some) => some.map((one) => ('messageIds' in one ? one.messageIds.length : 0))),
      events: await rows(
        `SELECT key, source, type, state, reason, notes, raw, subject, headers, occurred_at FROM events ORDER BY key`,
      ),
      keys: await rows(
        `SELECT encode(event_keys.hash, 'hex') AS hash, keep_until, events.key FROM event_keys LEFT JOIN events ON events.id = event_id ORDER BY 1`,
      ),
      messages: await rows(
        `SELECT events.key, messages.route, lanes.channel, messages.state, messages.reason, code, due_at, expire_at, customer, policies, names,
           cancel_keys, created_at FROM messages JOIN events ON events.id = event_id JOIN lanes ON lanes.id = lane ORDER BY events.key, messages.route`,
      ),
      identifiers: await rows(
        `SELECT encode(hash, 'hex') AS hash, route, events.key FROM message_identifiers JOIN messages ON messages.id = message_id
         JOIN events ON events.id = event_id ORDER BY 1, 2, 3`,
      ),
      tallies: await rows('SELECT * FROM tallies ORDER BY minute, kind, name'),
      sources: await rows('SELECT * FROM sources ORDER BY name'),
    }
  } finally {
    await harness.dispose()
  }
}

const atOnce = (ledger: Ledger, all: Recordable[][]) => Promise.all(all.map((some) => ledger.record(some)))

async function oneByOne(ledger: Ledger, all: Recordable[][]): Promise<Recorded[]> {
  const recorded: Recorded[] = []
  for (const some of all) recorded.push(await ledger.record(some))
  return recorded
}

describe('events that come at once', () => {
  test('are recorded by statements of many rows as they are one by one', async () => {
    const [many, single] = [await recordedBy(atOnce), await recordedBy(oneByOne)]
    assert.deepEqual(many, single)
    assert.deepEqual(many.kinds.flat(), [
      'recorded',
      'recorded',
      'known',
      'recorded',
      'recorded',
      'recorded',
      'recorded',
      'known',
      'recorded',
      'recorded',
    ])
  })

  test('are recorded one by one where the database refuses one of them', async () => {
    const refuse = (harness: PostgresHarness) => harness.refuseEventsOfType('poison')
    const [many, single] = [await recordedBy(atOnce, refuse), await recordedBy(oneByOne, refuse)]
    assert.deepEqual(many, single)
    assert.equal(many.kinds.flat().filter((kind) => kind === 'set-aside').length, 1)
  })

  test('are each their own event however many copies of it come, from two instances', async () => {
    const harness = await postgresHarness()
    try {
      const ledgers = [await harness.open(), await harness.open()]
      const now = harness.clock.now()
      const keys = Array.from({ length: 40 }, (_, n) => `k${n % 10}`)
      const recorded = await Promise.all(
        ledgers.flatMap((ledger, n) =>
          (n === 0 ? keys : keys.toReversed()).map((key) => ledger.record([entry(now, key, [planned(now)])])),
        ),
      )
      assert.equal(recorded.flat().filter(({ kind }) => kind === 'recorded').length, 10)
      const [first] = ledgers
      assert.equal((await first?.reads.messages({ limit: 100 }))?.length, 10)
      const events = (await first?.reads.events({ limit: 100 })) ?? []
      assert.equal(new Set(events.map(({ key }) => key)).size, 10)
    } finally {
      await harness.dispose()
    }
  })
})

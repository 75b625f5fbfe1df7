import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { loadBenchConfig } from '../../bench/config.ts'
import { fillLedger, keyOf } from '../../bench/fill.ts'
import { sendDue } from '../../bench/fill-examples.ts'
import { systemClock } from '../../src/clock.ts'
import type { Config } from '../../src/config/config.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { faultsOf } from '../../src/ledger/sqlite/backup.ts'
import { silentLog } from '../../src/log.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'

const EVENTS = 2_000

/** What `npm run bench -- scale` measures in has to be what a service would have left, or it measures nothing. */
describe('a ledger that was filled for a bench', () => {
  let folder: string
  let file: string
  let config: Config
  let ledger: Ledger

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-filled-'))
    file = join(folder, 'filled.db')
    config = loadBenchConfig(folder, { route: ['expireAfter: 30d'] })
    await fillLedger(file, config, { events: EVENTS })
    ledger = await open(file)
  })
  after(async () => {
    await ledger.close()
    rmSync(folder, { recursive: true })
  })

  test('is sound, and has the tables, indexes and triggers of a new one', async () => {
    const fresh = join(folder, 'fresh.db')
    await (await open(fresh)).close()
    assert.deepEqual(faultsOf(file), [])
    assert.deepEqual(schemaOf(file), schemaOf(fresh))
  })

  test('has the events that were asked for, each with its message', async () => {
    const { events, messages } = await ledger.reads.summary()
    assert.deepEqual({ ...events }, { ...zeros(events), planned: EVENTS })
    assert.deepEqual({ ...messages }, { ...zeros(messages), sent: 1_904, skipped: 76, scheduled: 20 })
  })

  test('finds a customer’s messages, and what was sent with the newest', async () => {
    const found = await ledger.reads.messages({ customer: { email: 's100@example.com' }, limit: 100 })
    const [newest] = found
    assert.ok(newest)
    assert.equal(found.length, 10)
    assert.equal(newest.customer.externalId, 'S-100')
    assert.match(found.at(-1)?.removed ?? '', /removed after 30 days/)
    const [sent] = await ledger.reads.messages({ state: 'sent', limit: 1 })
    assert.ok(sent)
    const attempts = await ledger.reads.attempts(sent.id)
    assert.deepEqual(
      attempts.map(({ outcome, conversationId, contactId }) => ({ outcome, conversationId, contactId })),
      [{ outcome: 'sent', conversationId: sent.conversationId, contactId: sent.contactId }],
    )
    assert.equal((await ledger.reads.event(newest.eventId))?.key, keyOf(newest.eventId))
  })

  test('knows its events when they come again', async () => {
    const source = { name: 'crm', preset: 'standard-webhooks', custom: null } as const
    const body = JSON.stringify({
      type: 'ticket.resolved',
      data: { customer: { id: 'S-1' }, ticket: { id: 1 } },
    })
    const delivery = { body: Buffer.from(body), rawHeaders: [], receivedAt: Date.now() }
    const [event] = readDelivery(source, delivery, keyOf(EVENTS))
    assert.ok(event && !('reason' in event))
    const plan = planEvent(event, config)
    const recorded = await ledger.record([{ kind: 'event', event, plan, keepKeyForMs: 60_000 }])
    assert.deepEqual(recorded, [{ kind: 'known' }])
  })

  test('leaves nothing that the service would have removed by now', async () => {
    const removed = { payloads: 0, events: 0, others: 0 }
    for (let more = true; more; ) {
      const step = await ledger.removeOld({ ...config.retention, limit: 200 })
      removed.payloads += step.payloads
      removed.events += step.events
      removed.others += step.others
      more = step.more
    }
    assert.deepEqual(removed, { payloads: 0, events: 0, others: 0 })
  })

  test('sends what is due', async () => {
    const due = (await ledger.reads.summary()).due.count
    assert.equal(due, 4)
    await sendDue(ledger, due)
    assert.equal((await ledger.reads.summary()).messages.sent, 1_904 + due)
    await assert.rejects(sendDue(ledger, 1), /no message is due/)
  })
})

function open(file: string): Promise<Ledger> {
  return openLedger({ url: `sqlite:${file}`, clock: systemClock, log: silentLog, owner: true })
}

function schemaOf(file: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db
      .prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name')
      .all()
      .map((row) => ({ ...row }))
  } finally {
    db.close()
  }
}

function zeros<Key extends string>(counts: Readonly<Record<Key, number>>): Record<Key, number> {
  return Object.fromEntries(Object.keys(counts).map((key) => [key, 0])) as Record<Key, number>
}

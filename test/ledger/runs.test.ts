import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR, messageWith, schedule } from './contract/build.ts'
import { sqliteHarness } from './sqlite-harness.ts'

test('a run that was never written down whole does not run, and is given up', async () => {
  const harness = await sqliteHarness()
  try {
    const ledger = await harness.open()
    const failed = { state: 'failed', code: 'no-customer', reason: 'Nobody.' } as const
    const id = await schedule(ledger, harness, failed)
    // As a process leaves it that dies between two of the transactions.
    const db = harness.raw()
    db.prepare(
      `INSERT INTO runs (id, state, "by", force, filter, created_at, total) VALUES (1, 'preparing', 'ann', 0, '{}', ?, 1)`,
    ).run(harness.clock.now())
    db.prepare(`INSERT INTO run_messages (run_id, message_id, state) VALUES (1, ?, 'waiting')`).run(id)
    const request = { by: 'bob', reason: null, force: false, late: false, filter: {}, messageIds: [] }

    assert.equal(await ledger.stepRun({ limit: 9 }), null)
    await ledger.beginRun(request)
    assert.equal((await ledger.reads.run(1))?.state, 'preparing', 'somebody may be at it still')
    harness.clock.advance(2 * HOUR)
    await ledger.beginRun(request)
    assert.equal((await ledger.reads.run(1))?.state, 'stopped')
    assert.equal(await ledger.stepRun({ limit: 9 }), null)
    assert.equal((await messageWith(ledger, id)).state, 'failed')
  } finally {
    await harness.dispose()
  }
})

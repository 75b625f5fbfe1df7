import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { DAY, HOUR } from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

/** One delivery is refused and written. */
async function refuseOne(ledger: Ledger, { clock }: SqliteHarness): Promise<void> {
  ledger.keepRefused({
    source: 'crm',
    receivedAt: clock.now(),
    reason: 'no-match',
    method: 'POST',
    target: '/webhooks/crm',
    rawHeaders: ['x-token', 'a secret'],
    body: Buffer.from('{}'),
  })
  clock.advance(1000)
  await ledger.ping()
  await ledger.ping()
}

function rows(harness: SqliteHarness): unknown {
  return harness.raw().prepare('SELECT count(*) AS count FROM refused_deliveries').get()?.count
}

test('refused deliveries that are too old are deleted where nothing is refused any more', async () => {
  const harness = await sqliteHarness()
  try {
    const ledger = await harness.open()
    await refuseOne(ledger, harness)
    for (let hour = 0; hour < 23; hour += 1) {
      harness.clock.advance(HOUR)
      await ledger.ping()
      await ledger.ping()
    }
    assert.equal(rows(harness), 1)
    for (let hour = 0; hour < 2; hour += 1) {
      harness.clock.advance(HOUR)
      await ledger.ping()
      await ledger.ping()
    }
    assert.equal(rows(harness), 0)
  } finally {
    await harness.dispose()
  }
})

test('… and by the next start, by which the others are kept', async () => {
  const harness = await sqliteHarness()
  try {
    const first = await harness.open()
    await refuseOne(first, harness)
    harness.clock.advance(DAY / 2)
    await refuseOne(first, harness)
    assert.equal(rows(harness), 2)
    await first.close()
    harness.clock.advance(DAY / 2)
    const second = await harness.open()
    assert.equal(rows(harness), 1)
    harness.clock.advance(DAY / 2)
    await second.ping()
    await second.ping()
    assert.equal(rows(harness), 0)
  } finally {
    await harness.dispose()
  }
})

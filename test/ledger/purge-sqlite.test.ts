import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { happens } from './contract/build.ts'
import { ANN, eraseFrom, leftOfAnn, type PurgeHarness, sqlitePurgeHarness } from './purging.ts'
import type { SqliteHarness } from './sqlite-harness.ts'

async function onFile(body: (harness: PurgeHarness & SqliteHarness) => Promise<void>): Promise<void> {
  const harness = await sqlitePurgeHarness()
  try {
    await body(harness)
  } finally {
    await harness.dispose()
  }
}

describe('purge of a SQLite file: what stands on its pages', () => {
  test('what an earlier version left on pages in use is said beside a service, and gone without one', async () => {
    await onFile(async (harness) => {
      const ledger = await harness.open()
      await happens(ledger, harness)
      const old = new DatabaseSync(harness.file)
      old.exec('PRAGMA secure_delete = OFF; PRAGMA wal_checkpoint(TRUNCATE)')
      old.exec(`INSERT INTO meta (name, value) VALUES ('a1', 'x'), ('a2', 'mail ${ANN.email} '), ('a3', 'y')`)
      old.exec(`DELETE FROM meta WHERE name = 'a2'`)
      old.close()
      const beside = await eraseFrom(harness, ANN)
      assert.deepEqual(
        beside.left.map(({ where }) => where),
        [harness.file],
      )
      await ledger.close()
      assert.deepEqual((await eraseFrom(harness, ANN)).left, [])
      assert.equal(await leftOfAnn(harness), 0)
    })
  })

  test('what retention removed before stands on no free page', async () => {
    await onFile(async (harness) => {
      const ledger = await harness.open()
      const raw = Buffer.from(`{"mail":"${ANN.email}","filler":"${'x'.repeat(30_000)} ${ANN.email}"}`)
      for (let n = 0; n < 5; n += 1) await happens(ledger, harness, { raw })
      harness.clock.advance(40 * 86_400_000)
      const request = { payloadMs: 86_400_000, rowsMs: 365 * 86_400_000, limit: 100 }
      while ((await ledger.removeOld(request)).more);
      assert.ok(Number(harness.raw().prepare('PRAGMA freelist_count').get()?.freelist_count) > 10)
      assert.deepEqual((await eraseFrom(harness, ANN)).left, [])
      assert.equal(await leftOfAnn(harness), 0)
    })
  })
})

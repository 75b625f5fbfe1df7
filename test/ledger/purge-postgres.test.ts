import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Client } from 'pg'
import { ended, SENT } from './contract/build.ts'
import type { PostgresHarness } from './postgres-harness.ts'
import {
  ANN,
  eraseFrom,
  fill,
  leftOfAnn,
  namesOf,
  type PurgeHarness,
  postgresPurgeHarness,
} from './purging.ts'

async function onDatabase(body: (harness: PurgeHarness & PostgresHarness) => Promise<void>): Promise<void> {
  const harness = await postgresPurgeHarness()
  try {
    await body(harness)
  } finally {
    await harness.dispose()
  }
}

describe('purge of a PostgreSQL database: what no row shows', () => {
  test('versions of rows as they were are cleaned up', async () => {
    await onDatabase(async (harness) => {
      const ledger = await harness.open()
      await fill(ledger, harness, ANN)
      assert.deepEqual((await eraseFrom(harness, ANN)).left, [])
      const db = await harness.raw()
      for (const table of ['events', 'messages', 'attempts', 'message_identifiers']) {
        assert.equal(await removedFrom(db, table), 0, table)
      }
      await db.query('UPDATE messages SET reason = reason')
      assert.equal(await removedFrom(db, 'messages'), 5)
    })
  })

  test('statistics of tables that keep rows, and of those that keep none, forget the values', async () => {
    await onDatabase(async (harness) => {
      const ledger = await harness.open()
      for (let n = 0; n < 3; n += 1) {
        await ended(ledger, harness, SENT, {
          message: { customer: ANN, names: namesOf(ANN), route: `r${n}` },
          opened: { channel: 'email', address: ANN.email },
        })
        ledger.keepRefused({
          source: 'crm',
          receivedAt: harness.clock.now(),
          reason: 'signature',
          method: 'POST',
          target: `/webhooks/crm?mail=${ANN.email}`,
          rawHeaders: [],
          body: Buffer.from(`{"mail":"${ANN.email}"}`),
        })
      }
      await ledger.close()
      const db = await harness.raw()
      await db.query('ANALYZE')
      assert.deepEqual(await knownOf(db, ANN.email), ['attempts', 'messages', 'refused_deliveries'])

      const { left, messages } = await eraseFrom(harness, ANN)
      assert.deepEqual([left, messages], [[], 3])
      assert.deepEqual(await knownOf(db, ANN.email), [])
      assert.equal(await leftOfAnn(harness), 0)
      const { rows } = await db.query('SELECT count(*)::int AS count FROM refused_deliveries')
      assert.deepEqual(rows, [{ count: 0 }])
    })
  })

  test('what the planner still knows is told, and where', async () => {
    await onDatabase(async (harness) => {
      const ledger = await harness.open()
      await fill(ledger, harness, ANN)
      const db = await harness.raw()
      await db.query(
        `INSERT INTO runs (state, "by", reason, force, filter, created_at) SELECT 'done', 'op', $1, 0, '{}', 0 FROM generate_series(1, 3)`,
        [`for ${ANN.email}`],
      )
      await db.query('ANALYZE runs; DELETE FROM runs')
      const { left } = await eraseFrom(harness, ANN)
      assert.deepEqual(left, [{ where: 'statistics of runs', count: 1 }])
    })
  })

  test('rows that somebody wrote meanwhile are told by their table', async () => {
    await onDatabase(async (harness) => {
      await (await harness.open()).close()
      const db = await harness.raw()
      await db.query(`INSERT INTO meta (name, value) VALUES ('note', $1)`, [`of ${ANN.email}`])
      const { left, searched } = await eraseFrom(harness, ANN)
      assert.deepEqual(left, [{ where: 'table meta', count: 1 }])
      assert.ok(searched > ANN.email.length)
    })
  })
})

/** How many versions of rows a VACUUM finds that nobody can see any more. */
async function removedFrom(db: Client, table: string): Promise<number> {
  const said: string[] = []
  const hear = ({ message }: { message?: string | undefined }) => said.push(message ?? '')
  db.on('notice', hear)
  await db.query(`VACUUM (VERBOSE, PROCESS_TOAST OFF) ${table}`)
  db.off('notice', hear)
  const [, removed] = /^tuples: (\d+) removed/m.exec(said.join('\n')) ?? []
  return Number(removed)
}

/** The tables whose statistics hold this text. */
async function knownOf(db: Client, text: string): Promise<string[]> {
  const { rows } = await db.query(
    `SELECT DISTINCT tablename FROM pg_stats
     WHERE schemaname = 'public' AND concat(most_common_vals::text, histogram_bounds::text) LIKE '%' || $1 || '%' ORDER BY 1`,
    [text],
  )
  return rows.map(({ tablename }) => tablename)
}

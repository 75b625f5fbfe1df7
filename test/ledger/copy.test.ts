import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { undoCopy } from '../../src/ledger/copy/copy.ts'
import { NOT_COPIED, TABLES } from '../../src/ledger/copy/tables.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { draft, entry, planned } from './contract/build.ts'
import { ask, breakOff, contentOf, copy, filled, open, withPlaces } from './copying.ts'
import { everyRead } from './every-read.ts'
import { BEN, IDEMPOTENCY_KEY, SECRET, TOKEN } from './filled.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'
import { shapeOfPostgres, shapeOfSqlite } from './postgres/shape.ts'
import { postgresHarness } from './postgres-harness.ts'
import { sqliteHarness } from './sqlite-harness.ts'

/** What a service does with a ledger that it finds: each thing with what came of it. */
async function livesOn(ledger: Ledger, clock: ManualClock, sendingId: number): Promise<unknown[]> {
  const said: unknown[] = []
  const sending = await ledger.reads.message(sendingId)
  said.push([sending?.state, sending?.code, sending?.reason])
  const now = clock.now()
  said.push(await ledger.record([entry(now, 'anew', [planned(now, { route: 'anew' })])]))
  said.push(await ledger.record([entry(now, 'anew'), entry(now, 'half')]))
  clock.advance(10 * 60_000)
  for (;;) {
    const { messages } = await ledger.claim({ owner: 'worker', limit: 1, leaseMs: 60_000 })
    const [claimed] = messages
    if (!claimed) break
    const opened = await ledger.open(claimed.lease, draft({ channel: 'email' }))
    const what = opened.kind === 'open' ? opened.attempt.id : 'code' in opened && opened.code
    said.push([claimed.message.id, opened.kind, what])
    if (opened.kind !== 'open')
      await ledger.conclude(claimed.lease, { state: 'skipped', code: 'x', reason: '' })
  }
  said.push((await ledger.reads.suppressed([BEN])).length)
  said.push((await ledger.seeSession(SECRET, 3_600_000, true))?.name, (await ledger.seeToken(TOKEN))?.name)
  said.push(await ledger.beginKey(IDEMPOTENCY_KEY, TOKEN))
  said.push(await ledger.stepRun({ limit: 10 }))
  said.push(await ledger.bindHost('api.mypurecloud.com').catch((error: { code: string }) => error.code))
  said.push((await ledger.reads.audit({ limit: 1 }))[0]?.id)
  return said
}

describe('a ledger that is copied', () => {
  test('from a file into a database is the same to whoever reads it, and lives on as the same', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [file(), await database({ empty: true })]
      const clock = manualClock()
      const { sendingId } = await filled(from, clock)
      const content = await contentOf(from)
      const leased = await ask(from, 'SELECT lease_owner FROM messages WHERE lease_until > 0')
      assert.deepEqual(leased, [['worker']])

      const copied = await copy(from, to)
      for (const { table, rows } of copied.tables) {
        assert.ok(rows > 0, `something is in ${table}`)
        assert.equal(rows, content[table]?.length)
      }
      assert.deepEqual(await contentOf(to), content)
      assert.deepEqual(await contentOf(from), content)
      assert.deepEqual(
        await ask(to, 'SELECT id FROM messages WHERE lease_until > 0 OR lease_owner IS NOT NULL'),
        [],
      )

      await undoCopy(from)
      const [read, reread] = [
        await open(from, clock, { owner: false }),
        await open(to, clock, { owner: false }),
      ]
      assert.deepEqual(await everyRead(reread), await everyRead(read))
      await Promise.all([read.close(), reread.close()])

      const clocks = [manualClock(clock.now()), manualClock(clock.now())] as const
      const [source, target] = [await open(from, clocks[0]), await open(to, clocks[1])]
      try {
        const [before, after] = [
          await livesOn(source, clocks[0], sendingId),
          await livesOn(target, clocks[1], sendingId),
        ]
        assert.deepEqual(after, before)
        assert.ok(JSON.stringify(after).includes('"skipped","suppressed"'), JSON.stringify(after))
      } finally {
        await Promise.all([source.close(), target.close()])
      }
    }))

  test('goes into any other kind, and comes back as it was', () =>
    withPlaces(async ({ file, database }) => {
      const places = [file(), await database(), await database({ empty: true }), file(), file()]
      await filled(places[0] ?? '', manualClock())
      const content = await contentOf(places[0] ?? '')
      for (let n = 1; n < places.length; n += 1) {
        await copy(places[n - 1] ?? '', places[n] ?? '', { atOnce: 3 })
        assert.deepEqual(await contentOf(places[n] ?? ''), content, `copy ${n}`)
      }
      const clock = manualClock()
      await (await open(places.at(-1) ?? '', clock)).close()
    }))

  test('says of each batch how far it is', () =>
    withPlaces(async ({ file }) => {
      const [from, to] = [file(), file()]
      await filled(from, manualClock())
      const steps: [string, number][] = []
      const { rows } = await copy(from, to, {
        atOnce: 10,
        progress(step, done, of) {
          assert.ok(done <= of)
          steps.push([step, done])
        },
      })
      assert.deepEqual(steps.filter(([step]) => step === 'copy').at(-1), ['copy', rows])
      assert.deepEqual(steps.at(-1), ['compare', rows])
    }))

  test('goes on where it was broken off', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [file(), await database()]
      await filled(from, manualClock())
      const content = await contentOf(from)
      let copied = 0
      for (const batches of [1, 2, 9, 14]) {
        await breakOff(from, to, batches)
        const [row] = await ask(to, `SELECT value FROM meta WHERE name = 'copy'`)
        const { rows } = JSON.parse(String(row?.[0])) as { rows: number }
        assert.ok(rows > copied, `${rows} rows, after ${copied}`)
        copied = rows
      }
      const steps: number[] = []
      await copy(from, to, { progress: (_, done) => void steps.push(done) })
      assert.ok((steps[0] ?? 0) > copied)
      assert.deepEqual(await contentOf(to), content)
    }))

  test('that was whole, and its source given up, when it was broken off, is only opened', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [file(), await database()]
      await filled(from, manualClock())
      await copy(from, to)
      // As a kill just before the last step leaves it.
      const [row] = await ask(from, `SELECT value FROM meta WHERE name = 'moved'`)
      const { id } = JSON.parse(String(row?.[0])) as { id: string }
      const mark = JSON.stringify({ id, from: 'it', stamp: '', at: null, rows: 0, isCompared: true })
      await ask(to, `INSERT INTO meta (name, value) VALUES ('copy', '${mark}')`)
      await assert.rejects(open(to, manualClock()), { message: /is a copy of it that is not finished/ })
      const steps: string[] = []
      await copy(from, to, { progress: (step) => void steps.push(step) })
      assert.deepEqual(steps, [])
      await (await open(to, manualClock())).close()
    }))

  test('of every table there is', async () => {
    const [sqlite, postgres] = [await sqliteHarness(), await postgresHarness()]
    try {
      await (await sqlite.open()).close()
      const keys = Object.fromEntries(TABLES.map(({ name, key }) => [name, key]))
      for (const shape of [shapeOfSqlite(sqlite.raw()), await shapeOfPostgres(await postgres.raw())]) {
        const found = Object.entries(shape).filter(([name]) => !NOT_COPIED.includes(name))
        assert.deepEqual(Object.fromEntries(found.map(([name, { key }]) => [name, key])), keys)
        const place = (table: string) => TABLES.findIndex(({ name }) => name === table)
        for (const [name, { foreign }] of found) {
          for (const { of } of foreign)
            assert.ok(place(of.split('.')[0] ?? '') < place(name), `${name} after ${of}`)
        }
      }
    } finally {
      await sqlite.dispose()
      await postgres.dispose()
    }
  })
})

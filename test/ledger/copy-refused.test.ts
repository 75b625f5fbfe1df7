import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { copyLedger, undoCopy } from '../../src/ledger/copy/copy.ts'
import { openPostgresSide } from '../../src/ledger/copy/postgres-side.ts'
import { openSqliteSide } from '../../src/ledger/copy/sqlite-side.ts'
import { GONE_MS } from '../../src/ledger/instances.ts'
import { fileOf, openLedger } from '../../src/ledger/open.ts'
import { HOUSE } from '../../src/ledger/postgres/transactions.ts'
import { placeOf } from '../../src/ledger/postgres.ts'
import { isOwned } from '../../src/ledger/sqlite/ownership.ts'
import { silentLog } from '../../src/log.ts'
import { schedule } from './contract/build.ts'
import type { Harness } from './contract.ts'
import { ask, breakOff, contentOf, copy, filled, open, type Places, withPlaces } from './copying.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'
import { TEST_KEY } from './postgres-harness.ts'

const clock = { now: () => 0 }

/** A ledger with one message, in each kind of place. */
async function small(url: string, at: ManualClock = manualClock()): Promise<void> {
  const ledger = await open(url, at)
  await schedule(ledger, { clock: at } as Harness, { names: ['email:ann@example.com'] })
  await ledger.close()
}

const KINDS: readonly ['file' | 'database', (places: Places) => Promise<string>][] = [
  ['file', async ({ file }) => file()],
  ['database', ({ database }) => database()],
]

describe('a copy is refused', () => {
  for (const [kind, place] of KINDS) {
    test(`while a service uses the source, a ${kind}`, () =>
      withPlaces(async (places) => {
        const [from, to] = [await place(places), places.file()]
        await small(from)
        const service = await open(from, manualClock())
        await assert.rejects(copy(from, to), { code: 'LEDGER_IN_USE' })
        assert.equal(existsSync(fileOf(to) ?? ''), false)
        await service.close()
        await copy(from, to)
      }))

    test(`while a service uses the other, a ${kind}`, () =>
      withPlaces(async (places) => {
        const [from, to] = [places.file(), await place(places)]
        await small(from)
        const service = await open(to, manualClock())
        await assert.rejects(copy(from, to), { code: 'LEDGER_IN_USE' })
        await service.close()
        await copy(from, to)
      }))

    test(`where the other, a ${kind}, is a ledger that holds something`, () =>
      withPlaces(async (places) => {
        const [from, to] = [places.file(), await place(places)]
        await small(from)
        const other = await open(to, manualClock(), { owner: false })
        await other.suppress(['email:ann@example.com'], { channels: null, reason: 'Asked.', by: 'ann' })
        await other.close()
        const before = await contentOf(to)
        await assert.rejects(copy(from, to), {
          code: 'REFUSED',
          message: /is not empty \(suppressions, audit\)/,
        })
        assert.deepEqual(await contentOf(to), before)
      }))

    test(`as a ledger to use, while it is not whole, a ${kind}; as the source of another too`, () =>
      withPlaces(async (places) => {
        const [from, to] = [places.file(), await place(places)]
        await filled(from, manualClock())
        await breakOff(from, to, 4)
        const refused = { code: 'LEDGER_UNAVAILABLE', message: /is a copy of .* that is not finished/ }
        for (const owner of [true, false]) await assert.rejects(open(to, manualClock(), { owner }), refused)
        await assert.rejects(copy(to, places.file()), refused)
        // The source is what it was.
        await (await open(from, manualClock())).close()
      }))

    test(`as a ledger to use, when it was copied elsewhere, a ${kind}, until that is undone`, () =>
      withPlaces(async (places) => {
        const [from, to] = [await place(places), places.file()]
        await small(from)
        await copy(from, to)
        const words = new RegExp(`was copied to ${fileOf(to)}.*sent twice.*copy --undo`)
        const refused = { code: 'LEDGER_UNAVAILABLE', message: words }
        for (const owner of [true, false]) await assert.rejects(open(from, manualClock(), { owner }), refused)
        await assert.rejects(copy(from, to), { code: 'REFUSED', message: words })
        await assert.rejects(copy(from, places.file()), { code: 'REFUSED', message: words })
        const undone = { ledger: fileOf(from) ?? placeOf(from), copy: fileOf(to) }
        assert.deepEqual(await undoCopy(from), undone)
        await (await open(from, manualClock())).close()
        await assert.rejects(undoCopy(from), { code: 'REFUSED', message: /nothing to undo/ })
      }))
  }

  test('while an instance said of late that it is at work', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [await database(), file()]
      await small(from)
      const say = (ago: number) =>
        ask(
          from,
          `INSERT INTO instances VALUES ('a', 'host-7', 12, 'c', 0, extract(epoch FROM now()) * 1000 - ${ago})
           ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`,
        )
      await say(GONE_MS - 5_000)
      await assert.rejects(copy(from, to), { code: 'LEDGER_IN_USE', message: /\(host-7, process 12\)/ })
      await say(GONE_MS + 1_000)
      await copy(from, to)
    }))

  test('into itself, by whatever name', () =>
    withPlaces(async ({ file, database }) => {
      const [one, other] = [file(), await database()]
      await small(one)
      await small(other)
      await assert.rejects(copy(one, one.replace(/\/(?=[^/]*$)/, '/./')), {
        code: 'USAGE',
        message: /into itself/,
      })
      await assert.rejects(copy(other, `${other}?application_name=x`), {
        code: 'USAGE',
        message: /into itself/,
      })
    }))

  test('with another key than the one by which the names are hashed, and nothing is begun', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [file(), await database({ empty: true })]
      await small(from)
      await assert.rejects(copy(from, to, { key: randomBytes(32) }), {
        code: 'LEDGER_UNAVAILABLE',
        message: /another key than POSTRIDER_KEY.*take POSTRIDER_KEY away, so that .*\.key is used/,
      })
      await assert.rejects(copy(from, to, { key: undefined }), { message: /\.key is gone/ })
      writeFileSync(`${fileOf(from)}.key`, randomBytes(32).toString('base64'))
      await assert.rejects(copy(from, to, { key: undefined }), {
        message: new RegExp(`another key than ${fileOf(from)}.key`),
      })
      assert.deepEqual(await ask(to, 'SELECT relname FROM pg_class WHERE relname = $$meta$$'), [])
      await copy(from, to)
      const back = { from: to, to: file(), clock }
      await assert.rejects(copyLedger({ ...back, key: undefined }), { code: 'ENVIRONMENT_INVALID' })
      await assert.rejects(copyLedger({ ...back, key: randomBytes(32) }), { code: 'LEDGER_UNAVAILABLE' })
    }))

  test('of another ledger than the one it was begun of, or of one that was used since', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to, other] = [file(), await database(), file()]
      await filled(from, manualClock())
      await breakOff(from, to, 6)
      await small(other)
      const refused = { code: 'REFUSED', message: /begun and not finished, and .* is not what that was then/ }
      await assert.rejects(copy(other, to), refused)
      const later = manualClock(Date.UTC(2027, 0, 1))
      const command = await open(from, later, { owner: false })
      await command.ping()
      await command.close()
      await assert.rejects(copy(from, to), refused)
      await (await open(from, manualClock())).close()
    }))

  test('at its end, where a row is not the same, or one is missing or too many', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [file(), await database()]
      await filled(from, manualClock())
      await breakOff(from, to, 40)
      const differs = (sql: string, table: RegExp) =>
        ask(to, sql).then(() => assert.rejects(copy(from, to), { code: 'REFUSED', message: table }))
      await differs(`UPDATE suppressions SET reason = 'Not asked.'`, /does not hold what .*: suppressions \(/)
      await differs('DELETE FROM consents', /suppressions \(.*, consents \(rows: 1, in the copy 0\)/)
      await differs(
        `INSERT INTO sources VALUES ('shop', 5)`,
        /: sources \(rows: 1, in the copy 2\), suppressions/,
      )
      // Neither is given up for it.
      await assert.rejects(open(to, manualClock()), { code: 'LEDGER_UNAVAILABLE' })
      await (await open(from, manualClock())).close()
    }))

  test('with a row that the other database does not take, and the row is named', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [file(), await database()]
      await small(from)
      await ask(from, `UPDATE messages SET reason = 'a' || char(0) || 'b'`)
      await assert.rejects(copy(from, to), {
        code: 'REFUSED',
        message: /0x00 \(table messages, of the 1 rows up to \[1\]\)/,
      })
      await (await open(from, manualClock())).close()
    }))

  test('to what is no ledger, or of another program', () =>
    withPlaces(async ({ file, database }) => {
      const [from, to] = [file(), await database({ empty: true })]
      await small(from)
      for (const url of ['mysql://db/postrider', 'sqlite::memory:', 'postrider.db']) {
        await assert.rejects(copy(from, url), { code: 'USAGE', message: /--to is not a ledger/ })
      }
      await ask(to, 'CREATE TABLE orders (id int)')
      await assert.rejects(copy(from, to), { code: 'LEDGER_UNAVAILABLE', message: /another program's/ })
      const nowhere = to.replace(/postrider_test_\w+$/, 'postrider_test_nowhere')
      await assert.rejects(copy(from, nowhere), { code: 'LEDGER_UNAVAILABLE', message: /no such database/ })
      assert.notEqual(nowhere, to)
    }))
})

test('nobody else writes while a ledger is copied', () =>
  withPlaces(async ({ file, database }) => {
    const [one, other] = [file(), await database()]
    await small(one)
    await small(other)
    const path = fileOf(one) ?? ''
    const write = () => ask(one, `UPDATE meta SET value = value WHERE name = 'schema'`)
    const source = openSqliteSide(path, 'source')
    await assert.rejects(write(), { message: /database is locked/ })
    assert.equal(isOwned(path), true)
    await source.close()
    await write()
    assert.equal(isOwned(path), false)

    const free = () => ask(other, `SELECT pg_try_advisory_xact_lock_shared(${HOUSE}, 0)`)
    const side = await openPostgresSide(other, 'it')
    assert.deepEqual(await free(), [[0]])
    await side.close()
    assert.deepEqual(await free(), [[1]])
  }))

test('a key that lies beside the file is named; a copy that is a file is opened with it, and not without', () =>
  withPlaces(async ({ file }) => {
    const [from, to] = [file(), file()]
    const [key, keyOfCopy] = [`${fileOf(from)}.key`, `${fileOf(to)}.key`]
    writeFileSync(key, `${TEST_KEY.toString('base64')}\n`)
    await small(from)
    assert.equal((await copy(from, to, { key: undefined })).keyFile, key)
    const alone = { url: to, clock: manualClock(), log: silentLog, owner: true }
    await assert.rejects(openLedger(alone), { message: /\.key is gone/ })
    assert.equal(existsSync(keyOfCopy), false)
    copyFileSync(key, keyOfCopy)
    await (await openLedger(alone)).close()
    assert.equal((await copy(to, file())).keyFile, null, 'POSTRIDER_KEY is what was given')
  }))

import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { assertSound, backUp } from '../../src/ledger/sqlite/backup.ts'
import { happens, schedule } from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

async function onFile(body: (harness: SqliteHarness) => Promise<void>): Promise<void> {
  const harness = await sqliteHarness()
  try {
    await body(harness)
  } finally {
    await harness.dispose()
  }
}

const plain = { force: false, progress() {} }

describe('backup', () => {
  test('of a ledger that is written meanwhile holds all that was acknowledged before, each event whole', async () => {
    await onFile(async (harness) => {
      const ledger = await harness.open()
      const raw = Buffer.alloc(20_000, 'x')
      for (let n = 0; n < 300; n += 1) await happens(ledger, harness, { raw })
      let isCopying = true
      const writing = (async () => {
        while (isCopying) await schedule(ledger, harness)
      })()
      const copy = `${harness.file}.copy`
      const steps: number[] = []
      const { bytes } = await backUp(harness.file, copy, {
        force: false,
        progress: (done, of) => steps.push(done / of),
      })
      isCopying = false
      await writing
      assert.ok(steps.length > 0)
      assert.equal(bytes, statSync(copy).size)
      assert.equal(statSync(copy).mode & 0o777, 0o600)
      for (const left of ['.part', '.part-wal', '-wal', '-shm'])
        assert.equal(existsSync(`${copy}${left}`), false)
      const db = new DatabaseSync(copy, { readOnly: true })
      const count = Number(db.prepare('SELECT count(*) AS count FROM events').get()?.count)
      const parted = db.prepare(
        `SELECT count(*) AS count FROM events WHERE state = 'planned' AND id NOT IN (SELECT event_id FROM messages)`,
      )
      assert.equal(parted.get()?.count, 0)
      db.close()
      assert.ok(count >= 300, `${count} events`)
    })
  })

  test('replaces nothing unless that is said, and then only with what is whole', async () => {
    await onFile(async (harness) => {
      await (await harness.open()).close()
      const copy = `${harness.file}.copy`
      writeFileSync(copy, 'precious')
      await assert.rejects(backUp(harness.file, copy, plain), {
        code: 'REFUSED',
        message: /exists already.*--force/,
      })
      await assert.rejects(backUp(`${harness.file}.none`, copy, { ...plain, force: true }))
      assert.equal(readFileSync(copy, 'utf8'), 'precious')
      await backUp(harness.file, copy, { ...plain, force: true })
      assertSound(copy)
    })
  })

  test('a folder that does not exist is named', async () => {
    await onFile(async (harness) => {
      await (await harness.open()).close()
      const copy = `${harness.file}.folder/copy.db`
      await assert.rejects(backUp(harness.file, copy, plain), {
        code: 'REFUSED',
        message: /cannot be written/,
      })
    })
  })

  test('a damaged ledger is not taken for a backup', async () => {
    await onFile(async (harness) => {
      const ledger = await harness.open()
      for (let n = 0; n < 200; n += 1) await happens(ledger, harness, { raw: Buffer.alloc(3_000, 'x') })
      await ledger.close()
      const bytes = readFileSync(harness.file)
      // From the middle on: pages of trees, which say nonsense now.
      bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 40_960)
      writeFileSync(harness.file, bytes)
      const damaged = { code: 'LEDGER_UNAVAILABLE', message: /damaged/ }
      assert.throws(() => assertSound(harness.file), damaged)
      const copy = `${harness.file}.copy`
      await assert.rejects(backUp(harness.file, copy, plain), damaged)
      assert.equal(existsSync(copy), false)
    })
  })
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { schedule } from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

const MAIL = 'email:ann@example.com'
const REFUSAL = { channels: null, reason: 'She asked.', by: 'ann' }

async function onFile(body: (harness: SqliteHarness) => Promise<void>): Promise<void> {
  const harness = await sqliteHarness()
  try {
    await body(harness)
  } finally {
    await harness.dispose()
  }
}

async function isSuppressed({ file, clock }: SqliteHarness, key?: Uint8Array): Promise<boolean> {
  const url = `sqlite:${file}`
  const ledger = await openLedger({ url, clock, log: silentLog, owner: true, ...(key ? { key } : {}) })
  try {
    return (await ledger.reads.suppressed([MAIL])).length > 0
  } finally {
    await ledger.close()
  }
}

describe('the key of a ledger', () => {
  test('is made beside a new file, for its owner alone, and stays', () =>
    onFile(async (harness) => {
      const ledger = await harness.open()
      await ledger.suppress([MAIL], REFUSAL)
      await ledger.close()
      const path = `${harness.file}.key`
      assert.equal(statSync(path).mode & 0o777, 0o600)
      const key = readFileSync(path, 'utf8')
      assert.equal(Buffer.from(key, 'base64').length, 32)
      assert.equal(await isSuppressed(harness), true)
      assert.equal(readFileSync(path, 'utf8'), key)
      // Nothing of the draft under which it was written stays.
      const others = readdirSync(dirname(path)).filter((name) => name.includes('.key'))
      assert.equal(others.length, 1)
    }))

  test('given, it is used and none is made; the names are in the file under no other', () =>
    onFile(async (harness) => {
      const key = randomBytes(32)
      const { file, clock } = harness
      const ledger = await openLedger({ url: `sqlite:${file}`, clock, log: silentLog, owner: true, key })
      await ledger.suppress([MAIL], REFUSAL)
      await ledger.close()
      assert.equal(existsSync(`${file}.key`), false)
      assert.equal(await isSuppressed(harness, key), true)
      assert.doesNotMatch(readFileSync(file, 'latin1'), /ann@example/)
    }))

  test('another than the one it was written with is refused, by commands too, and none is made in its place', () =>
    onFile(async (harness) => {
      const ledger = await harness.open()
      await ledger.suppress([MAIL], REFUSAL)
      await ledger.close()
      const kept = readFileSync(`${harness.file}.key`)
      const refused = { code: 'LEDGER_UNAVAILABLE', message: /another key.*\.key from a backup/ }
      await assert.rejects(isSuppressed(harness, randomBytes(32)), refused)
      rmSync(`${harness.file}.key`)
      await assert.rejects(isSuppressed(harness), { message: /\.key is gone/ })
      assert.equal(existsSync(`${harness.file}.key`), false)
      writeFileSync(`${harness.file}.key`, kept)
      assert.equal(await isSuppressed(harness), true)
      const again = await harness.open()
      await again.allow([MAIL], null, 'ann')
      await again.close()
      // What was lifted is remembered, too: an event that is read once more must not bring it back.
      await assert.rejects(isSuppressed(harness, randomBytes(32)), refused)
    }))

  test('another is taken where no name is in the ledger; one message, or consent, is enough', () =>
    onFile(async (harness) => {
      const { file, clock } = harness
      const withKey = (key: Uint8Array, owner: boolean) =>
        openLedger({ url: `sqlite:${file}`, clock, log: silentLog, owner, key })
      const [first, second] = [randomBytes(32), randomBytes(32)]
      await (await withKey(first, true)).close()
      const ledger = await withKey(second, true)
      // A command of a shell that knows another key, beside the service.
      await schedule(ledger, harness, { names: [MAIL] })
      await assert.rejects(withKey(first, false), { code: 'LEDGER_UNAVAILABLE', message: /another key/ })
      await ledger.close()
      await assert.rejects(withKey(first, true), { code: 'LEDGER_UNAVAILABLE' })
    }))

  test('a file that holds none is refused, and a ledger that is none gets none', () =>
    onFile(async (harness) => {
      writeFileSync(`${harness.file}.key`, 'not a key\n')
      await assert.rejects(isSuppressed(harness), { code: 'LEDGER_UNAVAILABLE', message: /holds no key/ })
      rmSync(`${harness.file}.key`)
      rmSync(harness.file)
      const guests = new DatabaseSync(harness.file)
      guests.exec('CREATE TABLE guests (name TEXT)')
      guests.close()
      await assert.rejects(isSuppressed(harness), { message: /another program/ })
      assert.equal(existsSync(`${harness.file}.key`), false)
    }))
})

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { PostriderError } from '../../src/errors.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { openDatabase, preparer } from '../../src/ledger/sqlite/database.ts'
import { transactionsOf } from '../../src/ledger/sqlite/transactions.ts'
import { createTallies } from '../../src/ledger/verbs/tallies.ts'
import { silentLog } from '../../src/log.ts'
import { claimOne, entry, schedule } from './contract/build.ts'
import { ledgerContract } from './contract.ts'
import { manualClock } from './manual-clock.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

ledgerContract('a SQLite ledger', sqliteHarness)

async function onFile(body: (harness: SqliteHarness) => Promise<void>): Promise<void> {
  const harness = await sqliteHarness()
  try {
    await body(harness)
  } finally {
    await harness.dispose()
  }
}

const open = (file: string, owner = true) =>
  openLedger({ url: `sqlite:${file}`, clock: manualClock(), log: silentLog, owner })

/** Rejects with this code; the words name the file and hold no stack. */
async function refuses(file: string, code: string, words: RegExp): Promise<void> {
  await assert.rejects(open(file), (error) => {
    assert.ok(error instanceof PostriderError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, words)
    assert.ok(error.message.includes(file))
    assert.ok(!error.message.includes('    at '))
    return true
  })
}

describe('the file', () => {
  test('is made with its folder, for its owner alone, and is alone when closed', () =>
    onFile(async ({ file }) => {
      const nested = join(`${file}-folder`, 'deeper', 'ledger.db')
      const ledger = await open(nested)
      await ledger.ping()
      assert.equal(statSync(nested).mode & 0o777, 0o600)
      assert.equal(statSync(`${nested}-wal`).mode & 0o777, 0o600)
      await ledger.close()
      assert.equal(existsSync(`${nested}-wal`), false)
      const db = new DatabaseSync(nested, { readOnly: true })
      assert.equal(db.prepare(`SELECT count(*) AS n FROM meta WHERE name = 'ping'`).get()?.n, 1)
      db.close()
    }))

  test('is durable: WAL, and each commit synced, but for what need not be', () =>
    onFile(async ({ file, open }) => {
      await (await open()).close()
      const db = openDatabase(file)
      const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
      const prepare = preparer(db)
      const { begin, commit, rollback } = transactionsOf(db, prepare, createTallies(prepare, manualClock()))
      const [NORMAL, FULL] = [1, 2]
      const during = (durable: boolean, end: () => void) => {
        begin([{ durable }])
        const level = pragma('synchronous')
        end()
        return level
      }
      assert.equal(pragma('synchronous'), FULL)
      assert.equal(during(true, commit), FULL)
      assert.equal(during(false, commit), NORMAL)
      assert.equal(during(true, commit), FULL)
      assert.equal(during(false, rollback), NORMAL)
      assert.equal(pragma('synchronous'), FULL)
      assert.equal(pragma('journal_mode'), 'wal')
      assert.equal(pragma('foreign_keys'), 1)
      db.close()
    }))

  test('what is acknowledged is there for any other connection', () =>
    onFile(async ({ open, raw }) => {
      await (await open()).bindHost('here')
      assert.equal(raw().prepare(`SELECT value FROM meta WHERE name = 'host'`).get()?.value, 'here')
    }))

  test('its log starts over again and again, however much is written without a rest', () =>
    onFile(async ({ open, clock, file }) => {
      const ledger = await open()
      const big = Buffer.alloc(1024 * 1024)
      const all = Array.from({ length: 70 }, (_, n) =>
        ledger.record([entry(clock.now(), `k${n}`, [], { raw: big })]),
      )
      await Promise.all(all)
      for (let n = 70; n < 140; n += 1) await ledger.record([entry(clock.now(), `k${n}`, [], { raw: big })])
      const MiB = 1024 * 1024
      assert.ok(statSync(`${file}-wal`).size < 100 * MiB, `${statSync(`${file}-wal`).size / MiB} MiB`)
      assert.ok(statSync(file).size > 100 * MiB)
    }))

  test('two may open it at the same moment', () =>
    onFile(async ({ open }) => {
      const [one, two] = await Promise.all([open(), open({ owner: false })])
      await Promise.all([one.ping(), two.ping()])
    }))

  test('a later version’s is refused and not touched', () =>
    onFile(async ({ open, raw, file }) => {
      await (await open()).close()
      raw().exec(`UPDATE meta SET value = '999' WHERE name = 'schema'`)
      await refuses(file, 'LEDGER_TOO_NEW', /later version.*schema 999/)
    }))

  test('another program’s is refused and not touched', () =>
    onFile(async ({ raw, file }) => {
      raw().exec('CREATE TABLE guests (name TEXT)')
      await refuses(file, 'LEDGER_UNAVAILABLE', /another program/)
      assert.deepEqual(
        raw()
          .prepare(`SELECT name FROM sqlite_schema`)
          .all()
          .map(({ name }) => name),
        ['guests'],
      )
    }))

  test('what is no database is refused', () =>
    onFile(async ({ file }) => {
      writeFileSync(file, 'Dear diary, this is certainly not an SQLite database. '.repeat(100))
      await refuses(file, 'LEDGER_UNAVAILABLE', /not an SQLite database/)
    }))

  test('a folder, and a place below a file, are refused', () =>
    onFile(async ({ file }) => {
      mkdirSync(`${file}-folder`)
      await refuses(`${file}-folder`, 'LEDGER_UNAVAILABLE', /is a folder/)
      writeFileSync(file, '')
      await refuses(join(file, 'x.db'), 'LEDGER_UNAVAILABLE', /cannot be created/)
    }))

  test('one that may not be written is refused, whether the folder or the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-readonly-'))
    const root = process.getuid?.() === 0
    const asNobody = async (body: () => Promise<void>) => {
      // Root may write everywhere, so for this test the process is nobody.
      if (root) process.seteuid?.(65534)
      try {
        await body()
      } finally {
        if (root) process.seteuid?.(0)
      }
    }
    return (async () => {
      const file = join(folder, 'ledger.db')
      try {
        await (await open(file)).close()
        chmodSync(file, 0o444)
        chmodSync(`${file}-owner`, 0o666)
        chmodSync(folder, 0o555)
        await asNobody(() => refuses(file, 'LEDGER_UNAVAILABLE', /read-only|permission/))
        await asNobody(() =>
          refuses(join(folder, 'new.db'), 'LEDGER_UNAVAILABLE', /cannot be created \(EACCES\)/),
        )
        chmodSync(folder, 0o755)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })()
  })

  test('PostgreSQL without a key, and nonsense, are named as what they are', async () => {
    const rest = { clock: manualClock(), log: silentLog, owner: true }
    await assert.rejects(openLedger({ url: 'postgres://db/postrider', ...rest }), /POSTRIDER_KEY is not set/)
    for (const url of ['ledger.db', 'sqlite::memory:']) {
      await assert.rejects(openLedger({ url, ...rest }), /DATABASE_URL is not a ledger/)
    }
  })
})

describe('trouble while it runs', () => {
  test('a file that was deleted takes nothing more: it would be lost at the next start', () =>
    onFile(async ({ open, clock, file }) => {
      const ledger = await open()
      await ledger.record([entry(clock.now(), 'k1')])
      renameSync(file, `${file}-away`)
      const gone = { code: 'LEDGER_UNAVAILABLE', message: /deleted or replaced/ }
      await assert.rejects(ledger.record([entry(clock.now(), 'k2')]), gone)
      await assert.rejects(ledger.ping(), gone)
      writeFileSync(file, 'another')
      await assert.rejects(ledger.ping(), gone)
      renameSync(`${file}-away`, file)
      assert.equal((await ledger.record([entry(clock.now(), 'k2')]))[0]?.kind, 'recorded')
    }))

  test('a write that another program holds up is refused as unavailable, and works again after it', () =>
    onFile(async ({ open, raw, clock }) => {
      const ledger = await open()
      raw().exec('BEGIN IMMEDIATE')
      const blocked = [ledger.record([entry(clock.now(), 'k1')]), ledger.ping()]
      for (const one of blocked) {
        await assert.rejects(one, { code: 'LEDGER_UNAVAILABLE', retryable: true, message: /write lock/ })
      }
      await assert.rejects(ledger.takeBudget(300, 1), { code: 'LEDGER_UNAVAILABLE' })
      raw().exec('ROLLBACK')
      assert.equal((await ledger.record([entry(clock.now(), 'k1')]))[0]?.kind, 'recorded')
    }))

  test('a change that the database refuses fails alone', () =>
    onFile(async (harness) => {
      const ledger = await harness.open()
      await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      harness
        .raw()
        .exec(
          `CREATE TRIGGER no BEFORE UPDATE OF reason ON messages WHEN NEW.reason = 'forbidden' BEGIN SELECT RAISE(ABORT, 'not that'); END`,
        )
      const refused = ledger.conclude(lease, { state: 'failed', code: 'x', reason: 'forbidden' })
      const neighbour = ledger.record([entry(harness.clock.now(), 'k1')])
      await assert.rejects(refused, { code: 'REFUSED', message: /not that/ })
      assert.equal((await neighbour)[0]?.kind, 'recorded')
      assert.equal(await ledger.conclude(lease, { state: 'failed', code: 'x', reason: 'allowed' }), true)
    }))

  test('an event whose key is signed claims one hash, and says nothing twice', () =>
    onFile(async ({ open, raw, clock }) => {
      const ledger = await open()
      const hashes = () => raw().prepare('SELECT count(*) AS n FROM event_keys').get()?.n
      await ledger.record([entry(clock.now(), 'signed')])
      assert.equal(hashes(), 1)
      const row = raw().prepare('SELECT sender_type, subject, headers FROM events').get()
      assert.deepEqual({ ...row }, { sender_type: null, subject: null, headers: null })
      await ledger.record([entry(clock.now(), 'unsigned', [], { keyIsUnsigned: true })])
      assert.equal(hashes(), 4)
    }))

  test('new lanes of work that was undone are not remembered', () =>
    onFile(async (harness) => {
      const ledger = await harness.open()
      await harness.refuseEventsOfType('poison')
      const { clock } = harness
      await assert.rejects(
        Promise.all([
          schedule(ledger, harness, { route: 'fresh' }),
          ledger.addPlan(99, {
            state: 'unrouted',
            reason: null,
            notes: [],
            messages: [],
            configVersion: 'c',
            cancels: [],
            names: [],
            consent: null,
            suppress: null,
          }),
        ]),
      )
      await ledger.record([entry(clock.now(), 'poisoned', [], { type: 'poison' })])
      await schedule(ledger, harness, { route: 'fresh' })
      assert.equal((await ledger.claim({ owner: 'w', limit: 10, leaseMs: 1000 })).messages.length, 2)
    }))
})

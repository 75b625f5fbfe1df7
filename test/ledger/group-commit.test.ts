import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createGroupCommit } from '../../src/ledger/group-commit.ts'
import { isTrouble, ledgerError } from '../../src/ledger/sqlite/trouble.ts'

/** A group over a real database in memory that counts its transactions. */
function group({ limit = 100 } = {}) {
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT')
  const insert = db.prepare('INSERT INTO notes (text) VALUES (?)')
  const seen = { begun: 0, committed: 0, undone: 0 }
  const { commit, close } = createGroupCommit({
    transactions: {
      begin() {
        seen.begun += 1
        db.exec('BEGIN IMMEDIATE')
      },
      commit: () => db.exec('COMMIT'),
      rollback() {
        if (db.isTransaction) db.exec('ROLLBACK')
      },
      savepoint: () => db.exec('SAVEPOINT alone'),
      releaseSavepoint: () => db.exec('RELEASE alone'),
      rollbackToSavepoint: () => db.exec('ROLLBACK TO alone'),
    },
    limit,
    isTrouble,
    translate: (error) => ledgerError(error, 'memory'),
    committed() {
      assert.equal(db.isTransaction, false)
      seen.committed += 1
    },
    undone() {
      seen.undone += 1
    },
  })
  const note = (text: string) => () => {
    insert.run(text)
    return text
  }
  const notes = () =>
    db
      .prepare('SELECT text FROM notes ORDER BY text')
      .all()
      .map(({ text }) => text)
  return { db, commit, close, note, notes, seen }
}

test('all of one turn share a transaction, and resolve in order after its commit', async () => {
  const { commit, note, seen, notes } = group()
  const order: string[] = []
  await Promise.all(['a', 'b', 'c'].map(async (text) => order.push(await commit(note(text)))))
  assert.deepEqual(order, ['a', 'b', 'c'])
  assert.deepEqual(seen, { begun: 1, committed: 1, undone: 0 })
  await commit(note('d'))
  assert.equal(seen.begun, 2)
  assert.deepEqual(notes(), ['a', 'b', 'c', 'd'])
})

test('only the culprit fails, and each runs alone once more', async () => {
  const { commit, note, seen, notes } = group()
  await commit(note('taken'))
  const ways: string[] = []
  const settled = await Promise.allSettled([
    commit(note('a')),
    commit(note('taken')),
    commit(
      () => ways.push('together'),
      () => ways.push('alone'),
    ),
    commit(() => {
      throw new RangeError('a mistake')
    }),
    commit(note('b')),
  ])
  assert.deepEqual(
    settled.map((one) => (one.status === 'rejected' ? String(one.reason.code ?? one.reason) : 'done')),
    ['done', 'REFUSED', 'done', 'RangeError: a mistake', 'done'],
  )
  assert.deepEqual(ways, ['alone'])
  assert.deepEqual(notes(), ['a', 'b', 'taken'])
  assert.equal(seen.begun, 3)
  assert.equal(seen.undone, 3)
})

test('a full disk fails all of them, changes nothing, and is got over', async () => {
  const { db, commit, note, notes } = group()
  await commit(note('before'))
  const pages = db.prepare('PRAGMA page_count').get()?.page_count
  db.exec(`PRAGMA max_page_count = ${pages}`)
  const settled = await Promise.allSettled([
    commit(note('a')),
    commit(note('x'.repeat(100_000))),
    commit(note('b')),
  ])
  for (const one of settled) {
    assert.ok(one.status === 'rejected')
    assert.equal(one.reason.code, 'LEDGER_UNAVAILABLE')
    assert.equal(one.reason.retryable, true)
    assert.match(one.reason.message, /disk is full/)
  }
  assert.deepEqual(notes(), ['before'])
  db.exec('PRAGMA max_page_count = 1000')
  await commit(note('after'))
  assert.deepEqual(notes(), ['after', 'before'])
})

test('what is too much is refused at once; what is taken is done', async () => {
  const { commit, note, notes } = group({ limit: 2 })
  const settled = await Promise.allSettled(['a', 'b', 'c'].map((text) => commit(note(text))))
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
  assert.deepEqual(notes(), ['a', 'b'])
})

test('closing commits what waits and takes nothing more', async () => {
  const { commit, close, note, notes } = group()
  const waiting = commit(note('a'))
  close()
  await waiting
  await assert.rejects(commit(note('b')), { code: 'LEDGER_UNAVAILABLE' })
  assert.deepEqual(notes(), ['a'])
})

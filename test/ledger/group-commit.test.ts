import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createGroupCommit } from '../../src/ledger/group-commit.ts'
import { isTrouble, ledgerError } from '../../src/ledger/sqlite/trouble.ts'

/** A group over a real database in memory that counts its transactions. */
function group() {
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT')
  const insert = db.prepare('INSERT INTO notes (text) VALUES (?)')
  const seen = { durable: [] as boolean[], committed: 0, undone: 0 }
  const { commit, close } = createGroupCommit({
    transactions: {
      begin(group) {
        seen.durable.push(group.some(({ durable = true }) => durable))
        db.exec('BEGIN IMMEDIATE')
      },
      commit() {
        db.exec('COMMIT')
        seen.committed += 1
      },
      rollback() {
        if (db.isTransaction) db.exec('ROLLBACK')
      },
      savepoint: () => db.exec('SAVEPOINT alone'),
      releaseSavepoint: () => db.exec('RELEASE alone'),
      rollbackToSavepoint: () => db.exec('ROLLBACK TO alone'),
    },
    isTrouble,
    translate: (error) => ledgerError(error, 'memory'),
    undone() {
      seen.undone += 1
    },
  })
  const note = (text: string) => ({
    together() {
      insert.run(text)
      return text
    },
  })
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
  assert.deepEqual(seen, { durable: [true], committed: 1, undone: 0 })
  await commit(note('d'))
  assert.equal(seen.committed, 2)
  assert.deepEqual(notes(), ['a', 'b', 'c', 'd'])
})

test('only the culprit fails, and each runs alone once more', async () => {
  const { commit, note, seen, notes } = group()
  await commit(note('taken'))
  const ways: string[] = []
  const settled = await Promise.allSettled([
    commit(note('a')),
    commit(note('taken')),
    commit({ together: () => ways.push('together'), alone: () => ways.push('alone') }),
    commit({
      together() {
        throw new RangeError('a mistake')
      },
    }),
    commit(note('b')),
  ])
  assert.deepEqual(
    settled.map((one) => (one.status === 'rejected' ? String(one.reason.code ?? one.reason) : 'done')),
    ['done', 'REFUSED', 'done', 'RangeError: a mistake', 'done'],
  )
  assert.deepEqual(ways, ['alone'])
  assert.deepEqual(notes(), ['a', 'b', 'taken'])
  assert.equal(seen.durable.length, 3)
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

test('a group is durable where any of it is', async () => {
  const { commit, note, seen } = group()
  const loose = (text: string) => ({ ...note(text), durable: false })
  await Promise.all([commit(loose('a')), commit(loose('b'))])
  await Promise.all([commit(loose('c')), commit(note('d'))])
  assert.deepEqual(seen.durable, [false, true])
})

test('closing commits what waits and takes nothing more', async () => {
  const { commit, close, note, notes } = group()
  const waiting = commit(note('a'))
  close()
  await waiting
  await assert.rejects(commit(note('b')), { code: 'LEDGER_UNAVAILABLE' })
  assert.deepEqual(notes(), ['a'])
})

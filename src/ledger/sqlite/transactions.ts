import type { DatabaseSync } from 'node:sqlite'
import type { Transactions } from '../group-commit.ts'
import type { Prepare } from '../verbs/statement.ts'
import type { Tallies } from '../verbs/tallies.ts'

/**
 * SQLite's transactions for the group commit. What need not be durable at once is committed with `synchronous = NORMAL`: its order is kept by
 * the WAL, and the next durable commit takes it to the disk. Outside of such a transaction the connection is always at FULL. What was counted is committed with what it counts.
 */
export function transactionsOf(db: DatabaseSync, prepare: Prepare, tallies: Tallies): Transactions {
  const begin = prepare('BEGIN IMMEDIATE')
  const commit = prepare('COMMIT')
  const savepoint = prepare('SAVEPOINT alone')
  const releaseSavepoint = prepare('RELEASE alone')
  const rollbackToSavepoint = prepare('ROLLBACK TO alone')
  let isLoose = false

  // SQLite takes a change of `synchronous` only outside of a transaction.
  function tighten(): void {
    if (isLoose) db.exec('PRAGMA synchronous = FULL')
    isLoose = false
  }

  return {
    begin(group) {
      if (!group.some(({ durable = true }) => durable)) {
        db.exec('PRAGMA synchronous = NORMAL')
        isLoose = true
      }
      begin.run()
    },
    commit() {
      tallies.write()
      commit.run()
      tighten()
    },
    rollback() {
      // SQLite has rolled back by itself after some of its own errors.
      if (db.isTransaction) db.exec('ROLLBACK')
      tallies.forget()
      tighten()
    },
    savepoint() {
      savepoint.run()
      tallies.mark()
    },
    releaseSavepoint: () => void releaseSavepoint.run(),
    rollbackToSavepoint() {
      rollbackToSavepoint.run()
      tallies.back()
    },
  }
}

import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { PostriderError } from '../../errors.ts'
import { type Answers, type Call, type Calls, type Opened, perform, workOf } from '../calls.ts'
import { createGroupCommit, type GroupCommit, type Work } from '../group-commit.ts'
import { keyBeside } from '../key.ts'
import { migrate } from '../migrations.ts'
import { createNames } from '../names.ts'
import { serve } from '../thread.ts'
import { createAssertUsable, createKnowsKey } from '../verbs/house.ts'
import { createStore } from '../verbs/store.ts'
import { createVerbs } from '../verbs/verbs.ts'
import { DIALECT, openDatabase, preparer, stopWaitingLong } from './database.ts'
import { assertStillThere, type Identity, identityOf } from './presence.ts'
import { transactionsOf } from './transactions.ts'
import { isTrouble, ledgerError, refusalOf } from './trouble.ts'

export type Question =
  /** Comes first. `owner`: what the boot before left behind is put in order. `key`: of the hashes of customers' names; null: what lies beside the file. */
  { kind: 'open'; owner: boolean; now: number; key: Uint8Array | null } | ({ kind: 'calls' } & Calls)

type Running = {
  file: string
  owner: boolean
  identity: Identity
  db: DatabaseSync
  group: GroupCommit
  worksOf(calls: readonly Call[]): Work<unknown>[]
  takeDue(): boolean
}

/** The thread that writes: everything that changes the ledger happens here, on one connection, one transaction after another. */
serve<Question>((file) => {
  let running: Running | null = null
  return {
    answer(question) {
      if (question.kind === 'calls') {
        if (!running) throw new PostriderError('LEDGER_UNAVAILABLE', `The ledger ${file} is not open.`)
        return write(running, question)
      }
      try {
        const started = start(file, question)
        running = started.running
        return started.opened
      } catch (error) {
        throw ledgerError(error, file)
      }
    },
    end() {
      if (!running) return
      const { owner, db, group } = running
      group.close()
      try {
        // An empty WAL: the file alone is the ledger, and may be copied.
        if (owner) db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } finally {
        db.close()
      }
    },
  }
})

function start(
  file: string,
  { owner, now, key }: Extract<Question, { kind: 'open' }>,
): { running: Running; opened: Opened } {
  const db = openDatabase(file)
  try {
    migrate(db, file)
    stopWaitingLong(db)
    const clock = { at: now, now: () => clock.at }
    let isDue = false
    const dueNow = () => {
      isDue = true
    }
    const prepare = preparer(db)
    createAssertUsable({ prepare })(file)
    const names = createNames(key ?? keyBeside(file, !createKnowsKey({ prepare })()))
    const store = createStore({
      prepare,
      dialect: DIALECT,
      clock,
      random: randomUUID,
      refusalOf,
      dueNow,
      names,
    })
    const verbs = createVerbs(store)
    verbs.rememberKey(file)
    const group = createGroupCommit({
      transactions: transactionsOf(db, prepare, store.tallies),
      isTrouble,
      translate: (error) => ledgerError(error, file),
      undone: () => verbs.record.forget(),
    })
    const running: Running = {
      file,
      owner,
      identity: identityOf(file),
      db,
      group,
      worksOf: (calls) =>
        calls.map((call) => {
          const work = workOf(call, verbs, file)
          const { alone } = work
          const at =
            <T>(run: () => T) =>
            () => {
              clock.at = call.now
              return run()
            }
          return { ...work, together: at(work.together), ...(alone ? { alone: at(alone) } : {}) }
        }),
      takeDue() {
        const due = isDue
        isDue = false
        return due
      },
    }
    if (!owner) return { running, opened: { interrupted: 0, keepsRefused: false } }
    db.exec('BEGIN IMMEDIATE')
    const recovered = verbs.recover.ofTheBootBefore()
    verbs.forgiveDebt()
    const keepsRefused = verbs.keptDeliveries.forget()
    db.exec('COMMIT')
    return { running, opened: { ...recovered, keepsRefused } }
  } catch (error) {
    db.close()
    throw error
  }
}

function write(running: Running, calls: Calls): Promise<Answers> {
  // SQLite would go on writing into a file that nobody finds again.
  assertStillThere(running.file, running.identity)
  return perform(calls, running)
}

import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../clock.ts'
import { keyBeside } from '../key.ts'
import type { Mentions } from '../mentions.ts'
import { migrate } from '../migrations.ts'
import { createNames } from '../names.ts'
import type { Erased, Erasing } from '../purge.ts'
import { createPurge, type Purge } from '../purging.ts'
import { createRememberKey } from '../verbs/house.ts'
import { createStore } from '../verbs/store.ts'
import { DIALECT, openDatabase, preparer } from './database.ts'
import { isOwned } from './ownership.ts'
import { emptyLog, overwriteFreePages, searchFiles, searchRows } from './purge-proof.ts'
import { ledgerError, refusalOf } from './trouble.ts'

/** How often a log is tried to be emptied that somebody reads, and how long is waited between. */
const LOG_TRIES = 40
const LOG_MS = 250

/**
 * Erases one customer from a SQLite ledger, on a connection of its own, beside the service that owns the file or without. Throws LEDGER_UNAVAILABLE where the file cannot be written or was written with another
 * key.
 */
export function openSqlitePurge(
  file: string,
  { key, clock, ...erasing }: Erasing & { key: Uint8Array | undefined; clock: Clock },
): Purge {
  const db = openDatabase(file)
  try {
    migrate(db, file)
    // Of pages that become free too.
    db.exec('PRAGMA secure_delete = ON')
    const store = createStore({
      prepare: preparer(db),
      dialect: DIALECT,
      clock,
      names: createNames(key ?? keyBeside(file, false)),
      random: randomUUID,
      refusalOf,
      dueNow() {},
    })
    createRememberKey(store)(file)
    return createPurge(
      {
        store,
        write: (does) => inTransaction(db, does),
        isInUse: () => isOwned(file),
        prove: () => prove({ db, file, clock, mentions: erasing.mentions }),
        translate: (error) => ledgerError(error, file),
        close: () => db.close(),
      },
      erasing,
      clock,
    )
  } catch (error) {
    db.close()
    throw ledgerError(error, file)
  }
}

/** Leaves no byte of it in the files, and searches them. Where a service owns the file it cannot be written anew. */
async function prove({
  db,
  file,
  clock,
  mentions,
}: {
  db: DatabaseSync
  file: string
  clock: Clock
  mentions: Mentions
}): Promise<Pick<Erased, 'searched' | 'left'>> {
  const searched = async () => {
    overwriteFreePages(db)
    for (let tries = 0; tries < LOG_TRIES && !emptyLog(db); tries += 1) await clock.sleep(LOG_MS)
    const rows = searchRows(db, mentions)
    const files = searchFiles(file, mentions, rows.others)
    return { searched: files.searched, left: [...rows.left, ...files.left], isInRows: rows.left.length > 0 }
  }
  let found = await searched()
  // Earlier versions left deleted values on pages that are in use.
  if (found.left.length > 0 && !found.isInRows && !isOwned(file)) {
    db.exec('VACUUM')
    found = await searched()
  }
  return { searched: found.searched, left: found.left }
}

function inTransaction<T>(db: DatabaseSync, does: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const value = does()
    db.exec('COMMIT')
    return value
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

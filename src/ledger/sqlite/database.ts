import { closeSync, existsSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PostriderError } from '../../errors.ts'
import type { Dialect, Prepare, Statement } from '../verbs/statement.ts'

/** One transaction writes at a time: there is nobody to lock a row against, and the next id is the one after the highest. */
export const DIALECT: Dialect = {
  isShared: false,
  forUpdate: '',
  skipLocked: '',
  nextEventId: '(SELECT coalesce(max(id), 0) + 1 FROM events)',
}

export function preparer(db: DatabaseSync): Prepare {
  return <Row>(sql: string): Statement<Row> => {
    const statement = db.prepare(sql)
    return {
      get: (...values) => statement.get(...values) as Row | undefined,
      all: (...values) => statement.all(...values) as Row[],
      each: (all) => all.map((values) => statement.all(...values) as Row[]),
      run: (...values) => {
        const { changes, lastInsertRowid } = statement.run(...values)
        return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) }
      },
      later: (...values) => void statement.run(...values),
    }
  }
}

/**
 * How long a write waits for another process to finish its own, in milliseconds. It blocks the event loop, but commands write for a few
 * milliseconds; who holds the lock for a second is not one of ours.
 */
const BUSY_MS = 1_000
/** Opening may meet another process that is just creating the file. */
const OPENING_BUSY_MS = 5_000
/**
 * 8 MiB of pages: the upper levels of every tree at ten million rows. Each commit looks through the table of cached pages, so that with 32 MiB it
 * took a seventh longer; what is not cached here is in the system's own cache.
 */
const CACHE_KIB = 8 * 1024

/**
 * 16 MiB of log are copied into the file by the commit that exceeds them, so that the log starts over and soon fits again what a start after a
 * crash reads. Measured: a fourth of it costs a quarter more for each event, four times as much nothing less.
 */
const CHECKPOINT_PAGES = 4_000

/**
 * Creates the file (and its folder) where it is missing, readable by its owner alone: it holds addresses. SQLite gives its `-wal` and
 * `-shm` the same mode.
 */
export function createFile(file: string): void {
  try {
    makeFolder(dirname(file))
    if (!existsSync(file)) closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    // Another process made it between the two.
    if (existsSync(file)) {
      assertIsFile(file)
      return
    }
    const code = error instanceof Error && 'code' in error ? error.code : null
    throw new PostriderError(
      'LEDGER_UNAVAILABLE',
      `The ledger ${file} cannot be created (${code}). Check that its folder exists and that the user that runs Postrider may write in it, or set DATABASE_URL to another file.`,
      { cause: error },
    )
  }
  assertIsFile(file)
}

/** With those above it. Node's own `recursive` goes round for ever where a folder is missing that cannot be made, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  const above = dirname(folder)
  if (above !== folder) makeFolder(above)
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another process made it between the two.
    if (!existsSync(folder)) throw error
  }
}

/** What is there already may be something that SQLite cannot use, and would give another reason for. */
function assertIsFile(file: string): void {
  const found = statSync(file)
  if (found.isFile()) return
  throw new PostriderError(
    'LEDGER_UNAVAILABLE',
    found.isDirectory()
      ? `The ledger ${file} is a folder. Name a file, such as DATABASE_URL=sqlite:${join(file, 'postrider.db')}`
      : `The ledger ${file} is a ${kindOf(found)}, not a file. Name a file: DATABASE_URL=sqlite:data/postrider.db`,
  )
}

function kindOf(found: Stats): string {
  if (found.isFIFO()) return 'pipe'
  return found.isSocket() ? 'socket' : 'device'
}

/**
 * The one connection that writes. What is deleted is overwritten where that touches no page more, so that an erased customer is left on no page that is in use; free pages are
 * overwritten by `purge`. Throws SQLite's own errors.
 */
export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, {
    timeout: OPENING_BUSY_MS,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    defensive: true,
  })
  try {
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA trusted_schema = OFF;
      PRAGMA temp_store = MEMORY;
      PRAGMA secure_delete = FAST;
      PRAGMA cache_size = -${CACHE_KIB};
    `)
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** To be called when the schema is there: from now on the event loop waits behind this connection. */
export function stopWaitingLong(db: DatabaseSync): void {
  db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
}

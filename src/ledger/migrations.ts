import type { DatabaseSync } from 'node:sqlite'
import { PostriderError } from '../errors.ts'
import { ledger } from './migrations/0001-ledger.ts'
import { looks } from './migrations/0002-looks.ts'
import { sources } from './migrations/0003-sources.ts'
import { whenItIsRight } from './migrations/0004-when-it-is-right.ts'
import { operators } from './migrations/0005-operators.ts'
import { operatorsConsole } from './migrations/0006-console.ts'
import { retention } from './migrations/0007-retention.ts'
import { instances } from './migrations/0008-instances.ts'
import { setBack } from './migrations/0009-set-back.ts'

/** What a step does to the schema, in each database's SQL. In order, without gaps; each runs once and is never edited after its release. */
export type Migration = { number: number; sqlite(): string; postgres(): string }

/** Those before there were ledgers on PostgreSQL, which begin with what these lead to (postgres/baseline.ts). */
const BEFORE_POSTGRES: readonly Omit<Migration, 'postgres'>[] = [
  ledger,
  looks,
  sources,
  whenItIsRight,
  operators,
  operatorsConsole,
  retention,
]

/** Those that both databases know. */
export const SINCE_POSTGRES: readonly Migration[] = [instances, setBack]

const MIGRATIONS = [...BEFORE_POSTGRES, ...SINCE_POSTGRES]

/** The version of the schema that this Postrider knows: the number of the last migration. */
export const LATEST = MIGRATIONS.length

/**
 * Brings a SQLite ledger to the present schema, in one transaction. Answers the version that it had; 0: it was empty. Rejects a file of a later version (LEDGER_TOO_NEW) and a database that
 * is not a ledger (LEDGER_UNAVAILABLE), and changes neither.
 */
export function migrate(db: DatabaseSync, file: string): number {
  const found = versionOf(db, file)
  if (found === LATEST) return found
  db.exec('BEGIN IMMEDIATE')
  try {
    // Read again under the write lock: another process may have been faster.
    const version = versionOf(db, file)
    db.exec(
      'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
    )
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration.sqlite())
    db.prepare(
      `INSERT INTO meta (name, value) VALUES ('schema', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    ).run(String(LATEST))
    db.exec('COMMIT')
    return version
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** The number of the last migration that ran; 0 for an empty file. */
function versionOf(db: DatabaseSync, file: string): number {
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
  if (tables.length === 0) return 0
  const row = tables.some(({ name }) => name === 'meta')
    ? db.prepare(`SELECT value FROM meta WHERE name = 'schema'`).get()
    : undefined
  if (row === undefined) {
    throw new PostriderError(
      'LEDGER_UNAVAILABLE',
      `${file} is the database of another program. Set DATABASE_URL to a file that does not exist yet.`,
    )
  }
  const version = Number(row.value)
  if (version > LATEST) throw tooNew(file, version)
  return version
}

/** Of a ledger (its file, or its server and database) that a later version brought to its own schema. */
export function tooNew(ledger: string, version: number): PostriderError {
  return new PostriderError(
    'LEDGER_TOO_NEW',
    `The ledger ${ledger} was written by a later version of Postrider (schema ${version}; this one knows ${LATEST}). Run that version, or restore a backup from before the update.`,
  )
}

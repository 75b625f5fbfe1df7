import { PostriderError } from '../errors.ts'
import { LATEST, migrate } from './migrations.ts'
import { fileOf } from './open.ts'
import { migrateAt } from './postgres/migrate.ts'
import { placeOf } from './postgres.ts'
import { openDatabase, preparer } from './sqlite/database.ts'
import { ledgerError } from './sqlite/trouble.ts'
import { createAssertUsable } from './verbs/house.ts'

/** `ledger`: its file, or its server and database. `from`: the version of its schema before; 0: it was empty. */
export type Migrated = { ledger: string; from: number; to: number }

/** Brings a ledger to the present schema and does nothing else. Rejects as `openLedger` does. A file must exist, and a database too. */
export async function migrateLedger(url: string): Promise<Migrated> {
  const file = fileOf(url)
  if (file !== undefined) return { ledger: file, from: migrateFile(file), to: LATEST }
  const ledger = placeOf(url)
  const { version, whyUnusable } = await migrateAt(url, ledger)
  if (whyUnusable !== null) throw new PostriderError('LEDGER_UNAVAILABLE', whyUnusable)
  return { ledger, from: version, to: LATEST }
}

function migrateFile(file: string): number {
  try {
    const db = openDatabase(file)
    try {
      const version = migrate(db, file)
      createAssertUsable({ prepare: preparer(db) })(file)
      return version
    } finally {
      db.close()
    }
  } catch (error) {
    throw ledgerError(error, file)
  }
}

import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { messageOf, PostriderError } from '../../errors.ts'
import { ledgerError } from './trouble.ts'

/** Pages of one step: 4 MiB. The reader's lock is held for no longer, and a service beside it goes on writing. */
const PAGES = 1_024

/**
 * Copies a ledger as it is at one moment, whoever writes meanwhile; the copy is readable by its owner alone and appears under its name when it is whole and found to be sound. `progress`: pages. Throws REFUSED
 * where `target` exists and `force` is not said, LEDGER_UNAVAILABLE where one of the files cannot be used or the copy is not sound.
 */
export async function backUp(
  file: string,
  target: string,
  { force, progress }: { force: boolean; progress(done: number, of: number): void },
): Promise<{ bytes: number }> {
  if (!force && existsSync(target)) {
    throw new PostriderError('REFUSED', `${target} exists already. Name another file, or replace it: --force`)
  }
  const draft = `${target}.part`
  create(draft)
  try {
    const source = openToRead(file)
    try {
      await backup(source, draft, {
        rate: PAGES,
        progress: ({ totalPages, remainingPages }) => progress(totalPages - remainingPages, totalPages),
      })
    } catch (error) {
      throw ledgerError(error, file)
    } finally {
      source.close()
    }
    assertSound(draft)
    renameSync(draft, target)
    return { bytes: statSync(target).size }
  } finally {
    for (const left of [draft, `${draft}-wal`, `${draft}-shm`, `${draft}-journal`])
      rmSync(left, { force: true })
  }
}

/** What is wrong with a ledger's file, as SQLite's own check has it; empty: nothing. Reads all of it. */
export function faultsOf(file: string): string[] {
  const db = openToRead(file)
  try {
    const found = db
      .prepare('PRAGMA integrity_check(10)')
      .all()
      .map((row) => String(row.integrity_check))
    const orphans = db.prepare('PRAGMA foreign_key_check').all()
    const lost = orphans
      .slice(0, 10)
      .map(({ table, rowid, parent }) => `row ${rowid} of ${table} belongs to no row of ${parent}`)
    return [...found.filter((line) => line !== 'ok'), ...lost]
  } catch (error) {
    throw ledgerError(error, file)
  } finally {
    db.close()
  }
}

/** Throws LEDGER_UNAVAILABLE where SQLite finds something wrong. */
export function assertSound(file: string): void {
  const faults = faultsOf(file)
  if (faults.length === 0) return
  throw new PostriderError(
    'LEDGER_UNAVAILABLE',
    `The file ${file} is damaged: ${faults.join('; ')}. Check its disk, and put a backup in its place (docs/operations.md, Backup).`,
  )
}

function openToRead(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  } catch (error) {
    throw ledgerError(error, file)
  }
}

/** Before SQLite would, for all to read. What a backup that was killed left is replaced. */
function create(draft: string): void {
  try {
    rmSync(draft, { force: true })
    closeSync(openSync(draft, 'wx', 0o600))
  } catch (error) {
    throw new PostriderError(
      'REFUSED',
      `${draft} cannot be written: ${messageOf(error)}. Check that its folder exists, has room, and that you may write there.`,
      { cause: error },
    )
  }
}

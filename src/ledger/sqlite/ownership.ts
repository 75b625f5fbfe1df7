import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { PostriderError } from '../../errors.ts'
import { createFile } from './database.ts'

/**
 * One service owns a ledger. Ownership is an exclusive transaction on a companion file: a lock of the operating system, which ends with the
 * process however it dies, so that nothing stale is left to clean up. The companion stays behind, empty; removing it while another
 * service waits for it would give both of them one.
 *
 * Throws LEDGER_IN_USE while another service, of this process or another, holds it.
 */
export function takeOwnership(file: string): { release(): void } {
  const companion = `${file}-owner`
  createFile(companion)
  const lock = new DatabaseSync(companion, { timeout: 0 })
  try {
    // The journal stays in memory: nothing is ever written, so there is nothing to leave behind either.
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!isHeld(error)) throw error
    throw new PostriderError(
      'LEDGER_IN_USE',
      `Another Postrider service uses the ledger ${file}. Stop it first, or give this one a ledger of its own: DATABASE_URL=sqlite:data/another.db`,
    )
  }
  return { release: () => lock.close() }
}

/** Whether a service, of this process or another, owns a ledger now. */
export function isOwned(file: string): boolean {
  const companion = `${file}-owner`
  if (!existsSync(companion)) return false
  const probe = new DatabaseSync(companion, { timeout: 0, readOnly: true })
  try {
    probe.prepare('SELECT 1 FROM sqlite_schema').get()
    return false
  } catch (error) {
    if (!isHeld(error)) throw error
    return true
  } finally {
    probe.close()
  }
}

/** SQLITE_BUSY */
function isHeld(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

import { messageOf, PostriderError } from '../../errors.ts'

/**
 * SQLite's primary result codes (https://sqlite.org/rescode.html) that speak of the database and not of the data: nothing in the same
 * transaction can succeed. Each with what happened and what to do.
 */
const TROUBLE: ReadonlyMap<number, string> = new Map([
  [3, 'permission is denied. Give the user that runs Postrider write permission to the file and its folder.'],
  [5, 'another program holds its write lock. Find out which one has the file open; Postrider tries again.'],
  [6, 'another program holds its write lock. Find out which one has the file open; Postrider tries again.'],
  [7, 'memory ran out. Give the machine more, or stop what uses it.'],
  [8, 'it is read-only. Give the user that runs Postrider write permission to the file and its folder.'],
  [10, 'the disk reports an error. Look at the machine’s log; the disk may be full, gone or dying.'],
  [11, 'the file is damaged. Stop Postrider and restore the last backup.'],
  [13, 'the disk is full. Make room; senders are asked to come again meanwhile.'],
  [
    14,
    'it cannot be opened. Check that the folder exists and that the user that runs Postrider may write in it.',
  ],
  [15, 'its locks do not work. It must lie on a local disk, not on a network drive.'],
  [26, 'it is not an SQLite database. Set DATABASE_URL to a ledger, or to a file that does not exist yet.'],
])

/** Codes by which SQLite refuses one statement's data: constraint, trigger, wrong type, too big. */
const DATA = new Set([18, 19, 20])

/** SQLite's primary result code of a thrown value; null where SQLite did not throw it. */
function codeOf(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null
}

/** Whether the database itself is in trouble, so that everything in its transaction fails. */
export function isTrouble(error: unknown): boolean {
  return TROUBLE.has(codeOf(error) ?? 0)
}

/** Why the database refused the data of one statement, in its own words; null for any other error. They name columns, never values. */
export function refusalOf(error: unknown): string | null {
  return DATA.has(codeOf(error) ?? 0) ? messageOf(error) : null
}

/** What a caller of the ledger gets for any error inside it: a PostriderError that names the file. Others than SQLite's pass unchanged. */
export function ledgerError(error: unknown, file: string): unknown {
  if (error instanceof PostriderError) return error
  const code = codeOf(error)
  if (code === null) return error
  const words = TROUBLE.get(code)
  if (words !== undefined) {
    return new PostriderError('LEDGER_UNAVAILABLE', `The ledger ${file} cannot be used: ${words}`, {
      cause: error,
      retryable: true,
    })
  }
  if (DATA.has(code)) {
    return new PostriderError('REFUSED', `The ledger refuses this: ${messageOf(error)}`, { cause: error })
  }
  return new PostriderError('LEDGER_UNAVAILABLE', `The ledger ${file} failed: ${messageOf(error)}`, {
    cause: error,
  })
}

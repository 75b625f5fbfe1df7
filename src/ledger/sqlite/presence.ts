import { type BigIntStats, statSync } from 'node:fs'
import { messageOf, PostriderError } from '../../errors.ts'

/** Which file it is, whatever its name and content. */
export type Identity = { dev: bigint; ino: bigint }

/**
 * To be asked when SQLite has opened the file for writing: some file systems (overlays) give it its own inode only then. Throws
 * LEDGER_UNAVAILABLE where there is none.
 */
export function identityOf(file: string): Identity {
  const found = look(file)
  if (found === undefined) throw unavailable(`The ledger ${file} is not there. Restart Postrider.`)
  return { dev: found.dev, ino: found.ino }
}

/** Whether the file is still at its path. Of one that is deleted or replaced, an open connection goes on with what nobody finds again. */
export function fileIsStill(file: string, identity: Identity): boolean {
  const found = look(file)
  return found !== undefined && isSame(found, identity)
}

/** Throws LEDGER_UNAVAILABLE where the file is no longer at its path, or cannot be looked at. */
export function assertStillThere(file: string, identity: Identity): void {
  const found = look(file)
  if (found !== undefined && isSame(found, identity)) return
  const now = found === undefined ? 'nothing is at its path' : 'another file is at its path'
  throw unavailable(
    `The ledger ${file} was deleted or replaced while the service ran: ${now}, and what is recorded now would be lost. Put the file back where it was moved, with its -wal beside it, or restart Postrider to go on with what is there; without a file it begins an empty ledger.`,
  )
}

function isSame(found: BigIntStats, { dev, ino }: Identity): boolean {
  return found.dev === dev && found.ino === ino && found.nlink > 0n
}

/** Undefined: nothing is there. */
function look(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    throw unavailable(
      `The ledger ${file} cannot be looked at: ${messageOf(error)}. Check its folder, and that the user that runs Postrider may enter it.`,
      error,
    )
  }
}

function unavailable(message: string, cause?: unknown): PostriderError {
  return new PostriderError('LEDGER_UNAVAILABLE', message, { cause })
}

import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { PostriderError } from '../errors.ts'
import { KEY_BYTES, keyOf } from '../key.ts'

/**
 * The key that lies beside a SQLite file, made where there is none and `mayMake`: for a ledger that knows another a new one would be wrong, and in the way of whoever restores the old. Without it
 * nobody who was suppressed would be known any more, so it belongs into the backup, and not where the ledger's copy lies. Throws LEDGER_UNAVAILABLE where the file holds no key, or can be neither
 * read nor made.
 */
export function keyBeside(file: string, mayMake: boolean): Buffer {
  const path = `${file}.key`
  if (!mayMake && !existsSync(path)) {
    throw new PostriderError(
      'LEDGER_UNAVAILABLE',
      `The key ${path} is gone, and no other tells who must not be written to. Restore it from a backup, or set POSTRIDER_KEY to the key that was used (docs/operations.md, The ledger's file).`,
    )
  }
  const key = keyOf(contentOf(path))
  if (key) return key
  throw new PostriderError(
    'LEDGER_UNAVAILABLE',
    `${path} holds no key (32 bytes in base64). Restore it from a backup, or set POSTRIDER_KEY: with another key nobody who was suppressed would be known.`,
  )
}

function contentOf(path: string): string {
  try {
    if (!existsSync(path)) makeKey(path)
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    throw new PostriderError(
      'LEDGER_UNAVAILABLE',
      `The key ${path} can be neither read nor made (${code}). Give the user that runs Postrider permission to it and its folder, or set POSTRIDER_KEY.`,
      { cause: error },
    )
  }
}

/** Whole and on the disk, or not at all: it appears under its name when it is written, and the first one stays. */
function makeKey(path: string): void {
  const draft = `${path}-${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    })
    linkSync(draft, path)
  } catch (error) {
    // Another process made it between the two.
    if (!existsSync(path)) throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

import { existsSync } from 'node:fs'
import { PostriderError } from '../../errors.ts'
import { keyBeside } from '../key.ts'
import { createNames } from '../names.ts'
import { fileOf } from '../open.ts'
import type { Side } from './side.ts'

/**
 * Makes sure that the key is the one by which the source's names are hashed: with another nobody who must not be written to would be known in the copy. `given`: POSTRIDER_KEY. Answers the file in which it lies; null: it was
 * given. Rejects with LEDGER_UNAVAILABLE where it is another, or lies nowhere.
 */
export async function assertKey(
  source: Side,
  url: string,
  given: Uint8Array | undefined,
): Promise<string | null> {
  const [found] = await source.all(`SELECT value FROM meta WHERE name = 'key'`)
  const file = fileOf(url)
  const keyFile = given === undefined && file !== undefined ? `${file}.key` : null
  // A ledger that knows no key holds no names, and takes the one that it is opened with.
  if (found === undefined) return keyFile !== null && existsSync(keyFile) ? keyFile : null
  if (given === undefined && file === undefined) {
    throw new PostriderError(
      'ENVIRONMENT_INVALID',
      `POSTRIDER_KEY is not set: it tells whether the ledger ${source.place} can be read with the key that its copy will have. Set it to the one that its instances have.`,
    )
  }
  const key = given ?? keyBeside(file ?? '', false)
  if (createNames(key).hashesOf(['key'])[0]?.toString('hex') === found[0]) return keyFile
  throw new PostriderError(
    'LEDGER_UNAVAILABLE',
    `The ledger ${source.place} was written with another key than ${keyFile ?? 'POSTRIDER_KEY'}: in a copy that is used with this one, whoever must not be written to would no longer be known. Set POSTRIDER_KEY to the key that was used${file === undefined ? '' : `; where none was set, take POSTRIDER_KEY away, so that ${file}.key is used`}.`,
  )
}

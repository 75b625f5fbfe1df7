/** Of the key by which customers' names are hashed. */
export const KEY_BYTES = 32

/** A key as POSTRIDER_KEY and the file beside a ledger have it, in base64; null where it is none. */
export function keyOf(text: string): Buffer | null {
  const written = text.trim()
  const key = Buffer.from(written, 'base64')
  // Node passes over what is no base64: a key with a slip in it would be another one.
  const isWhole = key.toString('base64').replace(/=+$/, '') === written.replace(/=+$/, '')
  return isWhole && key.length === KEY_BYTES ? key : null
}

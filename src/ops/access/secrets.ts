import { hash, randomBytes } from 'node:crypto'

/** What begins a token, so that scanners for secrets know one where it was left lying about. */
export const TOKEN_PREFIX = 'postrider_'

/** A new API token. It is 256 bits of chance, so a plain hash of it is enough to know it by. */
export function newToken(): string {
  return `${TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`
}

/** The value of a session's cookie. */
export function newSession(): string {
  return randomBytes(32).toString('base64url')
}

/** What the ledger knows a token or a session by: SHA-256 in hexadecimal. */
export function hashOf(secret: string): string {
  return hash('sha256', secret)
}

/** Nothing else is looked up. */
export function isToken(text: string): boolean {
  return text.startsWith(TOKEN_PREFIX) && isSession(text.slice(TOKEN_PREFIX.length))
}

export function isSession(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

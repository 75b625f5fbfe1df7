import { redactValues } from '../log.ts'

/** What a request that got no answer came to: certainly not made, or perhaps made. */
export type Failure = { kind: 'unreached' | 'uncertain'; code: string; message: string }

/**
 * The codes of Node.js and of the system that say that no connection to Genesys came about, so that no request was written. Everything that
 * is not listed may have been written, and acted on: there is no idempotency key to make a second try harmless.
 */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NONAME',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  // TLS: the handshake ends before the first byte of a request.
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'HOSTNAME_MISMATCH',
])
const NEVER_CONNECTED_FAMILY = /^(ERR_TLS_|ERR_SSL_|UNABLE_TO_|CERT_|ERR_INVALID_URL$)/

/** Node's words for a connection that broke during the TLS handshake; its code is a plain ECONNRESET. */
const BEFORE_TLS = 'before secure TLS connection was established'

/** Reads a rejection that holds no answer. Takes code and message alone: the error itself holds the token. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error)
  const message = wordsOf(error)
  return { kind: neverConnected(error) ? 'unreached' : 'uncertain', code, message }
}

function neverConnected(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  // Happy eyeballs: one error for each address that was tried.
  const each = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  if (each.length > 0) return each.every(neverConnected)
  const cause = 'cause' in error ? error.cause : undefined
  if (typeof cause === 'object' && cause !== null && 'errors' in cause) return neverConnected(cause)
  const code = codeOf(error)
  if (NEVER_CONNECTED.has(code) || NEVER_CONNECTED_FAMILY.test(code)) return true
  // The system's own time-out of a connect; a time-out of the request has another code.
  if (code === 'ETIMEDOUT') return 'syscall' in error && error.syscall === 'connect'
  return wordsOf(error).includes(BEFORE_TLS)
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && code !== '' ? code : 'NO_ANSWER'
}

function wordsOf(error: unknown): string {
  return clean(error instanceof Error ? error.message : typeof error === 'string' ? error : 'no answer')
}

/** Enough to recognise an error by. */
const LONGEST = 500

/** Somebody else's words, cut and without anything that looks like a token. */
export function clean(words: string): string {
  return words.replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [redacted]').slice(0, LONGEST)
}

/** `clean` that leaves none of these secrets either: a server may repeat what it was sent. */
export function cleaner(secrets: readonly string[]): (words: string) => string {
  const hide = redactValues(secrets)
  return (words) => clean(hide(words))
}

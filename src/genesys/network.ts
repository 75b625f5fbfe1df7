import { redactValues } from '../redact.ts'

/** What a request that got no answer came to: certainly not made, or perhaps made. */
export type Failure = { kind: 'unreached' | 'uncertain'; code: string; message: string }

/**
 * Reads a rejection that holds no answer. Takes code and message alone: the error itself holds the token. `stood`: whether the request's connection
 * had come about, which decides; null where that is not known, and the code has to tell.
 */
export function failureOf(error: unknown, stood: boolean | null = null): Failure {
  const unreached = stood === null ? neverConnected(error) : !stood
  const code = codeOf(error)
  if (!OUT_OF_TIME.has(code))
    return { kind: unreached ? 'unreached' : 'uncertain', code, message: wordsOf(error) }
  return unreached
    ? { kind: 'unreached', code: 'TIMED_OUT', message: 'no connection came about in time' }
    : { kind: 'uncertain', code: 'TIMED_OUT', message: 'no answer came in time' }
}

/** What axios calls the end of its own time and of ours. */
const OUT_OF_TIME: ReadonlySet<string> = new Set(['ECONNABORTED', 'ERR_CANCELED'])

/**
 * The codes of Node.js and of the system that can only mean that no connection came about. Everything that is not listed may have been written, and
 * acted on: there is no idempotency key to make a second try harmless. Faults of TLS other than of the certificate are not listed: they end
 * connections that have carried a request just as well.
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
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_INVALID_URL',
])
const NEVER_CONNECTED_FAMILY = /^(UNABLE_TO_|CERT_)/

/** Node's words for a connection that broke during the TLS handshake; its code is a plain ECONNRESET. */
const BEFORE_TLS = 'before secure TLS connection was established'

function neverConnected(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  // Happy eyeballs: one error for each address that was tried.
  const each = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  if (each.length > 0) return each.every(neverConnected)
  // axios wraps the system's error, and keeps its syscall from us.
  if ('cause' in error && error.cause instanceof Error) return neverConnected(error.cause)
  const syscall = 'syscall' in error ? error.syscall : undefined
  // A route may be lost under a connection too.
  if (syscall === 'read' || syscall === 'write') return false
  const code = codeOf(error)
  if (NEVER_CONNECTED.has(code) || NEVER_CONNECTED_FAMILY.test(code)) return true
  // The system's own time-out of a connect; a time-out of the request has another code.
  if (code === 'ETIMEDOUT') return syscall === 'connect'
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

import type { Answer, BudgetReading } from './genesys.ts'
import { clean, failureOf } from './network.ts'

/** An answer of the SDK with `setReturnExtendedResponses(true)`, resolved or rejected alike. */
export type SdkAnswer = { status: number; headers: Readonly<Record<string, unknown>>; body: unknown }

/** The code of an answer that is not Genesys Cloud's, as Genesys would never send it. */
export const NOT_JSON = 'NOT_JSON'

/** Whether a rejection of the SDK is an answer of Genesys; else no answer came. */
export function isSdkAnswer(value: unknown): value is SdkAnswer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    typeof value.status === 'number' &&
    'headers' in value
  )
}

/** What the SDK resolved with. `read` makes the value from the body; undefined: the body is not what was asked for. */
export function readSuccess<T>(answer: SdkAnswer, read: (body: unknown) => T | undefined): Answer<T> {
  const value = read(answer.body)
  if (value === undefined) {
    return {
      kind: 'uncertain',
      code: NOT_JSON,
      message: `answered ${answer.status} with a body that is not Genesys Cloud's (${contentTypeOf(answer)})`,
    }
  }
  return {
    kind: 'ok',
    value,
    status: answer.status,
    correlationId: correlationIdOf(answer),
    budget: budgetOf(answer),
  }
}

/** What the SDK rejected with. */
export function readRejection(rejection: unknown): Exclude<Answer<never>, { kind: 'ok' | 'no-token' }> {
  if (!isSdkAnswer(rejection)) return failureOf(rejection)
  // The head of a success came, and its body broke off: axios rejects, with the status of what was begun.
  if (rejection.status < 300) {
    return { kind: 'uncertain', code: 'CUT_SHORT', message: `an answer of ${rejection.status} broke off` }
  }
  const body = objectOf(rejection.body)
  return {
    kind: 'refused',
    status: rejection.status,
    // A page of HTML is from somebody in between, or from another host.
    code: textOf(body.code) ?? (contentTypeOf(rejection) === 'text/html' ? NOT_JSON : null),
    message: clean(textOf(body.message) ?? `${contentTypeOf(rejection)} without a message`),
    retryAfterMs: retryAfterOf(rejection),
    missingPermissions: rejection.status === 403 ? permissionsOf(body) : [],
    correlationId: correlationIdOf(rejection),
    budget: budgetOf(rejection),
  }
}

/** Some limits are daily; what asks for more is no wait but a mistake. */
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

/** `Retry-After` in seconds, as Genesys sends it, as whole milliseconds of a day at most; null where absent or not a number. */
export function retryAfterOf({ headers }: SdkAnswer): number | null {
  const seconds = numberOf(headers['retry-after'])
  return seconds === null ? null : Math.min(Math.ceil(seconds * 1000), LONGEST_RETRY_AFTER_MS)
}

function correlationIdOf({ headers, body }: SdkAnswer): string | null {
  return textOf(headers['inin-correlation-id']) ?? textOf(objectOf(body).contextId)
}

function budgetOf({ headers }: SdkAnswer): BudgetReading {
  const reset = numberOf(headers['inin-ratelimit-reset'])
  return {
    allowed: numberOf(headers['inin-ratelimit-allowed']),
    count: numberOf(headers['inin-ratelimit-count']),
    resetMs: reset === null ? null : reset * 1000,
  }
}

/** Permissions have three words: `conversation:message:create`. They stand in messageParams, or in the message itself. */
const PERMISSION = /\b[a-zA-Z]+:[a-zA-Z]+:[a-zA-Z*]+/g

function permissionsOf(body: Record<string, unknown>): string[] {
  if (body.code !== 'missing.permissions' && body.code !== 'missing.any.permissions') return []
  const words = `${JSON.stringify(body.messageParams ?? '')} ${textOf(body.message) ?? ''}`
  return [...new Set(words.match(PERMISSION) ?? [])]
}

function contentTypeOf({ headers }: SdkAnswer): string {
  return textOf(headers['content-type'])?.split(';')[0] ?? 'no content type'
}

export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function numberOf(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const number = Number(value)
  return Number.isFinite(number) && number >= 0 && value !== '' ? number : null
}

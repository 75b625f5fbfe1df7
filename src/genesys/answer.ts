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

/** What the SDK rejected with; `stood` as in `failureOf`. */
export function readRejection(
  rejection: unknown,
  stood: boolean | null,
): Exclude<Answer<never>, { kind: 'ok' | 'no-token' }> {
  if (!isSdkAnswer(rejection)) return failureOf(rejection, stood)
  // The head came, and the body broke off: axios rejects with the status of what was begun, and without a body.
  const brokeOff = rejection.body === undefined
  if (rejection.status < 300) {
    return { kind: 'uncertain', code: 'CUT_SHORT', message: brokeOffWords(rejection) }
  }
  const body = objectOf(rejection.body)
  // A page of HTML is from somebody in between, or from another host.
  const foreign = brokeOff || contentTypeOf(rejection) === 'text/html'
  const words = textOf(body.message) ?? (brokeOff ? brokeOffWords(rejection) : null)
  return {
    kind: 'refused',
    status: rejection.status,
    code: textOf(body.code) ?? (foreign ? NOT_JSON : null),
    message: clean(words ?? `${contentTypeOf(rejection)} without a message`),
    retryAfterMs: retryAfterOf(rejection),
    missingPermissions: rejection.status === 403 ? permissionsOf(body) : [],
    fields: fieldsOf(body),
    correlationId: correlationIdOf(rejection),
    budget: budgetOf(rejection),
  }
}

function brokeOffWords({ status }: SdkAnswer): string {
  return `an answer of ${status} broke off`
}

/** A request that was not made because it asks for what cannot be, in the form of Genesys' own refusal of such a thing. */
export function notAsked(message: string): Extract<Answer<never>, { kind: 'refused' }> {
  return {
    kind: 'refused',
    status: 400,
    code: 'NOT_ASKED',
    message,
    retryAfterMs: null,
    missingPermissions: [],
    fields: [],
    correlationId: null,
    budget: NO_BUDGET,
  }
}

/** 404 of a question is an answer to it, unless it is not Genesys' own (a wrong host, a proxy): that one says nothing. */
export function nobody<T>(answer: Answer<T | null>): Answer<T | null> {
  if (answer.kind !== 'refused' || answer.status !== 404 || answer.code === NOT_JSON) return answer
  const { status, correlationId, budget } = answer
  return { kind: 'ok', value: null, status, correlationId, budget }
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

export const NO_BUDGET: BudgetReading = { allowed: null, count: null, resetMs: null }

/** What the answer's headers say of the budget; `NO_BUDGET` where it has none of them. */
export function budgetOf({ headers }: SdkAnswer): BudgetReading {
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

/** An answer has a handful at most. */
const MOST_FIELDS = 10
const LONGEST_FIELD = 100

/** The fields that an error finds fault with: in `details`, or where that is empty in the parameters of its message. */
function fieldsOf(body: Record<string, unknown>): string[] {
  const named = (one: unknown) => textOf(objectOf(one).fieldName) ?? []
  const inDetails = listOf(body.details).flatMap(named)
  const fields = inDetails.length > 0 ? inDetails : [body.messageParams].flatMap(named)
  return [...new Set(fields.map((field) => clean(field).slice(0, LONGEST_FIELD)))].slice(0, MOST_FIELDS)
}

function contentTypeOf({ headers }: SdkAnswer): string {
  return textOf(headers['content-type'])?.split(';')[0] ?? 'no content type'
}

export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The list that was expected; empty where there is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** ISO 8601 as epoch milliseconds; null where it is no time. */
export function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(at) ? at : null
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function numberOf(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const number = Number(value)
  return Number.isFinite(number) && number >= 0 && value !== '' ? number : null
}

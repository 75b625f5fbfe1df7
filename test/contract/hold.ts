import { Ajv } from 'ajv'
import type { SeenRequest } from '../../src/sandbox/sandbox.ts'
import { finder } from './paths.ts'
import { problemsOf } from './problems.ts'
import { OPERATIONS, type Operation } from './schemas.ts'

const DAY_MS = 86_400_000

/** `intervalOfDays`: an interval of ISO 8601 that ends after it begins, and lasts so many days at most. */
const INTERVAL = {
  keyword: 'intervalOfDays',
  type: 'string',
  schemaType: 'number',
  validate(days: number, text: string) {
    const [from = Number.NaN, to = Number.NaN, ...more] = text.split('/').map(Date.parse)
    return more.length === 0 && from < to && to - from <= days * DAY_MS
  },
  error: { message: 'must be an interval, and not longer than is allowed' },
} as const

const strict = { strict: true, strictRequired: false, discriminator: true, allErrors: true } as const
const bodies = new Ajv(strict)
bodies.addKeyword(INTERVAL)
/** Values of a query come as lists of texts: of one, the value is taken and read as its schema wants. */
const queries = new Ajv({ ...strict, coerceTypes: 'array' })

const HELD = OPERATIONS.map((operation) => ({
  ...operation,
  checkQuery: queries.compile(operation.query),
  checkBody: operation.body === null ? null : bodies.compile(operation.body),
}))
const find = finder(HELD)

/** Which operation of Postrider's a request is; undefined: none. */
export function operationOf({ method, path }: Pick<SeenRequest, 'method' | 'path'>): Operation | undefined {
  return find(method, path)
}

/** Whether a request asks with an empty body only to learn whether it is answered. */
export function isProbe({ method, path, body }: SeenRequest): boolean {
  const isEmpty = typeof body === 'object' && body !== null && Object.keys(body).length === 0
  return isEmpty && !Array.isArray(body) && find(method, path)?.isProbed === true
}

/** What a request has against it, by the schemas of the operations; empty: nothing. */
export function hold(seen: SeenRequest): string[] {
  const operation = find(seen.method, seen.path)
  if (!operation) return [`${seen.method} ${seen.path}: no operation that Postrider calls`]
  const inQuery = problemsOf('query', operation.checkQuery, seen.query)
  return [...inQuery, ...inBody(operation, seen)].map((problem) => `${operation.name} ${problem}`)
}

function inBody({ checkBody }: (typeof HELD)[number], seen: SeenRequest): string[] {
  if (isProbe(seen)) return []
  if (checkBody !== null) return problemsOf('body', checkBody, seen.body)
  return seen.body === null ? [] : ['body: has none']
}

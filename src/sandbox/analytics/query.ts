import { badRequest, invalidField, missingField } from '../errors.ts'
import { allowFields, type Body, blockOf, blocksOf, requiredText, textOf } from '../fields.ts'
import { CONVERSATION_DIMENSIONS, SEGMENT_DIMENSIONS } from './dimensions.ts'

/** A query of conversation details as it was read. `from`, `to`: epoch milliseconds. */
export type Query = {
  from: number
  to: number
  order: (typeof ORDERS)[number]
  orderBy: (typeof ORDERS_BY)[number]
  pageSize: number
  pageNumber: number
  /** All have to be true. */
  segmentFilters: readonly Filter[]
  conversationFilters: readonly Filter[]
}

/** Clauses are predicates too, joined in their own way. */
export type Filter = { type: 'and' | 'or'; predicates: readonly Predicate[]; clauses: readonly Filter[] }

/** `value` is null where the operator wants none. */
export type Predicate = { dimension: string; operator: (typeof OPERATORS)[number]; value: string | null }

const ORDERS = ['asc', 'desc', 'unordered'] as const
const ORDERS_BY = ['conversationStart', 'conversationEnd', 'segmentStart', 'segmentEnd'] as const
const OPERATORS = ['matches', 'exists', 'notExists'] as const
const JOINS = ['and', 'or'] as const
const FIELDS = ['interval', 'order', 'orderBy', 'paging', 'segmentFilters', 'conversationFilters']
/** Of the schema, and not evaluated here. */
const NOT_HERE = ['evaluationFilters', 'surveyFilters', 'resolutionFilters', 'aggregations']

const DAY_MS = 24 * 3_600_000
/** In days; the description of detail queries says so, "in general" [developer.genesys.cloud, analytics, detail queries]. */
const LONGEST_INTERVAL = { filtered: 31, unfiltered: 7 } as const
const MOST_PER_PAGE = 100

/** Reads the body of `POST /api/v2/analytics/conversations/details/query`. Throws 400. */
export function readQuery(body: Body): Query {
  const other = NOT_HERE.find((name) => name in body)
  if (other !== undefined) throw invalidField(other, 'is not evaluated by the sandbox.')
  allowFields(body, FIELDS)
  const segmentFilters = filtersOf(body, 'segmentFilters', SEGMENT_DIMENSIONS)
  const conversationFilters = filtersOf(body, 'conversationFilters', CONVERSATION_DIMENSIONS)
  const filtered = segmentFilters.length + conversationFilters.length > 0
  return {
    ...intervalOf(requiredText(body, 'interval'), LONGEST_INTERVAL[filtered ? 'filtered' : 'unfiltered']),
    order: oneOf(body, 'order', ORDERS) ?? 'asc',
    orderBy: oneOf(body, 'orderBy', ORDERS_BY) ?? 'conversationStart',
    ...pagingOf(blockOf(body, 'paging')),
    segmentFilters,
    conversationFilters,
  }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/

function intervalOf(text: string, mostDays: number): { from: number; to: number } {
  const [from, to, ...more] = text.split('/').map(timeOf)
  if (from === undefined || to === undefined || more.length > 0 || Number.isNaN(from) || Number.isNaN(to)) {
    throw invalidField('interval', 'must be two times in ISO-8601, YYYY-MM-DDThh:mm:ss/YYYY-MM-DDThh:mm:ss.')
  }
  if (to <= from) throw invalidField('interval', 'must end after it begins.')
  if (to - from > mostDays * DAY_MS)
    throw invalidField('interval', `must not be longer than ${mostDays} days.`)
  return { from, to }
}

/** Without an offset it is UTC. */
function timeOf(text: string): number {
  const offset = TIME.exec(text)?.[3]
  return TIME.test(text) ? Date.parse(offset === undefined ? `${text}Z` : text) : Number.NaN
}

function pagingOf(paging: Body | undefined): { pageSize: number; pageNumber: number } {
  if (!paging) return { pageSize: 25, pageNumber: 1 }
  allowFields(paging, ['pageSize', 'pageNumber'], 'paging.')
  const number = (name: string, most: number) => {
    const value = paging[name] ?? undefined
    if (value === undefined) throw missingField(`paging.${name}`)
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
    throw invalidField(`paging.${name}`, `must be between 1 and ${most}.`)
  }
  return { pageSize: number('pageSize', MOST_PER_PAGE), pageNumber: number('pageNumber', 100_000) }
}

function filtersOf(body: Body, name: string, dimensions: ReadonlySet<string>): Filter[] {
  const filters = blocksOf(body, name) ?? []
  return filters.map((filter, index) => filterOf(filter, `${name}[${index}].`, dimensions, true))
}

function filterOf(filter: Body, within: string, dimensions: ReadonlySet<string>, nests: boolean): Filter {
  allowFields(filter, nests ? ['type', 'predicates', 'clauses'] : ['type', 'predicates'], within)
  const type = oneOf(filter, 'type', JOINS, within)
  if (type === undefined) throw missingField(`${within}type`)
  const predicates = (blocksOf(filter, 'predicates', within) ?? []).map((predicate, index) =>
    predicateOf(predicate, `${within}predicates[${index}].`, dimensions),
  )
  const clauses = nests ? (blocksOf(filter, 'clauses', within) ?? []) : []
  if (predicates.length + clauses.length === 0) throw missingField(`${within}predicates`)
  return {
    type,
    predicates,
    clauses: clauses.map((clause, index) =>
      filterOf(clause, `${within}clauses[${index}].`, dimensions, false),
    ),
  }
}

function predicateOf(predicate: Body, within: string, dimensions: ReadonlySet<string>): Predicate {
  const type = textOf(predicate, 'type', within) ?? 'dimension'
  if (type !== 'dimension') throw badRequest(`Predicates of type ${type} are not evaluated by the sandbox.`)
  allowFields(predicate, ['type', 'dimension', 'operator', 'value'], within)
  const dimension = requiredText(predicate, 'dimension', within)
  if (!dimensions.has(dimension))
    throw invalidField(`${within}dimension`, `cannot be ${dimension.slice(0, 100)}.`)
  const operator = oneOf(predicate, 'operator', OPERATORS, within) ?? 'matches'
  const value = operator === 'matches' ? requiredText(predicate, 'value', within) : null
  return { dimension, operator, value }
}

function oneOf<T extends string>(body: Body, name: string, values: readonly T[], within = ''): T | undefined {
  const text = textOf(body, name, within)
  if (text === undefined) return undefined
  const known = values.find((value) => value === text)
  if (known === undefined) throw invalidField(`${within}${name}`, `must be one of ${values.join(', ')}.`)
  return known
}

import { badRequest, invalidField, missingField } from './errors.ts'

/** A JSON object as it came in. The functions below read one field each, and throw 400 where it is not what the API's schema says; null is absent. */
export type Body = Readonly<Record<string, unknown>>

/**
 * Refuses fields that the schema does not have. Whether the real API passes over them is not documented; here a name that is spelt wrong shall
 * not be taken for a setting that works.
 */
export function allowFields(body: Body, names: readonly string[], within = ''): void {
  const unknown = Object.keys(body).find((name) => !names.includes(name))
  if (unknown !== undefined) throw invalidField(`${within}${unknown.slice(0, 100)}`, 'is not a known field.')
}

export function textOf(body: Body, name: string, within = ''): string | undefined {
  const value = body[name] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw invalidField(`${within}${name}`, 'must be a string.')
}

/** A text that has to be there, and not be blank. */
export function requiredText(body: Body, name: string, within = ''): string {
  const value = textOf(body, name, within)
  if (value === undefined || value.trim() === '') throw missingField(`${within}${name}`)
  return value
}

export function flagOf(body: Body, name: string): boolean {
  const value = body[name] ?? false
  if (typeof value !== 'boolean') throw invalidField(name, 'must be a boolean.')
  return value
}

export function blockOf(body: Body, name: string, within = ''): Body | undefined {
  const value = body[name] ?? undefined
  return value === undefined ? undefined : asBlock(value, `${within}${name}`)
}

export function blocksOf(body: Body, name: string, within = ''): readonly Body[] | undefined {
  const value = body[name] ?? undefined
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw invalidField(`${within}${name}`, 'must be an array.')
  return value.map((one, index) => asBlock(one, `${within}${name}[${index}]`))
}

function asBlock(value: unknown, fieldName: string): Body {
  if (!isBlock(value)) throw invalidField(fieldName, 'must be an object.')
  return value
}

/** The body of a request whose schema is an object. */
export function objectBody(body: unknown): Body {
  if (!isBlock(body)) throw badRequest('The request body must be an object.')
  return body
}

/** The body of a request whose schema is an array. */
export function listBody(body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) throw badRequest('The request body must be an array.')
  return body
}

function isBlock(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Which page is asked for, by the query of a listing; numbers from 1. */
export function pageOf(query: URLSearchParams): { pageSize: number; pageNumber: number } {
  const number = (name: string, usual: number, most: number) => {
    const value = query.get(name) === null ? usual : Number(query.get(name))
    if (Number.isInteger(value) && value >= 1 && value <= most) return value
    throw invalidField(name, `must be between 1 and ${most}.`)
  }
  return { pageSize: number('pageSize', 25, 100), pageNumber: number('pageNumber', 1, 10_000) }
}

import express, { type Request, type Response } from 'express'
import type { z } from 'zod'
import type { Fault, Input, Operation } from './operation.ts'

/** Filters and reasons; nothing that is asked is longer. */
export const MOST_BYTES = 64 * 1024

export function hasBody(request: Request): boolean {
  const length = request.get('content-length')
  return request.get('transfer-encoding') !== undefined || (length !== undefined && length !== '0')
}

const parseJson = express.json({ limit: MOST_BYTES, inflate: false, type: () => true })

/** Rejects with what Express says of a body that it cannot take. */
export function bodyOf(request: Request, response: Response): Promise<unknown> {
  return new Promise((resolve, reject) => {
    parseJson(request, response, (error?: unknown) => (error ? reject(error) : resolve(request.body)))
  })
}

type Read = { input: Input } | { errors: readonly Fault[] }

/** What was asked, validated; or all that is wrong with it. */
export function inputOf(operation: Operation, request: Request, body: unknown): Read {
  const query = queryOf(request)
  if ('errors' in query) return query
  const faults: Fault[] = []
  const checked = (name: string, schema: z.ZodType, value: unknown): unknown => {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    faults.push(...result.error.issues.map((issue) => faultOf(name, issue)))
    return null
  }
  const input = {
    params: checked('path', operation.params, request.params),
    query: checked('query', operation.query, query.given),
    body: checked('body', operation.body, body),
  }
  return faults.length > 0 ? { errors: faults } : { input }
}

/** The service parses no query strings by itself. A name that stands there twice is a mistake, and which was meant nobody knows. */
function queryOf(request: Request): { given: Record<string, string> } | { errors: readonly Fault[] } {
  const { searchParams } = new URL(request.originalUrl, 'http://postrider')
  const names = [...searchParams.keys()]
  if (new Set(names).size < names.length) {
    return { errors: [{ path: 'query', message: 'a parameter stands there twice' }] }
  }
  return { given: Object.assign(Object.create(null), Object.fromEntries(searchParams)) }
}

/** Names of properties alone are quoted, and these only where they look like one. */
function faultOf(name: string, issue: z.core.$ZodIssue): Fault {
  const path = [name, ...issue.path.map(String)].join('.')
  if (issue.code !== 'unrecognized_keys') return { path, message: issue.message }
  const keys = issue.keys.map((key) => (/^[A-Za-z]\w{0,39}$/.test(key) ? key : '…'))
  return { path, message: `there is no such property: ${keys.join(', ')}` }
}

import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Answer, Ops } from './live.ts'

type Json = Record<string, unknown>
type Described = {
  operationId: string
  parameters?: { name: string; in: string; required: boolean }[]
  responses: Record<string, unknown>
}
export type Document = {
  openapi: string
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Json>; responses: Record<string, Json> }
}

/** What is asked of an operation: what stands in its path and query, and its body. */
export type Asking = {
  params?: Record<string, string | number>
  query?: Record<string, string | number>
  body?: unknown
  headers?: OutgoingHttpHeaders
}

export type Called = { status: number; headers: Answer['headers']; text: string; json: Json }

const COMPONENTS = '#/components/schemas/'
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

/** A client that is made from the document as it is served: every answer that it gets is held against what the document says of it. */
export async function clientOf(ops: Ops) {
  const served = await ops.ask('/api/v1/openapi.json')
  assert.equal(served.status, 200)
  const document = JSON.parse(served.body) as Document
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
  ajv.addFormat('date-time', ISO)
  const schemas = JSON.stringify(document.components.schemas).replaceAll(COMPONENTS, 'openapi#/$defs/')
  ajv.addSchema({ $id: 'openapi', $defs: JSON.parse(schemas) as Json })
  const operations = new Map<string, { method: string; path: string; described: Described }>()
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      operations.set(described.operationId, { method: method.toUpperCase(), path, described })
    }
  }
  const compiled = new Map<string, ValidateFunction>()
  const called = new Set<string>()

  /** The schema of what an operation answers with this status; fails where the document does not have it. */
  function schemaFor(id: string, status: number): ValidateFunction {
    const key = `${id} ${status}`
    const known = compiled.get(key)
    if (known) return known
    const response = operations.get(id)?.described.responses[String(status)]
    assert.ok(response, `the document says nothing of ${key}`)
    const whole = resolved(response as Json, document)
    const [[type, { schema }] = ['', { schema: {} }]] = Object.entries(
      whole.content as Record<string, { schema: Json }>,
    )
    assert.equal(type, status < 400 ? 'application/json' : 'application/problem+json')
    const text = JSON.stringify(schema).replaceAll(COMPONENTS, 'openapi#/$defs/')
    const validate = ajv.compile(JSON.parse(text) as Json)
    compiled.set(key, validate)
    return validate
  }

  return {
    document,
    operations,
    /** Operations that succeeded so far. */
    called,
    /** Asks; `as`: what stands in the header, a token or nothing. */
    async call(as: OutgoingHttpHeaders, id: string, asking: Asking = {}): Promise<Called> {
      const operation = operations.get(id)
      assert.ok(operation, `no operation ${id}`)
      const { method } = operation
      const { body, headers = {} } = asking
      const text = body === undefined ? undefined : JSON.stringify(body)
      const answer = await ops.ask(`/api/v1${urlOf(operation.path, asking)}`, {
        method,
        headers: {
          ...as,
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
        ...(text === undefined ? {} : { body: text }),
      })
      const type = answer.status < 400 ? 'application/json' : 'application/problem+json'
      assert.match(String(answer.headers['content-type']), new RegExp(`^${type.replace('+', '\\+')}`))
      const json = JSON.parse(answer.body) as Json
      const validate = schemaFor(id, answer.status)
      assert.ok(validate(json), `${id} ${answer.status}: ${ajv.errorsText(validate.errors)}\n${answer.body}`)
      if (answer.status < 400) called.add(id)
      return { status: answer.status, headers: answer.headers, text: answer.body, json }
    },
  }
}
export type Client = Awaited<ReturnType<typeof clientOf>>

export function bearer(token: string): OutgoingHttpHeaders {
  return { authorization: `Bearer ${token}` }
}

function urlOf(path: string, { params = {}, query = {} }: Asking): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const given = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  return given.size === 0 ? filled : `${filled}?${given}`
}

/** Follows a reference of the document once. */
export function resolved(value: Json, document: Document): Json {
  const { $ref } = value
  if (typeof $ref !== 'string') return value
  const found = $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, part) => (at as Json)[part], document)
  assert.ok(found, $ref)
  return found as Json
}

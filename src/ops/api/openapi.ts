import { z } from 'zod'
import { ACTIONS } from '../access/allows.ts'
import type { Operation } from './operation.ts'
import { ProblemShape } from './problem.ts'

type Json = Record<string, unknown>

/** The API as OpenAPI 3.1 has it. Throws where two schemas have one name and differ: that is a mistake in the code. */
export function documentOf(operations: readonly Operation[]): Json {
  const schemas: Record<string, Json> = {}
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const at = paths[operation.path] ?? {}
    at[operation.method.toLowerCase()] = operationOf(operation, schemas)
    paths[operation.path] = at
  }
  schemaOf(ProblemShape, 'output', schemas)
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Postrider',
      version: '1',
      description: 'What operators see and do, for their programs. docs/api.md says how to come in.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas,
      headers: { Replayed: REPLAYED },
      responses: {
        Problem: {
          description: 'What went wrong, and what to do.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'As `postrider tokens add` makes it.' },
        session: { type: 'apiKey', in: 'cookie', name: 'postrider', description: 'Of the console’s login.' },
      },
    },
  }
}

const REPLAYED = {
  description: 'It was done before under this key; this is what was answered then.',
  schema: { const: 'true' },
}

const KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'What is asked for again under the same key within a day is not done again.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
}

function operationOf(operation: Operation, schemas: Record<string, Json>): Json {
  const { id, method, action, summary, status, changes, problems } = operation
  const params = schemaOf(operation.params, 'input', schemas)
  const query = schemaOf(operation.query, 'input', schemas)
  const body = schemaOf(operation.body, 'input', schemas)
  const parameters = [
    ...parametersOf(params, 'path'),
    ...parametersOf(query, 'query'),
    ...(changes === 'nothing' ? [] : [KEY]),
  ]
  const usual = [401, 403, 422, 503, ...(method === 'POST' ? [413, 415] : [])]
  const failures = [...new Set([...usual, ...problems, ...(changes === 'nothing' ? [] : [409])])].sort()
  return {
    operationId: id,
    summary,
    description: `Needs \`${action}\`: ${ACTIONS[action]} or more.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(method === 'GET'
      ? {}
      : {
          requestBody: {
            required: Array.isArray(body.required) && body.required.length > 0,
            content: { 'application/json': { schema: body } },
          },
        }),
    responses: {
      [status]: {
        description: summary,
        ...(changes === 'nothing'
          ? {}
          : { headers: { 'Idempotency-Replayed': { $ref: '#/components/headers/Replayed' } } }),
        content: { 'application/json': { schema: schemaOf(operation.answer, 'output', schemas) } },
      },
      ...Object.fromEntries(failures.map((code) => [code, { $ref: '#/components/responses/Problem' }])),
    },
  }
}

function parametersOf(schema: Json, where: 'path' | 'query'): Json[] {
  const properties = (schema.properties ?? {}) as Record<string, Json>
  const required = (schema.required ?? []) as string[]
  return Object.entries(properties).map(([name, { description, ...its }]) => ({
    name,
    in: where,
    required: where === 'path' || (required.includes(name) && !('default' in its)),
    ...(description === undefined ? {} : { description }),
    schema: its,
  }))
}

/** The schema in JSON; those that have a name go to `schemas`, and are referred to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, Json>): Json {
  const {
    $schema: _,
    $defs = {},
    ...own
  } = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema }) {
      delete jsonSchema.readOnly
      // The format says it, in a word.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  }) as Json & { $defs?: Record<string, Json> }
  for (const [name, its] of Object.entries($defs)) {
    const found = referred(its)
    const known = schemas[name]
    if (known && JSON.stringify(known) !== JSON.stringify(found)) {
      throw new Error(`two schemas are called ${name}`)
    }
    schemas[name] = found
  }
  return referred(own)
}

function referred<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')) as Value
}

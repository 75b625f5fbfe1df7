import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv'
import type { SeenRequest } from '../../src/sandbox/sandbox.ts'
import { finder } from './paths.ts'
import { problemsOf } from './problems.ts'

/** What a description of an API says of a request; null: it does not have the operation. */
export type Description = (seen: SeenRequest) => { path: string; problems: readonly string[] } | null

type Parameter = { name: string; in: string; required?: boolean; schema?: SchemaObject }
type Method = {
  parameters?: readonly Parameter[]
  requestBody?: { required?: boolean; content?: Record<string, { schema?: SchemaObject }> }
}
type Document = {
  paths: Record<string, Record<string, Method>>
  components?: { schemas?: Record<string, SchemaObject> }
  definitions?: Record<string, SchemaObject>
}
type Described = { method: string; path: string; query: SchemaObject; body: Body | null }
type Body = { schema: SchemaObject; required: boolean }

/**
 * Reads a description: OpenAPI 3, or Swagger 2 as Genesys Cloud's own is. Throws where it has no paths. The schemas of both leave room for fields
 * that they do not name; here these are errors.
 */
export function readDescription(text: string): Description {
  const document = JSON.parse(text) as Partial<Document>
  const { paths } = document
  if (typeof paths !== 'object' || paths === null)
    throw new Error('not a description of an API: it has no paths')
  // Where the schemas of both kinds lie, so that their references lead there.
  const shared = {
    components: { schemas: closedAll(document.components?.schemas) },
    definitions: closedAll(document.definitions),
  }
  const lenient = { strict: false, validateFormats: false, allErrors: true } as const
  const bodies = new Ajv(lenient)
  const queries = new Ajv({ ...lenient, coerceTypes: 'array' })
  const compile = (ajv: Ajv, schema: SchemaObject) => ajv.compile({ ...schema, ...shared })
  const compiled = new Map<Described, { query: ValidateFunction; body: ValidateFunction | null }>()
  const find = finder(describedIn(paths))

  return (seen) => {
    const operation = find(seen.method, seen.path)
    if (!operation) return null
    const { body, query, path } = operation
    const checks = compiled.get(operation) ?? {
      query: compile(queries, query),
      body: body && compile(bodies, body.schema),
    }
    compiled.set(operation, checks)
    const inQuery = problemsOf('query', checks.query, seen.query)
    return { path, problems: [...inQuery, ...inBody(checks.body, body?.required ?? false, seen.body)] }
  }
}

function inBody(check: ValidateFunction | null, isRequired: boolean, body: unknown): string[] {
  if (body === null) return isRequired ? ['body: is required'] : []
  return check ? problemsOf('body', check, body) : ['body: has none']
}

function describedIn(paths: Document['paths']): Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      query: queryOf(described.parameters ?? []),
      body: bodyOf(described),
    })),
  )
}

/** Swagger 2 has a parameter's type beside its name. */
function queryOf(parameters: readonly Parameter[]): SchemaObject {
  const known = parameters.filter((one) => one.in === 'query')
  return {
    type: 'object',
    properties: Object.fromEntries(known.map((one) => [one.name, one.schema ?? typeOf(one)])),
    required: known.filter(({ required }) => required === true).map(({ name }) => name),
    additionalProperties: false,
  }
}

function typeOf({ name: _, in: __, required: ___, ...schema }: Parameter): SchemaObject {
  return schema
}

function bodyOf({ parameters = [], requestBody }: Method): Body | null {
  const schema = requestBody?.content?.['application/json']?.schema
  if (schema) return { schema: closed(schema), required: requestBody?.required === true }
  const parameter = parameters.find((one) => one.in === 'body')
  return parameter?.schema
    ? { schema: closed(parameter.schema), required: parameter.required === true }
    : null
}

function closedAll(schemas: Readonly<Record<string, SchemaObject>> = {}): Record<string, SchemaObject> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)]))
}

/** The same schema, with fields that it does not name refused, and so in all that it is made of. */
function closed(schema: SchemaObject): SchemaObject {
  const { properties, items, additionalProperties } = schema
  return {
    ...schema,
    ...(properties
      ? { properties: closedAll(properties), additionalProperties: additionalProperties ?? false }
      : {}),
    ...(items ? { items: closed(items) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: closed(additionalProperties) }
      : {}),
  }
}

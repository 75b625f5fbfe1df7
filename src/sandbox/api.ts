import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { aboutOf } from './about.ts'
import { type Answer, errorAnswer, faultAnswer, writeAnswer } from './answer.ts'
import { anyJson, jsonBody, type RawBody, readBody } from './body.ts'
import { methodNotAllowed, notFound } from './errors.ts'
import { type Faults, OPERATIONS, type Operation } from './faults.ts'
import { listBody, objectBody } from './fields.ts'
import type { Logins } from './login.ts'
import type { Org } from './org.ts'
import { type Asked, operationOf, ROUTES, type Route, requirePermission, TOKEN_PATH } from './routes.ts'

export type Counts = Record<Operation, number>

/** A request as it came, for whoever wants to hold it against the API's description. `body`: its JSON, or null. `status`: null where nothing was answered. */
export type SeenRequest = {
  method: string
  path: string
  query: Readonly<Record<string, readonly string[]>>
  body: unknown
  status: number | null
}

export type Api = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  counts: Counts
  requests: ReadonlyMap<string, number>
}

type Deps = {
  org: Org
  logins: Logins
  faults: Faults
  missing: ReadonlySet<string>
  /** Told each request but those to log in, whose bodies are nobody's to see. */
  onRequest: ((seen: SeenRequest) => void) | undefined
}
type Call = {
  method: string
  path: string
  query: URLSearchParams
  operation: Operation
  headers: IncomingMessage['headers']
  raw: RawBody
}

/** The part of the API that Postrider uses, as strict as the real one: it must be able to fail us. */
export function createApi(deps: Deps): Api {
  const { clock } = deps.org
  const counts = Object.fromEntries(OPERATIONS.map((one) => [one, 0])) as Counts
  const requests = new Map<string, number>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request)
    if (raw === null) return
    const { method = 'GET', headers } = request
    const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s)
    const call = {
      method,
      path,
      query: new URLSearchParams(query),
      operation: operationOf(method, path),
      headers,
      raw,
    }
    response.once('finish', () => {
      const key = `${call.operation} ${response.statusCode}`
      requests.set(key, (requests.get(key) ?? 0) + 1)
    })
    const answered = await answer(call, request, response)
    if (path !== TOKEN_PATH) deps.onRequest?.(seenAs(call, answered ? response.statusCode : null))
  }

  /** Answers, or does what a fault says instead; whether it answered. */
  async function answer(call: Call, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const fault = deps.faults.take(call.operation, () => aboutOf(call.path, call.raw, deps.org))
    if (fault?.hang) return false
    const cut = () => {
      request.socket.destroy()
      return false
    }
    if (fault?.reset === 'before-acting') return cut()
    const correlationId = randomUUID()
    const answer =
      fault?.status === undefined ? act(call, correlationId) : faultAnswer(fault, fault.status, correlationId)
    if (fault?.reset === 'after-acting') return cut()
    if (fault?.delayMs) {
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      await clock.sleep(fault.delayMs, gone.signal)
      if (gone.signal.aborted) return false
    }
    writeAnswer(response, answer, fault)
    return true
  }

  function act(call: Call, correlationId: string): Answer {
    const headers: Record<string, string> = { 'ININ-Correlation-Id': correlationId }
    try {
      if (call.path === TOKEN_PATH) {
        if (call.method !== 'POST') throw methodNotAllowed(['POST'])
        const token = deps.logins.issue(call.headers, call.raw)
        counts.token += 1
        return { status: 200, body: token, headers: { ...headers, 'Cache-Control': 'no-store' } }
      }
      Object.assign(headers, deps.logins.use(call.headers.authorization))
      const route = routeOf(call)
      requirePermission(route, deps.missing)
      const body = route.act(askedOf(call, route), deps.org)
      counts[call.operation] += 1
      return { status: 200, body, headers }
    } catch (error) {
      return errorAnswer(error, headers)
    }
  }

  return { handle, counts, requests }
}

/** Reads what the route reads. Throws 400, 413 or 415; 404 where a part of the path means nothing. */
function askedOf({ path, query, headers, raw }: Call, route: Route): Asked {
  const json = route.reads === undefined ? null : jsonBody(headers['content-type'], raw)
  return {
    body: route.reads === 'object' ? objectBody(json) : {},
    list: route.reads === 'list' ? listBody(json) : [],
    id: decoded(route.path.exec(path)?.[1] ?? ''),
    query,
  }
}

/** A part of a path as it was meant; 404 where it means nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw notFound()
  }
}

/** Throws 404 where the API has nothing at the path, 405 where it has, but not for the method. */
function routeOf(call: Call): Route {
  const here = ROUTES.filter(({ path }) => path.test(call.path))
  if (here.length === 0) throw notFound()
  const route = here.find(({ method }) => method === call.method)
  if (!route) throw methodNotAllowed(here.map(({ method }) => method))
  return route
}

function seenAs({ method, path, query, raw }: Call, status: number | null): SeenRequest {
  const names = [...new Set(query.keys())]
  const read = Object.fromEntries(names.map((name) => [name, query.getAll(name)]))
  return { method, path, query: read, body: anyJson(raw), status }
}

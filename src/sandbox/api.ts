import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, errorAnswer, faultAnswer, writeAnswer } from './answer.ts'
import { contactIn, jsonBody, type RawBody, readBody } from './body.ts'
import { methodNotAllowed, notFound } from './errors.ts'
import type { Faults, Operation } from './faults.ts'
import type { Logins } from './login.ts'
import type { Org } from './org.ts'
import { operationOf, ROUTES, type Route, requirePermission, TOKEN_PATH } from './routes.ts'

export type Counts = Record<Operation, number>

export type Api = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  counts: Counts
  requests: ReadonlyMap<string, number>
}

type Deps = { org: Org; logins: Logins; faults: Faults; missing: ReadonlySet<string> }
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
  const counts: Counts = { token: 0, lookup: 0, message: 0, email: 0, other: 0 }
  const requests = new Map<string, number>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request)
    if (raw === null) return
    const { method = 'GET', headers } = request
    const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s)
    const operation = operationOf(method, path)
    const fault = deps.faults.take(operation, contactIn(raw))
    response.once('finish', () => {
      const key = `${operation} ${response.statusCode}`
      requests.set(key, (requests.get(key) ?? 0) + 1)
    })
    if (fault?.hang) return
    if (fault?.reset === 'before-acting') return void request.socket.destroy()
    const correlationId = randomUUID()
    const answer =
      fault?.status === undefined
        ? act({ method, path, query: new URLSearchParams(query), operation, headers, raw }, correlationId)
        : faultAnswer(fault, fault.status, correlationId)
    if (fault?.reset === 'after-acting') return void request.socket.destroy()
    if (fault?.delayMs !== undefined) {
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      await clock.sleep(fault.delayMs, gone.signal)
      if (gone.signal.aborted) return
    }
    writeAnswer(response, answer, fault)
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
      const body = route.method === 'GET' ? {} : jsonBody(call.headers['content-type'], call.raw)
      const id = decoded(route.path.exec(call.path)?.[1] ?? '')
      const answer = route.act(body, deps.org, id, call.query)
      counts[call.operation] += 1
      return { status: 200, body: answer, headers }
    } catch (error) {
      return errorAnswer(error, headers)
    }
  }

  return { handle, counts, requests }
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

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError, badRequest, errorBody, missingPermission } from './errors.ts'
import type { Fault, Faults, Operation } from './faults.ts'
import { type Logins, OAuthError } from './login.ts'
import { lookUpContact, type Org, sendAgentlessEmail, sendAgentlessMessage } from './operations.ts'

export type Counts = Record<Operation, number>

export type Api = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  counts: Counts
  requests: ReadonlyMap<string, number>
}

type Deps = { org: Org; logins: Logins; faults: Faults; missing: ReadonlySet<string> }
type Answer = { status: number; body: unknown; headers?: Readonly<Record<string, string>> }
type Call = { operation: Operation; method: string; path: string; body: Readonly<Record<string, unknown>> }

/** The API refuses larger bodies. */
const MOST_BODY_BYTES = 512_000

/** Operations of the API by method and path; the permission is the one that the real operation asks for. */
const ROUTES: readonly {
  operation: Operation
  method: string
  path: RegExp
  permission: readonly string[]
  act: (call: Call, org: Org, match: RegExpExecArray) => unknown
}[] = [
  {
    operation: 'lookup',
    method: 'POST',
    path: /^\/api\/v2\/externalcontacts\/identifierlookup\/contacts$/,
    permission: ['externalContacts:contact:view'],
    act: ({ body }, org) => lookUpContact(body, org),
  },
  {
    operation: 'message',
    method: 'POST',
    path: /^\/api\/v2\/conversations\/messages\/agentless$/,
    permission: ['conversation:message:create'],
    act({ body }, org) {
      const { id, conversationId, to, channel, at } = sendAgentlessMessage(body, org)
      return {
        id,
        conversationId,
        fromAddress: body.fromAddress,
        ...(to === '' ? {} : { toAddress: to }),
        messengerType: channel,
        timestamp: new Date(at).toISOString(),
        selfUri: `/api/v2/conversations/messages/agentless/${id}`,
      }
    },
  },
  {
    operation: 'email',
    method: 'POST',
    path: /^\/api\/v2\/conversations\/emails\/agentless$/,
    permission: ['conversation:email:create', 'conversation:agentlessEmail:send'],
    act({ body }, org) {
      const { id, conversationId, at } = sendAgentlessEmail(body, org)
      const { senderType, fromAddress, toAddresses, subject } = body
      return {
        id,
        conversationId,
        senderType,
        fromAddress,
        toAddresses,
        subject,
        dateCreated: new Date(at).toISOString(),
      }
    },
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/webdeployments\/deployments\/([^/]+)$/,
    permission: ['webDeployments:deployment:view'],
    act(_, org, [, id = '']) {
      if (!org.deployments.has(id))
        throw new ApiError(404, 'not.found', 'The requested deployment was not found.')
      return { id, name: 'Sandbox messenger', status: 'Active' }
    },
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/conversations\/messages\/([^/]+)\/details$/,
    permission: ['conversation:message:view', 'conversation:webmessaging:view'],
    act(_, org, [, id = '']) {
      const message = org.messages.find((one) => one.id === id)
      if (!message) throw new ApiError(404, 'not.found', 'The requested message was not found.')
      return {
        id,
        conversationId: message.conversationId,
        direction: 'outbound',
        status: 'sent',
        textBody: message.text,
      }
    },
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/tokens\/me$/,
    permission: [],
    act: () => ({ organization: { id: 'sandbox', name: 'Sandbox' }, OAuthClient: { id: 'sandbox-client' } }),
  },
]

/** The part of the API that Postrider uses, as strict as the real one: it must be able to fail us. */
export function createApi(deps: Deps): Api {
  const counts: Counts = { token: 0, lookup: 0, message: 0, email: 0, other: 0 }
  const requests = new Map<string, number>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request)
    if (raw === null) return
    const method = request.method ?? 'GET'
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const operation = operationOf(method, path)
    const fault = deps.faults.take(operation, contactIn(raw))
    response.once('finish', () => {
      const key = `${operation} ${response.statusCode}`
      requests.set(key, (requests.get(key) ?? 0) + 1)
    })
    if (fault?.hang) return
    if (fault?.reset === 'before-acting') return void request.socket.destroy()
    if (fault?.status !== undefined) return write(response, faultAnswer(fault, fault.status))

    const answer = act(request, { method, path, operation, raw })
    if (fault?.reset === 'after-acting') return void request.socket.destroy()
    const pass = () => write(response, answer, fault)
    if (fault?.delayMs === undefined) return pass()
    // Not kept waiting for: a sandbox that closes cuts what it delays.
    setTimeout(pass, fault.delayMs).unref()
  }

  function act(
    request: IncomingMessage,
    call: { method: string; path: string; operation: Operation; raw: Buffer | 'too-large' },
  ): Answer {
    const contextId = randomUUID()
    const common: Record<string, string> = { 'ININ-Correlation-Id': contextId }
    try {
      if (call.operation === 'token')
        return { status: 200, body: issueToken(request, call.raw), headers: common }
      Object.assign(common, deps.logins.use(request.headers.authorization))
      const route = ROUTES.find((one) => one.method === call.method && one.path.test(call.path))
      const match = route?.path.exec(call.path)
      if (!route || !match) throw new ApiError(404, 'not.found', 'The requested resource was not found.')
      const lacking = route.permission.filter((one) => deps.missing.has(one))
      if (lacking.length > 0 && lacking.length === route.permission.length)
        throw missingPermission(lacking[0] ?? '')
      const body = call.method === 'GET' ? {} : jsonBody(request, call.raw)
      const answer = route.act({ ...call, body }, deps.org, match)
      counts[call.operation] += 1
      return { status: 200, body: answer, headers: common }
    } catch (error) {
      if (error instanceof OAuthError) {
        return {
          status: error.status,
          body: { error: error.error, description: error.message, error_description: error.message },
          headers: common,
        }
      }
      if (!(error instanceof ApiError)) throw error
      return {
        status: error.status,
        body: errorBody(error, contextId),
        headers: { ...common, ...error.headers },
      }
    }
  }

  function issueToken(request: IncomingMessage, raw: Buffer | 'too-large') {
    const form = new URLSearchParams(raw === 'too-large' ? '' : raw.toString('utf8'))
    const token = deps.logins.issue(request.headers.authorization, form.get('grant_type'))
    counts.token += 1
    return token
  }

  return { handle, counts, requests }
}

function operationOf(method: string, path: string): Operation {
  if (path === '/oauth/token') return 'token'
  return ROUTES.find((route) => route.method === method && route.path.test(path))?.operation ?? 'other'
}

/** The body whole, or null where the client went away. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | null> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length
      if (size <= MOST_BODY_BYTES) chunks.push(chunk as Buffer)
    }
  } catch {
    // The client hung up in the middle: there is nobody to answer.
    return null
  }
  return size > MOST_BODY_BYTES ? 'too-large' : Buffer.concat(chunks)
}

function jsonBody(request: IncomingMessage, raw: Buffer | 'too-large'): Readonly<Record<string, unknown>> {
  if (raw === 'too-large')
    throw new ApiError(413, 'request.entity.too.large', 'The request is over the size limit.')
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new ApiError(415, 'unsupported.media.type', 'Unsupported media type: application/json is expected.')
  }
  let body: unknown
  try {
    body = JSON.parse(raw.toString('utf8'))
  } catch {
    throw badRequest('The request could not be understood by the server due to malformed syntax.')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('The request body must be an object.')
  return body as Readonly<Record<string, unknown>>
}

/** For faults of one contact, without parsing bodies that no fault asks about. */
function contactIn(raw: Buffer | 'too-large'): string | null {
  if (raw === 'too-large') return null
  return /"externalContactId":\s*"([^"]+)"/.exec(raw.toString('latin1'))?.[1] ?? null
}

function faultAnswer(fault: Fault, status: number): Answer {
  const contextId = randomUUID()
  const body =
    fault.body ??
    errorBody(
      new ApiError(
        status,
        status === 429 ? 'too.many.requests' : status >= 500 ? 'internal.server.error' : 'bad.request',
        'A fault of the sandbox.',
      ),
      contextId,
    )
  const retry: Record<string, string> =
    fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) }
  return { status, body, headers: { 'ININ-Correlation-Id': contextId, ...retry, ...fault.headers } }
}

function write(response: ServerResponse, answer: Answer, fault?: Fault | null): void {
  if (fault?.empty202) {
    response.writeHead(202, answer.headers).end()
    return
  }
  if (fault?.html) {
    response
      .writeHead(200, { ...answer.headers, 'content-type': 'text/html' })
      .end('<html><body>Welcome</body></html>')
    return
  }
  const text = JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  if (fault?.cut) {
    response.write(text.slice(0, text.length >> 1), () => response.destroy())
    return
  }
  response.end(text)
}

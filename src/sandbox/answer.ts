import type { ServerResponse } from 'node:http'
import { ApiError, errorBody, OAuthError } from './errors.ts'
import type { Fault } from './faults.ts'

export type Answer = { status: number; body: unknown; headers: Readonly<Record<string, string>> }

/** The code that the API gives with a status, where no operation says a more exact one. */
const CODES: Readonly<Record<number, string>> = {
  401: 'bad.credentials',
  403: 'not.authorized',
  404: 'not.found',
  405: 'method.not.allowed',
  408: 'request.timeout',
  409: 'conflict',
  413: 'request.entity.too.large',
  415: 'unsupported.media.type',
  422: 'invalid.value',
  429: 'too.many.requests',
  503: 'service.unavailable',
  504: 'request.timeout',
}

/** What is answered for something thrown; what is neither the API's nor the login's error is a fault of the sandbox itself, and thrown on. */
export function errorAnswer(error: unknown, headers: Readonly<Record<string, string>>): Answer {
  if (error instanceof OAuthError) {
    const { status, message } = error
    const asked = status === 401 ? { 'WWW-Authenticate': 'Basic realm="sandbox"' } : {}
    const body = { error: error.error, description: message, error_description: message }
    return { status, body, headers: { ...headers, ...asked } }
  }
  if (!(error instanceof ApiError)) throw error
  const body = errorBody(error, headers['ININ-Correlation-Id'] ?? '')
  return { status: error.status, body, headers: { ...headers, ...error.more.headers } }
}

/** What a fault with a status answers instead of acting. */
export function faultAnswer(fault: Fault, status: number, correlationId: string): Answer {
  const code = CODES[status] ?? (status >= 500 ? 'internal.server.error' : 'bad.request')
  const body = fault.body ?? errorBody(new ApiError(status, code, 'A fault of the sandbox.'), correlationId)
  const retry: Record<string, string> =
    fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) }
  return { status, body, headers: { 'ININ-Correlation-Id': correlationId, ...retry, ...fault.headers } }
}

/** Writes the answer, or what a fault makes of it. */
export function writeAnswer(response: ServerResponse, answer: Answer, fault: Fault | null): void {
  if (fault?.empty202) {
    response.writeHead(202, answer.headers).end()
    return
  }
  if (fault?.emptyBody) {
    response.writeHead(answer.status, { ...answer.headers, 'content-length': 0 }).end()
    return
  }
  if (fault?.html) {
    response
      .writeHead(fault.status ?? 200, { ...answer.headers, 'content-type': 'text/html' })
      .end('<html><body>Welcome</body></html>')
    return
  }
  const type = contentTypeOf(answer)
  const whole = typeof answer.body === 'string' && type !== null ? answer.body : JSON.stringify(answer.body)
  const text = fault?.badJson ? `${whole.slice(0, whole.length >> 1)}…` : whole
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(type === null ? { 'content-type': 'application/json' } : {}),
    'content-length': Buffer.byteLength(text),
  })
  if (fault?.cut) {
    response.write(text.slice(0, text.length >> 1), () => response.destroy())
    return
  }
  response.end(text)
}

/** As a fault's headers have it, whose body is then written as it is; null: JSON. */
function contentTypeOf({ headers }: Answer): string | null {
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')
  return named?.[1] ?? null
}

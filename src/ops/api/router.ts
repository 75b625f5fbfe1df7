import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import { messageOf, PostriderError } from '../../errors.ts'
import type { KeptAnswer } from '../../ledger/idempotency.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Log } from '../../log.ts'
import type { Operator } from '../../operator.ts'
import { allows } from '../access/allows.ts'
import { sessionIn } from '../access/cookie.ts'
import { bearerIn, operatorOf } from '../access/operator-of.ts'
import { isForged } from '../access/same-origin.ts'
import { securityHeaders } from '../headers.ts'
import { isKey, underKey } from './idempotency.ts'
import { bodyOf, hasBody, inputOf, MOST_BYTES } from './input.ts'
import { documentOf } from './openapi.ts'
import type { ApiDeps, Context, Fault, Input, Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { PROBLEMS, type ProblemName, problemOf, sendJson, sendProblem } from './problem.ts'

export type RouterDeps = ApiDeps & { ledger: Ledger; log: Pick<Log, 'error'> }

/**
 * The API, to be mounted at /api/v1: a ladder of refusals, the same for every operation. Who may not do something gets the same answer whether the thing exists or not, and before anything of the
 * request is looked at.
 */
export function api(deps: RouterDeps): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  let document: string | null = null
  router.use(securityHeaders())
  router.use((_request, response, next) => {
    response.set('cache-control', 'no-store')
    next()
  })
  // It says what can be asked, and nothing of anybody.
  router.get('/openapi.json', (_request, response) => {
    document ??= JSON.stringify(documentOf(OPERATIONS))
    sendJson(response, 200, document)
  })
  router.use(async (request, response, next) => {
    // Without a session nothing can be done in somebody's name: a program that forgot its token is told that.
    if (sessionIn(request) !== null && isForged(request)) return sendProblem(response, 'forged', FORGED)
    const operator = await operatorOf(request, deps)
    if (operator === null) return unauthenticated(request, response)
    response.locals.operator = operator
    next()
  })
  for (const operation of OPERATIONS) {
    const method = operation.method === 'GET' ? 'get' : 'post'
    router[method](pathOf(operation), (request, response) => serve(operation, request, response, deps))
  }
  for (const [path, its] of Map.groupBy(OPERATIONS, pathOf)) {
    const allowed = its.map(({ method }) => method).join(', ')
    router.all(path, (_request, response) => {
      response.set('allow', allowed)
      sendProblem(response, 'method-not-allowed', `Possible here: ${allowed}.`)
    })
  }
  router.use((_request, response) => sendProblem(response, 'not-found', 'There is nothing at this address.'))
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error)
    const [name, detail, errors] = failureOf(error, deps.log)
    if (PROBLEMS[name].status === 503) response.set('retry-after', '30')
    sendProblem(response, name, detail, errors)
  })
  return router
}

/** As Express writes it: `/messages/:id/retry`. */
function pathOf({ path }: Operation): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

async function serve(
  operation: Operation,
  request: Request,
  response: Response,
  deps: RouterDeps,
): Promise<void> {
  const operator = response.locals.operator as Operator
  if (!allows(operator.role, operation.action)) return forbidden(operator, response)
  if (hasBody(request) && request.is('application/json') === false) {
    return sendProblem(response, 'unsupported-media-type', 'Send the body as application/json.')
  }
  const read = inputOf(operation, request, hasBody(request) ? await bodyOf(request, response) : {})
  if ('errors' in read) return sendProblem(response, 'invalid', NOT_UNDERSTOOD, read.errors)
  const { input } = read
  if (!operation.also(input).every((action) => allows(operator.role, action))) {
    return forbidden(operator, response)
  }

  const context: Context = { deps, operator }
  const act = () => answerOf(operation, context, input)
  const key = operation.changes === 'nothing' ? undefined : request.get('idempotency-key')
  if (key === undefined) return sendAnswer(response, await act())
  if (!isKey(key)) {
    const message = 'expected 1 to 255 visible characters of ASCII'
    return sendProblem(response, 'invalid', NOT_UNDERSTOOD, [{ path: 'header.Idempotency-Key', message }])
  }
  const keyed = await underKey(
    key,
    { operator, bearer: bearerIn(request), operation, input },
    deps.ledger,
    act,
  )
  switch (keyed.kind) {
    case 'open':
      return sendProblem(response, 'key-open', KEY_OPEN)
    case 'other':
      return sendProblem(response, 'key-reused', KEY_REUSED)
    case 'answered':
      if (keyed.replayed) response.set('idempotency-replayed', 'true')
      return sendAnswer(response, keyed.answer)
  }
}

async function answerOf(operation: Operation, context: Context, input: Input): Promise<KeptAnswer> {
  const outcome = await operation.run(context, input)
  switch (outcome.kind) {
    case 'answer':
      return { status: operation.status, body: JSON.stringify(outcome.body) }
    case 'missing':
      return problemAnswer('not-found', outcome.reason)
    case 'refused':
      return problemAnswer('refused', outcome.reason)
    case 'invalid':
      return problemAnswer('invalid', NOT_UNDERSTOOD, outcome.errors)
  }
}

function problemAnswer(name: ProblemName, detail: string, errors?: readonly Fault[]): KeptAnswer {
  return { status: PROBLEMS[name].status, body: JSON.stringify(problemOf(name, detail, errors)) }
}

function sendAnswer(response: Response, { status, body }: KeptAnswer): void {
  sendJson(response, status, body)
}

function unauthenticated(request: Request, response: Response): void {
  const error = bearerIn(request) === null ? '' : ', error="invalid_token"'
  response.set('www-authenticate', `Bearer realm="postrider"${error}`)
  sendProblem(response, 'unauthenticated', UNAUTHENTICATED)
}

function forbidden({ role }: Operator, response: Response): void {
  sendProblem(response, 'forbidden', `The role ${role} does not allow this.`)
}

/** What Express marks with a status is the request's fault, and what the ledger refuses says why; everything else is ours, and its words are for the log. */
function failureOf(error: unknown, log: Pick<Log, 'error'>): [ProblemName, string, Fault[]?] {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0
  if (status === 413) return ['too-large', `A body has at most ${MOST_BYTES} bytes.`]
  if (status === 415) return ['unsupported-media-type', PLAIN]
  if (status >= 400 && status < 500) {
    const message = 'expected a JSON object, and a path that can be decoded'
    return ['invalid', NOT_UNDERSTOOD, [{ path: '', message }]]
  }
  const code = error instanceof PostriderError ? error.code : null
  if (code === 'NOT_FOUND') return ['not-found', messageOf(error)]
  if (code === 'REFUSED') return ['refused', messageOf(error)]
  log.error('request failed', { error: messageOf(error) })
  return ['unavailable', 'Something failed here; the log says what. Try again.']
}

const FORGED =
  'A browser must come from the pages of this service to change something. Programs send a token: Authorization: Bearer postrider_…'
const UNAUTHENTICATED =
  'Send a token, Authorization: Bearer postrider_…, which postrider tokens add makes, or log in at /console/.'
const NOT_UNDERSTOOD = 'The request is not as it should be; errors says where. Nothing was done.'
const PLAIN = 'Send the body as application/json in UTF-8, without a content encoding.'
const KEY_OPEN =
  'This was asked for under the same key, and is being done now, or was when the service stopped: whether it was done is not known. See in the ledger, then ask under a new key.'
const KEY_REUSED =
  'Something else was asked for under this key. Nothing was done. Take a new key for each thing that is to be done.'

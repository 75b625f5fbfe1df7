import assert from 'node:assert/strict'
import { after } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DEPLOYMENT, EXTERNAL_SOURCE } from '../../src/sandbox/directory.ts'
import { SANDBOX_CLIENT, type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'

/** Contacts of the sandbox's directory. */
export const ADA = '5d3c7a10-1f6e-4b0a-8c55-000000001001'
export const BRUNO = '5d3c7a10-1f6e-4b0a-8c55-000000001002'
export const DORA = '5d3c7a10-1f6e-4b0a-8c55-000000001004'
export const EVE_ACTIVE = '5d3c7a10-1f6e-4b0a-8c55-000000001005'
export const ADA_MERGED = '5d3c7a10-1f6e-4b0a-8c55-000000001006'

export const LOOKUP = '/api/v2/externalcontacts/identifierlookup/contacts'
export const MESSAGE = '/api/v2/conversations/messages/agentless'
export const EMAIL = '/api/v2/conversations/emails/agentless'
export const MESSAGES = '/api/v2/conversations/messages'
export const ANALYTICS = '/api/v2/analytics/conversations/details/query'
export const CONTACTS = '/api/v2/externalcontacts/contacts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** Bodies that are right; tests change one thing. */
export const byExternalId = { type: 'ExternalId', value: 'C-1001', externalSource: EXTERNAL_SOURCE }
export const webMessage = {
  fromAddress: DEPLOYMENT,
  toAddressMessengerType: 'webmessaging',
  externalContactId: ADA,
  textBody: 'Your ticket is resolved.',
}
export const sms = {
  fromAddress: '+13175550100',
  toAddressMessengerType: 'sms',
  toAddress: '+14155550101',
  textBody: 'Hi',
}
export const email = {
  senderType: 'Outbound',
  fromAddress: { email: 'care@demo.example', name: 'Demo Care' },
  toAddresses: [{ email: 'ada@example.com', name: 'Ada Example' }],
  subject: 'Your order',
  textBody: 'It is on its way.',
}

export type Json = Readonly<Record<string, unknown>>
/** An answer, read; `body` is {} where it is not a JSON object. */
export type Answer = { status: number; headers: Headers; text: string; body: Json }

export type Live = {
  sandbox: Sandbox
  clock: ManualClock
  /** A request as it is given; nothing is added. */
  ask(path: string, init?: RequestInit): Promise<Answer>
  /** `POST` of JSON with the token, or what `headers` says instead. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  get(path: string): Promise<Answer>
  /** `POST /oauth/token`; the right one unless said otherwise. */
  logIn(change?: { authorization?: string | null; contentType?: string; form?: string }): Promise<Answer>
  /** A request of the control API, `POST` unless said otherwise. */
  control(path: string, body: unknown, method?: 'POST' | 'PATCH'): Promise<Answer>
  /** A fault by the control API. */
  fault(fault: Json): Promise<Answer>
}

const opened: Sandbox[] = []
after(() => Promise.all(opened.map((sandbox) => sandbox.close())))

/** A sandbox on a port of its own, logged in to, its time the test's; closed when all tests of the file are over. */
export async function startLive(options: Partial<SandboxOptions> = {}): Promise<Live> {
  const clock = createManualClock()
  const sandbox = await startSandbox({ port: 0, clock, ...options })
  opened.push(sandbox)

  const ask: Live['ask'] = async (path, init) => {
    const response = await fetch(`${sandbox.url}${path}`, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: objectOf(text) }
  }
  const logIn: Live['logIn'] = ({
    authorization = basic(SANDBOX_CLIENT.clientId, SANDBOX_CLIENT.clientSecret),
    contentType = 'application/x-www-form-urlencoded',
    form = 'grant_type=client_credentials',
  } = {}) => {
    const headers = { 'content-type': contentType, ...(authorization === null ? {} : { authorization }) }
    return ask('/oauth/token', { method: 'POST', headers, body: form })
  }
  const control: Live['control'] = (path, body, method = 'POST') =>
    ask(`/sandbox${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const token = (await logIn()).body.access_token
  assert.equal(typeof token, 'string')
  const authorization = `Bearer ${token}`
  return {
    sandbox,
    clock,
    ask,
    logIn,
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path) => ask(path, { headers: { authorization } }),
    control,
    fault: (fault) => control('/faults', fault),
  }
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}

/** Resolves when `done`, which only what is on its way already can bring about. */
export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await setImmediate()
}

const ERROR_FIELDS = [
  'message',
  'code',
  'status',
  'messageWithParams',
  'messageParams',
  'contextId',
  'details',
  'errors',
]

/** An error of the API as all of them are: status and code, every field of the body, the correlation id in header and body. */
export function assertError(answer: Answer, status: number, code: string, message: RegExp): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  const { limit: _, ...body } = answer.body
  assert.deepEqual(Object.keys(body), ERROR_FIELDS)
  assert.equal(body.status, status)
  assert.match(String(body.message), message)
  assert.equal(
    filled(String(body.messageWithParams), objectOf(JSON.stringify(body.messageParams))),
    body.message,
  )
  assert.equal(body.contextId, correlationIdOf(answer))
  assert.ok(Array.isArray(body.details) && Array.isArray(body.errors))
}

/** 400 that names the field in `details`. */
export function assertFieldError(
  answer: Answer,
  fieldName: string,
  errorCode: string,
  message: RegExp,
): void {
  assertError(answer, 400, 'bad.request', message)
  assert.deepEqual(answer.body.details, [{ errorCode, fieldName }])
}

export function correlationIdOf({ headers }: Answer): string {
  const id = headers.get('inin-correlation-id') ?? ''
  assert.match(id, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
  return id
}

function filled(template: string, params: Json): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name]))
}

function objectOf(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : {}
  } catch {
    return {}
  }
}

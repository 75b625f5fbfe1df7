import type { z } from 'zod'
import type { Answer } from '../../src/genesys/genesys.ts'
import type { Fault } from '../../src/sandbox/faults.ts'
import { NO_ANSWER, refused } from './answers.ts'

/** How an answer is brought about: by a fault of the sandbox at the channel's operation, at the login, or by an address where nothing good is. */
export type Provocation =
  | { at: 'operation' | 'login'; fault: Omit<z.input<typeof Fault>, 'operation'> }
  | { at: 'nothing' | 'refused-connection' | 'unknown-host' | 'not-tls' | 'wrong-secret' }

/** Every answer that Genesys or the network can give to a send. `row`: the line of the table of outcomes that it falls under; null: sent. */
export type Provoked = { name: string; row: string | null; by: Provocation; acted: boolean }

const at = (fault: Omit<z.input<typeof Fault>, 'operation'>): Provocation => ({ at: 'operation', fault })
const status = (
  name: string,
  row: string,
  code: number,
  more: Omit<z.input<typeof Fault>, 'operation'> = {},
): Provoked => ({
  name,
  row,
  by: at({ times: 1, status: code, ...more }),
  acted: false,
})
const error = (code: string, message: string, more: object = {}) => ({
  body: { code, message, details: [], ...more },
})

export const PROVOKED: readonly Provoked[] = [
  { name: '200', row: null, by: { at: 'nothing' }, acted: true },
  { name: '202 with no body', row: null, by: at({ times: 1, empty202: true }), acted: true },
  status('400', '400, 413, 415, 422 and any other 4xx', 400, error('bad.request', 'textBody is required.')),
  status(
    '400 about an active conversation',
    '409, or a 400 that speaks of an active conversation',
    400,
    error('bad.request', 'An active conversation is already in progress'),
  ),
  status(
    '400 about the destination',
    '400 or 422 about the destination, or a recipient who opted out',
    400,
    error('invalid.value', 'no', { details: [{ errorCode: 'invalid.value', fieldName: 'toAddress' }] }),
  ),
  status(
    '400 for one who opted out',
    '400 or 422 about the destination, or a recipient who opted out',
    400,
    error('bad.request', 'RecipientOptedOut'),
  ),
  status('401, and again with a new token', '401, also with a new token', 401, {
    times: 2,
    ...error('bad.credentials', 'Invalid login credentials.'),
  }),
  status(
    '403 that names a permission',
    '403 that names a missing permission',
    403,
    error('missing.permissions', 'You are missing the following permission(s): conversation:message:create'),
  ),
  status('403 of another kind', '403 of another kind', 403, error('not.authorized', 'No.')),
  status('404', '404', 404, error('not.found', 'The requested external contact was not found.')),
  status(
    '404 about the deployment',
    '404 about the deployment, the integration or the response',
    404,
    error('not.found', 'The requested deployment was not found.'),
  ),
  status('404 as a page of HTML', '404 as a page of HTML', 404, {
    headers: { 'content-type': 'text/html' },
    body: '<html>nothing here</html>',
  }),
  status('408', '408', 408, error('request.timeout', 'The request timed out.')),
  status(
    '409',
    '409, or a 400 that speaks of an active conversation',
    409,
    error('conflict', 'An active conversation is already in progress'),
  ),
  status('413', '400, 413, 415, 422 and any other 4xx', 413),
  status('415', '400, 413, 415, 422 and any other 4xx', 415),
  status('422', '400, 413, 415, 422 and any other 4xx', 422, error('invalid.value', 'no')),
  status('429', '429', 429, { retryAfter: 2 }),
  status('500', '5xx', 500),
  status('502 as a page of HTML', '5xx', 502, {
    headers: { 'content-type': 'text/html' },
    body: '<html>Bad Gateway</html>',
  }),
  status('503', '5xx', 503),
  status('504', '5xx', 504),
  status('a redirect', '3xx', 302, { headers: { location: 'http://127.0.0.1:9/login' } }),
  {
    name: '200 with a page of HTML',
    row: 'no usable answer: time-out, reset, cut off, not JSON',
    by: at({ times: 1, html: true }),
    acted: true,
  },
  {
    name: 'a body that breaks off',
    row: 'no usable answer: time-out, reset, cut off, not JSON',
    by: at({ times: 1, cut: true }),
    acted: true,
  },
  {
    name: 'no answer at all',
    row: 'no usable answer: time-out, reset, cut off, not JSON',
    by: at({ times: 1, hang: true }),
    acted: false,
  },
  {
    name: 'a reset before it acted',
    row: 'no usable answer: time-out, reset, cut off, not JSON',
    by: at({ times: 1, reset: 'before-acting' }),
    acted: false,
  },
  {
    name: 'a reset after it acted',
    row: 'no usable answer: time-out, reset, cut off, not JSON',
    by: at({ times: 1, reset: 'after-acting' }),
    acted: true,
  },
  {
    name: 'a refused connection',
    row: 'no connection: refused, DNS, TLS, no route',
    by: { at: 'refused-connection' },
    acted: false,
  },
  {
    name: 'a host that has no address',
    row: 'login not answered, or 5xx',
    by: { at: 'unknown-host' },
    acted: false,
  },
  {
    name: 'a failure of TLS',
    row: 'login not answered, or 5xx',
    by: { at: 'not-tls' },
    acted: false,
  },
  { name: 'a login that is refused', row: 'login refused (4xx)', by: { at: 'wrong-secret' }, acted: false },
  {
    name: 'a login that fails',
    row: 'login not answered, or 5xx',
    by: { at: 'login', fault: { times: 1, status: 503 } },
    acted: false,
  },
  {
    name: 'a login that asks for a slower pace',
    row: 'login answered 429',
    by: { at: 'login', fault: { times: 1, status: 429, retryAfter: 2 } },
    acted: false,
  },
]

type NotOk = Exclude<Answer<unknown>, { kind: 'ok' }>
const login = (code: number | null): NotOk => ({
  kind: 'no-token',
  status: code,
  code: code === 401 ? 'invalid_client' : null,
  message: 'client not found',
  retryAfterMs: null,
})

/** One answer of each line of the table, to show what an operator reads. */
export const SAMPLES: Readonly<Record<string, NotOk>> = {
  'no connection: refused, DNS, TLS, no route': {
    kind: 'unreached',
    code: 'ECONNREFUSED',
    message: 'connection refused',
  },
  'login answered 429': login(429),
  'login not answered, or 5xx': login(503),
  'login refused (4xx)': login(401),
  'no usable answer: time-out, reset, cut off, not JSON': NO_ANSWER as NotOk,
  '429': refused(429, { code: 'too.many.requests' }),
  '401, also with a new token': refused(401, { code: 'bad.credentials' }),
  '403 that names a missing permission': refused(403, {
    code: 'missing.permissions',
    missingPermissions: ['conversation:message:create'],
  }),
  '403 of another kind': refused(403, { code: 'not.authorized', message: 'No.' }),
  '409, or a 400 that speaks of an active conversation': refused(409, { code: 'conflict' }),
  '404 as a page of HTML': refused(404, { code: 'NOT_JSON' }),
  '400 or 422 about the destination, or a recipient who opted out': refused(400, {
    code: 'invalid.value',
    message: 'toAddress must be in E.164 format.',
    fields: ['toAddress'],
  }),
  '404 about the deployment, the integration or the response': refused(404, {
    code: 'not.found',
    message: 'The requested deployment was not found.',
  }),
  '404': refused(404, { code: 'not.found', message: 'The requested external contact was not found.' }),
  '408': refused(408, { code: 'request.timeout' }),
  '5xx': refused(503, { code: 'service.unavailable' }),
  '3xx': refused(302),
  '400, 413, 415, 422 and any other 4xx': refused(400, {
    code: 'bad.request',
    message: 'textBody is required.',
  }),
}

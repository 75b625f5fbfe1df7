import {
  type MacScheme,
  SCHEMES,
  type Scheme,
  type TokenPlace,
} from '../../../src/receive/signature/scheme.ts'
import { type SignedParts, signRequest } from '../../../src/receive/signature/sign.ts'
import type { SignedRequest } from '../../../src/receive/signature/verdict.ts'
import { rawHeadersOf } from '../signing.ts'

/** Whole seconds, so that what a sender writes of it is all of it. */
export const NOW = Date.UTC(2026, 10, 23, 9, 0, 0)
export const URL_CALLED = 'https://hooks.example.com/webhooks/crm?via=a%2Fb&n=1'

/** Slack's signatures, as a configuration may describe a sender that is no preset. */
export const SLACK: MacScheme = {
  kind: 'mac',
  header: 'x-slack-signature',
  grammar: { kind: 'one', prefix: 'v0=' },
  algorithm: 'sha256',
  encoding: 'hex',
  key: 'text',
  signed: [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body'],
  timestamp: {
    in: { header: 'x-slack-request-timestamp' },
    units: ['s'],
    oldestMs: 300_000,
    aheadMs: 300_000,
  },
}

/** Every place that a token may stand in. */
export const PLACES = {
  basic: { in: 'basic' },
  bearer: { in: 'bearer' },
  header: { in: 'header', name: 'x-token' },
  query: { in: 'query', name: 'token' },
  body: { in: 'body', path: ['auth', 'token'] },
} as const satisfies Record<string, TokenPlace>

/** Keys of what must be signed by HMAC, and what such a secret looks like. */
export const SIGNED: readonly { name: string; scheme: Exclude<Scheme, { kind: 'token' }>; secret: string }[] =
  Object.entries({ ...SCHEMES, 'slack-v0': SLACK }).map(([name, scheme]) => ({
    name,
    scheme,
    secret: name === 'standard-webhooks' ? whsec('a key of tests, 24 bytes') : 'a-secret-of-the-tests',
  }))

export function whsec(key: string | Uint8Array): string {
  return `whsec_${Buffer.from(key).toString('base64')}`
}

export type Sent = { body: string | Buffer; url?: string; id?: string; atMs?: number }

/** A delivery as its sender signs it. */
export function sent(scheme: Scheme, secret: string, one: Sent): SignedParts {
  const { body, url = URL_CALLED, id = 'msg_1', atMs = NOW } = one
  const headers = { 'content-type': 'application/json' }
  return signRequest(scheme, secret, {
    method: 'POST',
    url,
    headers,
    body: Buffer.from(body),
    id,
    at: new Date(atMs),
  })
}

/** The same as it arrives, to be verified with these secrets. */
export function arrived(
  { url, headers, body }: SignedParts,
  secrets: readonly string[],
  nowMs = NOW,
): SignedRequest {
  return { method: 'POST', url, rawHeaders: rawHeadersOf(headers), body, secrets, nowMs }
}

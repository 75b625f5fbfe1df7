import { macOf } from './mac.ts'
import type { MacScheme, Scheme, TokenPlace } from './scheme.ts'
import { standardSignature } from './standard-webhooks.ts'
import { writtenTime } from './time.ts'

/** A request before its sender has signed it. `id`: of the event; `at`: when it is signed. */
export type Unsigned = {
  method: string
  url: string
  headers: Readonly<Record<string, string>>
  body: Buffer
  id: string
  at: Date
}

/** The same with its proof. Header values are as they go over the wire, a byte a character. */
export type SignedParts = { url: string; headers: Record<string, string>; body: Buffer }

/** Signs a request as a sender of this scheme does: for replaying examples, and for tests. */
export function signRequest(scheme: Scheme, secret: string, unsigned: Unsigned): SignedParts {
  switch (scheme.kind) {
    case 'standard-webhooks': {
      const { id, at, body, url } = unsigned
      const headers = {
        ...unsigned.headers,
        'webhook-id': id,
        'webhook-timestamp': writtenTime(at.getTime(), 's'),
        'webhook-signature': standardSignature(secret, scheme.key, { id, at, body }),
      }
      return { url, headers, body }
    }
    case 'mac':
      return signedByMac(scheme, secret, unsigned)
    case 'token':
      return withToken(scheme.places[0], secret, unsigned)
  }
}

function signedByMac(scheme: MacScheme, secret: string, unsigned: Unsigned): SignedParts {
  const { method, url, body, at } = unsigned
  const { timestamp: time, grammar } = scheme
  const timestamp = time ? writtenTime(at.getTime(), time.units[0] ?? 's') : ''
  const headers = { ...unsigned.headers }
  if (time && time.in !== 'grammar') headers[time.in.header] = timestamp
  const signature = macOf(scheme, secret, {
    method,
    url,
    body,
    timestamp,
    rawHeaders: Object.entries(headers).flat(),
  })
  headers[scheme.header] =
    grammar.kind === 'one'
      ? `${grammar.prefix}${signature}`
      : `${grammar.timestamp}=${timestamp},${grammar.signature}=${signature}`
  return { url, headers, body }
}

function withToken(place: TokenPlace, secret: string, { url, headers, body }: Unsigned): SignedParts {
  const onWire = Buffer.from(secret).toString('latin1')
  switch (place.in) {
    case 'basic':
      return {
        url,
        headers: { ...headers, authorization: `Basic ${Buffer.from(secret).toString('base64')}` },
        body,
      }
    case 'bearer':
      return { url, headers: { ...headers, authorization: `Bearer ${onWire}` }, body }
    case 'header':
      return { url, headers: { ...headers, [place.name]: onWire }, body }
    case 'query': {
      const called = new URL(url)
      called.searchParams.set(place.name, secret)
      return { url: called.href, headers: { ...headers }, body }
    }
    case 'body':
      return { url, headers: { ...headers }, body: withField(body, place.path, secret) }
  }
}

/** A JSON object with one more field; what is none stays as it is. */
function withField(body: Buffer, path: readonly string[], value: string): Buffer {
  let payload: unknown
  try {
    payload = JSON.parse(body.toString('utf8'))
  } catch {
    return body
  }
  if (typeof payload !== 'object' || payload === null) return body
  let at: object = payload
  for (const key of path.slice(0, -1)) {
    const inner: unknown = Reflect.get(at, key)
    const next = typeof inner === 'object' && inner !== null ? inner : {}
    Reflect.set(at, key, next)
    at = next
  }
  Reflect.set(at, path.at(-1) ?? '', value)
  return Buffer.from(JSON.stringify(payload))
}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { SCHEMES, type Scheme } from '../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../src/receive/signature/verdict.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { rawHeadersOf } from '../signing.ts'
import { PLACES, SLACK, whsec } from './schemes.ts'

/** Without `nowMs` where no time is signed, without `method` and `url` where they are not. */
type Vector = {
  source: string
  scheme: string
  /** Where the scheme is no more than a header's. */
  header?: string
  method?: string
  url?: string
  secret: string | string[]
  /** The same secret as its sender shows it. */
  rawSecret?: string
  headers: Record<string, string>
  body: string
  nowMs: number | null
  expected: 'valid' | 'invalid'
  reason: string
  origin: string
}
const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors.json'), 'utf8')) as Vector[]

/** By `source scheme`. The counts are asserted, so that none drops out unseen. */
const SUPPORTED: Readonly<Record<string, { scheme: Scheme; count: number }>> = {
  'standard-webhooks standard-webhooks': { scheme: SCHEMES['standard-webhooks'], count: 15 },
  'svix standard-webhooks': { scheme: SCHEMES['standard-webhooks'], count: 3 },
  'bigcommerce standard-webhooks': { scheme: SCHEMES['standard-webhooks'], count: 1 },
  'zendesk zendesk': { scheme: SCHEMES.zendesk, count: 5 },
  'hubspot hubspot-v3': { scheme: SCHEMES['hubspot-v3'], count: 10 },
  'stripe stripe': { scheme: SCHEMES.stripe, count: 8 },
  'klaviyo klaviyo': { scheme: SCHEMES.klaviyo, count: 2 },
  'shopify raw-hmac-sha256-base64': { scheme: SCHEMES.shopify, count: 6 },
  'woocommerce raw-hmac-sha256-base64': { scheme: SCHEMES.woocommerce, count: 2 },
  'intercom x-hub-signature-sha1': { scheme: SCHEMES.intercom, count: 2 },
  'segment raw-hmac-sha1-hex': { scheme: SCHEMES.segment, count: 1 },
  'github x-hub-signature-256': { scheme: SCHEMES['github-style'], count: 9 },
  'slack slack-v0': { scheme: SLACK, count: 1 },
  'pipedrive basic': { scheme: { kind: 'token', places: [PLACES.basic] }, count: 2 },
}

/** By what of the same sender they are refused, and why there is no more. */
const UNSUPPORTED: Readonly<Record<string, { instead: Scheme; count: number; why: string }>> = {
  'standard-webhooks standard-webhooks-v1a': {
    instead: SCHEMES['standard-webhooks'],
    count: 2,
    why: 'asymmetric: svix, which verifies Standard Webhooks here, knows v1 alone',
  },
  'hubspot hubspot-v1': {
    instead: SCHEMES['hubspot-v3'],
    count: 2,
    why: 'a hash and no HMAC, and no time: HubSpot sends v3 beside it',
  },
  'hubspot hubspot-v2': {
    instead: SCHEMES['hubspot-v3'],
    count: 3,
    why: 'a hash and no HMAC, and no time: HubSpot sends v3 beside it',
  },
}

function kindOf({ source, scheme }: Vector): string {
  return `${source} ${scheme}`
}

function requestOf(vector: Vector, secrets: readonly string[] = [vector.secret].flat()): SignedRequest {
  const { method = 'POST', url = 'https://hooks.example.com/', headers, body, nowMs } = vector
  return {
    method,
    url,
    rawHeaders: rawHeadersOf(headers),
    body: Buffer.from(body),
    secrets,
    nowMs: nowMs ?? 0,
  }
}

for (const [kind, { scheme, count }] of Object.entries(SUPPORTED)) {
  describe(`vectors of ${kind}`, () => {
    const own = vectors.filter((vector) => kindOf(vector) === kind)
    test('are all here', () => assert.equal(own.length, count))
    for (const vector of own) {
      const { expected, reason, origin, header } = vector
      test(`${expected}: ${reason} (${origin})`, () => {
        if (header !== undefined) assert.equal(scheme.kind === 'mac' && scheme.header, header)
        const isTimed =
          scheme.kind === 'standard-webhooks' || (scheme.kind === 'mac' && scheme.timestamp !== null)
        assert.equal(vector.nowMs !== null, isTimed)
        assert.equal(verify(scheme, requestOf(vector)).kind, expected === 'valid' ? 'authentic' : 'refused')
      })
    }
  })
}

describe('a secret as BigCommerce shows it', () => {
  const shown = vectors.filter(({ rawSecret }) => rawSecret !== undefined)
  test('is in one vector', () => assert.equal(shown.length, 1))
  for (const vector of shown) {
    test(`${vector.expected}: ${vector.reason}`, () => {
      const secret = vector.rawSecret ?? ''
      assert.equal(vector.secret, whsec(secret))
      assert.equal(verify(SCHEMES.bigcommerce, requestOf(vector, [secret])).kind, 'authentic')
    })
  }
})

for (const [kind, { instead, count, why }] of Object.entries(UNSUPPORTED)) {
  test(`vectors of ${kind} are refused (${why})`, () => {
    const own = vectors.filter((vector) => kindOf(vector) === kind)
    assert.equal(own.length, count)
    for (const vector of own) {
      assert.equal(verify(instead, requestOf(vector, [whsec('a key of tests, 24 bytes')])).kind, 'refused')
    }
  })
}

test('no vector is of a kind that nobody looks at', () => {
  const known = new Set([...Object.keys(SUPPORTED), ...Object.keys(UNSUPPORTED)])
  assert.deepEqual(
    vectors.map(kindOf).filter((kind) => !known.has(kind)),
    [],
  )
  assert.equal(vectors.length, 74)
})

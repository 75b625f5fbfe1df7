import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type MacScheme,
  SCHEMES,
  type Scheme,
  type SignedPart,
  type TokenPlace,
} from '../../../src/receive/signature/scheme.ts'
import { signRequest } from '../../../src/receive/signature/sign.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { flipped } from './flip.ts'
import { arrived, NOW, PLACES, SLACK, sent, URL_CALLED, whsec } from './schemes.ts'

/** From the year 2001 to 2100, in whole seconds. */
const TIMES = fc.integer({ min: 1_000_000_000, max: 4_102_444_800 }).map((seconds) => seconds * 1000)
const IDS = fc.stringMatching(/^[\w.:-]{1,60}$/)
const BODIES = fc.oneof(
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
)
/** As configurations have them: any text without blanks around it and without line breaks. */
const TEXTS = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
  .filter((text) => text === text.trim() && !/\p{Cc}/u.test(text) && text.isWellFormed())
const KEYS = fc.uint8Array({ minLength: 8, maxLength: 64 })

function secretsOf(scheme: Scheme): fc.Arbitrary<string> {
  if (scheme.kind === 'standard-webhooks' && scheme.key === 'whsec') return KEYS.map(whsec)
  if (scheme.kind !== 'mac' || scheme.key === 'text') return TEXTS
  const { key } = scheme
  return KEYS.map((bytes) => Buffer.from(bytes).toString(key))
}

/** Any scheme that can be written as data. */
const MAC_SCHEMES: fc.Arbitrary<MacScheme> = fc
  .record({
    grammar: fc.constantFrom(
      { kind: 'one', prefix: '' } as const,
      { kind: 'one', prefix: 'v0=' } as const,
      { kind: 'pairs', signature: 's', timestamp: 't' } as const,
    ),
    algorithm: fc.constantFrom('sha1', 'sha256', 'sha512'),
    encoding: fc.constantFrom('hex', 'base64'),
    key: fc.constantFrom('text', 'base64', 'hex'),
    unit: fc.constantFrom('s', 'ms', 'iso', 'http-date'),
    isTimed: fc.boolean(),
    around: fc.array(
      fc.constantFrom<SignedPart[]>({ text: '.' }, 'method', 'url', { header: 'content-type' }),
      { maxLength: 4 },
    ),
    bodyFirst: fc.boolean(),
  })
  // An HTTP date has a comma, which such a list cannot hold.
  .filter(({ grammar, unit }) => grammar.kind === 'one' || unit !== 'http-date')
  .map(
    ({ unit, isTimed, around, bodyFirst, ...scheme }): MacScheme => ({
      ...scheme,
      kind: 'mac',
      header: 'x-signature',
      signed: [
        ...(bodyFirst ? (['body'] as const) : []),
        ...around,
        ...(isTimed ? (['timestamp'] as const) : []),
        ...(bodyFirst ? [] : (['body'] as const)),
      ],
      timestamp: isTimed
        ? {
            in: scheme.grammar.kind === 'pairs' ? 'grammar' : { header: 'x-time' },
            units: [unit],
            oldestMs: 300_000,
            aheadMs: 300_000,
          }
        : null,
    }),
  )

/** A scheme and a delivery that is signed by it. */
function signedBy(schemes: fc.Arbitrary<Scheme>) {
  return schemes.chain((scheme) =>
    fc.record({
      scheme: fc.constant(scheme),
      secret: secretsOf(scheme),
      other: secretsOf(scheme),
      body: BODIES,
      id: IDS,
      atMs: TIMES,
    }),
  )
}

function isSignedAs(schemes: fc.Arbitrary<Scheme>, numRuns: number): void {
  fc.assert(
    fc.property(signedBy(schemes), fc.nat(), ({ scheme, secret, other, body, id, atMs }, bit) => {
      const request = arrived(sent(scheme, secret, { body, id, atMs }), [other, secret], atMs)
      const verdict = verify(scheme, request)
      assert.equal(verdict.kind, 'authentic')
      if (scheme.kind === 'standard-webhooks')
        assert.deepEqual(verdict, { kind: 'authentic', id, timestampMs: atMs })
      if (other !== secret) {
        assert.equal(verify(scheme, { ...request, secrets: [other] }).kind, 'refused')
      }
      if (body.length > 0) {
        assert.equal(verify(scheme, { ...request, body: flipped(body, bit) }).kind, 'refused')
      }
    }),
    { numRuns },
  )
}

describe('what is signed is accepted, and neither by another secret nor with another body', () => {
  for (const [name, scheme] of Object.entries<Scheme>({ ...SCHEMES, 'slack-v0': SLACK })) {
    test(`by ${name}`, () => isSignedAs(fc.constant(scheme), 200))
  }
  test('by any scheme that is written as data', () => isSignedAs(MAC_SCHEMES, 2000))
})

describe('a token is put where it belongs', () => {
  for (const [name, place] of Object.entries<TokenPlace>(PLACES)) {
    test(`in ${name}, and in none of the other places`, () => {
      const objects = fc.dictionary(fc.string(), fc.jsonValue())
      fc.assert(
        fc.property(TEXTS, objects, (token, payload) => {
          const scheme: Scheme = { kind: 'token', places: [place] }
          const secret = `user:${token}`
          const request = arrived(sent(scheme, secret, { body: JSON.stringify(payload) }), [secret])
          assert.deepEqual(verify(scheme, request), { kind: 'authentic', id: null, timestampMs: null })
          for (const other of Object.values(PLACES).filter((one) => one !== place)) {
            assert.equal(verify({ kind: 'token', places: [other] }, request).kind, 'refused')
          }
        }),
      )
    })
  }

  test('of several places in the first', () => {
    const scheme: Scheme = { kind: 'token', places: [PLACES.query, PLACES.header] }
    const { url, headers } = sent(scheme, 'a-token-of-the-tests', { body: '{}' })
    assert.match(url, /[?&]token=a-token-of-the-tests$/)
    assert.equal(headers['x-token'], undefined)
  })

  test('in a body that is no JSON object nowhere: it stays as it is', () => {
    for (const body of ['', 'a=1', '[', '7', 'null']) {
      const signed = sent({ kind: 'token', places: [PLACES.body] }, 'a-token-of-the-tests', { body })
      assert.equal(signed.body.toString(), body)
    }
  })
})

test('what the sender wrote stays: its headers, its URL, its body', () => {
  for (const scheme of [...Object.values<Scheme>(SCHEMES), SLACK]) {
    const headers = { 'content-type': 'application/json', 'x-topic': 'orders/create' }
    const secret = scheme.kind === 'standard-webhooks' ? whsec('a key of tests, 24 bytes') : 'a-secret'
    const body = Buffer.from('{"a":1}')
    const unsigned = { method: 'POST', url: URL_CALLED, headers, body, id: 'msg_1', at: new Date(NOW + 7) }
    const signed = signRequest(scheme, secret, unsigned)
    assert.equal(signed.url, URL_CALLED)
    assert.deepEqual(signed.body, body)
    assert.deepEqual({ ...signed.headers, ...headers }, signed.headers)
    assert.deepEqual(headers, unsigned.headers)
    assert.ok(Object.keys(signed.headers).length > 2)
  }
})

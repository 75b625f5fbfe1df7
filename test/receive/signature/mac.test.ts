import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type MacScheme, SCHEMES, type Scheme } from '../../../src/receive/signature/scheme.ts'
import type { SignatureRefusal, SignedRequest } from '../../../src/receive/signature/verdict.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { arrived, NOW, SLACK, sent } from './schemes.ts'

const SECRET = 'a-secret-of-the-tests'
const OTHER = 'another-secret-of-tests'
const BODY = '{"type":"ticket.resolved","note":"private"}'

const MAC: [string, MacScheme][] = Object.entries<Scheme>({ ...SCHEMES, 'slack-v0': SLACK }).flatMap(
  ([name, scheme]): [string, MacScheme][] => (scheme.kind === 'mac' ? [[name, scheme]] : []),
)

function requestOf(scheme: Scheme, secrets: readonly string[] = [SECRET]): SignedRequest {
  return arrived(sent(scheme, SECRET, { body: BODY }), secrets)
}
function assertRefused(scheme: Scheme, request: SignedRequest, reason: SignatureRefusal) {
  const verdict = verify(scheme, request)
  assert.equal(verdict.kind === 'refused' ? verdict.reason : verdict.kind, reason)
  if (verdict.kind === 'refused') assert.ok(!verdict.detail.includes('private'))
}
/** The value of a header, and the request with another one; null: without it. */
function headerIn({ rawHeaders }: SignedRequest, name: string): string {
  return rawHeaders[rawHeaders.indexOf(name) + 1] ?? ''
}
function withHeader(request: SignedRequest, name: string, value: string | null): SignedRequest {
  const at = request.rawHeaders.indexOf(name)
  assert.ok(at >= 0)
  const rawHeaders = request.rawHeaders.toSpliced(at, 2, ...(value === null ? [] : [name, value]))
  return { ...request, rawHeaders }
}

for (const [name, scheme] of MAC) {
  describe(`the headers of ${name}`, () => {
    const request = requestOf(scheme)
    const signature = headerIn(request, scheme.header)
    const time = scheme.timestamp?.in
    const proofs = [scheme.header, ...(time && time !== 'grammar' ? [time.header] : [])]

    for (const header of proofs) {
      const value = headerIn(request, header)
      test(`${header} in any case of letters, once`, () => {
        const at = request.rawHeaders.indexOf(header)
        const shouted = request.rawHeaders.with(at, header.toUpperCase())
        assert.equal(verify(scheme, { ...request, rawHeaders: shouted }).kind, 'authentic')
        assertRefused(scheme, withHeader(request, header, null), 'missing-header')
        for (const second of [value, 'x', '']) {
          const rawHeaders = [...request.rawHeaders, header.toUpperCase(), second]
          assertRefused(scheme, { ...request, rawHeaders }, 'duplicate-header')
          const before = [header, second, ...request.rawHeaders]
          assertRefused(scheme, { ...request, rawHeaders: before }, 'duplicate-header')
        }
      })

      test(`${header} empty, joined of two, with blanks or with much behind it`, () => {
        const others = [
          '',
          ' ',
          `${value}, ${value}`,
          `${value},${value}`,
          ` ${value}`,
          `${value} `,
          `${value}\t`,
        ]
        for (const other of [...others, `${value}${'0'.repeat(5000)}`]) {
          assertRefused(scheme, withHeader(request, header, other), 'malformed-header')
        }
      })
    }

    test('the signature in another alphabet', () => {
      const start = signature.length - lengthOf(scheme)
      const [prefix, text] = [signature.slice(0, start), signature.slice(start)]
      const bytes = Buffer.from(text, scheme.encoding)
      const respelled = {
        hex: [text.toUpperCase(), bytes.toString('base64')],
        base64: [bytes.toString('base64url'), bytes.toString('hex'), text.replace('=', '')],
      }[scheme.encoding].filter((other) => other !== text)
      assert.ok(respelled.length > 0)
      for (const other of respelled) {
        const verdict = verify(scheme, withHeader(request, scheme.header, `${prefix}${other}`))
        assert.equal(verdict.kind, 'refused', other)
      }
    })

    test('a signature of another length', () => {
      assertRefused(scheme, withHeader(request, scheme.header, signature.slice(0, -8)), 'no-match')
      const longer = scheme.encoding === 'hex' ? `${signature}00` : signature.replace(/.=+$/, 'AAAA')
      assertRefused(scheme, withHeader(request, scheme.header, longer), 'no-match')
    })

    test('are enough for any of the secrets, and for no other', () => {
      for (const secrets of [
        [OTHER, SECRET],
        [SECRET, OTHER],
      ]) {
        assert.deepEqual(verify(scheme, requestOf(scheme, secrets)), {
          kind: 'authentic',
          id: null,
          timestampMs: scheme.timestamp ? NOW : null,
        })
      }
      assertRefused(scheme, requestOf(scheme, [OTHER, `${SECRET} `]), 'no-match')
      assertRefused(scheme, requestOf(scheme, []), 'no-secret')
    })
  })
}

/** Characters of a signature, encoded. */
function lengthOf({ algorithm, encoding }: MacScheme): number {
  const bytes = { sha1: 20, sha256: 32, sha512: 64 }[algorithm]
  return encoding === 'hex' ? bytes * 2 : Math.ceil(bytes / 3) * 4
}

test('the algorithm is the scheme’s, whatever the header names', () => {
  const asSha256 = {
    ...SCHEMES.intercom,
    algorithm: 'sha256',
    grammar: { kind: 'one', prefix: 'sha256=' },
  } as const
  const request = arrived(sent(asSha256, SECRET, { body: BODY }), [SECRET])
  assert.equal(verify(asSha256, request).kind, 'authentic')
  assertRefused(SCHEMES.intercom, request, 'malformed-header')
  const value = headerIn(request, 'x-hub-signature').replace('sha256=', 'sha1=')
  assertRefused(SCHEMES.intercom, withHeader(request, 'x-hub-signature', value), 'no-match')
})

describe('a list as Stripe sends it', () => {
  const scheme = SCHEMES.stripe
  const request = requestOf(scheme)
  const value = headerIn(request, scheme.header)
  const [time = '', signature = ''] = value.split(',')
  const verdictOn = (list: string) => verify(scheme, withHeader(request, scheme.header, list)).kind

  test('may have other keys and signatures, in any order', () => {
    const lists = [
      `${signature},${time}`,
      `${value},v0=abc`,
      `${time},v1=potato,${signature}`,
      `${value},v1=`,
      `${value},`,
    ]
    // Names that every JavaScript object has.
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((key) => `${key}=x,${value}`)
    for (const list of [...lists, ...names, `=x,${value}`, `x,${value}`])
      assert.equal(verdictOn(list), 'authentic', list)
  })

  test('must have one time, and a signature', () => {
    const lists = [
      time,
      signature,
      `${value},${time}`,
      `${value},t=1`,
      `${time},v1=`,
      `${time},v0=abc`,
      `${time},V1=abc`,
    ]
    for (const list of [...lists, '__proto__=x', 'constructor=', ',', '=']) {
      assertRefused(scheme, withHeader(request, scheme.header, list), 'malformed-header')
    }
  })

  test('has no blanks: they are what a proxy puts between two', () => {
    for (const list of [`${value}, ${value}`, `${value}, t=1,v1=x`, `${time}, ${signature}`, `${value}\t`]) {
      assertRefused(scheme, withHeader(request, scheme.header, list), 'malformed-header')
    }
  })

  test('has at most 32 signatures, of which any may match', () => {
    const full = `${time}${',v1=ab'.repeat(31)},${signature}`
    assert.equal(verdictOn(full), 'authentic')
    assertRefused(scheme, withHeader(request, scheme.header, `${full},v1=ab`), 'malformed-header')
  })
})

test('what Zendesk signs its tests with is told from a wrong secret', () => {
  const [known] = SCHEMES.zendesk.publicSecrets
  const request = arrived(sent(SCHEMES.zendesk, known.secret, { body: BODY }), [SECRET])
  assert.deepEqual(verify(SCHEMES.zendesk, request), {
    kind: 'refused',
    reason: 'no-match',
    detail: known.means,
  })
  assertRefused(SCHEMES.zendesk, { ...request, body: Buffer.from('{}') }, 'no-match')
})

describe('a header that is signed', () => {
  const scheme: MacScheme = { ...SCHEMES.shopify, signed: [{ header: 'x-topic' }, { text: '.' }, 'body'] }
  const { url, headers, body } = sent(scheme, SECRET, { body: BODY })

  test('must be there once: none, two and an empty one would be signed alike', () => {
    // The sender's own, without the header: what is signed of it is nothing.
    assertRefused(scheme, arrived({ url, headers, body }, [SECRET]), 'missing-header')
    const empty = arrived({ url, headers: { ...headers, 'x-topic': '' }, body }, [SECRET])
    assert.equal(verify(scheme, empty).kind, 'authentic')
    const two = { ...empty, rawHeaders: [...empty.rawHeaders, 'X-Topic', 'orders/create'] }
    assertRefused(scheme, two, 'duplicate-header')
    assertRefused(scheme, withHeader(empty, 'x-topic', 'orders/create'), 'no-match')
  })

  test('is signed as the bytes that came, of which node makes a character each', () => {
    const topic = Buffer.from('bestellung/eröffnet')
    const mac = createHmac('sha256', SECRET).update(topic).update(`.${BODY}`).digest('base64')
    const rawHeaders = ['x-topic', topic.toString('latin1'), scheme.header, mac]
    assert.equal(
      verify(scheme, { ...arrived({ url, headers, body }, [SECRET]), rawHeaders }).kind,
      'authentic',
    )
  })
})

test('keys are decoded as the scheme says', () => {
  const key = Buffer.from('a key of tests, 24 bytes')
  const text = arrived(sent(SCHEMES.shopify, key.toString(), { body: BODY }), [])
  for (const encoding of ['base64', 'hex'] as const) {
    const scheme: MacScheme = { ...SCHEMES.shopify, key: encoding }
    assert.equal(verify(scheme, { ...text, secrets: [key.toString(encoding)] }).kind, 'authentic')
    assertRefused(SCHEMES.shopify, { ...text, secrets: [key.toString(encoding)] }, 'no-match')
  }
})

test('never throws, nor accepts, whatever the headers', () => {
  const values = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('t=1,v1=ab', 'ab', String(NOW)),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...MAC),
      fc.array(values, { maxLength: 4 }),
      fc.uint8Array(),
      ([, scheme], texts, bytes) => {
        const time = scheme.timestamp?.in
        const names = [
          scheme.header,
          time && time !== 'grammar' ? time.header : 'x-other',
          'x-other',
          scheme.header,
        ]
        const rawHeaders = texts.flatMap((text, n) => [names[n] ?? '', text])
        const request = { ...requestOf(scheme), rawHeaders, body: Buffer.from(bytes) }
        return verify(scheme, request).kind === 'refused'
      },
    ),
    { numRuns: 2000 },
  )
})

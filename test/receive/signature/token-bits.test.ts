import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TokenScheme } from '../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../src/receive/signature/verdict.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { bitsOf, flipped, flippedText } from './flip.ts'
import { arrived, PLACES, sent } from './schemes.ts'

const SECRET = 'postrider:a-token-of-the-tests'
const BODY = '{"type":"ticket.resolved"}'

/** A header's value with one bit changed, where that changes it for HTTP: the name of a scheme is the same in either case of letters. */
function* valuesNear(value: string): Generator<string> {
  const [scheme = ''] = /^\w+(?= )/.exec(value) ?? []
  for (const bit of bitsOf(value)) {
    const other = flippedText(value, bit)
    const isSame = other.slice(0, scheme.length).toLowerCase() === scheme.toLowerCase()
    if (bit >= scheme.length * 8 || !isSame) yield other
  }
}

/** The request with each bit of its token changed, as it goes over the wire. */
function* near(request: SignedRequest, token: string, place: keyof typeof PLACES): Generator<SignedRequest> {
  const { rawHeaders, url, body } = request
  if (place === 'query') {
    const from = url.indexOf(token)
    assert.ok(from > 0)
    for (const bit of bitsOf(token)) yield { ...request, url: flippedText(url, from * 8 + bit) }
  } else if (place === 'body') {
    const from = body.indexOf(token)
    assert.ok(from > 0)
    for (const bit of bitsOf(token)) yield { ...request, body: flipped(body, from * 8 + bit) }
  } else {
    const value = rawHeaders.at(-1) ?? ''
    for (const other of valuesNear(value))
      yield { ...request, rawHeaders: [...rawHeaders.slice(0, -1), other] }
  }
}

for (const [name, place] of Object.entries(PLACES)) {
  describe(`a token in ${name}`, () => {
    const scheme: TokenScheme = { kind: 'token', places: [place] }
    const secret = name === 'query' ? SECRET.replace(':', '-') : SECRET
    const request = arrived(sent(scheme, secret, { body: BODY }), [secret])

    test('is authentic as it is, and refused with any bit changed', () => {
      assert.equal(verify(scheme, request).kind, 'authentic')
      const others = [...near(request, secret, name as keyof typeof PLACES)]
      assert.ok(others.length >= secret.length * 8)
      for (const other of others) {
        assert.equal(verify(scheme, other).kind, 'refused', JSON.stringify(other))
      }
    })

    test('is refused by a secret with any bit changed', () => {
      for (const bit of bitsOf(secret)) {
        const other = flippedText(secret, bit)
        assert.equal(verify(scheme, { ...request, secrets: [other] }).kind, 'refused', other)
      }
    })

    test('says nothing of the body: another one is as authentic', () => {
      const body = Buffer.from(request.body.toString().replace('resolved', 'reopened'))
      assert.notDeepEqual(body, request.body)
      assert.equal(verify(scheme, { ...request, body }).kind, 'authentic')
    })
  })
}

test('two spellings of one query are the same token: %2F and %2f are one letter', () => {
  const scheme: TokenScheme = { kind: 'token', places: [PLACES.query] }
  const secret = 'a/token/of/the/tests'
  const { url, headers, body } = sent(scheme, secret, { body: BODY })
  const other = url.replaceAll('%2F', '%2f')
  assert.notEqual(other, url)
  assert.equal(verify(scheme, arrived({ url: other, headers, body }, [secret])).kind, 'authentic')
})

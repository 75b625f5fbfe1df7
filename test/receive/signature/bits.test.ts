import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SCHEMES } from '../../../src/receive/signature/scheme.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { bitsOf, flipped, flippedText } from './flip.ts'
import { arrived, SIGNED, sent, URL_CALLED, whsec } from './schemes.ts'

const BODY = '{"type":"ticket.resolved","name":"Zoë"}'

/** Headers that say nothing of who sent it. */
const UNSIGNED = 'content-type'

for (const { name, scheme, secret } of SIGNED) {
  describe(`a single bit changed in a delivery of ${name} is refused`, () => {
    const delivery = sent(scheme, secret, { body: BODY })
    const request = arrived(delivery, [secret])
    const proof = Object.entries(delivery.headers).filter(([header]) => header !== UNSIGNED)
    const refuses = (change: Partial<typeof request>, what: string) =>
      assert.equal(verify(scheme, { ...request, ...change }).kind, 'refused', what)

    test('and is authentic before', () => assert.equal(verify(scheme, request).kind, 'authentic'))

    test('in its body, whichever', () => {
      for (const bit of bitsOf(request.body)) refuses({ body: flipped(request.body, bit) }, `bit ${bit}`)
    })

    for (const [header, value] of proof) {
      test(`in ${header}, whichever`, () => {
        for (const bit of bitsOf(value)) {
          const headers = { ...delivery.headers, [header]: flippedText(value, bit) }
          refuses({ rawHeaders: Object.entries(headers).flat() }, `bit ${bit} of ${value}`)
        }
      })
    }

    test('in the secret, whichever', () => {
      // Of Standard Webhooks in the key that it encodes: see below.
      const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : null
      for (const bit of bitsOf(key ?? secret)) {
        const other = key ? whsec(flipped(key, bit)) : flippedText(secret, bit)
        refuses({ secrets: [other] }, `bit ${bit}`)
      }
    })

    test('in a long body, anywhere', () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 500, maxLength: 20_000, size: 'max' }),
          fc.nat(),
          (bytes, at) => {
            const body = Buffer.from(bytes)
            const long = arrived(sent(scheme, secret, { body }), [secret])
            assert.equal(verify(scheme, long).kind, 'authentic')
            const bit = at % (body.length * 8)
            return verify(scheme, { ...long, body: flipped(body, bit) }).kind === 'refused'
          },
        ),
        { numRuns: 60 },
      )
    })
  })
}

describe('a single bit changed in what HubSpot signs beside', () => {
  const scheme = SCHEMES['hubspot-v3']
  const request = arrived(sent(scheme, 'a-secret-of-the-tests', { body: BODY }), ['a-secret-of-the-tests'])

  test('is refused in the URL and the method, whichever', () => {
    for (const bit of bitsOf(URL_CALLED)) {
      const url = flippedText(URL_CALLED, bit)
      assert.equal(verify(scheme, { ...request, url }).kind, 'refused', url)
    }
    for (const bit of bitsOf('POST')) {
      const method = flippedText('POST', bit)
      assert.equal(verify(scheme, { ...request, method }).kind, 'refused', method)
    }
  })
})

test('two spellings of one secret of Standard Webhooks are the same key: the last letter of base64 has bits without meaning', () => {
  const scheme = SCHEMES['standard-webhooks']
  // 16 bytes leave two bits for the last letter but one, whose other four are nothing.
  const secret = whsec('sixteen bytes ok')
  const other = secret.replace(/w==$/, 'x==')
  assert.notEqual(other, secret)
  assert.deepEqual(Buffer.from(other.slice(6), 'base64'), Buffer.from(secret.slice(6), 'base64'))
  assert.equal(verify(scheme, arrived(sent(scheme, secret, { body: BODY }), [other])).kind, 'authentic')
  // A signature is another one all the same.
  const signed = sent(scheme, secret, { body: BODY })
  const signature = signed.headers['webhook-signature'] ?? ''
  const last = signature.at(-2) ?? ''
  const next = String.fromCharCode(last.charCodeAt(0) + 1)
  const respelled = { ...signed.headers, 'webhook-signature': signature.replace(`${last}=`, `${next}=`) }
  assert.deepEqual(
    Buffer.from(respelled['webhook-signature'].slice(3), 'base64'),
    Buffer.from(signature.slice(3), 'base64'),
  )
  assert.equal(verify(scheme, arrived({ ...signed, headers: respelled }, [secret])).kind, 'refused')
})

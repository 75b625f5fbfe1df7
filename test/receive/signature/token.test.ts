import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { verifyToken } from '../../../src/receive/signature/token.ts'
import type { SignatureRefusal } from '../../../src/receive/signature/verdict.ts'
import { OTHER_TOKEN as OTHER, TOKEN } from '../signing.ts'

function verify(rawHeaders: readonly string[], secrets: readonly string[] = [TOKEN, OTHER]) {
  return verifyToken({ rawHeaders, secrets })
}
function assertRefused(verdict: ReturnType<typeof verify>, reason: SignatureRefusal) {
  assert.equal(verdict.kind === 'refused' ? verdict.reason : 'authentic', reason)
}

describe('what is authentic', () => {
  const ways: [string, readonly string[]][] = [
    ['the header of our own', ['x-postrider-token', TOKEN]],
    ['a bearer token', ['authorization', `Bearer ${TOKEN}`]],
    ['in any case of letters', ['Authorization', `bearer ${TOKEN}`]],
    ['names in capitals', ['X-POSTRIDER-TOKEN', TOKEN]],
    ['the other secret', ['x-postrider-token', OTHER]],
    ['beside other headers', ['x-token', 'x', 'x-postrider-token', TOKEN, 'accept', '*/*']],
  ]
  for (const [name, rawHeaders] of ways) {
    test(name, () => assert.deepEqual(verify(rawHeaders), { kind: 'authentic' }))
  }

  test('a token beyond ASCII, which node reads byte by byte', () => {
    const asRead = Buffer.from('schlüssel-für-alle').toString('latin1')
    assert.equal(verify(['x-postrider-token', asRead], ['schlüssel-für-alle']).kind, 'authentic')
  })
})

describe('what is refused', () => {
  const cases: [string, readonly string[], SignatureRefusal][] = [
    ['no header', ['content-type', 'application/json'], 'missing-header'],
    ['another token', ['x-postrider-token', 'none-of-these'], 'no-match'],
    ['another bearer token', ['authorization', 'Bearer none-of-these'], 'no-match'],
    ['a part of it', ['x-postrider-token', TOKEN.slice(0, -1)], 'no-match'],
    ['more than it', ['x-postrider-token', `${TOKEN}x`], 'no-match'],
    ['another case', ['x-postrider-token', TOKEN.toUpperCase()], 'no-match'],
    ['both secrets in one', ['x-postrider-token', `${TOKEN}, ${OTHER}`], 'no-match'],
    ['an empty token', ['x-postrider-token', ''], 'malformed-header'],
    ['a bearer without a token', ['authorization', 'Bearer '], 'malformed-header'],
    ['another scheme', ['authorization', `Basic ${TOKEN}`], 'malformed-header'],
    ['a bare token where a scheme belongs', ['authorization', TOKEN], 'malformed-header'],
    ['twice the same', ['x-postrider-token', TOKEN, 'X-Postrider-Token', TOKEN], 'duplicate-header'],
    ['one in each', ['x-postrider-token', TOKEN, 'authorization', `Bearer ${TOKEN}`], 'duplicate-header'],
    ['one of them wrong', ['authorization', 'Bearer x', 'x-postrider-token', TOKEN], 'duplicate-header'],
  ]
  for (const [name, rawHeaders, reason] of cases) test(name, () => assertRefused(verify(rawHeaders), reason))

  test('everything, while there is no secret', () => {
    assertRefused(verify(['x-postrider-token', ''], []), 'no-secret')
    assertRefused(verify(['x-postrider-token', TOKEN], []), 'no-secret')
  })

  test('a refusal quotes neither the request nor a secret', () => {
    for (const [, rawHeaders] of cases) {
      const words = JSON.stringify(verify(rawHeaders))
      for (const quoted of [TOKEN, OTHER, 'none-of-these']) assert.ok(!words.includes(quoted))
    }
  })
})

test('any token but the secrets is refused, and nothing throws', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom('x-postrider-token', 'authorization', 'X-Other'),
      (value, name) => {
        fc.pre(value !== TOKEN && value !== OTHER)
        return verify([name, value]).kind === 'refused'
      },
    ),
    { numRuns: 300 },
  )
})

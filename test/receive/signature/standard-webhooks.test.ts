import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { verifyStandardWebhook } from '../../../src/receive/signature/standard-webhooks.ts'
import type { SignatureRefusal } from '../../../src/receive/signature/verdict.ts'
import { OTHER_SECRET, rawHeadersOf, SECRET, type Signed, signed } from '../signing.ts'

const NOW = Date.UTC(2026, 10, 23, 9, 0, 0)
const BODY = '{"type":"ticket.resolved","data":{"ticket":{"id":7}}}'
const sound = (change: Partial<Parameters<typeof signed>[0]> = {}) =>
  signed({ id: 'msg_1', atMs: NOW, body: BODY, ...change })

function verify({ headers, body }: Signed, options: { secrets?: readonly string[]; nowMs?: number } = {}) {
  return verifyWith(rawHeadersOf(headers), body, options)
}
function verifyWith(
  rawHeaders: readonly string[],
  body: Buffer,
  { secrets = [SECRET], nowMs = NOW }: { secrets?: readonly string[]; nowMs?: number } = {},
) {
  return verifyStandardWebhook({ rawHeaders, body, secrets, nowMs })
}
function assertRefused(verdict: ReturnType<typeof verify>, reason: SignatureRefusal) {
  assert.equal(verdict.kind === 'refused' ? verdict.reason : 'authentic', reason)
}

describe('what is authentic', () => {
  test('signatures of other schemes beside ours', () => {
    const { headers, body } = sound()
    const list = `v1a,YWJj ${headers['webhook-signature']} v2,YWI= v10b,YQ==`
    assert.equal(verify({ headers: { ...headers, 'webhook-signature': list }, body }).kind, 'authentic')
    assertRefused(verify({ headers: { ...headers, 'webhook-signature': 'v1a,YWJj' }, body }), 'no-match')
  })

  test('either family of headers, in any case of letters', () => {
    const authentic = { kind: 'authentic', id: 'msg_1', timestampMs: NOW }
    assert.deepEqual(verify(sound()), authentic)
    assert.deepEqual(verify(sound({ family: 'svix' })), authentic)
    const { headers, body } = sound()
    const shouted = rawHeadersOf(headers).map((text, n) => (n % 2 === 0 ? text.toUpperCase() : text))
    assert.deepEqual(verifyWith(shouted, body), authentic)
  })

  test('both families when they say the same, and one whole beside a part of the other', () => {
    const [one, other] = [sound(), sound({ family: 'svix' })]
    assert.equal(verify({ ...one, headers: { ...one.headers, ...other.headers } }).kind, 'authentic')
    assert.equal(verify({ ...one, headers: { 'svix-id': 'msg_1', ...one.headers } }).kind, 'authentic')
  })

  test('during rotation: any configured secret fits any of the signatures', () => {
    const both = [SECRET, OTHER_SECRET]
    assert.equal(verify(sound({ secrets: [OTHER_SECRET] }), { secrets: both }).kind, 'authentic')
    assert.equal(verify(sound({ secrets: [OTHER_SECRET, SECRET] })).kind, 'authentic')
    assertRefused(verify(sound({ secrets: [OTHER_SECRET] })), 'no-match')
  })

  test('up to 300 seconds either way by the clock passed in', () => {
    assert.equal(verify(sound({ atMs: NOW - 300_000 })).kind, 'authentic')
    assert.equal(verify(sound({ atMs: NOW + 300_000 })).kind, 'authentic')
    assertRefused(verify(sound({ atMs: NOW - 301_000 })), 'too-old')
    assertRefused(verify(sound({ atMs: NOW + 301_000 })), 'too-new')
  })

  test('an empty body and one beyond ASCII', () => {
    assert.equal(verify(sound({ body: '' })).kind, 'authentic')
    assert.equal(verify(sound({ body: '{"name":"Zoë 🎟 \\u0000"}' })).kind, 'authentic')
  })
})

test('one list of secrets is read as the key is, by its scheme', () => {
  // As base64 and as text it is two keys.
  const secrets = ['bm90IHRoZSBzYW1lIGtleSE=']
  const { headers, body } = sound({ secrets })
  const request = { rawHeaders: rawHeadersOf(headers), body, secrets, nowMs: NOW }
  assert.equal(verifyStandardWebhook(request, 'whsec').kind, 'authentic')
  assertRefused(verifyStandardWebhook(request, 'text'), 'no-match')
  assert.equal(verifyStandardWebhook(request, 'whsec').kind, 'authentic')
})

describe('what is refused before any signature is computed', () => {
  const { headers, body } = sound()
  const changed = (change: Record<string, string>) => verify({ headers: { ...headers, ...change }, body })

  test('without a secret', () => assertRefused(verify(sound(), { secrets: [] }), 'no-secret'))

  for (const name of Object.keys(headers)) {
    test(`without ${name}, or with two of it`, () => {
      const { [name]: value = '', ...others } = headers
      const missing = verify({ headers: others, body })
      assertRefused(missing, 'missing-header')
      assert.match(missing.kind === 'refused' ? missing.detail : '', new RegExp(name))
      assertRefused(
        verifyWith([...rawHeadersOf(headers), name.toUpperCase(), value], body),
        'duplicate-header',
      )
    })
  }

  test('a family put together from two', () => {
    const { 'webhook-signature': signature = '', ...others } = headers
    assertRefused(verify({ headers: { ...others, 'svix-signature': signature }, body }), 'missing-header')
  })

  test('families that contradict each other', () =>
    assertRefused(changed({ 'svix-id': 'msg_2' }), 'malformed-header'))

  for (const id of ['', 'a,b', 'a b', 'a\tb', 'ü', 'x'.repeat(256)]) {
    test(`an id such as ${JSON.stringify(id.slice(0, 8))}`, () =>
      assertRefused(changed({ 'webhook-id': id }), 'malformed-header'))
  }

  const seconds = headers['webhook-timestamp']
  for (const timestamp of [
    '',
    'now',
    `${seconds}abc`,
    ` ${seconds}`,
    `0${seconds}`,
    `+${seconds}`,
    '1e9',
    '-1',
    '9'.repeat(400),
  ]) {
    test(`a timestamp such as ${JSON.stringify(timestamp.slice(0, 16))}`, () =>
      assertRefused(changed({ 'webhook-timestamp': timestamp }), 'malformed-header'))
  }

  test('a timestamp in milliseconds is in the far future', () =>
    assertRefused(changed({ 'webhook-timestamp': `${seconds}000`.slice(0, 12) }), 'too-new'))

  test('a signature header without measure', () => {
    assertRefused(changed({ 'webhook-signature': 'v1,x '.repeat(33).trim() }), 'malformed-header')
    assertRefused(changed({ 'webhook-signature': `v1,${'x'.repeat(5000)}` }), 'malformed-header')
  })

  const one = headers['webhook-signature'] ?? ''
  for (const list of [
    `${one}, ${one}`,
    `${one},${one}`,
    `${one} , ${one}`,
    `${one}  ${one}`,
    `${one} `,
    ` ${one}`,
    `${one}\t${one}`,
    `${one} v1`,
    `${one} v1,`,
    `${one} ,abc`,
    `${one};`,
    `${one} V1,YWJj`,
    'v1,YW=Jj',
    'v1,YWJj===',
    'YWJj',
    'v1=YWJj',
    '',
  ]) {
    test(`a list of signatures such as ${JSON.stringify(list.replaceAll(one, '…'))}`, () =>
      assertRefused(changed({ 'webhook-signature': list }), 'malformed-header'))
  }
})

describe('bytes that are not UTF-8', () => {
  const bytes = Buffer.from('{"a":"\xe9\xff"}', 'latin1')

  test('are authentic where they were signed as they are, with any secret in any signature', () => {
    assert.equal(verify(sound({ body: bytes })).kind, 'authentic')
    const rotating = sound({ body: bytes, secrets: [OTHER_SECRET, SECRET] })
    assert.equal(verify(rotating, { secrets: ['whsec_bm90IG91cnM=', SECRET] }).kind, 'authentic')
    assertRefused(verify(sound({ body: bytes, secrets: [OTHER_SECRET] })), 'no-match')
  })

  test('are not, though their text with U+FFFD was signed, nor are other such bytes', () => {
    const { headers } = sound({ body: bytes.toString('utf8') })
    assertRefused(verify({ headers, body: bytes }), 'no-match')
    const others = Buffer.from('{"a":"\xe8\xff"}', 'latin1')
    assertRefused(verify({ ...sound({ body: bytes }), body: others }), 'no-match')
  })

  test('are judged by the same checks of the headers', () =>
    assertRefused(verify(sound({ body: bytes, atMs: NOW - 301_000 })), 'too-old'))
})

test('a refusal quotes neither the request nor a secret', () => {
  const { headers, body } = sound({ id: 'msg_private', secrets: [OTHER_SECRET] })
  const words = JSON.stringify(verify({ headers, body }))
  for (const quoted of ['msg_private', SECRET.slice(6), headers['webhook-signature'] ?? '', 'resolved']) {
    assert.ok(!words.includes(quoted))
  }
})

test('never throws, whatever the headers', () => {
  const header = fc.tuple(
    fc.constantFrom(
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'svix-id',
      'SVIX-Signature',
      'svix-timestamp',
    ),
    fc.oneof(fc.string(), fc.constant(String(NOW / 1000)), fc.constant('v1,'), fc.constant('msg_1')),
  )
  fc.assert(
    fc.property(fc.array(header, { maxLength: 8 }), fc.uint8Array(), (headers, bytes) => {
      assert.equal(verifyWith(headers.flat(), Buffer.from(bytes)).kind, 'refused')
    }),
    { numRuns: 400 },
  )
})

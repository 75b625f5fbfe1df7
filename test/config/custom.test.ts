import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { CustomBlock, customOf } from '../../src/config/custom.ts'
import { signRequest } from '../../src/receive/signature/sign.ts'
import { verify } from '../../src/receive/signature/verify.ts'

const SIGNATURE = { header: 'X-Loyalty-Signature' }
const TYPE = { type: '{{ payload.event }}' }

function schemeOf(block: object) {
  return customOf(CustomBlock.parse({ ...TYPE, ...block })).scheme
}
/** Each as `place: message`. */
function problemsOf(block: unknown): string[] {
  const { error } = CustomBlock.safeParse(block)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('a signature', () => {
  test('is over the body, by SHA-256, in hex, where nothing else is said', () =>
    assert.deepEqual(schemeOf({ signature: SIGNATURE }), {
      kind: 'mac',
      header: 'x-loyalty-signature',
      grammar: { kind: 'one', prefix: '' },
      algorithm: 'sha256',
      encoding: 'hex',
      key: 'text',
      signed: ['body'],
      timestamp: null,
    }))

  test('says all that a scheme can', () => {
    const timestamp = { header: 'X-Time', unit: 'ms', tolerance: '90s' }
    const signed = '{method}\n{url} {header:X-Id}:{timestamp}.{body}'
    const signature = {
      ...SIGNATURE,
      prefix: 'v1= ',
      algorithm: 'sha512',
      encoding: 'base64',
      key: 'hex',
      signed,
      timestamp,
    }
    assert.deepEqual(schemeOf({ signature }), {
      kind: 'mac',
      header: 'x-loyalty-signature',
      grammar: { kind: 'one', prefix: 'v1= ' },
      algorithm: 'sha512',
      encoding: 'base64',
      key: 'hex',
      signed: [
        'method',
        { text: '\n' },
        'url',
        { text: ' ' },
        { header: 'x-id' },
        { text: ':' },
        'timestamp',
        { text: '.' },
        'body',
      ],
      timestamp: { in: { header: 'x-time' }, units: ['ms'], oldestMs: 90_000, aheadMs: 90_000 },
    })
  })

  test("Slack's scheme can be written, and its published example fits", () => {
    const scheme = schemeOf({
      signature: {
        header: 'x-slack-signature',
        prefix: 'v0=',
        signed: 'v0:{timestamp}:{body}',
        timestamp: { header: 'x-slack-request-timestamp' },
      },
    })
    assert.ok(scheme)
    const vectors = JSON.parse(readFileSync(new URL('../receive/vectors.json', import.meta.url), 'utf8'))
    const list: SlackVector[] = Array.isArray(vectors) ? vectors : vectors.vectors
    const slack = list.filter(({ source }) => source === 'slack')
    assert.ok(slack.length > 0)
    for (const { headers, body, secret, nowMs, expected } of slack) {
      const verdict = verify(scheme, {
        rawHeaders: Object.entries(headers).flat(),
        body: Buffer.from(body),
        method: 'POST',
        url: 'https://hooks.example.com/webhooks/slack',
        secrets: [secret],
        nowMs,
      })
      assert.equal(verdict.kind === 'authentic', expected === 'valid')
    }
  })

  test('over what was signed here fits, and over nothing else', () => {
    const signed = 'v0:{timestamp}:{header:x-id}:{body}'
    const scheme = schemeOf({
      signature: { ...SIGNATURE, prefix: 'v0=', signed, timestamp: { header: 'x-time' } },
    })
    assert.ok(scheme)
    const at = new Date('2026-11-23T09:00:00Z')
    const url = 'https://hooks.example.com/webhooks/loyalty'
    const sent = signRequest(scheme, 'a-secret', {
      method: 'POST',
      url,
      headers: { 'x-id': '7' },
      body: Buffer.from('{}'),
      id: '7',
      at,
    })
    const kindOf = (headers: Record<string, string>, body = sent.body, nowMs = at.getTime()) =>
      verify(scheme, {
        rawHeaders: Object.entries(headers).flat(),
        body,
        method: 'POST',
        url,
        secrets: ['a-secret'],
        nowMs,
      }).kind
    assert.equal(kindOf(sent.headers), 'authentic')
    assert.equal(kindOf({ ...sent.headers, 'x-id': '8' }), 'refused')
    assert.equal(kindOf(sent.headers, Buffer.from('[]')), 'refused')
    assert.equal(kindOf(sent.headers, sent.body, at.getTime() + 301_000), 'refused')
  })

  const braces =
    'expected text with {body}, {timestamp}, {method}, {url} and {header:NAME} in it; there are no other braces'
  const once = "expected {body} in it, once: what is not signed could be anybody's"
  const wrong: [string, object, string][] = [
    ['no body in it', { signed: 'v0' }, `signature.signed: ${once}`],
    ['the body twice', { signed: '{body}{body}' }, `signature.signed: ${once}`],
    ['a part that there is not', { signed: '{body}{query}' }, `signature.signed: ${braces}`],
    ['a header without a name', { signed: '{body}{header:}' }, `signature.signed: ${braces}`],
    ['a brace that is not closed', { signed: '{body}{' }, `signature.signed: ${braces}`],
    [
      'a time that is signed and stands nowhere',
      { signed: '{timestamp}{body}' },
      'signature.timestamp: needed, since {timestamp} is signed: { header, unit, tolerance }',
    ],
    [
      'a time that is not signed',
      { timestamp: { header: 'x-time' } },
      'signature.timestamp: belongs to signatures over {timestamp}: a time that is not signed proves nothing; add it to signed, or remove this',
    ],
    ['md5', { algorithm: 'md5' }, 'signature.algorithm: expected sha256, sha1 or sha512'],
    [
      'a header that is none',
      { header: 'x signature' },
      'signature.header: expected the name of a header, such as x-signature',
    ],
    ['an unknown key', { secret: 'x' }, 'signature: expected a block with header, encoding, signed, …'],
  ]
  for (const [name, change, message] of wrong) {
    test(`not one: ${name}`, () =>
      assert.deepEqual(problemsOf({ ...TYPE, signature: { ...SIGNATURE, ...change } }), [message]))
  }
})

describe('a token', () => {
  const cases: [unknown, unknown][] = [
    [{ header: 'X-Token' }, { in: 'header', name: 'x-token' }],
    [{ query: 'Token' }, { in: 'query', name: 'Token' }],
    [{ body: 'auth.token' }, { in: 'body', path: ['auth', 'token'] }],
    ['basic', { in: 'basic' }],
    ['bearer', { in: 'bearer' }],
  ]
  for (const [token, place] of cases) {
    test(JSON.stringify(token), () =>
      assert.deepEqual(schemeOf({ token }), { kind: 'token', places: [place] }),
    )
  }

  const words = 'token: expected { header }, { query } or { body } with its name, or basic or bearer'
  for (const token of ['digest', {}, { header: 'a', query: 'b' }, { cookie: 'a' }, { body: 'a..b' }]) {
    test(`not one: ${JSON.stringify(token)}`, () => assert.deepEqual(problemsOf({ ...TYPE, token }), [words]))
  }
})

describe('the block', () => {
  for (const name of ['key', 'occurredAt', 'subject']) {
    test(`is told what is wrong where ${name} is empty`, () => {
      const problems = problemsOf({ ...TYPE, [name]: '' })
      assert.equal(problems.length, 1)
      assert.ok(problems[0]?.startsWith(`${name}: `), problems[0])
    })
  }

  test('with neither has no scheme', () => assert.equal(schemeOf({}), null))

  test('has one of signature and token', () =>
    assert.deepEqual(problemsOf({ ...TYPE, signature: SIGNATURE, token: 'basic' }), [
      'token: excludes signature: a sender proves itself by one of them',
    ]))

  test('that says how the sender proves itself says the type', () => {
    const needed = 'type: needed: where an event says what happened, such as "{{ payload.event }}"'
    assert.deepEqual(problemsOf({ token: 'basic' }), [needed])
    assert.deepEqual(problemsOf({ signature: SIGNATURE }), [needed])
    assert.deepEqual(problemsOf({ subject: '{{ payload.id }}' }), [])
  })

  test('keeps the headers that any of its fields names, once', () => {
    const block = {
      type: '{{ headers["x-type"] }}{{ headers["x-type"] }}',
      test: 'headers["x-mode"] == "test"',
      customer: { externalId: '{% if headers.x-user %}{{ payload[headers["x-field"]] }}{% endif %}' },
    }
    const { headers } = customOf(CustomBlock.parse(block)).reading
    assert.deepEqual(headers.toSorted(), ['x-field', 'x-mode', 'x-type', 'x-user'])
  })

  const named =
    'expected headers by their names in lower case, such as headers["x-topic"]: no others are kept with an event'
  const wrong: [string, object, string][] = [
    ['a header in capitals', { type: '{{ headers["X-Type"] }}' }, `type: ${named}`],
    ['a header that the body names', { key: '{{ headers[payload.h] }}' }, `key: ${named}`],
    ['all headers', { subject: '{{ headers | json }}' }, `subject: ${named}`],
    ['a header of a condition', { test: 'headers[payload.h] == 1' }, `test: ${named}`],
    ['no Liquid', { type: '{{ payload.event' }, 'type: not Liquid'],
    [
      'no condition',
      { test: '{{ payload.test }}' },
      'test: not a Liquid condition (compare with ==, join with and, or)',
    ],
    ['a path with a hole', { events: 'data..items' }, 'events: expected a path such as data.items'],
    [
      'an unknown property',
      { customer: { mail: 'x' } },
      'customer: expected a block with externalId, email, phone, …',
    ],
    [
      'no type of ours',
      { types: { A: '' } },
      'types.A: expected a type such as cart.abandoned, got an empty text',
    ],
    ['a list', [], ': expected a block with signature or token, type, key, …'],
  ]
  for (const [name, block, message] of wrong) {
    test(`not one: ${name}`, () => assert.deepEqual(problemsOf(block), [message]))
  }
})

type SlackVector = {
  source: string
  headers: Record<string, string>
  body: string
  secret: string
  nowMs: number
  expected: string
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { TokenPlace } from '../../../src/receive/signature/scheme.ts'
import type { SignatureRefusal } from '../../../src/receive/signature/verdict.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { OTHER_TOKEN as OTHER, TOKEN } from '../signing.ts'
import { NOW, PLACES } from './schemes.ts'

const URL = 'https://hooks.example.com/webhooks/crm'

type Given = { rawHeaders?: readonly string[]; url?: string; body?: string; secrets?: readonly string[] }

function verdictOf(places: readonly [TokenPlace, ...TokenPlace[]], given: Given) {
  const { rawHeaders = [], url = URL, body = '{}', secrets = [TOKEN, OTHER] } = given
  return verify(
    { kind: 'token', places },
    { rawHeaders, url, secrets, method: 'POST', body: Buffer.from(body), nowMs: NOW },
  )
}
function assertVerdict(verdict: ReturnType<typeof verdictOf>, expected: 'authentic' | SignatureRefusal) {
  assert.equal(verdict.kind === 'refused' ? verdict.reason : verdict.kind, expected)
  for (const quoted of [TOKEN, OTHER, 'none-of-these']) assert.ok(!JSON.stringify(verdict).includes(quoted))
}
function basic(credentials: string, encoding: 'base64' | 'base64url' = 'base64'): string {
  return `Basic ${Buffer.from(credentials).toString(encoding)}`
}
function inBody(token: unknown): string {
  return JSON.stringify({ auth: { token } })
}

type Case = [string, Given, 'authentic' | SignatureRefusal]

const HEADER: readonly Case[] = [
  ['the token', { rawHeaders: ['x-token', TOKEN] }, 'authentic'],
  ['the other secret', { rawHeaders: ['x-token', OTHER] }, 'authentic'],
  ['its name in capitals', { rawHeaders: ['X-TOKEN', TOKEN] }, 'authentic'],
  ['beside other headers', { rawHeaders: ['x-to', 'x', 'x-token', TOKEN, 'accept', '*/*'] }, 'authentic'],
  ['no header', { rawHeaders: ['accept', '*/*'] }, 'missing-header'],
  ['another token', { rawHeaders: ['x-token', 'none-of-these'] }, 'no-match'],
  ['a part of it', { rawHeaders: ['x-token', TOKEN.slice(0, -1)] }, 'no-match'],
  ['more than it', { rawHeaders: ['x-token', `${TOKEN}x`] }, 'no-match'],
  ['in capitals', { rawHeaders: ['x-token', TOKEN.toUpperCase()] }, 'no-match'],
  ['with a blank', { rawHeaders: ['x-token', ` ${TOKEN}`] }, 'no-match'],
  ['joined of two', { rawHeaders: ['x-token', `${TOKEN}, ${TOKEN}`] }, 'no-match'],
  ['without measure', { rawHeaders: ['x-token', TOKEN.repeat(5000)] }, 'no-match'],
  ['empty', { rawHeaders: ['x-token', ''] }, 'malformed-header'],
  ['twice the same', { rawHeaders: ['x-token', TOKEN, 'X-Token', TOKEN] }, 'duplicate-header'],
  ['beside a wrong one', { rawHeaders: ['x-token', 'none-of-these', 'x-token', TOKEN] }, 'duplicate-header'],
  ['beside an empty one', { rawHeaders: ['x-token', '', 'x-token', TOKEN] }, 'duplicate-header'],
  ['no secret yet', { rawHeaders: ['x-token', TOKEN], secrets: [] }, 'no-secret'],
  ['no secret yet, nor a token', { rawHeaders: ['x-token', ''], secrets: [] }, 'no-secret'],
]

const BEARER: readonly Case[] = [
  ['a bearer token', { rawHeaders: ['Authorization', `Bearer ${TOKEN}`] }, 'authentic'],
  ['its scheme in any case', { rawHeaders: ['authorization', `bEARER ${TOKEN}`] }, 'authentic'],
  ['another token', { rawHeaders: ['authorization', 'Bearer none-of-these'] }, 'no-match'],
  ['with something behind', { rawHeaders: ['authorization', `Bearer ${TOKEN} x`] }, 'no-match'],
  ['joined of two', { rawHeaders: ['authorization', `Bearer ${TOKEN}, Bearer ${TOKEN}`] }, 'no-match'],
  ['no token', { rawHeaders: ['authorization', 'Bearer '] }, 'malformed-header'],
  ['no token, nor a blank', { rawHeaders: ['authorization', 'Bearer'] }, 'malformed-header'],
  ['no scheme', { rawHeaders: ['authorization', TOKEN] }, 'malformed-header'],
  ['another scheme', { rawHeaders: ['authorization', basic(TOKEN)] }, 'malformed-header'],
  ['no header', {}, 'missing-header'],
  [
    'beside another scheme',
    { rawHeaders: ['authorization', basic('a:b'), 'authorization', `Bearer ${TOKEN}`] },
    'duplicate-header',
  ],
]

const LOGIN = 'hook:pa:ss wörd'
const BASIC: readonly Case[] = [
  [
    'a login',
    { rawHeaders: ['authorization', basic(`user:${TOKEN}`)], secrets: [`user:${TOKEN}`] },
    'authentic',
  ],
  [
    'a password with a colon and beyond ASCII',
    { rawHeaders: ['authorization', basic(LOGIN)], secrets: [LOGIN] },
    'authentic',
  ],
  [
    'the same in Latin-1',
    {
      rawHeaders: ['authorization', `Basic ${Buffer.from(LOGIN, 'latin1').toString('base64')}`],
      secrets: [LOGIN],
    },
    'no-match',
  ],
  [
    'another user',
    { rawHeaders: ['authorization', basic('hook2:pa:ss wörd')], secrets: [LOGIN] },
    'no-match',
  ],
  ['another password', { rawHeaders: ['authorization', basic('hook:wrong')], secrets: [LOGIN] }, 'no-match'],
  ['without a password', { rawHeaders: ['authorization', basic('hook')], secrets: [LOGIN] }, 'no-match'],
  [
    'without its padding',
    { rawHeaders: ['authorization', basic('user:abcdefgh').replace(/=+$/, '')], secrets: ['user:abcdefgh'] },
    'no-match',
  ],
  [
    'in base64url',
    { rawHeaders: ['authorization', basic('user:??>>??>>', 'base64url')], secrets: ['user:??>>??>>'] },
    'no-match',
  ],
  [
    'as it is, without base64',
    { rawHeaders: ['authorization', `Basic ${LOGIN}`], secrets: [LOGIN] },
    'no-match',
  ],
  ['no base64 at all', { rawHeaders: ['authorization', 'Basic ***'], secrets: [LOGIN] }, 'no-match'],
  [
    'another scheme',
    { rawHeaders: ['authorization', `Digest ${basic(LOGIN).slice(6)}`], secrets: [LOGIN] },
    'malformed-header',
  ],
  [
    'twice',
    { rawHeaders: ['authorization', basic(LOGIN), 'Authorization', basic(LOGIN)], secrets: [LOGIN] },
    'duplicate-header',
  ],
]

const QUERY: readonly Case[] = [
  ['a token', { url: `${URL}?token=${TOKEN}` }, 'authentic'],
  ['among others', { url: `${URL}?a=1&token=${TOKEN}&b` }, 'authentic'],
  [
    'encoded',
    {
      url: `${URL}?token=${encodeURIComponent('ein/Schlüssel+für&alle')}`,
      secrets: ['ein/Schlüssel+für&alle'],
    },
    'authentic',
  ],
  ['a blank as a plus', { url: `${URL}?token=a+token+of+tests`, secrets: ['a token of tests'] }, 'authentic'],
  ['behind a Host header that is none', { url: `https://[/webhooks/crm?token=${TOKEN}` }, 'authentic'],
  ['its name in capitals', { url: `${URL}?TOKEN=${TOKEN}` }, 'missing-header'],
  ['without a query', {}, 'missing-header'],
  ['in the path', { url: `${URL}/token=${TOKEN}` }, 'missing-header'],
  ['empty', { url: `${URL}?token=` }, 'malformed-header'],
  ['without a value', { url: `${URL}?token` }, 'malformed-header'],
  ['twice', { url: `${URL}?token=${TOKEN}&token=${TOKEN}` }, 'duplicate-header'],
  ['as a list', { url: `${URL}?token[]=${TOKEN}` }, 'missing-header'],
  ['with a fragment', { url: `${URL}?token=${TOKEN}#x` }, 'no-match'],
  ['behind a second question mark', { url: `${URL}?a=1?token=${TOKEN}` }, 'missing-header'],
  ['of broken escapes', { url: `${URL}?%zz=%&%E0%A4%A&token=%` }, 'no-match'],
  ['beside broken escapes', { url: `${URL}?%zz=%E0%A4%A&&&=&token=${TOKEN}` }, 'authentic'],
]

const BODY: readonly Case[] = [
  ['a token', { body: inBody(TOKEN) }, 'authentic'],
  ['another', { body: inBody('none-of-these') }, 'no-match'],
  ['empty', { body: inBody('') }, 'malformed-header'],
  ['no text', { body: inBody(7) }, 'missing-header'],
  ['a list of it', { body: inBody([TOKEN]) }, 'missing-header'],
  ['null on the way', { body: '{"auth":null}' }, 'missing-header'],
  ['a body that is no object', { body: `"${TOKEN}"` }, 'missing-header'],
  ['a form', { body: `auth[token]=${TOKEN}` }, 'missing-header'],
  ['no JSON', { body: `{"auth":{"token":"${TOKEN}"}` }, 'missing-header'],
  ['an empty body', { body: '' }, 'missing-header'],
  ['what an object has of itself', { body: '{"__proto__":{"auth":{}}}' }, 'missing-header'],
]

const CASES: readonly [string, TokenPlace, readonly Case[]][] = [
  ['a header', PLACES.header, HEADER],
  ['a bearer token', PLACES.bearer, BEARER],
  ['Basic', PLACES.basic, BASIC],
  ['the query', PLACES.query, QUERY],
  ['the body', PLACES.body, BODY],
]
for (const [where, place, cases] of CASES) {
  describe(`a token in ${where}`, () => {
    for (const [name, given, expected] of cases) {
      test(`${name}: ${expected}`, () => assertVerdict(verdictOf([place], given), expected))
    }
  })
}

test('a token beyond ASCII, which node reads byte by byte', () => {
  const token = 'schlüssel-für-alle'
  const asRead = Buffer.from(token).toString('latin1')
  for (const rawHeaders of [
    ['x-token', asRead],
    ['authorization', `Bearer ${asRead}`],
  ]) {
    assert.equal(
      verdictOf([PLACES.header, PLACES.bearer], { rawHeaders, secrets: [token] }).kind,
      'authentic',
    )
  }
})

describe('several places', () => {
  const places: [TokenPlace, ...TokenPlace[]] = [PLACES.header, PLACES.bearer, PLACES.query, PLACES.body]
  const each: [string, Given][] = [
    ['header', { rawHeaders: ['x-token', TOKEN] }],
    ['bearer', { rawHeaders: ['authorization', `Bearer ${TOKEN}`] }],
    ['query', { url: `${URL}?token=${TOKEN}` }],
    ['body', { body: inBody(TOKEN) }],
  ]
  for (const [name, given] of each) {
    test(`${name} alone is enough`, () => assertVerdict(verdictOf(places, given), 'authentic'))
    for (const [other, also] of each.filter(([one]) => one !== name)) {
      test(`${name} and ${other} are one too many`, () => {
        const rawHeaders = [...(given.rawHeaders ?? []), ...(also.rawHeaders ?? [])]
        assertVerdict(verdictOf(places, { ...given, ...also, rawHeaders }), 'duplicate-header')
      })
    }
  }

  test('none of them is missing, and says where one belongs', () => {
    const verdict = verdictOf(places, {})
    assertVerdict(verdict, 'missing-header')
    for (const words of ['x-token', 'Bearer', 'query parameter token', 'field auth.token']) {
      assert.ok(verdict.kind === 'refused' && verdict.detail.includes(words))
    }
  })
})

test('any token but the secrets is refused, and nothing throws', () => {
  const values = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(values, fc.constantFrom(...Object.values(PLACES)), (value, place) => {
      fc.pre(value !== TOKEN && value !== OTHER)
      const rawHeaders = ['x-token', value, 'authorization', value]
      return verdictOf([place], { rawHeaders, url: `${URL}?${value}`, body: value }).kind === 'refused'
    }),
    { numRuns: 1000 },
  )
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SCHEMES } from '../../../src/receive/signature/scheme.ts'
import { type Called, calledUrl, otherUrls, signedUri } from '../../../src/receive/signature/url.ts'
import { verify } from '../../../src/receive/signature/verify.ts'
import { arrived, sent } from './schemes.ts'

const scheme = SCHEMES['hubspot-v3']
const SECRET = 'a-secret-of-the-tests'

describe('what HubSpot decodes in a URL', () => {
  const table = {
    '%3A': ':',
    '%2F': '/',
    '%3F': '?',
    '%40': '@',
    '%21': '!',
    '%24': '$',
    '%27': "'",
    '%28': '(',
    '%29': ')',
    '%2A': '*',
    '%2C': ',',
    '%3B': ';',
  }
  test('are these twelve', () => {
    assert.equal(Object.keys(table).length, 12)
    for (const [encoded, decoded] of Object.entries(table)) {
      assert.equal(
        signedUri(`https://a.example/b?c=${encoded}d${encoded}`),
        `https://a.example/b?c=${decoded}d${decoded}`,
      )
    }
  })

  test('and none of the others', () => {
    const others = Array.from({ length: 256 }, (_, n) => `%${n.toString(16).toUpperCase().padStart(2, '0')}`)
    const left = others.filter((one) => !(one in table))
    assert.equal(left.length, 244)
    assert.equal(signedUri(left.join('')), left.join(''))
  })

  test('in capitals only, and once', () => {
    for (const text of ['%3a%2f%3f%2a%2c%3b', '%253A', '%%3', '%3']) assert.equal(signedUri(text), text)
    assert.equal(signedUri('%%3A'), '%:')
  })
})

/** Of a request as a proxy hands it on. */
function called(change: Partial<Called> = {}): Called {
  const rawHeaders = ['Host', 'hooks.example.com']
  return { source: 'crm', target: '/webhooks/crm?a=1', rawHeaders, publicUrl: null, ...change }
}

describe('the URL that was called', () => {
  const cases: [string, Partial<Called>, string][] = [
    ['by its Host header, over https', {}, 'https://hooks.example.com/webhooks/crm?a=1'],
    ['by publicUrl', { publicUrl: 'https://a.example' }, 'https://a.example/webhooks/crm?a=1'],
    ['by publicUrl and its slash', { publicUrl: 'https://a.example/' }, 'https://a.example/webhooks/crm?a=1'],
    [
      'by publicUrl and its path',
      { publicUrl: 'https://a.example/in/' },
      'https://a.example/in/webhooks/crm?a=1',
    ],
    [
      'by publicUrl and its port',
      { publicUrl: 'http://a.example:8080' },
      'http://a.example:8080/webhooks/crm?a=1',
    ],
    [
      'by a publicUrl that names the path',
      { publicUrl: 'https://a.example/in/webhooks/crm' },
      'https://a.example/in/webhooks/crm?a=1',
    ],
    [
      'by a publicUrl that names the path, whatever arrives here',
      { publicUrl: 'https://a.example/webhooks/crm', target: '/webhooks/crm/?a=1?b' },
      'https://a.example/webhooks/crm?a=1?b',
    ],
    [
      'by a publicUrl that names the path of another source',
      { publicUrl: 'https://a.example/webhooks/other' },
      'https://a.example/webhooks/other/webhooks/crm?a=1',
    ],
    [
      'without a query',
      { target: '/webhooks/crm', publicUrl: 'https://a.example' },
      'https://a.example/webhooks/crm',
    ],
    ['without a Host header', { rawHeaders: [] }, 'https://localhost/webhooks/crm?a=1'],
  ]
  for (const [name, change, url] of cases) test(name, () => assert.equal(calledUrl(called(change)), url))
})

/** What the service makes of a delivery that its sender signed for `signedUrl`. */
function verdictOn(signedUrl: string, change: Partial<Called> = {}, secret = SECRET) {
  const one = called(change)
  const { headers, body } = sent(scheme, secret, { body: '[]', url: signedUrl })
  const request = arrived({ url: calledUrl(one), headers: { ...headers }, body }, [SECRET])
  return verify(scheme, request, () => otherUrls(one))
}

describe('the hint that it is the URL', () => {
  test('is none where the URL is right', () => {
    assert.equal(verdictOn('https://hooks.example.com/webhooks/crm?a=1').kind, 'authentic')
    const publicUrl = 'https://public.example/in'
    assert.equal(verdictOn('https://public.example/in/webhooks/crm?a=1', { publicUrl }).kind, 'authentic')
  })

  const forwarded = ['host', 'inner.local:3000', 'x-forwarded-host', 'hooks.example.com']
  const hints: [string, string, Partial<Called>, RegExp][] = [
    [
      'called without TLS',
      'http://hooks.example.com/webhooks/crm?a=1',
      {},
      /set publicUrl of this source to http:\/\/hooks\.example\.com$/,
    ],
    [
      'TLS that a proxy ends, and a publicUrl without it',
      'https://hooks.example.com/webhooks/crm?a=1',
      { publicUrl: 'http://hooks.example.com' },
      /set publicUrl of this source to https:\/\/hooks\.example\.com$/,
    ],
    [
      'a Host header of the inside, the other forwarded',
      'https://hooks.example.com/webhooks/crm?a=1',
      { rawHeaders: forwarded },
      /was called is https:\/\/hooks\.example\.com\/webhooks\/crm, .*set publicUrl of this source to https:\/\/hooks\.example\.com$/,
    ],
    [
      'a publicUrl of another host',
      'https://hooks.example.com/webhooks/crm?a=1',
      { publicUrl: 'https://old.example' },
      /set publicUrl of this source to https:\/\/hooks\.example\.com$/,
    ],
    [
      'a slash more on the way',
      'https://hooks.example.com/webhooks/crm?a=1',
      { target: '/webhooks/crm/?a=1' },
      /something on the way changes the path/,
    ],
    [
      'a slash less on the way',
      'https://hooks.example.com/webhooks/crm/?a=1',
      {},
      /something on the way changes the path/,
    ],
  ]
  for (const [name, signedUrl, change, words] of hints) {
    test(name, () => {
      const verdict = verdictOn(signedUrl, change)
      assert.ok(verdict.kind === 'refused')
      assert.equal(verdict.reason, 'wrong-url')
      assert.match(verdict.detail, words)
      // A query may hold what is nobody's business.
      assert.ok(!verdict.detail.includes('a=1'))
    })

    test(`never for a wrong secret: ${name}`, () => {
      const verdict = verdictOn(signedUrl, change, 'another-secret-of-tests')
      assert.equal(verdict.kind === 'refused' && verdict.reason, 'no-match')
    })
  }

  test('is not looked for where something else is wrong', () => {
    const { headers, body } = sent(scheme, SECRET, { body: '[]', url: 'http://hooks.example.com/' })
    const late = arrived({ url: 'https://hooks.example.com/', headers, body }, [SECRET], Date.UTC(2030, 0, 1))
    const verdict = verify(scheme, late, () => assert.fail('asked for other URLs'))
    assert.equal(verdict.kind === 'refused' && verdict.reason, 'too-old')
  })

  test('does not throw on a Host header that is none, nor on a publicUrl that is none', () => {
    for (const host of ['', ' ', 'a b', '[', '%', 'ü', '//', 'a, b', '\0', 'host:99999999']) {
      for (const publicUrl of [null, 'https://', 'none', 'https://a.example']) {
        const change = { rawHeaders: ['host', host, 'x-forwarded-host', `${host}/?`], publicUrl }
        const verdict = verdictOn('https://hooks.example.com/webhooks/crm?a=1', change)
        assert.equal(verdict.kind === 'refused' && verdict.reason, 'no-match')
      }
    }
  })

  test('costs a few signatures, whatever is forwarded', () => {
    const many = Array.from({ length: 200 }, (_, n) => ['x-forwarded-host', `h${n}.example`]).flat()
    const one = called({ rawHeaders: [...many, 'host', 'a.example'], publicUrl: 'https://b.example' })
    assert.ok(otherUrls(one).length <= 7)
    assert.ok(!otherUrls(one).includes(calledUrl(one)))
  })
})

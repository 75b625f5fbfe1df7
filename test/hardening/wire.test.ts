import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Live, startAll, statusesIn } from './live.ts'

let live: Live
before(async () => {
  live = await startAll()
})
after(() => live.stop())

/** How each part of the service is asked, and what it answers to whoever shows nothing of himself: nobody is known, or the page wants https. */
const PLACES = [
  { name: 'webhooks', line: 'POST /webhooks/crm', refused: 401 },
  { name: 'console', line: 'POST /console/login', refused: 403 },
  { name: 'API', line: 'GET /api/v1/messages', refused: 401 },
  { name: 'nothing', line: 'GET /nothing', refused: 404 },
] as const

const CLOSE = 'Connection: close\r\n'
const KIB = 1024

for (const { name, line, refused } of PLACES) {
  describe(`${name}: what is hardly HTTP gets its answer, and receiving goes on`, () => {
    const head = `${line} HTTP/1.1\r\nHost: x\r\n`
    const asked: [string, readonly string[], readonly number[]][] = [
      ['more headers than anybody has', [head, 'a: b\r\n'.repeat(201), CLOSE, '\r\n'], [431]],
      ['many more', [head, 'a:\r\n'.repeat(5_000), '\r\n'], [431]],
      ['a header that is too long', [head, `a: ${'b'.repeat(20 * KIB)}\r\n\r\n`], [431]],
      ['a name that is too long', [head, `${'b'.repeat(20 * KIB)}: a\r\n\r\n`], [431]],
      ['a long URL', [head.replace(' HTTP', `?${'a'.repeat(15_000)} HTTP`), CLOSE, '\r\n'], [refused]],
      ['a URL that is too long', [head.replace(' HTTP', `?${'a'.repeat(20 * KIB)} HTTP`), '\r\n'], [431]],
      ['HTTP/1.0', [head.replace('1.1', '1.0'), '\r\n'], [refused]],
      ['HTTP/1.2', [head.replace('1.1', '1.2'), '\r\n'], [400]],
      ['the beginning of HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], [400]],
      ['no host', [`${line} HTTP/1.1\r\n\r\n`], [400]],
      ['two hosts', [head, 'Host: y\r\n\r\n'], [400]],
      [
        'Expect: 100-continue',
        [head, CLOSE, 'Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}'],
        [100, refused],
      ],
      ['another expectation', [head, CLOSE, 'Expect: 200-maybe\r\n\r\n'], [417]],
      [
        'an upgrade to WebSocket',
        [head, 'Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n'],
        [refused],
      ],
      ['an upgrade to HTTP/2', [head, 'Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n'], [refused]],
      ['TRACE', [head.replace(/^\w+/, 'TRACE'), CLOSE, '\r\n'], [name === 'webhooks' ? 405 : refused]],
      ['CONNECT: no word', ['CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'], []],
      ['a URL with its host', [head.replace(' /', ' http://other.example/'), CLOSE, '\r\n'], [refused]],
      ['the server as a whole', ['OPTIONS * HTTP/1.1\r\nHost: x\r\n', CLOSE, '\r\n'], [404]],
      ['a path without its slash', [head.replace(' /', ' '), CLOSE, '\r\n'], [400]],
      ['a path with two', [head.replace(' /', ' //'), CLOSE, '\r\n'], [404]],
      ['a method that there is not', [head.replace(/^\w+/, 'FETCH'), CLOSE, '\r\n'], [400]],
    ]
    for (const [what, parts, statuses] of asked) {
      test(what, async () => {
        assert.deepEqual(statusesIn(await live.talk(...parts)), statuses)
        assert.equal(await live.receives(), 'recorded')
      })
    }

    test('lengths that lie: 400', async () => {
      const lengths = ['-1', '1e3', '+5', '5, 5', '5 5', '0x10', '9'.repeat(20), '']
      const answers = await Promise.all(
        lengths.map((length) => live.talk(`${head}Content-Length: ${length}\r\n\r\nhello`)),
      )
      assert.deepEqual(
        answers.map(statusesIn),
        lengths.map(() => [400]),
      )
      assert.equal(await live.receives(), 'recorded')
    })

    test('chunks whose sizes lie: 400, or the answer to the head', async () => {
      const sizes = ['zz', '-1', '0x5', 'F'.repeat(17), '', ' 5', '5 ; ;']
      const answers = await Promise.all(
        sizes.map((size) => live.talk(`${head}Transfer-Encoding: chunked\r\n\r\n${size}\r\nx\r\n0\r\n\r\n`)),
      )
      for (const [n, answer] of answers.entries()) {
        // Where nothing is, nobody waits for a body; what comes then ends the connection.
        const [first, ...others] = statusesIn(answer)
        assert.ok(first === 400 || first === refused, `${sizes[n]}: ${first}`)
        assert.deepEqual(
          others.filter((status) => status !== 400),
          [],
          sizes[n],
        )
      }
      const long = await live.talk(
        `${head}Transfer-Encoding: chunked\r\n\r\n1;${'e'.repeat(20 * KIB)}\r\nx\r\n0\r\n\r\n`,
      )
      assert.ok([413, refused].includes(statusesIn(long)[0] ?? 0), 'an extension without end')
      assert.equal(await live.receives(), 'recorded')
    })
  })
}

describe('a request within another is never answered', () => {
  const within = '0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: within\r\n\r\n'
  const shapes = [
    'Content-Length: 4\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\r\n chunked',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'Content-Length: 4\r\nContent-Length: 5',
    'Content-Length: 4\r\nContent-Length: 4',
    'Content-Length: 4\nX: y',
    'X: a\0b',
    'X: a\rContent-Length: 4',
    ' Folded: x',
    'Content_Length: 4\r\nContent-Length : 4',
  ]
  for (const shape of shapes) {
    test(JSON.stringify(shape), async () => {
      for (const { line, refused } of PLACES) {
        const text = await live.talk(`${line} HTTP/1.1\r\nHost: x\r\n${shape}\r\n\r\n${within}`)
        const statuses = statusesIn(text)
        assert.ok(statuses.length >= 1 && !statuses.includes(200), `${line}: ${statuses}`)
        assert.ok(
          statuses.every((status) => status === 400 || status === refused),
          `${line}: ${statuses}`,
        )
      }
      assert.equal(await live.receives(), 'recorded')
    })
  }
})

test('a signature that stands twice is seen, as many headers as may be between', async () => {
  const filling = Array.from({ length: 180 }, () => 'a:')
  const { head, body } = live.genuine([...filling, 'Webhook-Signature: v1,YWJj', 'Connection: close'])
  assert.match(await live.talk(head, body), /^HTTP\/1\.1 401 [\s\S]*more than one webhook-signature header/)
})

test('requests one behind the other are answered in their order, each once', async () => {
  const all = Array.from({ length: 10 }, (_, n) => live.genuine(n === 9 ? ['Connection: close'] : []))
  const text = await live.talk(...all.map(({ head, body }) => head + body))
  assert.deepEqual(
    statusesIn(text),
    all.map(() => 200),
  )
  assert.equal(text.split('recorded').length, 11)
})

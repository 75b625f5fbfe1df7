import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Answer, startReceiving, ticketResolved } from './live.ts'
import { OTHER_SECRET, signed } from './signing.ts'

let live: Awaited<ReturnType<typeof startReceiving>>
before(async () => {
  live = await startReceiving()
})
after(() => live.stop())

/** Whatever came before, the service is well: it takes an event. */
let sound = 0
afterEach(async () => {
  sound += 1
  const answer = await live.post(live.sign({ id: `msg_sound_${sound}` }))
  assert.equal(answer.body, 'recorded')
})

async function assertProblem(asked: Promise<Answer>, status: number) {
  const answer = await asked
  const problem = JSON.parse(answer.body) as { status: number; title: string; detail: string }
  assert.equal(answer.status, status, answer.body)
  assert.equal(problem.status, status)
  assert.ok(problem.title && problem.detail)
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  return { ...answer, ...problem }
}

describe('what is not authentic is answered 401, counted, and keeps nothing', () => {
  const deliveries: [string, string, () => Parameters<typeof live.post>][] = [
    ['a wrong signature', 'no-match', () => [live.sign({ secrets: ['whsec_bm90IG91cnM='] })]],
    ['another body', 'no-match', () => [{ ...live.sign(), body: Buffer.from(ticketResolved(8)) }]],
    ['a stale one', 'too-old', () => [live.sign({ atMs: live.clock.now() - 301_000 })]],
    ['one from the future', 'too-new', () => [live.sign({ atMs: live.clock.now() + 301_000 })]],
    [
      'two signature headers',
      'duplicate-header',
      () => {
        const { headers, body } = live.sign()
        const both = [headers['webhook-signature'] ?? '', headers['webhook-signature'] ?? '']
        return [{ headers: { ...headers, 'webhook-signature': both }, body }]
      },
    ],
    ['no signature', 'missing-header', () => [{ headers: {}, body: Buffer.from(ticketResolved()) }]],
    ['no signature and no body', 'missing-header', () => [{ headers: {}, body: Buffer.alloc(0) }]],
    ['an id out of measure', 'malformed-header', () => [live.sign({ id: 'x'.repeat(256) })]],
    [
      'bytes that are no text, whose text with U+FFFD was signed',
      'no-match',
      () => [{ ...live.sign({ body: '"\uFFFD"' }), body: Buffer.from([0x22, 0xff, 0x22]) }],
    ],
    [
      'two signature headers that a proxy made one',
      'malformed-header',
      () => {
        const { headers, body } = live.sign()
        const one = headers['webhook-signature'] ?? ''
        return [{ headers: { ...headers, 'webhook-signature': `${one}, ${one}` }, body }]
      },
    ],
    [
      'a source without a secret',
      'no-secret',
      () => [live.sign({ secrets: [OTHER_SECRET] }), '/webhooks/waiting'],
    ],
  ]
  for (const [name, reason, delivery] of deliveries) {
    test(name, async () => {
      const [before, refusedBefore] = [await live.kept(), await live.refused()]
      const [what, path = '/webhooks/crm'] = delivery()
      const key = `${path.slice('/webhooks/'.length)} ${reason}`
      await assertProblem(live.post(what, path), 401)
      const after = await live.kept()
      assert.deepEqual(
        [after.events.length, after.messages.length],
        [before.events.length, before.messages.length],
      )
      assert.equal((await live.refused())[key], (refusedBefore[key] ?? 0) + 1)
    })
  }
})

describe('what is authentic but unreadable is answered 200 and kept with its reason and its bytes', () => {
  const deep = `{"type":"ticket.resolved","data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`
  const latin1 = Buffer.from('{"type":"ticket.resolved","data":{"name":"Zo\xe9"}}', 'latin1')
  const bodies: [string, string | Buffer, RegExp][] = [
    ['no body', '', /^the body is empty$/],
    ['Latin-1', latin1, /^the body is not UTF-8$/],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22]), /^the body is not UTF-8$/],
    ['not JSON', 'type=ticket.resolved', /^the body is not JSON$/],
    [
      'JSON of the wrong shape',
      '{"type":["ticket.resolved"],"data":"none"}',
      /^type: .+ got a list; data: .+ got text$/,
    ],
    ['deep nesting', deep, /nested more than 64 levels/],
    [
      'a type of 10,000 characters',
      JSON.stringify({ type: 'x'.repeat(10_000), data: {} }),
      /at most 200 characters, got 10000/,
    ],
  ]
  for (const [n, [name, body, reason]] of bodies.entries()) {
    test(name, async () => {
      const answer = await live.post(live.sign({ id: `msg_unreadable_${n}`, body }))
      assert.deepEqual([answer.status, answer.body], [200, 'recorded'])
      const events = await live.ledger.reads.events({ state: 'unreadable', limit: 100 })
      const event = events.find(({ key }) => key === `msg_unreadable_${n}`)
      assert.match(event?.reason ?? '', reason)
      assert.ok(event)
      assert.ok(event.raw.equals(Buffer.from(body)))
      assert.deepEqual(await live.ledger.reads.messages({ eventId: event.id, limit: 1 }), [])
      const again = await live.post(live.sign({ id: `msg_unreadable_${n}`, body }))
      assert.equal(again.body, 'known')
    })
  }
})

test('NUL and lone surrogates are read, planned, and kept byte for byte', async () => {
  const body = `{"type":"ticket.resolved","data":{"customer":{"id":"C\\u0000-\\ud800"},"ticket":{"id":"\\udfff"}}}`
  const answer = await live.post(live.sign({ id: 'msg_\\u0000', body }))
  assert.equal(answer.body, 'recorded')
  const event = (await live.kept()).events.find(({ key }) => key === 'msg_\\u0000')
  assert.equal(event?.state, 'planned')
  assert.equal(event?.raw.toString(), body)
})

describe('what is refused by its head', () => {
  test('2 MiB: 413, declared or not', async () => {
    const delivery = live.sign({ body: Buffer.alloc(2 * 1024 * 1024, ' ') })
    await assertProblem(live.post(delivery), 413)
    await assertProblem(
      live.post({ ...delivery, headers: { ...delivery.headers, 'transfer-encoding': 'chunked' } }),
      413,
    )
    assert.equal((await live.refused())['crm too-large'], 2)
  })

  test('exactly 1 MiB is taken', async () => {
    const body = `{"type":"a","data":{"filling":"${'x'.repeat(1024 * 1024 - 34)}"}}`
    assert.equal(body.length, 1024 * 1024)
    assert.equal((await live.post(live.sign({ id: 'msg_1_mib', body }))).body, 'recorded')
  })

  test('a compressed body: 415', async () => {
    const { headers, body } = live.sign()
    const answer = await assertProblem(
      live.post({ headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(body) }),
      415,
    )
    assert.equal(answer.headers['accept-encoding'], 'identity')
  })

  test('other methods: 405 and what is allowed, counted; 404 where there is no source', async () => {
    const methods = ['GET', 'PUT', 'DELETE', 'OPTIONS']
    const before = (await live.refused())['(unknown) unknown-source'] ?? 0
    for (const method of methods) {
      const answer = await assertProblem(live.ask({ method, path: '/webhooks/crm' }), 405)
      assert.equal(answer.headers.allow, 'POST')
      await assertProblem(live.ask({ method, path: '/webhooks/nobody' }), 404)
    }
    // Some senders ask so whether a URL is there before they save it.
    assert.equal((await live.ask({ method: 'HEAD', path: '/webhooks/crm' })).status, 200)
    assert.equal((await live.ask({ method: 'HEAD', path: '/webhooks/nobody' })).status, 404)
    const refused = await live.refused()
    assert.equal(refused['crm wrong-method'], methods.length)
    assert.equal(refused['(unknown) unknown-source'], before + methods.length + 1)
  })

  test('unknown sources: 404, counted under one name, never logged by theirs', async () => {
    const before = (await live.refused())['(unknown) unknown-source'] ?? 0
    const names = ['nobody', 'Crm', '__proto__', 'crm%00', '%zz', 'x'.repeat(4000)]
    for (const name of names) await assertProblem(live.post(live.sign(), `/webhooks/${name}`), 404)
    assert.equal((await live.refused())['(unknown) unknown-source'], before + names.length)
    assert.ok(!JSON.stringify(live.lines).includes('nobody'))
  })

  test('nothing at all: 404', async () => {
    await assertProblem(live.ask({ path: '/' }), 404)
    await assertProblem(live.ask({ method: 'POST', path: '/webhooks', body: Buffer.from('{}') }), 404)
    await assertProblem(live.ask({ method: 'POST', path: '/webhooks/crm/more' }), 404)
  })
})

describe('what is hardly HTTP', () => {
  const head = 'POST /webhooks/crm HTTP/1.1\r\nHost: x\r\n'

  test('no HTTP: 400', async () => assert.match(await live.raw('EHLO postrider\r\n\r\n'), /^HTTP\/1.1 400 /))

  test('headers without measure: 431', async () =>
    assert.match(await live.raw(head, `X-Filling: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1.1 431 /))

  test('two lengths, or a length and chunks: 400', async () => {
    assert.match(await live.raw(head, 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'), /^HTTP\/1.1 400 /)
    assert.match(
      await live.raw(head, 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}'),
      /^HTTP\/1.1 400 /,
    )
  })

  test('a body longer than its length: 400, what is left over is no request', async () => {
    const { headers, body } = signed({ id: 'msg_long', atMs: live.clock.now(), body: ticketResolved() })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const answers = await live.raw(
      head,
      ...lines,
      `Content-Length: ${body.length}\r\n\r\n`,
      body,
      'and more\r\n\r\n',
    )
    assert.match(answers, /^HTTP\/1.1 400 /)
  })
})

test('a flood of refusals is a line a minute with its number', async () => {
  const lines = () => live.lines.filter(({ fields }) => fields.code === 'no-match')
  const wrong = () => live.post(live.sign({ secrets: ['whsec_bm90IG91cnM='] }))
  await live.clock.advance(60_000)
  const before = lines().length
  for (let n = 0; n < 10; n += 1) await wrong()
  assert.equal(lines().length, before + 1)
  await live.clock.advance(60_000)
  await wrong()
  assert.deepEqual(lines().at(-1)?.fields.count, 10)
})

import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import {
  ADA,
  assertError,
  byExternalId,
  EMAIL,
  email,
  type Live,
  LOOKUP,
  MESSAGE,
  startLive,
  until,
  webMessage,
} from './live.ts'

describe('faults on demand', () => {
  let live: Live
  before(async () => {
    live = await startLive({ rateLimitPerMinute: null })
  })
  beforeEach(async () => {
    await live.ask('/sandbox/faults', { method: 'DELETE' })
    await live.ask('/sandbox/messages', { method: 'DELETE' })
  })
  const send = () => live.post(MESSAGE, webMessage)
  const accepted = () => live.sandbox.messages().length

  for (const [status, code] of [
    [400, 'bad.request'],
    [401, 'bad.credentials'],
    [403, 'not.authorized'],
    [404, 'not.found'],
    [408, 'request.timeout'],
    [409, 'conflict'],
    [429, 'too.many.requests'],
    [500, 'internal.server.error'],
    [503, 'service.unavailable'],
    [504, 'request.timeout'],
  ] as const) {
    it(`status: answers ${status} as the API would, without acting`, async () => {
      await live.fault({ operation: 'message', status })
      assertError(await send(), status, code, /fault of the sandbox/)
      assert.equal(accepted(), 0)
    })
  }

  it('status: with a body, headers and Retry-After of the asker’s', async () => {
    const body = { code: 'daily.limit', message: 'enough' }
    await live.fault({ status: 429, body, retryAfter: 7200, headers: { 'inin-ratelimit-allowed': '180' } })
    const answer = await send()
    assert.deepEqual([answer.status, answer.body], [429, body])
    assert.equal(answer.headers.get('retry-after'), '7200')
    assert.equal(answer.headers.get('inin-ratelimit-allowed'), '180')
  })

  it('delay: acts at once, answers when its time has come', async () => {
    await live.fault({ operation: 'message', delayMs: 5000 })
    let answered = false
    const answer = send().finally(() => {
      answered = true
    })
    await until(() => live.clock.nextAt() !== null)
    assert.equal(accepted(), 1)
    await live.clock.advance(4999)
    // A whole other request comes and goes meanwhile.
    assert.equal((await live.post(LOOKUP, byExternalId)).status, 200)
    assert.equal(answered, false)
    await live.clock.advance(1)
    assert.equal((await answer).status, 200)
  })

  it('delay: a status is answered late too', async () => {
    await live.fault({ operation: 'message', delayMs: 5000, status: 503 })
    const answer = send()
    await until(() => live.clock.nextAt() !== null)
    await live.clock.advance(5000)
    assert.equal((await answer).status, 503)
  })

  it('delay: ends with the client that goes away', async () => {
    await live.fault({ operation: 'other', delayMs: 5000 })
    const gone = new AbortController()
    const answer = fetch(`${live.sandbox.url}/api/v2/tokens/me`, { signal: gone.signal })
    await until(() => live.clock.nextAt() !== null)
    gone.abort()
    await assert.rejects(answer, { name: 'AbortError' })
    await until(() => live.clock.nextAt() === null)
  })

  it('hang: neither acts nor answers; a sandbox that closes cuts it', async () => {
    const own = await startLive()
    await own.fault({ operation: 'message', hang: true, times: 1 })
    let answered = false
    const answer = assert.rejects(own.post(MESSAGE, webMessage), /fetch failed/).finally(() => {
      answered = true
    })
    await until(async () => (await own.ask('/sandbox/faults')).text === '[]')
    assert.equal((await own.post(MESSAGE, webMessage)).status, 200)
    assert.deepEqual([answered, own.sandbox.messages().length], [false, 1])
    await own.sandbox.close()
    await answer
  })

  it('reset: before acting', async () => {
    await live.fault({ operation: 'message', reset: 'before-acting' })
    await assert.rejects(send(), /fetch failed/)
    assert.equal(accepted(), 0)
  })

  it('reset: after acting', async () => {
    await live.fault({ operation: 'message', reset: 'after-acting' })
    await assert.rejects(send(), /fetch failed/)
    assert.equal(accepted(), 1)
  })

  it('cut: acts, and breaks off within the answer', async () => {
    await live.fault({ operation: 'message', cut: true })
    await assert.rejects(send(), /terminated|fetch failed/)
    assert.equal(accepted(), 1)
  })

  it('empty202: acts, and answers without a body', async () => {
    await live.fault({ operation: 'message', empty202: true })
    const answer = await send()
    assert.deepEqual([answer.status, answer.text, accepted()], [202, '', 1])
  })

  it('html: acts, and answers as a proxy might', async () => {
    await live.fault({ operation: 'message', html: true })
    const answer = await send()
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/html'])
    assert.equal(accepted(), 1)
  })

  it('meets the operation that it names, or any', async () => {
    await live.fault({ operation: 'email', status: 503 })
    assert.deepEqual(
      [
        (await send()).status,
        (await live.post(LOOKUP, byExternalId)).status,
        (await live.post(EMAIL, email)).status,
      ],
      [200, 200, 503],
    )
    await live.fault({ status: 500 })
    assert.deepEqual([(await send()).status, (await live.logIn()).status], [500, 500])
  })

  it('meets one contact alone', async () => {
    await live.fault({ contactId: ADA, status: 500 })
    assert.equal((await send()).status, 500)
    assert.equal((await live.post(LOOKUP, byExternalId)).status, 200)
  })

  it('is used up after so many times, the first that matches first', async () => {
    await live.fault({ status: 503, times: 2 })
    await live.fault({ status: 504, times: 1 })
    const statuses = [await send(), await send(), await send(), await send()].map(({ status }) => status)
    assert.deepEqual(statuses, [503, 503, 504, 200])
    assert.equal((await live.ask('/sandbox/faults')).text, '[]')
  })

  it('stands in the list until it is cleared', async () => {
    const added = await live.fault({ operation: 'message', status: 503 })
    assert.deepEqual([added.status, JSON.parse(added.text)], [201, [{ operation: 'message', status: 503 }]])
    assert.equal((await send()).status, 503)
    assert.equal((await send()).status, 503)
    assert.equal((await live.ask('/sandbox/faults', { method: 'DELETE' })).status, 204)
    assert.equal((await live.ask('/sandbox/faults')).text, '[]')
    assert.equal((await send()).status, 200)
  })
})

describe('the control API', () => {
  let live: Live
  before(async () => {
    live = await startLive()
  })

  for (const [name, fault] of [
    ['a name that it does not know', { state: 503 }],
    ['a status that is none', { status: 99 }],
    ['a header that cannot be written', { status: 503, headers: { 'not a name': 'x' } }],
    ['a header of two lines', { status: 503, headers: { 'x-a': 'a\r\nb: c' } }],
    ['a list', [{ status: 503 }]],
  ] as const) {
    it(`answers 400 to a fault with ${name}`, async () => {
      const answer = await live.ask('/sandbox/faults', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fault),
      })
      assert.deepEqual(
        [answer.status, answer.body.status, answer.headers.get('content-type')],
        [400, 400, 'application/problem+json; charset=utf-8'],
      )
      assert.equal((await live.ask('/sandbox/faults')).text, '[]')
    })
  }

  it('answers malformed JSON, other types and unknown paths in the same shape, without a stack trace', async () => {
    for (const [status, path, type, body] of [
      [400, '/sandbox/faults', 'application/json', '{'],
      [400, '/sandbox/faults', 'text/plain', '{"status":503}'],
      [404, '/sandbox/nothing', 'application/json', '{}'],
    ] as const) {
      const answer = await live.ask(path, { method: 'POST', headers: { 'content-type': type }, body })
      assert.deepEqual([answer.status, answer.body.status], [status, status])
      assert.doesNotMatch(answer.text, /node_modules|\.ts:/)
    }
  })

  it('shows and forgets what was accepted', async () => {
    await live.post(MESSAGE, webMessage)
    const { body } = await live.ask('/sandbox/messages')
    assert.equal(body.accepted, 1)
    assert.deepEqual(body.messages, JSON.parse(JSON.stringify(live.sandbox.messages())))
    await live.ask('/sandbox/messages', { method: 'DELETE' })
    assert.deepEqual((await live.ask('/sandbox/messages')).body, { accepted: 0, messages: [] })
  })
})

describe('a sandbox without its plug', () => {
  it('refuses connections, until it is mended', async () => {
    const { sandbox, post, fault } = await startLive()
    await fault({ status: 503 })
    await sandbox.unplug()
    await assert.rejects(post(MESSAGE, webMessage), /fetch failed/)
    await sandbox.mend()
    assert.equal((await post(MESSAGE, webMessage)).status, 200)
  })

  it('closes twice without harm', async () => {
    const { sandbox } = await startLive()
    await sandbox.close()
    await sandbox.close()
  })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { PostriderError } from '../../src/errors.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { type Answer, startReceiving } from './live.ts'
import { beginBody, type Live } from './slow.ts'

async function receiving(options: Parameters<typeof startReceiving>[0], use: (live: Live) => Promise<void>) {
  const live = await startReceiving(options)
  try {
    await use(live)
  } finally {
    await live.stop()
  }
}

function assertComeAgain({ status, headers, body }: Answer) {
  assert.equal(status, 503, body)
  assert.equal(headers['retry-after'], '30')
}

test('a ledger that cannot be written: 503, and the same delivery is accepted when it can', async () => {
  await receiving({}, async (live) => {
    const delivery = live.sign()
    const other = new DatabaseSync(live.ledgerFile)
    other.exec('BEGIN IMMEDIATE')
    assertComeAgain(await live.post(delivery))
    other.exec('ROLLBACK')
    other.close()
    assert.equal((await live.post(delivery)).body, 'recorded')
    const line = live.lines.find(({ fields }) => fields.code === 'ledger-unavailable')
    assert.equal(line?.level, 'error')
    assert.ok(line.fields.error)
  })
})

test('a ledger that fails as nobody foresaw: 503, not 500, and no word of why to the sender', async () => {
  const around = (ledger: Ledger) => ({
    ...ledger,
    record: () => Promise.reject(new TypeError('an inner word')),
  })
  await receiving({ around }, async (live) => {
    const answer = await live.post(live.sign())
    assertComeAgain(answer)
    assert.ok(!answer.body.includes('inner'))
    assert.ok(live.lines.some(({ level, fields }) => level === 'error' && fields.error === 'an inner word'))
  })
})

test('a ledger where too much waits: 503', async () => {
  const busy = new PostriderError('LEDGER_BUSY', 'too much waits', { retryable: true })
  const around = (ledger: Ledger) => ({ ...ledger, record: () => Promise.reject(busy) })
  await receiving({ around }, async (live) => assertComeAgain(await live.post(live.sign())))
})

test('too many waiting: 503 at once and not ready; those who wait are served, and then there is room again', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const arrived: (() => void)[] = []
  const around = (ledger: Ledger) => ({
    ...ledger,
    record: async (entries: Parameters<Ledger['record']>[0]) => {
      arrived.shift()?.()
      await gate
      return ledger.record(entries)
    },
  })
  await receiving({ around, intake: { maxWaiting: 3, maxBytes: 1e6 } }, async (live) => {
    const ins = Array.from({ length: 3 }, () => new Promise<void>((resolve) => arrived.push(resolve)))
    const waiting = [1, 2, 3].map((n) => live.post(live.sign({ id: `msg_${n}` })))
    await Promise.all(ins)

    assertComeAgain(await live.post(live.sign({ id: 'msg_4' })))
    const ready = await live.ask({ path: '/health/ready' })
    assert.equal(ready.status, 503)
    assert.deepEqual((JSON.parse(ready.body) as { queue: unknown }).queue, { waiting: 3, full: true })
    assert.equal((await live.ask({ path: '/health/live' })).status, 200)

    open()
    for (const { body } of await Promise.all(waiting)) assert.equal(body, 'recorded')
    assert.equal((await live.post(live.sign({ id: 'msg_4' }))).body, 'recorded')
    assert.equal((await live.ask({ path: '/health/ready' })).status, 200)
    assert.equal((await live.refused())['crm overloaded'], 1)
  })
})

test('a sender that hangs up in the middle of its body leaves no trace', async () => {
  await receiving({}, async (live) => {
    await hungUp(await beginBody(live, 1000, 500))
    assert.equal((await live.post(live.sign())).body, 'recorded')
    assert.deepEqual(await live.refused(), {})
    assert.ok(live.lines.every(({ level }) => level === 'info' || level === 'debug'))
    assert.equal((await live.kept()).events.length, 1)
  })
})

const IMPATIENT = { headersMs: 100, requestMs: 200, idleMs: 1000, checkMs: 20, closeMs: 100 }

test('a sender that drips its body is cut off, and others are served meanwhile', async () => {
  await receiving({ patience: IMPATIENT }, async (live) => {
    const slow = await beginBody(live, 1000, 1)
    const ended = text(slow)
    assert.equal((await live.post(live.sign())).body, 'recorded')
    assert.match(await ended, /^HTTP\/1.1 408 /)
  })
})

test('closing answers what is in flight, and ends idle connections', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  const around = (ledger: Ledger) => ({
    ...ledger,
    record: async (entries: Parameters<Ledger['record']>[0]) => {
      arrive()
      await gate
      return ledger.record(entries)
    },
  })
  await receiving({ around }, async (live) => {
    const idle = connect(live.port, '127.0.0.1')
    await once(idle, 'connect')
    const answer = live.post(live.sign())
    await arrived
    const closed = live.close()
    open()
    assert.equal((await answer).body, 'recorded')
    await closed
    await text(idle)
    await assert.rejects(live.ask({ path: '/health/live' }), { code: 'ECONNREFUSED' })
    await live.close()
  })
})

test('closing ends a kept-alive connection with its answer, and cuts one that does not end', async () => {
  await receiving({}, async (live) => {
    const { headers, body } = live.sign()
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const half = connect(live.port, '127.0.0.1')
    half.write(
      `POST /webhooks/crm HTTP/1.1\r\nHost: x\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n`,
    )
    half.write(body.subarray(0, 10))
    const answered = text(half)
    const stuck = await beginBody(live, 1000, 10)
    const cut = once(stuck, 'close')
    stuck.on('error', () => {})
    await live.ask({ path: '/health/live' })

    const closed = live.close()
    half.write(body.subarray(10))
    assert.match(await answered, /^HTTP\/1.1 200 [\s\S]*recorded$/)
    await live.clock.advance(10_000)
    await cut
    await closed
    assert.ok(live.lines.some(({ message }) => message.startsWith('connections cut')))
  })
})

async function hungUp(socket: Socket): Promise<void> {
  const closed = once(socket, 'close')
  socket.resetAndDestroy()
  await closed
}

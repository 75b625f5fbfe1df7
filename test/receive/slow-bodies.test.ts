import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { startReceiving, ticketResolved } from './live.ts'
import { beginBody, endless, type Live, nextAnswer } from './slow.ts'

const MIB = 1024 * 1024
const KIB = 1024

async function receiving(options: Parameters<typeof startReceiving>[0], use: (live: Live) => Promise<void>) {
  const live = await startReceiving(options)
  try {
    await use(live)
  } finally {
    await live.stop()
  }
}

async function readiness(live: Live) {
  const { status, body } = await live.ask({ path: '/health/ready' })
  const { queue } = JSON.parse(body) as { queue: { waiting: number; full: boolean } }
  return { status, full: queue.full }
}

function filled(live: Live, id: string, length: number) {
  const frame = ticketResolved()
  return live.sign({ id, body: frame + ' '.repeat(length - frame.length) })
}

describe('bodies that do not end', () => {
  test('66 of 1 MiB, all but a byte sent: events of any size get in, the oldest give way, and it is ready', async () => {
    await receiving({}, async (live) => {
      const slow = await Promise.all(Array.from({ length: 66 }, () => beginBody(live, MIB, 0)))
      const refused = Promise.withResolvers<void>()
      let turnedAway = 0
      for (const socket of slow) {
        socket.once('data', (answer) => {
          assert.match(String(answer), /^HTTP\/1.1 503 [\s\S]*retry-after: 30/i)
          turnedAway += 1
          // Half of 64 MiB holds 32 of them.
          if (turnedAway === 66 - 32) refused.resolve()
        })
        socket.on('error', () => {})
        socket.write(' '.repeat(MIB - 1))
      }
      assert.equal((await live.post(live.sign({ id: 'msg_meanwhile' }))).body, 'recorded')
      await refused.promise
      assert.deepEqual(await readiness(live), { status: 200, full: false })
      for (let n = 0; n < 20; n += 1) {
        assert.equal((await live.post(live.sign({ id: `msg_small_${n}` }))).body, 'recorded')
      }
      assert.equal((await live.post(filled(live, 'msg_large', MIB))).body, 'recorded')
      for (const socket of slow) socket.destroy()
    })
  })

  test('many small ones: an event that comes in two parts gets in', async () => {
    // Half of it holds 16 of them.
    await receiving({ intake: { maxWaiting: 10, maxBytes: 2 * MIB } }, async (live) => {
      const slow = await Promise.all(Array.from({ length: 24 }, () => beginBody(live, 64 * KIB, 0)))
      for (const socket of slow) {
        socket.on('error', () => {})
        socket.write(' '.repeat(64 * KIB - 1))
      }
      const { headers, body } = live.sign()
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      const halves = connect(live.port, '127.0.0.1')
      halves.write(
        `POST /webhooks/crm HTTP/1.1\r\nHost: x\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n`,
      )
      halves.write(body.subarray(0, 10))
      await live.ask({ path: '/health/live' })
      assert.equal((await readiness(live)).full, false)
      halves.write(body.subarray(10))
      assert.match((await nextAnswer(halves)).text, /^HTTP\/1.1 200 [\s\S]*recorded$/)
      for (const socket of [...slow, halves]) socket.destroy()
    })
  })

  test('the one that gives way is told to come again, and its connection ends', async () => {
    await receiving({ intake: { maxWaiting: 10, maxBytes: MIB } }, async (live) => {
      const slow = await beginBody(live, 500_000, 60_000)
      const told = nextAnswer(slow)
      const ended = once(slow, 'end')
      assert.equal((await live.post(filled(live, 'msg_1', 500_000))).body, 'recorded')
      const { status, text } = await told
      assert.equal(status, 503)
      assert.match(text, /connection: close/i)
      await live.clock.advance(3000)
      await ended
      assert.equal((await live.refused())['crm overloaded'], 1)
    })
  })

  test('chunks of one byte hold no more than their length', async () => {
    await receiving({ intake: { maxWaiting: 10, maxBytes: MIB } }, async (live) => {
      const { headers, body } = filled(live, 'msg_chunks', 20_000)
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      const chunks = [...body].map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`).join('')
      const socket = connect(live.port, '127.0.0.1')
      socket.write(
        `POST /webhooks/crm HTTP/1.1\r\nHost: x\r\n${lines.join('')}Transfer-Encoding: chunked\r\n\r\n`,
      )
      socket.write(`${chunks}0\r\n\r\n`)
      assert.match((await nextAnswer(socket)).text, /recorded$/)
      socket.destroy()
      const [event] = (await live.kept()).events
      assert.ok(event?.raw.equals(body))
    })
  })
})

test('readiness tells whether a small event would be taken, and the last quarter of the room is for those', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  let inside = 0
  let arrived = () => {}
  const around = (ledger: Ledger) => ({
    ...ledger,
    record: async (entries: Parameters<Ledger['record']>[0]) => {
      inside += 1
      arrived()
      await gate
      return ledger.record(entries)
    },
  })
  await receiving({ around, intake: { maxWaiting: 100, maxBytes: MIB } }, async (live) => {
    const answers: ReturnType<Live['post']>[] = []
    /** True where it waits for the ledger now, false where it was turned away. */
    const taken = async (id: string, length: number) => {
      const before = inside
      const answer = live.post(filled(live, id, length))
      await Promise.race([
        answer,
        new Promise<void>((resolve) => {
          arrived = resolve
        }),
      ])
      if (inside > before) answers.push(answer)
      else assert.equal((await answer).status, 503)
      return inside > before
    }
    assert.equal(await taken('msg_large_1', 400 * KIB), true)
    assert.equal(await taken('msg_large_2', 360 * KIB), true)
    assert.equal(await taken('msg_large_3', 66 * KIB), false)
    let small = 0
    for (;;) {
      const { full, status } = await readiness(live)
      assert.equal(status, full ? 503 : 200)
      small += 1
      assert.equal(await taken(`msg_small_${small}`, 60 * KIB), !full)
      if (full) break
    }
    assert.ok(small > 3, 'the last quarter was used')
    open()
    for (const answer of answers) assert.equal((await answer).body, 'recorded')
    assert.deepEqual(await readiness(live), { status: 200, full: false })
    assert.equal((await live.post(filled(live, 'msg_large_3', 66 * KIB))).body, 'recorded')
  })
})

describe('a body that is refused before its end', () => {
  const CHUNK = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`)
  const asked: [string, string, number][] = [
    ['too large', 'POST /webhooks/crm', 413],
    ['for no source', 'POST /webhooks/nobody', 404],
    ['by another method', 'PUT /webhooks/crm', 405],
    ['where nothing is', 'POST /nothing', 404],
    ['where no body is wanted', 'GET /health/live', 200],
  ]
  for (const [name, line, status] of asked) {
    test(`${name}, and goes on: answered once and cut`, async () => {
      await receiving({}, async (live) => {
        const socket = connect(live.port, '127.0.0.1')
        socket.write(`${line} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`)
        const { written, text } = await endless(socket, CHUNK)
        assert.match(text, new RegExp(`^HTTP/1.1 ${status} `))
        assert.match(text, /connection: close/i)
        assert.equal(text.split('HTTP/1.1').length, 2)
        // 8 MiB and what the kernel holds.
        assert.ok(written < 32 * MIB, `${written} bytes`)
      })
    })
  }

  test('by a sender that reads only when it has written all: it reads its 413', async () => {
    await receiving({}, async (live) => {
      const socket = connect(live.port, '127.0.0.1')
      socket.pause()
      socket.write(`POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: ${7 * MIB}\r\n\r\n`)
      await new Promise((resolve) => socket.write(Buffer.alloc(7 * MIB), resolve))
      const answer = nextAnswer(socket)
      socket.resume()
      const { status, text } = await answer
      assert.equal(status, 413)
      assert.match(text, /"a body has at most 1048576 bytes"/)
      socket.destroy()
    })
  })

  test('by one that then is silent: its connection ends after 3 s', async () => {
    await receiving({}, async (live) => {
      const socket = connect(live.port, '127.0.0.1')
      socket.write(`POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 * MIB}\r\n\r\n`)
      assert.equal((await nextAnswer(socket)).status, 413)
      const ended = once(socket, 'end')
      socket.resume()
      await live.clock.advance(3000)
      await ended
    })
  })

  test('and short: its connection goes on', async () => {
    await receiving({}, async (live) => {
      const socket = connect(live.port, '127.0.0.1')
      for (const path of ['/webhooks/nobody', '/nothing', '/webhooks/crm']) {
        socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789`)
        const { status, text } = await nextAnswer(socket)
        assert.equal(status, path === '/webhooks/crm' ? 401 : 404)
        assert.doesNotMatch(text, /connection: close/i)
      }
      socket.destroy()
    })
  })
})

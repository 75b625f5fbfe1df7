import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { listen } from '../../src/listen.ts'
import { heldBytes } from '../fuzz/bounds.ts'
import { testLog } from '../test-log.ts'
import { type Live, startAll, statusesIn } from './live.ts'

let live: Live
before(async () => {
  live = await startAll()
})
after(() => live.stop())

const PLACES = ['POST /webhooks/crm', 'POST /console/login', 'GET /api/v1/messages', 'GET /nothing']
const MIB = 1024 * 1024

async function open(): Promise<Socket> {
  const socket = connect(live.port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** All that comes back until the connection ends; being reset is one of its ends. */
function all(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
    })
    socket.once('close', () => resolve(text))
  })
}

/** Cut off for being slow: with the word for it, which a reset may take away where the sender was still writing. */
function assertCutOff(answer: string): void {
  assert.ok(
    statusesIn(answer).every((status) => status === 408),
    answer,
  )
}

/** Writes a character whenever the one before has gone, with a pause between that another genuine delivery fills. */
async function drip(socket: Socket, characters: string): Promise<void> {
  for (const character of characters) {
    if (socket.destroyed) return
    socket.write(character)
    assert.equal(await live.receives(), 'recorded')
  }
}

describe('who is slow is cut off, and events get in meanwhile', () => {
  test('a connection on which nothing comes', async () => {
    const silent = await open()
    const answer = all(silent)
    assert.equal(await live.receives(), 'recorded')
    assert.deepEqual(statusesIn(await answer), [408])
  })

  for (const line of PLACES) {
    test(`${line}: a head that comes a character at a time, and does not end`, async () => {
      const socket = await open()
      const answer = all(socket)
      await drip(socket, `${line} HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(300)}`)
      assertCutOff(await answer)
    })

    test(`${line}: a body that comes a character at a time`, async () => {
      const socket = await open()
      const answer = all(socket)
      socket.write(
        `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n`,
      )
      await drip(socket, ' '.repeat(1_500))
      // What nobody waits for is answered at once, and the rest of it not waited for either.
      assert.equal(statusesIn(await answer).at(-1), 408)
    })
  }

  test('a sender that says it has ended in the middle of its body', async () => {
    const socket = await open()
    const answer = all(socket)
    socket.end('POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
    assert.deepEqual(statusesIn(await answer), [400])
    assert.equal(await live.receives(), 'recorded')
  })

  test('one that asks and does not read the answer', async () => {
    const closed = Promise.withResolvers<void>()
    const handle = (_request: IncomingMessage, response: ServerResponse) => {
      response.once('close', closed.resolve).write(Buffer.alloc(64 * MIB))
    }
    const patience = { headersMs: 400, requestMs: 800, idleMs: 200, checkMs: 50, closeMs: 300 }
    const options = { host: '127.0.0.1', port: 0, clock: systemClock, log: testLog(), patience }
    const server = await listen(handle, options)
    try {
      const socket = connect(server.port, '127.0.0.1')
        .pause()
        .on('error', () => {})
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await closed.promise
    } finally {
      await server.close()
    }
  })
})

describe('requests that do not wait for the answers before them', () => {
  test('sixteen are answered, the next one is told to come again, and the rest is not read', async () => {
    for (const path of [
      '/health/live',
      '/console/assets/htmx.js',
      '/console/login',
      '/api/v1/openapi.json',
    ]) {
      const before = await heldBytes()
      const text = await live.talk(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(20_000))
      const statuses = statusesIn(text)
      assert.ok(statuses.length <= 17, `${path}: ${statuses.length} answers`)
      assert.ok((await heldBytes()) - before < 16 * MIB, path)
      assert.equal(await live.receives(), 'recorded')
    }
  })

  test('deliveries among them are recorded once', async () => {
    const few = Array.from({ length: 17 }, () => live.genuine())
    const answer = await live.talk(...few.map(({ head, body }) => head + body))
    assert.deepEqual(statusesIn(answer), [...few.slice(1).map(() => 200), 503])
    assert.equal(answer.split('recorded').length, 17)
  })
})

test('a thousand connections, each with the beginning of a request: events get in, and each is cut off', async () => {
  const before = await heldBytes()
  const sockets = await Promise.all(Array.from({ length: 1_000 }, open))
  const closed = sockets.map(all)
  for (const [n, socket] of sockets.entries()) {
    socket.write(`${PLACES[n % PLACES.length]} HTTP/1.1\r\nHost: x\r\nX-Filling: ${'x'.repeat(8_000)}\r\n`)
  }
  for (let n = 0; n < 20; n += 1) assert.equal(await live.receives(), 'recorded')
  const grown = (await heldBytes()) - before
  // Their heads, what node holds for each, and this side of the connections.
  assert.ok(grown < 64 * MIB, `${grown} bytes`)
  await Promise.all(closed)
  assert.equal((await live.ask('/health/ready')).status, 200)
})

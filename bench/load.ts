import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { BENCH_SECRET } from './config.ts'

/** What one round of load came to; times in milliseconds from a request's first byte to its answer's last. */
export type Round = { perSecond: number; p50: number; p99: number }

const KEY = Buffer.from(BENCH_SECRET.slice('whsec_'.length), 'base64')
/** Fills the body to about 1 kB. */
const NOTE = 'The customer called about the delivery and was told that it is on its way. '.repeat(9)

/** A signed delivery of a new event as it goes over the wire. */
export function signedRequest(): Buffer {
  const id = `msg_${randomUUID()}`
  const timestamp = Math.floor(Date.now() / 1000)
  const body = JSON.stringify({
    type: 'ticket.resolved',
    timestamp: new Date().toISOString(),
    data: {
      customer: { id: id.slice(-6), email: `${id.slice(-6)}@example.com`, name: 'A Customer', locale: 'en' },
      ticket: {
        id,
        subject: 'Where is my parcel?',
        channel: 'web',
        priority: 2,
        tags: ['parcel', 'late'],
        note: NOTE,
      },
    },
  })
  const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.${body}`).digest('base64')
  return Buffer.from(
    `POST /webhooks/crm HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nUser-Agent: bench\r\n` +
      `webhook-id: ${id}\r\nwebhook-timestamp: ${timestamp}\r\nwebhook-signature: v1,${signature}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Sends `count` deliveries over kept-alive connections, each with one request under way. Rejects on any answer but 200 `recorded`. */
export async function sendAll(port: number, connections: number, count: number): Promise<Round> {
  const requests = Array.from({ length: count }, signedRequest)
  const sockets = await Promise.all(Array.from({ length: connections }, () => connected(port)))
  const latencies = new Float64Array(count)
  let next = 0
  const began = performance.now()
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let at = 0
          let sentAt = 0
          let answer = ''
          const send = () => {
            at = next++
            const request = requests[at]
            if (request === undefined) return resolve()
            sentAt = performance.now()
            socket.write(request)
          }
          socket.on('data', (chunk) => {
            answer += chunk.toString('latin1')
            if (!answer.endsWith('\r\n\r\nrecorded')) {
              if (!answer.startsWith('HTTP/1.1 200')) reject(new Error(`not recorded: ${answer}`))
              return
            }
            latencies[at] = performance.now() - sentAt
            answer = ''
            send()
          })
          socket.on('error', reject)
          send()
        }),
    ),
  )
  const seconds = (performance.now() - began) / 1000
  for (const socket of sockets) socket.destroy()
  const sorted = latencies.toSorted()
  const share = (part: number) => sorted[Math.floor((count - 1) * part)] ?? Number.NaN
  return { perSecond: count / seconds, p50: share(0.5), p99: share(0.99) }
}

/** Sends so many new deliveries a second, evenly, until `signal`; one that is late is sent as soon as a connection is free. Rejects on any answer but 200 `recorded`. */
export async function sendAt(
  port: number,
  connections: number,
  perSecond: number,
  signal: AbortSignal,
): Promise<Round> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => connected(port)))
  const latencies: number[] = []
  const began = performance.now()
  let sent = 0
  const idle = [...sockets]
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const due = () => Math.floor(((performance.now() - began) / 1000) * perSecond)
  const pump = () => {
    while (sent < due() && !signal.aborted) {
      // The one that has been idle longest: the service ends connections on which nothing is asked.
      const socket = idle.shift()
      if (!socket) return
      sent += 1
      post(socket).then((ms) => {
        latencies.push(ms)
        idle.push(socket)
        if (signal.aborted && idle.length === sockets.length) resolve()
        else pump()
      }, reject)
    }
  }
  const timer = setInterval(pump, 2)
  signal.addEventListener('abort', () => {
    if (idle.length === sockets.length) resolve()
  })
  await promise.finally(() => clearInterval(timer))
  const seconds = (performance.now() - began) / 1000
  for (const socket of sockets) socket.destroy()
  const sorted = latencies.toSorted((a, b) => a - b)
  const share = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { perSecond: latencies.length / seconds, p50: share(0.5), p99: share(0.99) }
}

/** Answers how long it took, in milliseconds. */
function post(socket: Socket): Promise<number> {
  const sentAt = performance.now()
  return new Promise((resolve, reject) => {
    let answer = ''
    const hear = (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (answer.endsWith('\r\n\r\nrecorded')) {
        socket.off('data', hear)
        resolve(performance.now() - sentAt)
      } else if (!answer.startsWith('HTTP/1.1 200')) reject(new Error(`not recorded: ${answer}`))
    }
    socket.on('data', hear)
    socket.write(signedRequest())
  })
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { startReceiving } from './live.ts'

export type Live = Awaited<ReturnType<typeof startReceiving>>

/** A delivery that declares `length` bytes and has sent `sent` of them, which the server has read (for the most part, where there are many). */
export async function beginBody(live: Live, length: number, sent: number): Promise<Socket> {
  const socket = connect(live.port, '127.0.0.1')
  await once(socket, 'connect')
  const head = `POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
  socket.write(head)
  await once(socket, 'data')
  await new Promise((resolve) => socket.write(' '.repeat(sent), resolve))
  // The server reads connections in their order of readiness: after this answer it has read what was written before.
  await live.ask({ path: '/health/live' })
  return socket
}

/** The status of the next answer on a connection, and the whole of it. */
export async function nextAnswer(socket: Socket): Promise<{ status: number; text: string }> {
  const [bytes] = await once(socket, 'data')
  const text = String(bytes)
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
}

/** Writes `chunk` again and again, as fast as it is taken, until the connection ends; resolves with how many bytes went, and what came back. */
export async function endless(socket: Socket, chunk: Buffer): Promise<{ written: number; text: string }> {
  let written = 0
  let text = ''
  socket.on('data', (bytes) => {
    text += String(bytes)
  })
  // Being cut is what is waited for.
  socket.on('error', () => {})
  const more = () => {
    while (!socket.destroyed && socket.write(chunk)) written += chunk.length
    written += chunk.length
  }
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('drain', more)
  more()
  await closed
  return { written, text }
}

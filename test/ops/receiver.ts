import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export type Post = {
  headers: Record<string, string>
  raw: string
  body: { type: string; timestamp: string; data: Record<string, unknown> }
  /** By `webhook-timestamp`, in epoch milliseconds. */
  at: number
}
/** A status; a redirect; a connection that ends; or nothing at all. */
export type Answer = number | { location: string } | 'reset' | 'hang'
export type Receiver = {
  url: string
  /** In the order in which they came, whatever was answered. */
  posts: Post[]
  answer: (post: Post) => Answer
  /** The next that comes. */
  next(): Promise<Post>
  close(): Promise<void>
}

/** Somebody outside who is told: a server on `onPort`, or one that is free, that takes everything until `answer` says otherwise. */
export async function startReceiver(onPort = 0): Promise<Receiver> {
  const waiting: ((post: Post) => void)[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      )
      const raw = bytes.toString()
      const post = { headers, raw, body: JSON.parse(raw), at: Number(headers['webhook-timestamp']) * 1_000 }
      receiver.posts.push(post)
      for (const resolve of waiting.splice(0)) resolve(post)
      const answer = receiver.answer(post)
      if (answer === 'hang') return
      if (answer === 'reset') return void request.socket.destroy()
      if (typeof answer === 'number') return void response.writeHead(answer).end()
      response.writeHead(302, answer).end()
    })
  })
  await new Promise<void>((resolve) => void server.listen(onPort, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/told`,
    posts: [],
    answer: () => 204,
    next: () => new Promise((resolve) => void waiting.push(resolve)),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
  return receiver
}

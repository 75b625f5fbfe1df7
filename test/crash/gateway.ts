import { createServer, request, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

/** Which operation of the API a request is. */
export type Operation = 'token' | 'lookup' | 'message' | 'email' | 'other'

export type Gateway = {
  url: string
  /** Waits for the next request of the operation and holds it until told what to do. */
  hold(operation: Operation): Promise<Held>
  close(): Promise<void>
}

/** A request that stands at the gateway. */
export type Held = {
  /** Lets Genesys act on it; resolves with the answer in hand, not yet passed on. */
  forward(): Promise<Answered>
  /** Cuts the connection without anybody having acted. */
  cut(): void
}
export type Answered = {
  /** Passes the answer on; resolves when its last byte is written. */
  pass(): Promise<void>
  cut(): void
}

/** A host between Postrider and the sandbox, as GENESYS_GATEWAY_URL names one: it can stop time at any step of a request. */
export async function startGateway(target: string): Promise<Gateway> {
  const waiting: { operation: Operation; arrived: (held: Held) => void }[] = []
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming)
    const operation = operationOf(incoming.url ?? '')
    const forward = () => ask(target, incoming.method ?? 'GET', incoming.url ?? '', incoming.headers, body)
    const cut = () => void incoming.socket.destroy()
    const index = waiting.findIndex((one) => one.operation === operation)
    const [waiter] = index < 0 ? [] : waiting.splice(index, 1)
    if (!waiter) return pass(outgoing, await forward())
    waiter.arrived({
      cut,
      async forward() {
        const answer = await forward()
        return { cut, pass: () => pass(outgoing, answer) }
      },
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gateway does not listen')
  return {
    url: `http://127.0.0.1:${address.port}`,
    hold: (operation) => new Promise((arrived) => waiting.push({ operation, arrived })),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function operationOf(path: string): Operation {
  if (path.endsWith('/oauth/token')) return 'token'
  if (path.endsWith('/identifierlookup/contacts')) return 'lookup'
  if (path.endsWith('/messages/agentless')) return 'message'
  if (path.endsWith('/emails/agentless')) return 'email'
  return 'other'
}

type Raw = { status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }

function ask(
  target: string,
  method: string,
  path: string,
  headers: NodeJS.Dict<string | string[]>,
  body: string,
): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const { host: _, ...passed } = headers
    const outgoing = request(`${target}${path}`, { method, headers: passed }, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk as Buffer)
      resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function pass(outgoing: ServerResponse, answer: Raw): Promise<void> {
  return new Promise((resolve) => {
    const { 'transfer-encoding': _, ...headers } = answer.headers
    outgoing.writeHead(answer.status, headers as Record<string, string>)
    outgoing.on('close', resolve)
    outgoing.end(answer.body, () => resolve())
  })
}

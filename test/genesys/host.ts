import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { systemClock } from '../../src/clock.ts'
import { createGenesys } from '../../src/genesys/client.ts'
import type { Answer, Genesys } from '../../src/genesys/genesys.ts'
import { heldAt } from '../contract/held.ts'

export type Seen = { method: string; path: string; headers: IncomingMessage['headers']; body: string }
export type Handler = (request: Seen, response: ServerResponse, incoming: IncomingMessage) => void

export const CLIENT_SECRET = 'the-client-secret'

/** The headers that Genesys' answers have. */
export const HEADERS = {
  'ININ-Correlation-Id': 'corr-1',
  'inin-ratelimit-allowed': '300',
  'inin-ratelimit-count': '7',
  'inin-ratelimit-reset': '42',
}

export const MESSAGE = {
  channel: 'webmessaging',
  from: 'd-1',
  joinActive: false,
  contactId: 'k-1',
  text: 'Hello',
} as const

/** A host that speaks just enough of the API; `handler` answers what is not the login. */
export async function host(
  handler: Handler,
  token: () => object = () => ({ access_token: 't-1', expires_in: 86_400 }),
) {
  const seen: Seen[] = []
  const server = createServer(async (incoming, response) => {
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: await text(incoming),
    }
    seen.push(request)
    if (request.path.endsWith('/oauth/token')) json(response, 200, token())
    else {
      heldAt(request)
      handler(request, response, incoming)
    }
  })
  const port = await listening(server)
  const api = () => seen.filter(({ path }) => !path.endsWith('/oauth/token'))
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    /** What was asked but the logins. */
    api,
    /** The bodies of that, parsed. */
    bodies: () => api().map(({ body }) => JSON.parse(body)),
    logins: () => seen.length - api().length,
    close: () => close(server),
  }
}

/** Listens on a free port and answers which; `closeHosts` closes it. */
export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  opened.set(server, sockets)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  return address.port
}

const opened = new Map<Server, Set<Socket>>()

/** For `afterEach`. */
export async function closeHosts(): Promise<void> {
  for (const server of opened.keys()) await close(server)
}

async function close(server: Server): Promise<void> {
  for (const socket of opened.get(server) ?? []) socket.destroy()
  opened.delete(server)
  await new Promise((resolve) => server.close(resolve))
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export function genesysAt(
  url: string | null,
  more: Partial<Parameters<typeof createGenesys>[0]> = {},
): Genesys {
  return createGenesys({
    region: 'mypurecloud.com',
    gatewayUrl: url,
    clientId: 'the-client-id',
    clientSecret: CLIENT_SECRET,
    clock: systemClock,
    // Whatever is answered is answered by this machine; a hang is what takes this long.
    timeoutMs: 1_000,
    pace: async () => {},
    ...more,
  })
}

/** The value of an answer, or what kind it is. */
export function valueIn<T>(answer: Answer<T>): T | string {
  return answer.kind === 'ok' ? answer.value : `${answer.kind} ${answer.code}`
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import express from 'express'
import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import { PostriderError } from '../errors.ts'
import { type Counts, createApi } from './api.ts'
import { createControl } from './control.ts'
import { createDirectory, DEPLOYMENT, EXTERNAL_SOURCE, type SandboxContact } from './directory.ts'
import { createFaults, type Fault } from './faults.ts'
import { createLogins, SANDBOX_CLIENT } from './login.ts'
import type { Org, SandboxMessage } from './org.ts'
import { createPage } from './page.ts'

export { DEPLOYMENT, EXTERNAL_SOURCE, SANDBOX_CLIENT }

export type SandboxOptions = {
  /** 0: a free one. */
  port: number
  clock: Clock
  host?: string
  /** Calls that one token may make in a minute; null: no limit. The real default is 300. */
  rateLimitPerMinute?: number | null
  /** 24 h, as the real default. */
  tokenLifeMs?: number
  /** Asked for identifiers that the example contacts do not have. */
  resolveContact?: (identifier: { type: string; value: string }) => { id: string } | null
  /** Known beside the example's own. */
  deployments?: readonly string[]
  externalSources?: readonly { id: string; name: string }[]
  /** Domains that emails may come from. */
  emailDomains?: readonly string[] | 'any'
  /** Permissions that the client's roles lack. */
  missingPermissions?: readonly string[]
}

export type Sandbox = {
  url: string
  port: number
  /** What it accepted, oldest first. */
  messages(): readonly SandboxMessage[]
  /** Requests that were acted on, by operation. */
  counts(): Counts
  /** Requests by operation and status, `message 200`. */
  requests(): Readonly<Record<string, number>>
  fault(fault: z.input<typeof Fault>): void
  clearFaults(): void
  /** Stops listening and cuts every connection: the next is refused. */
  unplug(): Promise<void>
  /** Clears the faults and listens again. */
  mend(): Promise<void>
  revokeTokens(): void
  addContact(contact: SandboxContact): void
  setMissingPermissions(permissions: readonly string[]): void
  close(): Promise<void>
}

const DAY_MS = 24 * 3_600_000

/** A stand-in for Genesys Cloud over HTTP, for the demo and for tests. Nothing that it is sent leaves it. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, host = '127.0.0.1' } = options
  const org: Org = {
    clock,
    directory: createDirectory(options.resolveContact ?? (() => null)),
    deployments: new Set([DEPLOYMENT, ...(options.deployments ?? [])]),
    externalSources: new Map(
      [EXTERNAL_SOURCE, ...(options.externalSources ?? [])].map(({ id, name }) => [id, name]),
    ),
    emailDomains:
      options.emailDomains === undefined || options.emailDomains === 'any'
        ? 'any'
        : new Set(options.emailDomains),
    messages: [],
    accepted: { count: 0 },
    conversations: new Map(),
  }
  const logins = createLogins({
    clock,
    tokenLifeMs: options.tokenLifeMs ?? DAY_MS,
    rateLimitPerMinute: options.rateLimitPerMinute === undefined ? 300 : options.rateLimitPerMinute,
    client: SANDBOX_CLIENT,
  })
  const faults = createFaults()
  const missing = new Set(options.missingPermissions ?? [])
  const api = createApi({ org, logins, faults, missing })
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.use('/sandbox', createControl({ org, logins, faults, api }))
  app.get('/', createPage(org))

  // The API answers below Express: it is the peer of benchmarks, and of faults that Express would smooth over.
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/'
    if (path.startsWith('/api/') || path.startsWith('/oauth/')) void api.handle(request, response)
    else app(request, response)
  }
  const sockets = new Set<Socket>()
  let server = await listen(handler, sockets, host, options.port)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port

  async function unplug(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return {
    url: `http://${host}:${port}`,
    port,
    messages: () => org.messages,
    counts: () => ({ ...api.counts }),
    requests: () => Object.fromEntries(api.requests),
    fault: faults.add,
    clearFaults: faults.clear,
    unplug,
    async mend() {
      faults.clear()
      if (!server.listening) server = await listen(handler, sockets, host, port)
    },
    revokeTokens: logins.revokeAll,
    addContact: org.directory.add,
    setMissingPermissions(permissions) {
      missing.clear()
      for (const permission of permissions) missing.add(permission)
    },
    close: async () => {
      if (server.listening) await unplug()
    },
  }
}

/** Throws REFUSED: in production the sandbox runs only where somebody asked for it by name. */
export function assertSandboxAllowed({ nodeEnv, asked }: { nodeEnv: string; asked: boolean }): void {
  if (nodeEnv !== 'production' || asked) return
  throw new PostriderError(
    'REFUSED',
    'This is production (NODE_ENV), where the sandbox would take messages that real customers wait for. Where that is meant, add --sandbox.',
  )
}

function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  sockets: Set<Socket>,
  host: string,
  port: number,
): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 30_000 }, handler)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const words = `The sandbox cannot listen on ${host}:${port} (${cause.code}). Stop what listens there, or choose another port.`
      reject(new PostriderError('PORT_IN_USE', words, { cause }))
    })
    server.listen(port, host, () => resolve(server))
  })
}

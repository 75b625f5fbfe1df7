import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import express from 'express'
import type { z } from 'zod'
import { PostriderError } from '../errors.ts'
import { type Counts, createApi, type SeenRequest } from './api.ts'
import { createControl } from './control.ts'
import type { SandboxConversation, SandboxMessage } from './conversations.ts'
import { type Delivery, setDelivery } from './delivery.ts'
import {
  DEPLOYMENT,
  EXTERNAL_SOURCE,
  OPEN_INTEGRATION,
  type SandboxContact,
  SMS_NUMBER,
  WHATSAPP_INTEGRATION,
} from './directory.ts'
import { createFaults, type Fault } from './faults.ts'
import { listen } from './listen.ts'
import { createLogins, SANDBOX_CLIENT } from './login.ts'
import { createOrg, type OrgOptions } from './org.ts'
import { createPage } from './page.ts'
import {
  addContact,
  addConversation,
  addExampleSessions,
  type GivenConversation,
  setActive,
} from './sessions.ts'
import { DEFAULT_SETTINGS, type Settings } from './settings.ts'

export type { SandboxConversation, SandboxMessage }
export {
  DEPLOYMENT,
  EXTERNAL_SOURCE,
  OPEN_INTEGRATION,
  SANDBOX_CLIENT,
  type SeenRequest,
  SMS_NUMBER,
  WHATSAPP_INTEGRATION,
}

export type SandboxOptions = OrgOptions & {
  /** 0: a free one. */
  port: number
  host?: string
  /** Calls that one token may make in a minute; null: no limit. The real default is 300. */
  rateLimitPerMinute?: number | null
  /** 24 h, as the real default. */
  tokenLifeMs?: number
  /** Permissions that the client's roles lack. */
  missingPermissions?: readonly string[]
  /** Decides which requests a fault with a share meets: from 0 to below 1. Math.random by default. */
  random?: () => number
  /** Told each request but the login's, once it is answered, or when it never will be. */
  onRequest?: (seen: SeenRequest) => void
}

export type Sandbox = {
  url: string
  port: number
  /** What it accepted, oldest first; of very many, the newest. */
  messages(): readonly SandboxMessage[]
  /** How many it accepted for each contact, or for each address where there was only one; of all, whatever became of the list. */
  sentTo(): ReadonlyMap<string, number>
  conversations(): readonly SandboxConversation[]
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
  mergeContacts(fromId: string, intoId: string): void
  /** Whether an agent talks to the contact now; agentless messages are refused then. */
  setActive(contactId: string, active: boolean): void
  /** An earlier session of a contact, or one that goes on. */
  addConversation(conversation: z.input<typeof GivenConversation>): SandboxConversation
  /** What became of a message. */
  setDelivery(
    messageId: string,
    status: Delivery['status'],
    reasons?: z.input<typeof Delivery>['reasons'],
  ): void
  setMissingPermissions(permissions: readonly string[]): void
  setRateLimit(perMinute: number | null): void
  /** Somebody else makes so many calls with the same tokens. */
  useCalls(count: number): void
  setDailyLimit(limit: Settings['dailyLimit']): void
  setAnalyticsLag(ms: number): void
  close(): Promise<void>
}

const DAY_MS = 24 * 3_600_000

/** A stand-in for Genesys Cloud over HTTP, for the demo and for tests. Nothing that it is sent leaves it. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', rateLimitPerMinute = DEFAULT_SETTINGS.rateLimitPerMinute } = options
  const org = createOrg(options, rateLimitPerMinute)
  addExampleSessions(org)
  const logins = createLogins({
    clock: options.clock,
    tokenLifeMs: options.tokenLifeMs ?? DAY_MS,
    settings: org.settings,
    client: SANDBOX_CLIENT,
  })
  const faults = createFaults(options.random ?? Math.random)
  const missing = new Set(options.missingPermissions ?? [])
  const api = createApi({ org, logins, faults, missing, onRequest: options.onRequest })
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
    messages: () => org.accepted.messages,
    sentTo: () => org.accepted.byCustomer,
    conversations: () => [...org.conversations.byId.values()],
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
    addContact: (contact) => addContact(org, contact),
    mergeContacts: org.directory.merge,
    setActive: (contactId, active) => setActive(org, contactId, active),
    addConversation: (conversation) => addConversation(org, conversation),
    setDelivery: (messageId, status, reasons = []) => setDelivery(org, messageId, { status, reasons }),
    setMissingPermissions(permissions) {
      missing.clear()
      for (const permission of permissions) missing.add(permission)
    },
    setRateLimit(perMinute) {
      org.settings.rateLimitPerMinute = perMinute
    },
    useCalls: logins.useCalls,
    setDailyLimit(limit) {
      org.settings.dailyLimit = limit
    },
    setAnalyticsLag(ms) {
      org.settings.analyticsLagMs = ms
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

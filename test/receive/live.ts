import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { loadConfig } from '../../src/config/load.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import type { Log, LogFields } from '../../src/log.ts'
import { type ServerOptions, startServer } from '../../src/server.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { OTHER_SECRET, OTHER_TOKEN, SECRET, type Signed, signed, TOKEN } from './signing.ts'

const CONFIG = `
genesys:
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  crm: { preset: standard-webhooks, secrets: ["${SECRET}", "${OTHER_SECRET}"] }
  waiting: { preset: standard-webhooks, secrets: [] }
  genesys: { preset: genesys-undelivered, secrets: [${TOKEN}, ${OTHER_TOKEN}] }
  genesys-waiting: { preset: genesys-undelivered, secrets: [] }
routes:
  ticket-resolved: { on: crm/ticket.resolved, template: ticket-resolved, channels: [webmessaging] }
`

export type Answer = { status: number; headers: NodeJS.Dict<string | string[]>; body: string }

/** A body that the one route of this configuration makes one message of. */
export function ticketResolved(ticket = 7): string {
  return JSON.stringify({
    type: 'ticket.resolved',
    data: { customer: { id: 'C-1' }, ticket: { id: ticket } },
  })
}

/** The receiving half of the service on a port of its own, over a real ledger; `ledger` may stand something before it. */
export async function startReceiving(
  options: Pick<Partial<ServerOptions>, 'intake' | 'patience' | 'sender'> & {
    around?: (ledger: Ledger) => Pick<Ledger, 'record' | 'countRefused' | 'keepRefused' | 'ping'>
    /** Instead of the usual one; its routes have the template `ticket-resolved`. */
    yaml?: string
  } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'postrider-receive-'))
  await mkdir(join(folder, 'templates'))
  await writeFile(
    join(folder, 'templates/ticket-resolved.liquid'),
    'Ticket {{ data.ticket.id }} is resolved.\n',
  )
  const { around = (own: Ledger) => own, yaml = CONFIG, ...rest } = options
  await writeFile(join(folder, 'postrider.yaml'), yaml)
  const loaded = loadConfig({ file: join(folder, 'postrider.yaml'), env: {}, unsetVariables: 'error' })
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems))

  const clock = createManualClock()
  const { log, lines } = listeningLog()
  const ledgerFile = join(folder, 'ledger.db')
  const ledger = await openLedger({ url: `sqlite:${ledgerFile}`, clock, log, owner: true })
  const sender = async () => ({ sendsTo: 'sandbox' as const, inFlight: 0, pauses: [] })
  const server = await startServer({
    config: loaded.config,
    ledger: around(ledger),
    clock,
    log,
    sender,
    host: '127.0.0.1',
    port: 0,
    trustProxy: 0,
    ...rest,
  })
  return {
    ...server,
    clock,
    ledger,
    ledgerFile,
    lines,
    config: loaded.config,
    /** Signed now with the first secret, unless said otherwise. */
    sign: (change: Partial<Parameters<typeof signed>[0]> = {}): Signed =>
      signed({ id: 'msg_1', atMs: clock.now(), body: ticketResolved(), ...change }),
    post: (delivery: { headers: OutgoingHttpHeaders; body: Buffer }, path = '/webhooks/crm') =>
      ask(server.port, { method: 'POST', path, ...delivery }),
    ask: (asked: Asked) => ask(server.port, asked),
    raw: (...parts: (string | Buffer)[]) => raw(server.port, parts),
    /** Counts by source and reason, as they are on disk. */
    async refused() {
      await clock.advance(1000)
      await ledger.ping()
      const { refused } = await ledger.reads.summary()
      return Object.fromEntries(refused.map(({ source, reason, count }) => [`${source} ${reason}`, count]))
    },
    /** How many events and messages there are. */
    async kept() {
      const events = await ledger.reads.events({ limit: 5000 })
      const messages = await ledger.reads.messages({ limit: 5000 })
      return { events, messages }
    },
    async stop() {
      await server.close()
      await ledger.close()
      await rm(folder, { recursive: true })
    },
  }
}

type Line = { level: keyof Log; message: string; fields: LogFields }

/** The test log, and its lines to look at. */
function listeningLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  const inner = testLog()
  const line =
    (level: keyof Log) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields })
      inner[level](message, fields)
    }
  return {
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    lines,
  }
}

export type Asked = { method?: string; path: string; headers?: OutgoingHttpHeaders; body?: Buffer }

function ask(port: number, { method = 'GET', path, headers = {}, body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (incoming) => {
      text(incoming).then((answer) => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: answer })
      }, reject)
    })
    // A server that answers before it has read everything may close while we still write.
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Writes the parts on a connection of its own and resolves with all that comes back until the server closes it. */
async function raw(port: number, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  for (const part of parts) socket.write(part)
  return (await buffer(socket)).toString()
}

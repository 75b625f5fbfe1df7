import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openLedger } from '../../src/ledger/open.ts'
import type { Patience } from '../../src/listen.ts'
import { createPasswords } from '../../src/ops/access/password.ts'
import { mountOps } from '../../src/ops/ops.ts'
import { startServer } from '../../src/server.ts'
import { askAt, CONFIG as OPS_CONFIG } from '../ops/live.ts'
import { ticketResolved } from '../receive/live.ts'
import { SECRET, signed } from '../receive/signing.ts'
import { testLog } from '../test-log.ts'

/** Short enough for a test, and long enough for a machine that does something else as well. */
const PATIENCE: Patience = { headersMs: 400, requestMs: 800, idleMs: 1_500, checkMs: 50, closeMs: 300 }

const CONFIG = OPS_CONFIG.replace(/secrets: \[.*\]/, () => `secrets: ["${SECRET}"]`)

export type Live = Awaited<ReturnType<typeof startAll>>

/** Webhooks, console and API on one port, over a real ledger, with little patience. */
export async function startAll() {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-hardening-'))
  const file = join(folder, 'postrider.yaml')
  writeFileSync(file, CONFIG)
  mkdirSync(join(folder, 'templates'))
  writeFileSync(join(folder, 'templates/greet.liquid'), '---\nsubject: Hello\n---\nHello.')
  const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems))
  const { config } = loaded
  const [clock, log] = [systemClock, testLog()]
  const ledger = await openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log, owner: true })
  const passwords = createPasswords({ cost: { ln: 4, r: 8, p: 1 } })
  const server = await startServer({
    config,
    ledger,
    clock,
    log,
    sender: async () => ({ sendsTo: 'sandbox' as const, inFlight: 0, pauses: [] }),
    host: '127.0.0.1',
    port: 0,
    trustProxy: 0,
    patience: PATIENCE,
    ops: {
      port: null,
      mount: (app) =>
        mountOps(app, {
          ...{ ledger, passwords, config, clock, log },
          about: { sendsTo: 'sandbox', host: 'sandbox', sandboxUrl: null },
          baseUrl: () => 'http://127.0.0.1:3000',
          fixtures: join(folder, 'fixtures'),
          configNow: () => ({ kind: 'same' }),
        }),
    },
  })
  let sent = 0
  return {
    port: server.port,
    ledger,
    ask: (path: string) => askAt(server.port, path),
    /** A genuine delivery, as it goes over the wire; each is another event. */
    genuine(extra: readonly string[] = []): { head: string; body: string } {
      sent += 1
      const { headers, body } = signed({ id: `msg_${sent}`, atMs: clock.now(), body: ticketResolved() })
      const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
      const lines = [
        'POST /webhooks/crm HTTP/1.1',
        'Host: x',
        `Content-Length: ${body.length}`,
        ...own,
        ...extra,
      ]
      return { head: `${lines.join('\r\n')}\r\n\r\n`, body: body.toString() }
    },
    talk: (...parts: readonly (string | Buffer)[]) => talk(server.port, parts),
    /** Whether an event gets in now: what is answered to a genuine delivery. */
    async receives(): Promise<string> {
      const { head, body } = this.genuine(['Connection: close'])
      return (await talk(server.port, [head, body])).split('\r\n\r\n').at(-1) ?? ''
    },
    async stop() {
      await server.close()
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Writes the parts on a connection of its own; resolves with all that came back once the server has closed it, or has cut it off. */
export function talk(port: number, parts: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
    })
    // Being cut off is one of the ends.
    socket.on('error', () => {})
    socket.once('close', () => resolve(text))
    for (const part of parts) socket.write(part)
  })
}

/** The statuses of all answers in what came back, in their order. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status))
}

import { createApp } from '../src/app.ts'
import { systemClock } from '../src/clock.ts'
import type { Config } from '../src/config/config.ts'
import type { Ledger } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/open.ts'
import { listen } from '../src/listen.ts'
import { createLog } from '../src/log.ts'
import { webhooks } from '../src/receive/http.ts'
import { createIntake } from '../src/receive/intake.ts'
import { calledUrl } from '../src/receive/signature/url.ts'
import { verify } from '../src/receive/signature/verify.ts'
import { schemeOf } from '../src/receive/sources/scheme-of.ts'
import { startServer } from '../src/server.ts'

export type Serving = { port: number; stop(): Promise<void> }

/** Of PostgreSQL, which has no file beside it. */
export const BENCH_KEY = Buffer.from('the key of the benches, 32 bytes')

/** Receives as the service does, into the ledger of the URL. */
export async function serve(url: string, config: Config): Promise<Serving & { ledger: Ledger }> {
  const log = createLog({ level: 'info', pretty: false })
  const key = url.startsWith('postgres') ? { key: BENCH_KEY } : {}
  const ledger = await openLedger({ url, ...key, clock: systemClock, log, owner: true })
  const server = await startServer({
    config,
    ledger,
    clock: systemClock,
    log,
    sender: async () => ({ sendsTo: 'sandbox', inFlight: 0, pauses: [] }),
    host: '127.0.0.1',
    port: 0,
    trustProxy: 0,
  })
  return { ledger, port: server.port, stop: () => server.close().then(() => ledger.close()) }
}

/** Takes the same route, and only verifies and has the body kept by `keep` before it answers. */
export async function serveBare(
  config: Config,
  keep: (body: Uint8Array) => Promise<void> | void,
): Promise<Serving> {
  const log = createLog({ level: 'info', pretty: false })
  const app = createApp({ trustProxy: 0, log }, (app) => {
    const routes = webhooks({
      async receive({ source: name, rawHeaders, body, method, target }) {
        const source = config.sources.get(name)
        if (source === undefined) return { kind: 'unknown-source' }
        const { secrets, publicUrl } = source
        const url = calledUrl({ source: name, target, rawHeaders, publicUrl })
        const nowMs = Date.now()
        const verdict = verify(schemeOf(source), { rawHeaders, body, method, url, secrets, nowMs })
        if (verdict.kind !== 'authentic') return verdict
        await keep(body)
        return { kind: 'recorded' }
      },
      isSource: (name) => config.sources.has(name),
      intake: createIntake(),
      noteRefusal: () => {},
      clock: systemClock,
    })
    app.use('/webhooks', routes)
  })
  const server = await listen(app, { host: '127.0.0.1', port: 0, clock: systemClock, log })
  return { port: server.port, stop: server.close }
}

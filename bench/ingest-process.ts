import { join } from 'node:path'
import { createApp } from '../src/app.ts'
import { systemClock } from '../src/clock.ts'
import type { Config } from '../src/config/config.ts'
import { openLedger } from '../src/ledger/open.ts'
import { type Listening, listen } from '../src/listen.ts'
import { createLog } from '../src/log.ts'
import { webhooks } from '../src/receive/http.ts'
import { createIntake } from '../src/receive/intake.ts'
import { calledUrl } from '../src/receive/signature/url.ts'
import { verify } from '../src/receive/signature/verify.ts'
import { schemeOf } from '../src/receive/sources/scheme-of.ts'
import { startServer } from '../src/server.ts'
import { loadBenchConfig } from './config.ts'

/**
 * One side of the ingest bench in a process of its own: `service FOLDER` receives as the service does, `bare FOLDER` takes the same route and
 * only verifies and answers. Tells its parent its port, and its memory whenever asked; ends with its parent.
 */
const [side, folder = '.'] = process.argv.slice(2)
const log = createLog({ level: 'info', pretty: false })
const config = loadBenchConfig(folder)
const { port, stop } = await (side === 'service' ? service(config) : bare(config))

process.on('message', () => process.send?.({ rssMb: process.memoryUsage().rss / 2 ** 20 }))
process.once('disconnect', stop)
process.send?.({ port })

async function service(config: Config) {
  const ledger = await openLedger({
    url: `sqlite:${join(folder, 'bench.db')}`,
    clock: systemClock,
    log,
    owner: true,
  })
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
  return { port: server.port, stop: () => server.close().then(() => ledger.close()) }
}

async function bare(config: Config): Promise<{ port: number; stop: Listening['close'] }> {
  const app = createApp({ trustProxy: 0, log }, (app) => {
    const routes = webhooks({
      async receive({ source: name, rawHeaders, body, method, target }) {
        const source = config.sources.get(name)
        if (source === undefined) return { kind: 'unknown-source' }
        const { secrets, publicUrl } = source
        const url = calledUrl({ source: name, target, rawHeaders, publicUrl })
        const verdict = verify(schemeOf(source), {
          rawHeaders,
          body,
          method,
          url,
          secrets,
          nowMs: Date.now(),
        })
        return verdict.kind === 'authentic' ? { kind: 'recorded' } : verdict
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

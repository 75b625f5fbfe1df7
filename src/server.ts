import type { Express } from 'express'
import { createApp } from './app.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { Ledger } from './ledger/ledger.ts'
import { type Listening, listen, type Patience } from './listen.ts'
import type { Log } from './log.ts'
import type { Counts } from './metrics.ts'
import { createReadiness, health, type Readiness, type SenderState } from './ops/health.ts'
import { planEvent } from './plan/plan.ts'
import { webhooks } from './receive/http.ts'
import { createIntake, type IntakeLimits } from './receive/intake.ts'
import { receive } from './receive/receive.ts'
import { createRefusals } from './receive/refusals.ts'
import { mayGoOn } from './receive/send.ts'

export type ServerOptions = {
  config: Config
  ledger: Pick<Ledger, 'record' | 'countRefused' | 'keepRefused' | 'ping'>
  clock: Clock
  log: Log
  sender: () => Promise<SenderState>
  host: string
  /** 0 takes a free one. */
  port: number
  /** How many proxies stand before the service. */
  trustProxy: number
  /** What operators reach. `port` null: where the webhooks come in; else on a listener of its own. `readiness`: the one that /health answers with. */
  ops?: { mount(app: Express, readiness: () => Promise<Readiness>): void; port: number | null }
  counts?: Counts
  intake?: IntakeLimits
  patience?: Patience
}

/** `opsUrl`: where operators come in; null where nothing is mounted for them. */
export type Serving = Listening & { opsUrl: string | null }

/** Serves the webhooks, what operators reach, and on both the health of this process. Rejects with PORT_IN_USE, or REFUSED where the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<Serving> {
  const { config, ledger, clock, log, sender, ops } = options
  const counts = options.counts ? { counts: options.counts } : {}
  const intake = createIntake(options.intake)
  const noteRefusal = createRefusals({ ledger, clock, log, ...counts })
  const deps = { config, ledger, plan: planEvent, log, ...counts }
  const told = { ledger, queue: intake, sender, clock, log }
  const readiness = createReadiness(told)
  const healthy = health(told, readiness)
  const app = createApp(options, (app) => {
    const isSource = (name: string) => config.sources.has(name)
    app.use(
      '/webhooks',
      webhooks({ receive: (delivery) => receive(delivery, deps), isSource, intake, noteRefusal, clock }),
    )
    // Nothing else takes a long body: who sends one is answered, and the connection ends.
    app.use((request, response, next) => {
      if (mayGoOn(request)) response.set('connection', 'close')
      next()
    })
    app.use('/health', healthy)
    if (ops && ops.port === null) ops.mount(app, readiness)
  })
  const listening = await listen(app, options)
  if (!ops || ops.port === null) return { ...listening, opsUrl: ops ? listening.url : null }
  try {
    const opsApp = createApp(options, (app) => {
      app.use('/health', healthy)
      ops.mount(app, readiness)
    })
    const apart = await listen(opsApp, { ...options, port: ops.port, portName: 'OPS_PORT' })
    const close = async () => void (await Promise.all([listening.close(), apart.close()]))
    return { ...listening, opsUrl: apart.url, close }
  } catch (error) {
    await listening.close()
    throw error
  }
}

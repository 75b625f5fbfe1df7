import { createApp } from './app.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { Ledger } from './ledger/ledger.ts'
import { type Listening, listen, type Patience } from './listen.ts'
import type { Log } from './log.ts'
import { health, type SenderState } from './ops/health.ts'
import { planEvent } from './plan/plan.ts'
import { webhooks } from './receive/http.ts'
import { createIntake, type IntakeLimits } from './receive/intake.ts'
import { receive } from './receive/receive.ts'
import { createRefusals } from './receive/refusals.ts'
import { mayGoOn } from './receive/send.ts'

export type ServerOptions = {
  config: Config
  ledger: Pick<Ledger, 'record' | 'countRefused' | 'ping'>
  clock: Clock
  log: Log
  sender: () => Promise<SenderState>
  host: string
  /** 0 takes a free one. */
  port: number
  /** How many proxies stand before the service. */
  trustProxy: number
  intake?: IntakeLimits
  patience?: Patience
}

/** Serves the webhooks and the health of this process. Rejects with PORT_IN_USE, or REFUSED where the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<Listening> {
  const { config, ledger, clock, log, sender } = options
  const intake = createIntake(options.intake)
  const noteRefusal = createRefusals({ ledger, clock, log })
  const deps = { config, ledger, plan: planEvent, clock, log }
  const app = createApp(options, (app) => {
    const isSource = (name: string) => config.sources.has(name)
    app.use(
      '/webhooks',
      webhooks({ receive: (delivery) => receive(delivery, deps), isSource, intake, noteRefusal, clock }),
    )
    // Nothing else takes a body: who sends a long one is answered, and the connection ends.
    app.use((request, response, next) => {
      if (mayGoOn(request)) response.set('connection', 'close')
      next()
    })
    app.use('/health', health({ ledger, queue: intake, sender, clock, log }))
  })
  return listen(app, options)
}

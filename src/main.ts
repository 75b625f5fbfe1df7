import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import { configNow } from './config/now.ts'
import { createBudget } from './deliver/budget.ts'
import { createKeeper } from './deliver/keeper.ts'
import { createRunner } from './deliver/runs.ts'
import { createWorker } from './deliver/worker.ts'
import type { Environment, Variables } from './environment.ts'
import { messageOf, PostriderError } from './errors.ts'
import { CLI_SOURCE, SEND_ROUTE } from './event.ts'
import { createGenesys } from './genesys/client.ts'
import type { Genesys } from './genesys/genesys.ts'
import type { Ledger } from './ledger/ledger.ts'
import { isPostgres, keyOfLedger, openLedger } from './ledger/open.ts'
import { placeOf } from './ledger/postgres.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { FIXTURES } from './ops/actions/fixtures.ts'
import type { SenderState } from './ops/health.ts'
import { createHeartbeat } from './ops/heartbeat.ts'
import { createNotifier, type Notifier } from './ops/notify/notifier.ts'
import { derivedSecret } from './ops/notify/secret.ts'
import { mountOps } from './ops/ops.ts'
import { UNKNOWN_SOURCE } from './receive/refusals.ts'
import { payloadOf } from './receive/sources/read.ts'
import { assertSandboxAllowed, SANDBOX_CLIENT, type SandboxOptions, startSandbox } from './sandbox/sandbox.ts'
import { startServer } from './server.ts'
import {
  baseUrl,
  configOf,
  keyFrom,
  LEDGER,
  loginOf,
  missingLogin,
  orgOf,
  SANDBOX_LEDGER,
} from './settings.ts'

export type Service = {
  config: Config
  ledger: Ledger
  genesys: Genesys
  url: string
  /** Where operators come in. */
  consoleUrl: string
  /** Without user and password. */
  ledgerUrl: string
  /** Whether commands find this ledger without being told where it is. */
  ledgerIsDefault: boolean
  /** Where messages go: the real thing, another host that speaks its API, or the sandbox. */
  sendsTo: 'live' | 'gateway' | 'sandbox'
  sandboxUrl: string | null
  /** Stops receiving, opens nothing more, waits for what is on its way, closes the ledger. Idempotent. */
  stop(): Promise<void>
}

export type ServiceOptions = {
  environment: Environment
  variables: Variables
  log: Log
  /** Send to a sandbox in this process, with a ledger of its own, instead of to Genesys Cloud. */
  sandbox: boolean
  /** The sandbox's port; 0 takes a free one. */
  sandboxPort?: number
  /** Who is told what the sandbox is asked. */
  sandboxOptions?: Pick<SandboxOptions, 'onRequest'>
}

/** Puts the service together and starts it: configuration → ledger → Genesys → server → worker. Throws PostriderError, with nothing left open. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { environment, log, variables } = options
  const clock = systemClock
  const undo: (() => Promise<unknown>)[] = []
  try {
    const config = settingsOf(options)
    for (const warning of config.warnings) log.warn(warning.message, { file: warning.file })

    const sandbox = options.sandbox ? await startSandboxFor(config, options) : null
    if (sandbox) undo.unshift(() => sandbox.close())
    const login = sandbox ? { ...SANDBOX_CLIENT, gatewayUrl: sandbox.url } : loginOf(environment)

    const genesys = createGenesys({
      region: environment.GENESYS_REGION,
      ...login,
      clock,
      pace: () => budget.take(),
      onBudget: (reading) => budget.read(reading),
    })
    const url = environment.DATABASE_URL ?? (sandbox ? SANDBOX_LEDGER : LEDGER)
    const ledger = await openLedger({ url, ...keyFrom(environment), clock, log, owner: true })
    undo.unshift(() => ledger.close())
    await ledger.bindHost(sandbox ? 'sandbox' : genesys.host)
    await ledger.expect(expectedNames(config))

    const budget = createBudget({ ledger, ceiling: config.genesys.rateLimitPerMinute, clock, log })
    const owner = `${process.pid}-${randomUUID().slice(0, 8)}`
    const instance = {
      id: owner,
      host: hostname(),
      pid: process.pid,
      configVersion: config.version,
      startedAt: clock.now(),
    }
    const metrics = createMetrics({ ...namesIn(config), process: true })
    const { counts } = metrics
    const heartbeat = createHeartbeat({ ledger, instance, clock, log })
    const worker = createWorker({
      config,
      ledger,
      genesys,
      budget,
      clock,
      log,
      counts,
      random: Math.random,
      payloadOf: payloadOf(config),
      owner,
      instances: heartbeat.atWork,
    })
    const notifier = notifierOf(config, () => keyOfLedger({ url, ...keyFrom(environment) }), {
      ledger,
      clock,
      log,
    })
    const sendsTo = sandbox ? 'sandbox' : login.gatewayUrl === null ? 'live' : 'gateway'
    const about = { sendsTo, host: genesys.host, sandboxUrl: sandbox?.url ?? null } as const
    const sender = async (): Promise<SenderState> => ({
      sendsTo,
      inFlight: worker.inFlight(),
      pauses: await ledger.pauses(),
    })
    let listening: string | null = null
    const server = await startServer({
      config,
      ledger,
      clock,
      log,
      counts,
      sender,
      host: environment.HOST,
      port: environment.PORT,
      trustProxy: environment.TRUST_PROXY,
      ops: {
        mount: (app, readiness) =>
          mountOps(app, {
            ledger,
            config,
            clock,
            log,
            about,
            // Once it listens: the port may be any that is free.
            baseUrl: () => listening ?? baseUrl(environment.HOST, environment.PORT),
            fixtures: FIXTURES,
            configNow: () => configNow(config, variables),
            metrics: {
              registry: metrics.registry,
              ledger,
              ...namesIn(config),
              expected: [...config.sources.values()],
              about: { sendsTo, configVersion: config.version },
              readiness,
              budget: { ...budget, ceiling: config.genesys.rateLimitPerMinute },
              clock,
              isApart: environment.OPS_PORT !== undefined,
            },
          }),
        port: environment.OPS_PORT ?? null,
      },
    })
    listening = server.url
    undo.unshift(() => server.close())

    // Others must know who leases before anything is leased.
    await ledger.beat(instance)
    const working = worker.run()
    const { rateLimitPerMinute } = config.genesys
    const runner = createRunner({ ledger, rateLimitPerMinute, clock, log })
    const running = runner.run()
    const keeper = createKeeper({ ledger, retention: config.retention, clock, log })
    const keeping = keeper.run()
    const notifying = notifier?.run()
    const beating = heartbeat.run()
    undo.unshift(async () => {
      worker.stop()
      runner.stop()
      keeper.stop()
      notifier?.stop()
      heartbeat.stop()
    })
    let stopped: Promise<void> | null = null
    const stop = async () => {
      worker.stop()
      runner.stop()
      keeper.stop()
      notifier?.stop()
      await server.close()
      await running
      await keeping
      await notifying
      await working
      heartbeat.stop()
      await beating
      await ledger.close()
      await sandbox?.close()
    }
    return {
      config,
      ledger,
      genesys,
      url: server.url,
      consoleUrl: `${server.opsUrl ?? server.url}/console/`,
      ledgerUrl: isPostgres(url) ? placeOf(url) : url,
      ledgerIsDefault: url === (environment.DATABASE_URL ?? LEDGER),
      sendsTo,
      sandboxUrl: sandbox?.url ?? null,
      stop: () => {
        stopped ??= stop()
        return stopped
      },
    }
  } catch (error) {
    for (const step of undo) {
      await step().catch((late: unknown) => log.error('not closed', { error: messageOf(late) }))
    }
    throw error
  }
}

/** What names the labels of metrics may have: those of the configuration, and of `postrider send`. */
function namesIn({ sources, routes }: Config): { sources: readonly string[]; routes: readonly string[] } {
  return {
    sources: [...sources.keys(), UNKNOWN_SOURCE, CLI_SOURCE],
    routes: [...routes.map(({ name }) => name), SEND_ROUTE],
  }
}

/** The sources that have `expectEvery`. */
function expectedNames({ sources }: Config): string[] {
  return [...sources.values()].filter(({ expectEveryMs }) => expectEveryMs !== null).map(({ name }) => name)
}

/** Null where the configuration names nobody who is told. */
function notifierOf(
  { notify, sources }: Config,
  key: () => Uint8Array,
  deps: { ledger: Ledger; clock: Clock; log: Log },
): Notifier | null {
  if (notify === null) return null
  const receiver = { url: notify.url, secret: notify.secret ?? derivedSecret(key()) }
  return createNotifier({ ...deps, receiver, expected: [...sources.values()] })
}

/** The configuration, where there is a login too: throws what is wrong with both at once, so that one start tells all there is to set. */
function settingsOf({ environment, variables, sandbox }: ServiceOptions): Config {
  try {
    return configOf(environment.POSTRIDER_CONFIG, variables)
  } catch (error) {
    const also = sandbox ? null : missingLogin(environment)
    if (!(error instanceof PostriderError) || also === null) throw error
    throw new PostriderError(error.code, `${error.message}\n${also}`, { cause: error })
  }
}

async function startSandboxFor(config: Config, options: ServiceOptions) {
  assertSandboxAllowed({ nodeEnv: options.environment.NODE_ENV, asked: true })
  const { sandboxOptions, sandboxPort = 0 } = options
  return startSandbox({ ...orgOf(config), ...sandboxOptions, port: sandboxPort, clock: systemClock })
}

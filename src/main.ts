import { randomUUID } from 'node:crypto'
import { systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import { loadConfig } from './config/load.ts'
import { createWorker } from './deliver/worker.ts'
import type { Environment, Variables } from './environment.ts'
import { messageOf, PostriderError } from './errors.ts'
import { createGenesys } from './genesys/client.ts'
import type { Genesys } from './genesys/genesys.ts'
import type { Ledger } from './ledger/ledger.ts'
import { openLedger } from './ledger/open.ts'
import type { Log } from './log.ts'
import type { SenderState } from './ops/health.ts'
import { assertSandboxAllowed, SANDBOX_CLIENT, startSandbox } from './sandbox/sandbox.ts'
import { startServer } from './server.ts'

export type Service = {
  config: Config
  ledger: Ledger
  genesys: Genesys
  url: string
  ledgerUrl: string
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
}

export const SANDBOX_LEDGER = 'sqlite:data/sandbox.db'
export const LEDGER = 'sqlite:data/postrider.db'

/** Puts the service together and starts it: configuration → ledger → Genesys → server → worker. Throws PostriderError, with nothing left open. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { environment, log } = options
  const clock = systemClock
  const undo: (() => Promise<unknown>)[] = []
  try {
    const config = configOf(environment.POSTRIDER_CONFIG, options.variables)
    for (const warning of config.warnings) log.warn(warning.message, { file: warning.file })

    const sandbox = options.sandbox ? await startSandboxFor(config, options) : null
    if (sandbox) undo.unshift(() => sandbox.close())
    const login = sandbox ? { ...SANDBOX_CLIENT, gatewayUrl: sandbox.url } : loginOf(environment)

    const url = environment.DATABASE_URL ?? (sandbox ? SANDBOX_LEDGER : LEDGER)
    const ledger = await openLedger({ url, clock, log, owner: true })
    undo.unshift(() => ledger.close())

    const genesys = createGenesys({
      region: environment.GENESYS_REGION,
      ...login,
      clock,
      pace: () => pace(ledger, config),
    })
    await ledger.bindHost(sandbox ? 'sandbox' : genesys.host)

    const worker = createWorker({
      config,
      ledger,
      genesys,
      clock,
      log,
      random: Math.random,
      owner: `${process.pid}-${randomUUID().slice(0, 8)}`,
    })
    const sendsTo = sandbox ? 'sandbox' : login.gatewayUrl === null ? 'live' : 'gateway'
    const sender = async (): Promise<SenderState> => ({
      sendsTo,
      inFlight: worker.inFlight(),
      pauses: (await ledger.pauses()).map(({ scope, name, code, reason }) => ({ scope, name, code, reason })),
    })
    const server = await startServer({
      config,
      ledger,
      clock,
      log,
      sender,
      host: environment.HOST,
      port: environment.PORT,
      trustProxy: environment.TRUST_PROXY,
    })
    undo.unshift(() => server.close())

    const working = worker.run()
    undo.unshift(async () => {
      worker.stop()
    })
    let stopped: Promise<void> | null = null
    const stop = async () => {
      worker.stop()
      await server.close()
      await working
      await ledger.close()
      await sandbox?.close()
    }
    return {
      config,
      ledger,
      genesys,
      url: server.url,
      ledgerUrl: url,
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

/** Loads the configuration; throws CONFIG_INVALID with every problem at once. */
export function configOf(file: string, variables: Variables): Config {
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'error' })
  if (loaded.kind === 'loaded') return loaded.config
  const lines = loaded.problems.map(
    (problem) => `  ${problem.file}${problem.line === null ? '' : `:${problem.line}`}  ${problem.message}`,
  )
  throw new PostriderError('CONFIG_INVALID', `The configuration is not right:\n${lines.join('\n')}`)
}

/** How to log in to the org; throws ENVIRONMENT_INVALID that names what is not set. */
export function loginOf(environment: Environment) {
  const { GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: clientSecret } = environment
  if (clientId && clientSecret) {
    return { clientId, clientSecret, gatewayUrl: environment.GENESYS_GATEWAY_URL ?? null }
  }
  const missing = (['GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET'] as const).filter(
    (name) => !environment[name],
  )
  throw new PostriderError(
    'ENVIRONMENT_INVALID',
    `No Genesys Cloud to send to: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not set. Set ${missing.length > 1 ? 'them' : 'it'} in the environment or in .env, or try Postrider without an org: npx postrider start --sandbox`,
  )
}

async function startSandboxFor(config: Config, options: ServiceOptions) {
  assertSandboxAllowed({ nodeEnv: options.environment.NODE_ENV, asked: true })
  const { webmessaging, externalSource } = config.genesys
  const sources = [externalSource, ...[...config.sources.values()].map((source) => source.externalSource)]
  return startSandbox({
    port: options.sandboxPort ?? 0,
    clock: systemClock,
    deployments: webmessaging ? [webmessaging.deploymentId] : [],
    externalSources: sources.filter((source) => source !== null),
    rateLimitPerMinute: Math.max(300, config.genesys.rateLimitPerMinute),
  })
}

async function pace(ledger: Ledger, config: Config): Promise<void> {
  const { waitMs } = await ledger.takeBudget(config.genesys.rateLimitPerMinute)
  if (waitMs > 0) await systemClock.sleep(waitMs)
}

import { existsSync } from 'node:fs'
import { loadConfig } from '../config/load.ts'
import { type Environment, readEnvironment, type Variables } from '../environment.ts'
import { fileOf, isPostgres } from '../ledger/open.ts'
import { placeOf } from '../ledger/postgres.ts'
import { createLog, type Log } from '../log.ts'
import { type Service, startService } from '../main.ts'
import { nameOf } from '../ops/attention.ts'
import { LEDGER, SANDBOX_LEDGER } from '../settings.ts'
import { localTime, print, type Terminal } from './output.ts'

/** Runs the service until SIGTERM or SIGINT; resolves when everything in flight is settled and the ledger is closed. */
export async function start(
  variables: Variables,
  { check = false, ...options }: { sandbox: boolean; sandboxPort: number; check?: boolean },
  terminal: Terminal,
): Promise<void> {
  const environment = readEnvironment(variables)
  const { LOG_LEVEL, NODE_ENV } = environment
  // JSON lines, or readable ones where a person looks.
  const pretty = terminal.err.isTTY === true && NODE_ENV !== 'production'
  const secrets = secretsIn(environment, variables)
  const log = createLog({ level: LOG_LEVEL, pretty, stream: terminal.err, secrets })
  if (check) await checkLedger(environment, options.sandbox, terminal)
  using stopping = stopSignal()
  const service = await startService({ environment, variables, log, ...options })
  await announce(service, terminal)
  await stopped(service, stopping, log)
}

/** Throws LEDGER_UNAVAILABLE where the file is damaged. One that is not there yet is not. Of a database it says who can look through it. */
async function checkLedger(
  { DATABASE_URL }: Environment,
  sandbox: boolean,
  terminal: Terminal,
): Promise<void> {
  const url = DATABASE_URL ?? (sandbox ? SANDBOX_LEDGER : LEDGER)
  if (isPostgres(url)) {
    const how =
      'pg_amcheck looks through tables and indexes, data checksums are verified whenever a page is read'
    print(terminal, `Checked   nothing: ${placeOf(url)} is its server's to check (${how})`)
    return
  }
  const file = fileOf(url)
  if (file === undefined || !existsSync(file)) return
  const { assertSound } = await import('../ledger/sqlite/backup.ts')
  assertSound(file)
  print(terminal, `Checked   ${file}: sound`)
}

/** What must not reach the log: the client's secret, the sources', and those of `notify`. Of a configuration that is not right there are none: the service will not run. */
export function secretsIn(environment: Environment, variables: Variables): string[] {
  const { GENESYS_CLIENT_SECRET: ofClient, POSTRIDER_CONFIG: file } = environment
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  const ofSources =
    loaded.kind === 'loaded' ? [...loaded.config.sources.values()].flatMap(({ secrets }) => secrets) : []
  const notify = loaded.kind === 'loaded' ? loaded.config.notify : null
  // The path of where somebody is told may be all that keeps others out.
  const ofNotify = notify === null ? [] : [notify.url, ...(notify.secret === null ? [] : [notify.secret])]
  // Also without the prefix that says what they are.
  const bare = [...ofSources, ...ofNotify].map((secret) => secret.replace(/^wh(sec|sk)_/, ''))
  return [...(ofClient === undefined ? [] : [ofClient]), ...ofSources, ...ofNotify, ...bare]
}

export type StopSignal = Disposable & {
  first: Promise<NodeJS.Signals>
  /** Called at every further one. */
  onAgain(listener: () => void): void
}

/**
 * SIGTERM and SIGINT, heard from now on, so that none kills a service that has just begun to send. Further ones are heard too: npm passes
 * on the Ctrl-C that the terminal has sent to everybody already.
 */
export function stopSignal(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let again = () => {}
  let heard = 0
  const hear = (signal: NodeJS.Signals) => {
    resolve(signal)
    heard += 1
    if (heard > 1) again()
  }
  process.on('SIGTERM', hear).on('SIGINT', hear)
  return {
    first: promise,
    onAgain(listener) {
      again = listener
    },
    [Symbol.dispose]: () => void process.off('SIGTERM', hear).off('SIGINT', hear),
  }
}

/** Stops the service at the first signal. A second one changes nothing: what is in flight must be settled. */
export async function stopped(service: Service, stopping: StopSignal, log: Log): Promise<void> {
  const signal = await stopping.first
  log.info('stopping: nothing new is sent, what is in flight is waited for', { reason: signal })
  stopping.onAgain(() =>
    log.info(
      'still stopping: what is in flight takes 20 s at most, and some 30 s more where the ledger cannot be written',
    ),
  )
  await service.stop()
  log.info('stopped')
}

const WHERE = { live: 'LIVE', gateway: 'GATEWAY', sandbox: 'SANDBOX, nothing leaves it' } as const

/** Says what the service is about to do, before it does it. */
async function announce(service: Service, terminal: Terminal): Promise<void> {
  const { config, ledger, genesys, url } = service
  const summary = await ledger.reads.summary()
  const { webmessaging, onlyTo } = config.genesys
  const line = (name: string, text: string) => print(terminal, `${name.padEnd(10)}${text}`)
  line(
    'Genesys',
    [
      genesys.host.replace(/^api\./, ''),
      ...(webmessaging ? [`deployment ${short(webmessaging.deploymentId)}`] : []),
      WHERE[service.sendsTo],
      ...(onlyTo.length > 0 ? [`only to the ${onlyTo.length} of onlyTo`] : []),
    ].join(' · '),
  )
  line('Ledger', `${service.ledgerUrl.replace(/^sqlite:/, '')} · ${summary.messages.scheduled} scheduled`)
  const sources = [...config.sources.values()]
  const widest = Math.max(0, ...sources.map(({ name }) => name.length))
  for (const [n, { name, secrets }] of sources.entries()) {
    const last = localTime(summary.lastEventAt[name] ?? null) || 'never'
    const waits = secrets.length === 0 ? ' · waits for its secret, refuses everything' : ''
    const where = `${name.padEnd(widest)}  POST ${url}/webhooks/${name}`
    line(n === 0 ? 'Sources' : '', `${where} · last event ${last}${waits}`)
  }
  if (sources.length === 0) line('Sources', 'none: nothing can come in')
  line(
    'Routes',
    config.routes.map((route) => `${route.name} ${route.mode.toUpperCase()}`).join(' · ') || 'none',
  )
  for (const pause of await ledger.pauses()) line('Paused', `${nameOf(pause)} · ${pause.reason}`)
  const prefix = service.ledgerIsDefault ? '' : `DATABASE_URL=${service.ledgerUrl} `
  if ((await ledger.reads.operators()).length === 0) {
    line('Console', `nobody can log in yet · ${prefix}npx postrider operators add NAME --role admin`)
  }
  const next = service.sandboxUrl ? `the customers’ side ${service.sandboxUrl}/` : 'npx postrider doctor'
  line('Next', `${next} · ${prefix}npx postrider status · console ${service.consoleUrl}`)
}

function short(id: string): string {
  return id.length > 8 ? `${id.slice(0, 4)}…` : id
}

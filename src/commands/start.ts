import { readEnvironment, type Variables } from '../environment.ts'
import { createLog, type Log } from '../log.ts'
import { type Service, startService } from '../main.ts'
import { localTime, print, type Terminal } from './output.ts'

/** Runs the service until SIGTERM or SIGINT; resolves when everything in flight is settled and the ledger is closed. */
export async function start(
  variables: Variables,
  options: { sandbox: boolean; sandboxPort: number },
  terminal: Terminal,
): Promise<void> {
  const environment = readEnvironment(variables)
  const log = serviceLog(variables, terminal)
  const service = await startService({ environment, variables, log, ...options })
  await announce(service, terminal)
  await stopped(service, log)
}

/** JSON lines, or readable ones where a person looks. */
export function serviceLog(variables: Variables, terminal: Terminal): Log {
  const { LOG_LEVEL } = readEnvironment(variables)
  return createLog({ level: LOG_LEVEL, pretty: terminal.err.isTTY === true, stream: terminal.err })
}

/** Stops the service at the first signal. A second one changes nothing: what is in flight must be settled. */
export async function stopped(service: Service, log: Log): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  log.info('stopping: nothing new is sent, what is in flight is waited for', { reason: signal })
  await service.stop()
  log.info('stopped')
}

/** Says what the service is about to do, before it does it. */
async function announce(service: Service, terminal: Terminal): Promise<void> {
  const { config, ledger, genesys, url } = service
  const summary = await ledger.reads.summary()
  const deployment = config.genesys.webmessaging?.deploymentId
  const line = (name: string, text: string) => print(terminal, `${name.padEnd(10)}${text}`)
  const where =
    service.sendsTo === 'live'
      ? 'LIVE'
      : service.sendsTo === 'gateway'
        ? 'GATEWAY'
        : 'SANDBOX, nothing leaves it'
  line(
    'Genesys',
    [genesys.host, ...(deployment ? [`deployment ${short(deployment)}`] : []), where].join(' · '),
  )
  line('Ledger', `${service.ledgerUrl.replace(/^sqlite:/, '')} · ${summary.messages.scheduled} scheduled`)
  let name = 'Sources'
  for (const source of config.sources.values()) {
    const last = summary.lastEventAt[source.name]
    const waits = source.secrets.length === 0 ? ' · waits for its secret, refuses everything' : ''
    line(
      name,
      `${source.name}  POST ${url}/webhooks/${source.name} · last event ${last === undefined ? 'never' : localTime(last)}${waits}`,
    )
    name = ''
  }
  line(
    'Routes',
    config.routes.map((route) => `${route.name} ${route.mode.toUpperCase()}`).join(' · ') || 'none',
  )
  for (const pause of await ledger.pauses())
    line('Paused', `${pause.scope} ${pause.name ?? ''} ${pause.reason}`)
  const next = service.sandboxUrl ? `the customers’ side ${service.sandboxUrl}/` : 'npx postrider doctor'
  line('Next', `${next} · npx postrider status`)
}

function short(id: string): string {
  return id.length > 8 ? `${id.slice(0, 4)}…` : id
}

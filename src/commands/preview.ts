import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { SEND_ROUTE } from '../event.ts'
import { CHANNELS } from '../message.ts'
import { fixtureEvent, ledgerEvent } from '../ops/actions/preview.ts'
import { previewRoute } from '../plan/check.ts'
import { fixtureOf } from './deliveries.ts'
import { openForCommand } from './ledger.ts'
import { customerLine } from './messages.ts'
import { print, printJson, type Terminal } from './output.ts'
import { printRendered } from './show.ts'

export type PreviewOptions = {
  fixture?: string
  event?: number
  locale?: string
  channel?: string
  json?: boolean
}

/** Shows what a route would say for a fixture or a stored event; false where it would say nothing. Sends nothing. */
export async function preview(
  variables: Variables,
  route: string,
  options: PreviewOptions,
  terminal: Terminal,
): Promise<boolean> {
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') {
    throw new PostriderError(
      'CONFIG_INVALID',
      'The configuration is not right: npx postrider check tells what.',
    )
  }
  const { config } = loaded
  const chosen = config.routes.find(({ name }) => name === route)
  if (!chosen) {
    const names = config.routes.map(({ name }) => name).join(', ')
    const reason =
      route === SEND_ROUTE
        ? 'What postrider send plans is on no route of the configuration. To see texts before they are sent, plan them with postrider send --shadow; postrider messages show has them then.'
        : `There is no route ${route}. There are: ${names || 'none'}`
    throw new PostriderError('NOT_FOUND', reason)
  }
  const channel = CHANNELS.find((one) => one === options.channel)
  if (options.channel !== undefined && channel === undefined) {
    throw new PostriderError('USAGE', `--channel: expected one of ${CHANNELS.join(', ')}`)
  }
  if ((options.fixture === undefined) === (options.event === undefined)) {
    throw new PostriderError('USAGE', 'Say for which event: --fixture FILE or --event ID.')
  }
  const found = await eventFor(options, route, config, variables)
  if (found.kind !== 'read') {
    const list =
      found.reason === `There is no event ${options.event}.` ? ' List them: postrider events list' : ''
    throw new PostriderError(found.kind === 'missing' ? 'NOT_FOUND' : 'REFUSED', `${found.reason}${list}`)
  }
  const shown = previewRoute(config, route, found.event, { locale: options.locale, channel })
  const well = shown.kind === 'shown' && shown.foreseen.state !== 'failed'
  if (options.json) {
    printJson(terminal, shown)
    return well
  }
  if (shown.kind === 'not-planned') {
    print(terminal, `No message: ${shown.reason}`)
    return false
  }
  const { foreseen } = shown
  const head = `${route}  ${foreseen.channel}  ${foreseen.state}`
  print(terminal, foreseen.reason ? `${head}: ${foreseen.reason}` : head)
  for (const note of shown.notes) print(terminal, `note      ${note}`)
  print(terminal, `to        ${customerLine(shown.customer)}`)
  if (shown.templateVersion) print(terminal, `template  ${shown.templateVersion}`)
  const { subject, whatsapp } = shown
  if (foreseen.text !== null) {
    const more = { ...(subject === null ? {} : { subject }), ...(whatsapp === null ? {} : { whatsapp }) }
    printRendered({ ...more, text: foreseen.text }, terminal)
  }
  return well
}

async function eventFor(
  options: PreviewOptions,
  route: string,
  config: Config,
  variables: Variables,
): ReturnType<typeof ledgerEvent> {
  if (options.fixture !== undefined) {
    return fixtureEvent(fixtureOf(options.fixture), route, config, new Date())
  }
  const ledger = await openForCommand(readEnvironment(variables))
  try {
    return await ledgerEvent(options.event ?? 0, { ledger, config })
  } finally {
    await ledger.close()
  }
}

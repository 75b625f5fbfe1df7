import type { Config, Source } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { CLI_SOURCE, type ReadEvent, SEND_ROUTE, type UnreadableEvent } from '../event.ts'
import { CHANNELS } from '../message.ts'
import { previewRoute, readFixtureEvents } from '../plan/check.ts'
import { readAgain, readDelivery } from '../receive/sources/read.ts'
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
  const event = await eventFor(options, route, config, variables)
  if ('reason' in event) throw new PostriderError('REFUSED', `The event cannot be read: ${event.reason}`)
  const shown = previewRoute(config, route, event, { locale: options.locale, channel })
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
  if (channel !== undefined && !chosen.channels.includes(channel)) {
    print(
      terminal,
      `note      the route does not use ${channel}: its channels are ${chosen.channels.join(', ')}`,
    )
  }
  if (chosen.mode === 'off') print(terminal, 'note      the route is off: it plans nothing')
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
): Promise<ReadEvent | UnreadableEvent> {
  const now = new Date()
  if (options.fixture !== undefined) {
    const fixture = fixtureOf(options.fixture)
    const events = readFixtureEvents(fixture, sourceOf(config, fixture.source), readDelivery, now)
    const [first] = events
    // Of a batch, the first that the route would say something about.
    const planned = events.find(
      (event) => !('reason' in event) && previewRoute(config, route, event, {}).kind === 'shown',
    )
    if (first === undefined)
      throw new PostriderError('REFUSED', `The fixture ${options.fixture} holds no event.`)
    return planned ?? first
  }
  const ledger = await openForCommand(readEnvironment(variables))
  try {
    const event = await ledger.reads.event(options.event ?? 0)
    if (!event)
      throw new PostriderError(
        'NOT_FOUND',
        `There is no event ${options.event}. List them: postrider events list`,
      )
    if (event.source === CLI_SOURCE) {
      throw new PostriderError(
        'REFUSED',
        `Event ${event.id} was planned by postrider send, and not by a route. postrider events show ${event.id} lists its message, and postrider messages show has the text.`,
      )
    }
    sourceOf(config, event.source)
    return readAgain(event, config)
  } finally {
    await ledger.close()
  }
}

function sourceOf(config: Config, name: string): Source {
  const source = config.sources.get(name)
  if (!source) throw new PostriderError('NOT_FOUND', `The configuration has no source ${name}.`)
  return source
}

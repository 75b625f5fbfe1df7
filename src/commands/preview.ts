import type { Config } from '../config/config.ts'
import { readFixture } from '../config/fixtures.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { ReadEvent, UnreadableEvent } from '../event.ts'
import { CHANNELS } from '../message.ts'
import { previewRoute } from '../plan/check.ts'
import { PRESETS } from '../receive/sources/preset.ts'
import { openForCommand } from './ledger.ts'
import { print, printJson, type Terminal } from './output.ts'

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
  const channel = CHANNELS.find((one) => one === options.channel)
  if (options.channel !== undefined && channel === undefined) {
    throw new PostriderError('USAGE', `--channel: expected one of ${CHANNELS.join(', ')}`)
  }
  const event = await eventFor(options, loaded.config, variables)
  if ('reason' in event) throw new PostriderError('REFUSED', `The event cannot be read: ${event.reason}`)
  const shown = previewRoute(loaded.config, route, event, { locale: options.locale, channel })
  if (options.json) printJson(terminal, shown)
  else if (shown.kind === 'not-planned') print(terminal, `No message: ${shown.reason}`)
  else {
    const { foreseen } = shown
    print(
      terminal,
      `${route}  ${foreseen.channel}  ${foreseen.state}${foreseen.reason ? `: ${foreseen.reason}` : ''}`,
    )
    print(
      terminal,
      `to        ${Object.entries(shown.customer)
        .map(([name, value]) => `${name} ${value}`)
        .join(' · ')}`,
    )
    if (shown.templateVersion) print(terminal, `template  ${shown.templateVersion}`)
    if (shown.subject) print(terminal, `subject   ${shown.subject}`)
    if (foreseen.text) print(terminal, `\n${foreseen.text}`)
  }
  return shown.kind === 'shown' && shown.foreseen.state !== 'failed'
}

async function eventFor(
  options: PreviewOptions,
  config: Config,
  variables: Variables,
): Promise<ReadEvent | UnreadableEvent> {
  const now = new Date()
  if (options.fixture !== undefined) {
    const read = readFixture(options.fixture)
    if (read.kind === 'invalid')
      throw new PostriderError('CONFIG_INVALID', `${options.fixture}: ${read.reason}`)
    const { fixture } = read
    const meta = { source: fixture.source, key: 'preview', receivedAt: now.getTime() }
    return readerOf(config, fixture.source)(fixture.bytes(now), meta)
  }
  if (options.event === undefined)
    throw new PostriderError('USAGE', 'Say for which event: --fixture FILE or --event ID.')
  const ledger = await openForCommand(readEnvironment(variables))
  try {
    const event = await ledger.reads.event(options.event)
    if (!event) throw new PostriderError('NOT_FOUND', `There is no event ${options.event}.`)
    return readerOf(config, event.source)(event.raw, event)
  } finally {
    await ledger.close()
  }
}

function readerOf(config: Config, name: string) {
  const source = config.sources.get(name)
  if (!source) throw new PostriderError('NOT_FOUND', `The configuration has no source ${name}.`)
  return PRESETS[source.preset].read
}

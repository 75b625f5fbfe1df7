import type { Source } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { type SourceJson, sourceJson } from '../ops/shapes/source.ts'
import { baseUrl } from '../settings.ts'
import { print, printJson, printTable, printText, type Terminal } from './output.ts'

/** The sources of the configuration. Needs no secret and no network. */
export function listSources(variables: Variables, json: boolean, terminal: Terminal): void {
  const shown = sourcesOf(variables).map((source) => sourceJson(source, baseOf(variables)))
  if (json) printJson(terminal, shown)
  else {
    printTable(
      terminal,
      ['NAME', 'PRESET', 'SECRETS', 'URL'],
      shown.map(({ name, preset, secrets, url }) => [name, preset, secrets, url]),
      'The configuration has no sources.',
    )
  }
}

/** How the sender's side of a source is set up. Throws NOT_FOUND where there is none of this name. */
export function showSource(variables: Variables, name: string, json: boolean, terminal: Terminal): void {
  const sources = sourcesOf(variables)
  const source = sources.find((one) => one.name === name)
  if (!source) {
    const names = sources.map((one) => one.name).join(', ') || 'none'
    throw new PostriderError('NOT_FOUND', `The configuration has no source ${name}. There are: ${names}`)
  }
  const shown = sourceJson(source, baseOf(variables))
  if (json) printJson(terminal, shown)
  else printSource(shown, source.publicUrl !== null, terminal)
}

function printSource(shown: SourceJson, isPublic: boolean, terminal: Terminal): void {
  const { setup, secrets } = shown
  const line = (key: string, value: string) => print(terminal, `${key.padEnd(14)}${value}`)
  print(terminal, `${shown.name}  ${shown.title} (preset ${shown.preset})`)
  line('URL', isPublic ? shown.url : `${shown.url}, ${LOCAL}`)
  line('Proves by', shown.proof)
  if (shown.weakness !== null) line('Weak', shown.weakness)
  line('Secret', `${setup.secret} ${secrets === 0 ? 'None is set here.' : `Set here: ${secrets}.`}`)
  for (const [n, step] of setup.steps.entries()) line(n === 0 ? 'Set up' : '', `${n + 1}. ${step}`)
  if (setup.body !== null) {
    print(terminal, 'Body to paste')
    printText(terminal, setup.body)
  }
  line('Test', setup.test)
  line('Tries again', setup.retries)
  line('On our 503', setup.on503)
  line('Gave up', setup.revive)
  line('Missed', setup.missed)
  if (shown.advice !== null) line('Customers', shown.advice)
  line('Remembered', `an event's key for ${shown.dedupeFor}`)
  printTable(
    terminal,
    ['SENDER’S TYPE', 'TYPE', 'WHEN'],
    shown.types.map(({ sender, type, when }) => [sender, type, when]),
    'Types stay as the sender names them.',
  )
}

const LOCAL = 'as this machine names it; the sender needs an https address that leads there'

function sourcesOf(variables: Variables): readonly Source[] {
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'loaded') return [...loaded.config.sources.values()]
  throw new PostriderError('CONFIG_INVALID', `${file} is not right: npx postrider check tells what.`)
}

/** Where the service is reached, as this machine names it. */
function baseOf(variables: Variables): string {
  const { HOST, PORT } = readEnvironment(variables)
  return baseUrl(HOST, PORT)
}

import type { Source } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { schemeWords, weakness } from '../receive/signature/words.ts'
import { presetNamed } from '../receive/sources/presets.ts'
import { schemeOf } from '../receive/sources/scheme-of.ts'
import { print, printJson, printTable, printText, type Terminal } from './output.ts'

/** The sources of the configuration. Needs no secret and no network. */
export function listSources(variables: Variables, json: boolean, terminal: Terminal): void {
  const shown = sourcesOf(variables).map((source) => sourceJson(source, variables))
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
  const shown = sourceJson(source, variables)
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

type SourceJson = ReturnType<typeof sourceJson>

/** `--json` prints this. */
function sourceJson(source: Source, variables: Variables) {
  const preset = presetNamed(source.preset)
  const scheme = schemeOf(source)
  const address = addressOf(source, variables)
  return {
    name: source.name,
    preset: source.preset,
    title: preset.title,
    url: `${address}${tokenInUrl(source)}`,
    secrets: source.secrets.length,
    proof: schemeWords(scheme),
    weakness: weakness(scheme, preset.keyIsUnsigned),
    setup: { ...preset.setup, steps: preset.setup.steps.map((step) => withAddress(step, address)) },
    advice: preset.customer.advice,
    dedupeFor: formatDuration(source.dedupeForMs),
    acceptTests: source.acceptTests,
    expectEvery: source.expectEveryMs === null ? null : formatDuration(source.expectEveryMs),
    types: [
      ...preset.types.map((rule) => ({
        sender: rule.sender,
        type: rule.type,
        when: rule.when ?? null,
      })),
      ...Object.entries(source.custom?.reading.types ?? {}).map(([sender, type]) => ({
        sender,
        type,
        when: null,
      })),
    ],
  }
}

/** What the sender is to call. */
function addressOf({ name, publicUrl }: Source, variables: Variables): string {
  const { HOST, PORT } = readEnvironment(variables)
  const path = `/webhooks/${name}`
  const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST
  const base = publicUrl ?? `http://${host}:${PORT}`
  return base.endsWith(path) ? base : `${base}${path}`
}

/** In the steps of a preset, `the URL` is the address and `URL?` begins what is entered with a token behind it. */
function withAddress(step: string, address: string): string {
  return step.replaceAll(/\bthe URL\b(?! is)|\bURL(?=\?)/g, address)
}

/** The place of a token that has to be entered with the URL; never the token. Some senders add it by themselves: then no step of the preset says so. */
function tokenInUrl(source: Source): string {
  const scheme = schemeOf(source)
  const [place] = scheme.kind === 'token' ? scheme.places : []
  if (place?.in !== 'query') return ''
  const isEntered =
    source.custom?.scheme != null ||
    presetNamed(source.preset).setup.steps.some((step) => step.includes('URL?'))
  return isEntered ? `?${place.name}=SECRET` : ''
}

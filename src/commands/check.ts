import { existsSync, statSync } from 'node:fs'
import type { Config, GenesysConfig, NotifyConfig, Source, SuppressOn } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import { fixtureFiles, readFixture } from '../config/fixtures.ts'
import { loadConfig } from '../config/load.ts'
import { DEFAULT_DELIVERY_SHARE } from '../config/schema.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { CHANNELS } from '../message.ts'
import { FIXTURES } from '../ops/actions/fixtures.ts'
import { routeJson } from '../ops/shapes/route.ts'
import { checkFixture, type FixtureCheck } from '../plan/check.ts'
import { readDelivery } from '../receive/sources/read.ts'
import { problemLine } from '../settings.ts'
import { printLine, printRoute } from './check-route.ts'
import { print, printJson, type Terminal } from './output.ts'

/**
 * Checks the configuration and its templates, shows how Genesys and the sources are set up and every route with its effective values, and plans and renders every fixture that expects
 * something. Needs no secret and no network. False where anything is wrong.
 */
export async function check(
  variables: Variables,
  options: { config?: string; fixtures?: string; json?: boolean },
  terminal: Terminal,
): Promise<boolean> {
  const file = options.config ?? readEnvironment(variables).POSTRIDER_CONFIG
  const files = filesOf(options.fixtures)
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') {
    const { problems } = loaded
    const nothing = {
      warnings: [],
      genesys: null,
      sources: [],
      routes: [],
      suppressOn: [],
      notify: null,
      fixtures: [],
      unchecked: [],
    }
    if (options.json) printJson(terminal, { ok: false, problems, ...nothing })
    else for (const problem of problems) print(terminal, problemLine(problem), 'red')
    return false
  }
  const { config } = loaded
  const fixtures = files.map((one) => checkFile(one, config))
  const checked = fixtures.filter((one) => 'differences' in one)
  const unchecked = fixtures.filter((one) => 'why' in one)
  const ok = checked.every(({ differences }) => differences.length === 0)
  if (options.json) {
    const { version, warnings } = config
    printJson(terminal, {
      ok,
      version,
      problems: [],
      warnings,
      genesys: genesysJson(config.genesys),
      sources: [...config.sources.values()].map(sourceJson),
      routes: config.routes.map(routeJson),
      suppressOn: config.suppressOn.map(suppressOnJson),
      notify: config.notify && notifyJson(config.notify),
      fixtures: checked,
      unchecked,
    })
    return ok
  }
  for (const warning of config.warnings) print(terminal, problemLine(warning), 'yellow')
  printGenesys(config.genesys, terminal)
  printSources([...config.sources.values()], terminal)
  for (const route of config.routes) printRoute(route, config.templates, terminal)
  printSuppressOn(config.suppressOn, terminal)
  printNotify(config.notify, terminal)
  for (const one of checked) {
    const fine = one.differences.length === 0
    print(terminal, `${fine ? 'ok  ' : 'FAIL'}  ${one.file}`, fine ? 'green' : 'red')
    for (const difference of one.differences) print(terminal, `      ${difference}`)
  }
  // The repository has examples of every sender; most people have two.
  for (const [why, files] of Map.groupBy(unchecked, (one) => one.why)) {
    const [first] = files
    const which = files.length === 1 && first ? first.file : counted(files.length, 'fixture')
    print(terminal, `--    ${which}  not checked: ${why}`, 'yellow')
  }
  const failed = checked.filter(({ differences }) => differences.length > 0).length
  const outcome = `${counted(checked.length, 'fixture')}${failed > 0 ? `, ${failed} not as expected` : ''}`
  print(terminal, `${file}: ${counted(config.routes.length, 'route')}, ${outcome}, version ${config.version}`)
  return ok
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** Throws USAGE where a folder was named that is none: no fixture checked would look like all of them well. */
function filesOf(folder: string | undefined): string[] {
  if (folder !== undefined && !(existsSync(folder) && statSync(folder).isDirectory())) {
    throw new PostriderError('USAGE', `--fixtures: there is no folder ${folder}.`)
  }
  return folder === undefined && !existsSync(FIXTURES) ? [] : fixtureFiles(folder ?? FIXTURES)
}

function checkFile(file: string, config: Config): FixtureCheck | { file: string; why: string } {
  const read = readFixture(file)
  if (read.kind === 'invalid') return { file, foreseen: [], differences: [read.reason] }
  const { fixture } = read
  const source = config.sources.get(fixture.source)
  if (!source) return { file, why: `the configuration has no source ${fixture.source}` }
  if (fixture.expect === null) return { file, why: 'it expects nothing' }
  return checkFixture(fixture, config, readDelivery, new Date())
}

/** How Genesys is used; `channels`: those that it is told how to use. `--json` prints this. */
function genesysJson(genesys: GenesysConfig) {
  const { defaultCountry, deliveryShare } = genesys
  const channels = CHANNELS.filter((channel) => genesys[channel] !== null)
  return { channels, defaultCountry, deliveryShare }
}

function printGenesys(genesys: GenesysConfig, terminal: Terminal): void {
  const { channels, defaultCountry, deliveryShare } = genesysJson(genesys)
  print(terminal, 'genesys')
  printLine(terminal, 'channels', channels.join(', ') || 'none')
  if (defaultCountry !== null) printLine(terminal, 'defaultCountry', defaultCountry)
  if (deliveryShare !== DEFAULT_DELIVERY_SHARE) printLine(terminal, 'deliveryShare', String(deliveryShare))
  print(terminal, '')
}

/** A source, and how many secrets it has; `--json` prints this. */
function sourceJson({ name, preset, secrets, dedupeForMs, publicUrl, acceptTests, expectEveryMs }: Source) {
  return {
    name,
    preset,
    secrets: secrets.length,
    dedupeFor: formatDuration(dedupeForMs),
    publicUrl,
    acceptTests,
    expectEvery: expectEveryMs === null ? null : formatDuration(expectEveryMs),
  }
}

function printSources(sources: readonly Source[], terminal: Terminal): void {
  print(terminal, 'sources')
  for (const one of sources.map(sourceJson)) {
    const { name, preset, secrets } = one
    const has = secrets === 0 ? 'no secret here: every delivery would be refused' : counted(secrets, 'secret')
    const more = [
      ...(one.publicUrl === null ? [] : [one.publicUrl]),
      ...(one.acceptTests ? ['test events count'] : []),
      ...(one.expectEvery === null ? [] : [`expected every ${one.expectEvery}`]),
    ]
    printLine(terminal, name, [preset, has, `keys for ${one.dedupeFor}`, ...more].join(' · '))
  }
  print(terminal, '')
}

/** `channels` null: all. `--json` prints this. */
function suppressOnJson({ on, channels }: SuppressOn) {
  return { on: on.map(({ text }) => text), channels }
}

function printSuppressOn(list: readonly SuppressOn[], terminal: Terminal): void {
  if (list.length === 0) return
  print(terminal, 'suppressOn')
  for (const { on, channels } of list.map(suppressOnJson)) {
    printLine(terminal, channels?.join(', ') ?? 'every channel', on.join(', '))
  }
  print(terminal, '')
}

/** Of the URL its host alone: the path may be a secret. `secret`: whose signs. `--json` prints this. */
function notifyJson({ url, secret }: NotifyConfig) {
  return { host: new URL(url).host, secret: secret === null ? 'derived' : 'own' }
}

function printNotify(notify: NotifyConfig | null, terminal: Terminal): void {
  if (notify === null) return
  const { host, secret } = notifyJson(notify)
  const signs =
    secret === 'own'
      ? 'signed with notify.secret'
      : 'signed with a secret of the ledger’s key: npx postrider notify secret'
  print(terminal, 'notify')
  printLine(terminal, host, signs)
  print(terminal, '')
}

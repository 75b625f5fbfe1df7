import { existsSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type { Config, Problem } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import { fixtureFiles, readFixture } from '../config/fixtures.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { checkFixture, type FixtureCheck } from '../plan/check.ts'
import { PRESETS } from '../receive/sources/preset.ts'
import { coloured, print, printJson, printTable, type Terminal } from './output.ts'

/**
 * Checks the configuration and its templates, shows every route with its effective values, and plans and renders every fixture that expects
 * something. Needs no secret and no network. False where anything is wrong.
 */
export async function check(
  variables: Variables,
  options: { config?: string; fixtures: string; json?: boolean },
  terminal: Terminal,
): Promise<boolean> {
  const file = options.config ?? readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') {
    if (options.json)
      printJson(terminal, { ok: false, problems: loaded.problems, warnings: [], routes: [], fixtures: [] })
    else for (const problem of loaded.problems) print(terminal, coloured(terminal, 'red', lineOf(problem)))
    return false
  }
  const { config } = loaded
  const fixtures = checkFixtures(config, options.fixtures)
  const ok = fixtures.every(({ differences }) => differences.length === 0)
  if (options.json) {
    const { warnings } = config
    printJson(terminal, {
      ok,
      version: config.version,
      problems: [],
      warnings,
      routes: routesJson(config),
      fixtures,
    })
    return ok
  }
  for (const warning of config.warnings) print(terminal, coloured(terminal, 'yellow', lineOf(warning)))
  printTable(
    terminal,
    ['ROUTE', 'ON', 'MODE', 'TEMPLATE', 'CHANNELS', 'FIND BY', 'ONCE', 'DELAY', 'EXPIRES', 'BRAKE', 'TRIES'],
    routesJson(config).map((route) => [
      route.name,
      route.on.join(', '),
      route.mode,
      route.template,
      route.channels.join(', '),
      route.findBy.join(', '),
      route.once,
      route.delay,
      route.expireAfter,
      route.brake,
      route.maxAttempts,
    ]),
    'No routes.',
  )
  for (const { file, differences } of fixtures) {
    const fine = differences.length === 0
    print(terminal, coloured(terminal, fine ? 'green' : 'red', `${fine ? 'ok  ' : 'FAIL'}  ${file}`))
    for (const difference of differences) print(terminal, `      ${difference}`)
  }
  print(
    terminal,
    `${file}: ${config.routes.length} routes, ${fixtures.length} fixtures, version ${config.version}`,
  )
  return ok
}

/** The fixtures that a configuration can say something about: those whose source it has. */
function checkFixtures(config: Config, folder: string): FixtureCheck[] {
  const path = isAbsolute(folder) ? folder : resolve(folder)
  if (!existsSync(path)) return []
  const now = new Date()
  return fixtureFiles(path).flatMap((file): FixtureCheck[] => {
    const read = readFixture(file)
    if (read.kind === 'invalid') return [{ file, foreseen: [], differences: [read.reason] }]
    const source = config.sources.get(read.fixture.source)
    if (!source || read.fixture.expect === null) return []
    return [checkFixture(read.fixture, config, PRESETS[source.preset].read, now)]
  })
}

function routesJson(config: Config) {
  return config.routes.map((route) => ({
    name: route.name,
    on: route.on.map(({ text }) => text),
    mode: route.mode,
    when: route.when?.text ?? null,
    customer: route.customer
      ? Object.fromEntries(Object.entries(route.customer).map(([name, field]) => [name, field.text]))
      : null,
    findBy: route.findBy,
    template: route.template,
    channels: route.channels,
    once: route.once?.text ?? null,
    delay: formatDuration(route.delayMs),
    expireAfter: formatDuration(route.expireAfterMs),
    brake: route.brake ? `${route.brake.messages} per ${formatDuration(route.brake.perMs)}` : 'none',
    maxAttempts: route.maxAttempts,
    onUnconfirmed: route.onUnconfirmed,
  }))
}

function lineOf(problem: Problem): string {
  return `${problem.file}${problem.line === null ? '' : `:${problem.line}`}  ${problem.message}`
}

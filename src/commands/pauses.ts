import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { CLI_SOURCE, SEND_ROUTE } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { CHANNELS, type Pause, type PauseScope } from '../message.ts'
import { localTime, print, printJson, type Terminal } from './output.ts'
import { pauseJson } from './show.ts'

/** What can be paused by name: `all`, `route NAME`, `source NAME`, `channel NAME`. */
export type PauseTarget = { scope: PauseScope; name: string | null }

/** Throws USAGE where the words name nothing that can be paused. */
export function targetOf(scope = 'all', name?: string): PauseTarget {
  if (scope === 'all' && name === undefined) return { scope, name: null }
  if ((scope === 'route' || scope === 'source' || scope === 'channel') && name !== undefined)
    return { scope, name }
  throw new PostriderError(
    'USAGE',
    'Say what: nothing or `all`, or `route NAME`, `source NAME`, `channel NAME`.',
  )
}

/**
 * Throws NOT_FOUND for a name that neither the configuration nor the ledger has: whoever mistypes a route in a hurry must not think it
 * paused. A configuration that cannot be read hinders nobody from pausing.
 */
export async function assertKnown(
  { scope, name }: PauseTarget,
  ledger: Ledger,
  variables: Variables,
): Promise<void> {
  if (scope === 'all' || name === null) return
  const names = namesOf(scope, variables)
  if (names === null || names.includes(name)) return
  if (scope === 'route' && (await ledger.reads.messages({ route: name, limit: 1 })).length > 0) return
  if (scope === 'source' && (await ledger.reads.events({ source: name, limit: 1 })).length > 0) return
  throw new PostriderError(
    'NOT_FOUND',
    `Nothing is paused: there is no ${scope} ${name}. There are: ${names.join(', ')}`,
  )
}

/** Null where the configuration cannot be read. What `postrider send` plans can be paused before there is any. */
function namesOf(scope: Exclude<PauseScope, 'all'>, variables: Variables): readonly string[] | null {
  if (scope === 'channel') return CHANNELS
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') return null
  const { routes, sources } = loaded.config
  return scope === 'route' ? [...routes.map(({ name }) => name), SEND_ROUTE] : [...sources.keys(), CLI_SOURCE]
}

export async function pauseSending(
  ledger: Ledger,
  target: PauseTarget,
  request: { reason: string; forMs: number | null; by: string },
  json: boolean,
  terminal: Terminal,
) {
  const pause = await ledger.pause({ ...target, ...request, code: 'operator', probes: 0 })
  if (json) return printJson(terminal, pauseJson(pause))
  const end = pause.until === null ? 'until resumed' : `until ${localTime(pause.until)}`
  print(terminal, `Paused ${nameOf(pause)} ${end}. Receiving goes on; what is in flight is not called back.`)
}

/** Ends every pause of the target, an operator's and Postrider's own. */
export async function resumeSending(
  ledger: Ledger,
  target: PauseTarget,
  by: string,
  json: boolean,
  terminal: Terminal,
) {
  const pauses = await ledger.pauses()
  const standing = pauses.filter(({ scope, name }) => scope === target.scope && name === target.name)
  if (standing.length === 0) throw new PostriderError('NOT_FOUND', notPaused(target, pauses))
  for (const pause of standing) await ledger.resume(pause.id, by)
  if (json) return printJson(terminal, standing.map(pauseJson))
  const others = pauses.filter((pause) => !standing.includes(pause))
  const still = others.length === 0 ? '' : ` Still paused: ${others.map(nameOf).join(', ')}.`
  print(terminal, `Resumed ${nameOf(target)}.${still}`)
}

function notPaused(target: PauseTarget, pauses: readonly Pause[]): string {
  const name = nameOf(target)
  const said = `${name.charAt(0).toUpperCase()}${name.slice(1)} is not paused.`
  return pauses.length === 0 ? said : `${said} Paused: ${pauses.map(nameOf).join(', ')}.`
}

export function nameOf({ scope, name }: Pick<Pause, 'scope' | 'name'>): string {
  return scope === 'all' ? 'all sending' : `${scope} ${name}`
}

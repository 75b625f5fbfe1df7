import type { Config } from '../../config/config.ts'
import { CLI_SOURCE, SEND_ROUTE } from '../../event.ts'
import { CHANNELS, type Pause, type PauseScope } from '../../message.ts'
import { nameOf } from '../attention.ts'
import { type ActionDeps, type By, type Missing, missing } from './outcome.ts'

/** What can be paused: everything, or one route, source or channel by its name. `name` null: with `all` alone. */
export type PauseTarget = { scope: PauseScope; name: string | null }

type Deps = Pick<ActionDeps, 'ledger'> & {
  /** Null: it cannot be read, which hinders nobody from pausing. */
  config: Pick<Config, 'routes' | 'sources'> | null
}

/** Pauses, or renews the operators' pause of the same. `forMs` null: until resumed. */
export async function pauseSending(
  deps: Deps,
  { by }: By,
  { reason, forMs, ...target }: PauseTarget & { reason: string; forMs: number | null },
): Promise<{ kind: 'paused'; pause: Pause } | Missing> {
  const unknown = await whyUnknown(target, deps)
  if (unknown !== null) return missing(unknown)
  const request = { ...target, reason, forMs, by, code: 'operator', probes: 0 } as const
  return { kind: 'paused', pause: await deps.ledger.pause(request) }
}

/** Ends every pause of the target, an operator's and Postrider's own. `others`: what is still paused. */
export async function resumeSending(
  { ledger }: Pick<Deps, 'ledger'>,
  { by }: By,
  target: PauseTarget,
): Promise<{ kind: 'resumed'; pauses: Pause[]; others: Pause[] } | Missing> {
  const pauses = await ledger.pauses()
  const standing = pauses.filter(({ scope, name }) => scope === target.scope && name === target.name)
  if (standing.length === 0) return missing(notPaused(target, pauses))
  for (const pause of standing) await ledger.resume(pause.id, by)
  return { kind: 'resumed', pauses: standing, others: pauses.filter((pause) => !standing.includes(pause)) }
}

/** Ends one pause. */
export async function resumePause(
  { ledger }: Pick<Deps, 'ledger'>,
  { by }: By,
  { id }: { id: number },
): Promise<{ kind: 'resumed'; pause: Pause } | Missing> {
  const pause = (await ledger.pauses()).find((one) => one.id === id)
  if (pause && (await ledger.resume(id, by))) return { kind: 'resumed', pause }
  return missing(`There is no pause ${id} that stands.`)
}

/** Why a name is one that neither the configuration nor the ledger has: whoever mistypes a route in a hurry must not think it paused. Null: it is known. */
async function whyUnknown({ scope, name }: PauseTarget, { ledger, config }: Deps): Promise<string | null> {
  if (scope === 'all' || name === null) return null
  const names = namesOf(scope, config)
  if (names === null || names.includes(name)) return null
  if (scope === 'route' && (await ledger.reads.messages({ route: name, limit: 1 })).length > 0) return null
  if (scope === 'source' && (await ledger.reads.events({ source: name, limit: 1 })).length > 0) return null
  return `Nothing is paused: there is no ${scope} ${name}. There are: ${names.join(', ')}`
}

/** Null where the configuration cannot be read. What `postrider send` plans can be paused before there is any. */
function namesOf(scope: Exclude<PauseScope, 'all'>, config: Deps['config']): readonly string[] | null {
  if (scope === 'channel') return CHANNELS
  if (config === null) return null
  return scope === 'route'
    ? [...config.routes.map(({ name }) => name), SEND_ROUTE]
    : [...config.sources.keys(), CLI_SOURCE]
}

function notPaused(target: PauseTarget, pauses: readonly Pause[]): string {
  const name = nameOf(target)
  const said = `${name.charAt(0).toUpperCase()}${name.slice(1)} is not paused.`
  return pauses.length === 0 ? said : `${said} Paused: ${pauses.map(nameOf).join(', ')}.`
}

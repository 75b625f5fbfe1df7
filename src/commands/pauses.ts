import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type PauseTarget, pauseSending as pause, resumeSending as resume } from '../ops/actions/pauses.ts'
import { nameOf } from '../ops/attention.ts'
import { pauseJson } from '../ops/shapes/pause.ts'
import { localTime, print, printJson, type Terminal } from './output.ts'

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

/** Null where it cannot be read, which hinders nobody from pausing. */
function configIn(variables: Variables): Config | null {
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  return loaded.kind === 'invalid' ? null : loaded.config
}

/** Throws NOT_FOUND for a name that neither the configuration nor the ledger has. */
export async function pauseSending(
  ledger: Ledger,
  target: PauseTarget,
  { by, ...request }: { reason: string; forMs: number | null; by: string },
  variables: Variables,
  json: boolean,
  terminal: Terminal,
) {
  const config = target.scope === 'all' ? null : configIn(variables)
  const done = await pause({ ledger, config }, { by }, { ...target, ...request })
  if (done.kind === 'missing') throw new PostriderError('NOT_FOUND', done.reason)
  const { pause: paused } = done
  if (json) return printJson(terminal, pauseJson(paused))
  const end = paused.until === null ? 'until resumed' : `until ${localTime(paused.until)}`
  print(terminal, `Paused ${nameOf(paused)} ${end}. Receiving goes on; what is in flight is not called back.`)
}

/** Ends every pause of the target, an operator's and Postrider's own. */
export async function resumeSending(
  ledger: Ledger,
  target: PauseTarget,
  by: string,
  json: boolean,
  terminal: Terminal,
) {
  const done = await resume({ ledger }, { by }, target)
  if (done.kind === 'missing') throw new PostriderError('NOT_FOUND', done.reason)
  const { pauses, others } = done
  if (json) return printJson(terminal, pauses.map(pauseJson))
  const still = others.length === 0 ? '' : ` Still paused: ${others.map(nameOf).join(', ')}.`
  print(terminal, `Resumed ${nameOf(target)}.${still}`)
}

import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Pause, PauseScope } from '../message.ts'
import { localTime, print, printJson, type Terminal } from './output.ts'
import { pauseJson } from './show.ts'

/** What can be paused by name: `all`, `route NAME`, `source NAME`, `channel NAME`. */
export type PauseTarget = { scope: PauseScope; name: string | null }

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
  const standing = (await ledger.pauses()).filter(
    (pause) => pause.scope === target.scope && pause.name === target.name,
  )
  if (standing.length === 0) throw new PostriderError('NOT_FOUND', `${nameOf(target)} is not paused.`)
  for (const pause of standing) await ledger.resume(pause.id, by)
  if (json) return printJson(terminal, standing.map(pauseJson))
  print(terminal, `Resumed ${nameOf(target)}.`)
}

export function nameOf({ scope, name }: Pick<Pause, 'scope' | 'name'>): string {
  return scope === 'all' ? 'all sending' : `${scope} ${name}`
}

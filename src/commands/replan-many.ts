import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { CLI_SOURCE, type EventState } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { configOf } from '../settings.ts'
import { replan } from './events.ts'
import { filterOf } from './filters.ts'
import { print, printJson, printTable, type Terminal } from './output.ts'
import type { ReplanOptions } from './replan-command.ts'
import { askedWhether, type Input } from './send-ask.ts'

/** More are seldom meant; who means them does it in parts. */
const MOST = 100_000
/** So many are read at once, with their bodies. */
const AT_ONCE = 200

type Outcome = { id: number; state: EventState; added: number; reason: string | null }

/**
 * Plans all events again that a filter selects, oldest first, each as `replanEvents` does, after asking. What cannot be planned stays as it is, with its reason, and the others are planned. False where
 * one still is not. Throws REFUSED where the answer is no.
 */
export async function replanMany(
  ledger: Ledger,
  variables: Variables,
  { by, yes, json, limit, ...options }: ReplanOptions,
  terminal: Terminal,
  input: Input,
): Promise<boolean> {
  const config = configOf(readEnvironment(variables).POSTRIDER_CONFIG, variables)
  const { customer: _, ...filter } = filterOf<EventState>({ ...options, limit: limit ?? MOST + 1 })
  const ids = await ledger.reads.eventIds(filter)
  if (ids.length > MOST) {
    throw new PostriderError('REFUSED', `More than ${MOST} events match. Narrow the filter, or say --limit.`)
  }
  if (ids.length > 0 && !yes) {
    const question = `Plan ${ids.length} event${ids.length === 1 ? '' : 's'} again, and send what is missing? [y/N] `
    if (!(await askedWhether(question, 'Nothing was planned.', input, terminal))) {
      throw new PostriderError('REFUSED', 'Nothing was planned.')
    }
  }
  const outcomes: Outcome[] = []
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const events = await ledger.reads.eventsById(ids.slice(from, from + AT_ONCE))
    for (const event of events.sort((a, b) => a.id - b.id)) {
      const { id, state, source } = event
      // What `postrider send` planned has no route that could plan it again.
      if (source === CLI_SOURCE) continue
      if (config.sources.has(source)) outcomes.push(await replan(ledger, event, config, by))
      else outcomes.push({ id, state, added: 0, reason: `${source} is no longer in the configuration` })
    }
  }
  if (json) printJson(terminal, outcomes)
  else report(outcomes, terminal)
  return outcomes.every(({ state }) => state === 'planned' || state === 'unrouted')
}

function report(outcomes: readonly Outcome[], terminal: Terminal): void {
  const left = outcomes.filter(({ state }) => state !== 'planned' && state !== 'unrouted')
  const added = outcomes.reduce((sum, one) => sum + one.added, 0)
  print(
    terminal,
    `${outcomes.length} events planned again: ${added} messages added, ${left.length} events still not planned.`,
  )
  if (left.length === 0) return
  printTable(
    terminal,
    ['EVENT', 'STATE', 'REASON'],
    left.slice(0, SHOWN).map(({ id, state, reason }) => [id, state, reason]),
    '',
  )
  if (left.length > SHOWN) print(terminal, `… and ${left.length - SHOWN} more: npx postrider events list`)
}

const SHOWN = 50

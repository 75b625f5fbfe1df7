import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { EventState } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { isWell, type Replanned, replanEvents } from '../ops/actions/replan.ts'
import { configOf } from '../settings.ts'
import { filterOf } from './filters.ts'
import { print, printJson, printTable, type Terminal } from './output.ts'
import type { ReplanOptions } from './replan-command.ts'
import { askedWhether, type Input } from './send-ask.ts'

/** More are seldom meant; who means them does it in parts. */
const MOST = 100_000

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
  const outcomes = await replanEvents({ ledger, config }, { by }, { ids })
  if (json) printJson(terminal, outcomes)
  else report(outcomes, terminal)
  return isWell(outcomes)
}

function report(outcomes: readonly Replanned[], terminal: Terminal): void {
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

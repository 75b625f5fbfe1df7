import { SingleBar } from 'cli-progress'
import type { RetryPlan } from '../deliver/foresee.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Run } from '../ledger/run.ts'
import type { MessageState } from '../message.ts'
import { retryMessage } from '../ops/actions/messages.ts'
import {
  beginPlanned,
  type ChosenMessages,
  chooseMessages,
  MOST_IN_RUN,
  planRun,
  saidOf,
} from '../ops/actions/runs.ts'
import { retryPlanJson } from '../ops/shapes/retry-plan.ts'
import { configOf } from '../settings.ts'
import { filterOf, type ListOptions } from './filters.ts'
import { reportActed } from './messages.ts'
import { print, printJson, printTable, type Terminal } from './output.ts'
import type { RetryOptions } from './retry-command.ts'
import { serviceRuns } from './runs.ts'
import { askedWhether, type Input } from './send-ask.ts'

/** Fewer are foreseen before a bar is read. */
const BAR_FROM = 1_000

/** Re-triggers one message now. */
export async function retryOne(
  ledger: Ledger,
  id: number,
  { by, force, reason, because, json }: RetryOptions,
  terminal: Terminal,
): Promise<void> {
  const why = because ?? reason ?? null
  const acted = await retryMessage({ ledger }, { by }, { id, force: force === true, reason: why })
  reportActed(acted, 're-triggered', json === true, terminal)
}

/**
 * Says what would become of all that a filter selects, asks, and begins a run; the service performs it. Of the `id` alone where there is one. Throws REFUSED where nothing would be re-triggered, or
 * the answer is no.
 */
export async function retryMany(
  ledger: Ledger,
  variables: Variables,
  options: RetryOptions & { id: number | null },
  terminal: Terminal,
  input: Input,
): Promise<void> {
  const { by, id, json, plan: only, yes } = options
  const wish = { force: options.force === true, late: options.late === true, reason: whyOf(options) }
  const config = configOf(readEnvironment(variables).POSTRIDER_CONFIG, variables)
  const filter = id === null ? filterOf(listOptionsOf(options)) : null
  const ids = filter === null ? [id ?? 0] : await chosenIn(ledger, filter)
  const bar = barFor(ids.length, terminal)
  const plan = await planRun({ ledger, config }, { by }, { ids, ...wish, alone: id !== null }, (count) =>
    bar?.update(count),
  ).finally(() => bar?.stop())

  // For programs the object says all of this; whoever is asked must see it nevertheless.
  const says = json ? { ...terminal, out: terminal.err } : terminal
  if (!json || !(yes || only)) printPlan(plan, says)
  const stop = (why: string) => {
    if (json) printJson(terminal, retryPlanJson(plan, null))
    return new PostriderError('REFUSED', why)
  }
  if (only || filter === null) {
    if (json) printJson(terminal, retryPlanJson(plan, null))
    return
  }
  const count = plan.retriable.length
  if (count === 0) throw stop('There is nothing to re-trigger.')
  const question = `Re-trigger ${messages(count)}? [y/N] `
  if (!yes && !(await askedWhether(question, 'Nothing was re-triggered.', input, terminal))) {
    throw stop('Nothing was re-triggered.')
  }
  const begun = await beginPlanned({ ledger }, { by }, { plan, filter, ...wish })
  if (begun.kind === 'refused') throw stop(begun.reason)
  if (json) printJson(terminal, retryPlanJson(plan, begun.run))
  else for (const line of await nextSteps(ledger, begun.run, variables)) print(terminal, line)
}

function whyOf({ id, because, reason, force }: RetryOptions & { id: number | null }): string | null {
  const why = because ?? (id === null ? null : (reason ?? null))
  if (force && !why?.trim()) {
    throw new PostriderError(
      'USAGE',
      '--force sends messages once more that were sent, or may have been: say why, --because "…"',
    )
  }
  return why
}

function listOptionsOf(options: RetryOptions): ListOptions<MessageState> {
  const { force: _f, late: _l, because: _b, by: _o, plan: _p, yes: _y, limit, ...filter } = options
  const { id: _i, ...list } = filter as typeof filter & { id?: null }
  return { ...list, limit: Math.min(limit ?? MOST_IN_RUN + 1, MOST_IN_RUN + 1) }
}

async function chosenIn(ledger: Ledger, filter: ChosenMessages): Promise<readonly number[]> {
  const chosen = await chooseMessages({ ledger }, filter)
  if (chosen.kind === 'chosen') return chosen.ids
  throw new PostriderError(
    'REFUSED',
    `More than ${MOST_IN_RUN} messages match. Narrow the filter, or say --limit.`,
  )
}

function printPlan(plan: RetryPlan, terminal: Terminal): void {
  if (plan.messages > 0) print(terminal, `Of ${messages(plan.messages)}: ${saidOf(plan)}.`)
  printTable(
    terminal,
    ['OUTCOME', 'CODE', 'MESSAGES', 'SUCH AS', 'REASON'],
    plan.outcomes.map(({ outcome, code, count, examples, reason }) => [
      outcome,
      code,
      count,
      examples.join(' '),
      reason,
    ]),
    'No messages match.',
  )
}

async function nextSteps(ledger: Ledger, { id, total }: Run, variables: Variables): Promise<string[]> {
  const who = (await serviceRuns(ledger, variables))
    ? 'The running service re-triggers them, so many at a time that others are sent too.'
    : 'No service runs with this ledger: it begins when one is started.'
  return [
    `Run ${id} has begun with ${messages(total)}. ${who}`,
    `How far it is: npx postrider runs show ${id} --watch`,
    `To stop it: npx postrider runs stop ${id}`,
  ]
}

function messages(count: number): string {
  return `${count} message${count === 1 ? '' : 's'}`
}

function barFor(total: number, { err }: Terminal): SingleBar | null {
  if (!err.isTTY || total < BAR_FROM) return null
  const format = '{bar} {value}/{total} foreseen, {eta} s left'
  const bar = new SingleBar({ stream: err, clearOnComplete: true, format })
  bar.start(total, 0)
  return bar
}

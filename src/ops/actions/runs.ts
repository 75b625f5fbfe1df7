import { planRetries, type RetryPlan } from '../../deliver/foresee.ts'
import type { MessageFilter } from '../../ledger/reads.ts'
import type { Run, RunFilter } from '../../ledger/run.ts'
import { IDENTIFIERS } from '../../message.ts'
import { payloadOf } from '../../receive/sources/read.ts'
import { type ActionDeps, type By, type Missing, missing, type Refused, refused } from './outcome.ts'

/** More are seldom meant; who means them makes several runs of it. */
export const MOST_IN_RUN = 100_000

/** Which messages are to be re-triggered. `limit`: at most so many, oldest first. */
export type ChosenMessages = Omit<MessageFilter, 'limit'> & { limit?: number }
/** `force`: also what was sent before, or may have been. `late`: also what is past its time, which begins anew. */
export type RunWish = { force: boolean; late: boolean; reason: string | null }

type Deps = Pick<ActionDeps, 'ledger' | 'config'>

/** The messages that a filter selects, lowest first; refused where they are too many for one run. */
export async function chooseMessages(
  { ledger }: Pick<Deps, 'ledger'>,
  filter: ChosenMessages,
): Promise<{ kind: 'chosen'; ids: readonly number[] } | Refused> {
  const limit = Math.min(filter.limit ?? MOST_IN_RUN + 1, MOST_IN_RUN + 1)
  const ids = await ledger.reads.messageIds({ ...filter, limit })
  return ids.length > MOST_IN_RUN
    ? refused(`More than ${MOST_IN_RUN} messages match. Narrow the filter, or give a limit.`)
    : { kind: 'chosen', ids }
}

/** What would become of these messages if they were re-triggered now, by a run, or `alone` one by its number. Changes nothing. `foreseen`: called with how many were, from time to time. */
export async function planRun(
  { ledger, config }: Deps,
  { by }: By,
  { ids, ...wish }: RunWish & { ids: readonly number[]; alone?: boolean },
  foreseen?: (count: number) => void,
): Promise<RetryPlan> {
  const deps = { ledger, config, payloadOf: payloadOf(config) }
  return planRetries(ids, { by, ...wish }, deps, foreseen)
}

/** Begins a run of what a plan found to be retriable; the service performs it. `seen`: how many attempts each message had where somebody looked at an earlier plan of the same. */
export async function beginPlanned(
  { ledger }: Pick<Deps, 'ledger'>,
  { by }: By,
  {
    plan,
    filter,
    force,
    late,
    reason,
    seen,
  }: RunWish & { plan: RetryPlan; filter: ChosenMessages; seen?: ReadonlyMap<number, number> },
): Promise<{ kind: 'begun'; run: Run } | Refused> {
  if (plan.retriable.length === 0) return refused('There is nothing to re-trigger.')
  const acted = await ledger.beginRun({
    by,
    force,
    late,
    reason,
    filter: toldOf(filter),
    messageIds: plan.retriable,
    attempts: plan.retriable.map((id, n) => seen?.get(id) ?? plan.attempts[n] ?? 0),
  })
  return acted.kind === 'done' ? { kind: 'begun', run: acted.run } : acted
}

/** Chooses, plans and begins. */
export async function beginRun(
  deps: Deps,
  by: By,
  { filter, ...wish }: RunWish & { filter: ChosenMessages },
): Promise<{ kind: 'begun'; run: Run; plan: RetryPlan } | Refused> {
  if (wish.force && !wish.reason?.trim()) return refused(FORCE_NEEDS_REASON)
  const chosen = await chooseMessages(deps, filter)
  if (chosen.kind === 'refused') return chosen
  const plan = await planRun(deps, by, { ids: chosen.ids, ...wish })
  const begun = await beginPlanned(deps, by, { plan, filter, ...wish })
  return begun.kind === 'refused' ? begun : { ...begun, plan }
}

const FORCE_NEEDS_REASON =
  'Force sends messages once more that were sent, or may have been: give the reason why.'

/** Of a run that is stopped no further message is re-triggered. */
export async function stopRun(
  { ledger }: Pick<Deps, 'ledger'>,
  { by }: By,
  { id }: { id: number },
): Promise<{ kind: 'stopped'; run: Run } | Missing | Refused> {
  const acted = await ledger.stopRun(id, by)
  if (acted.kind === 'done') return { kind: 'stopped', run: acted.run }
  return (await ledger.reads.run(id)) === null ? missing(acted.reason) : acted
}

/** The filter as a run keeps it: of the customer only by what they were named. */
function toldOf({ customer, limit, ...filter }: ChosenMessages): RunFilter {
  const named = IDENTIFIERS.filter((name) => customer?.[name] !== undefined)
  return {
    ...filter,
    ...(named.length === 0 ? {} : { customer: named }),
    ...(limit === undefined || limit > MOST_IN_RUN ? {} : { limit }),
  }
}

/** By what the messages of a run were chosen, in words. `time`: how epoch milliseconds are written. */
export function chosenBy({ filter }: Pick<Run, 'filter'>, time: (at: number) => string): string {
  const words = Object.entries(filter).map(([name, value]) => {
    if (name === 'since' || name === 'until') return `${name} ${time(Number(value))}`
    if (name === 'customer' && Array.isArray(value)) return `one customer’s ${value.join(', ')}`
    return `${name} ${String(value)}`
  })
  return words.join(', ') || 'their numbers'
}

/** What a plan says of each group, after how many they are. */
const WORDS: Readonly<Record<string, string>> = {
  sent: 'would be sent',
  'sent sent-before': 'would be sent once more',
  'sent unconfirmed': 'would be sent though nobody knows whether they were',
  'sent cancelled': 'would be sent though they were cancelled',
  'sent expired': 'would be sent late',
  'refused sent-before': 'were sent already',
  'refused unconfirmed': 'are unconfirmed',
  'refused expired': 'expired',
  'refused scheduled': 'are scheduled already',
  'refused sending': 'are being sent',
  'refused key-taken': 'have a key (once) that another message holds',
  'refused in-run': 'wait in another run already',
  'refused changed': 'were tried since',
  'refused removed': 'have no text and no customer any more (retention)',
  'refused missing': 'do not exist',
  'skipped suppressed': 'are suppressed',
  'skipped no-consent': 'have no consent',
  'skipped cap': 'are over the cap',
  'skipped shadow': 'are of routes in shadow',
  'skipped route-off': 'are of routes that are off or gone',
  'skipped only-to': 'are to customers who are not in onlyTo',
  'deferred cap': 'would wait for room under the cap',
  'paused brake': 'would wait because of the brake',
  'paused operator': 'would wait for the end of a pause',
  'failed template-error': 'would fail: their template is wrong',
  'cancelled cancelled': 'are pointless because of a later event',
}

/** What would become of a group of a plan, in words that follow how many they are: `would be sent`. */
export function wordsOf({ outcome, code }: Pick<RetryPlan['outcomes'][number], 'outcome' | 'code'>): string {
  return (
    WORDS[code === null ? outcome : `${outcome} ${code}`] ?? `${outcome}${code === null ? '' : ` (${code})`}`
  )
}

/** All of a plan in one line, `12 would be sent, 30 were sent already`. `count`: how a number is written. */
export function saidOf(
  { outcomes }: Pick<RetryPlan, 'outcomes'>,
  count: (of: number) => string = String,
): string {
  return outcomes.map((one) => `${count(one.count)} ${wordsOf(one)}`).join(', ')
}

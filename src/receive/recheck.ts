import type { Source } from '../config/config.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger, Recordable, Recorded } from '../ledger/ledger.ts'
import type { RefusedKept, RefusedWhole } from '../ledger/reads.ts'
import { type Judged, judge, type ReceiveDeps } from './receive.ts'

/** Commits that are made together, few enough that a running service beside it hardly waits. */
const BATCH = 100
const PAGE = 1_000

/** What came of looking again at refused deliveries. */
export type Rechecked = {
  /** How many were looked at: kept, and not taken in before. */
  deliveries: number
  /** Proved to be authentic, and are taken in. */
  accepted: number
  /** Had been taken in by an earlier look. */
  acceptedBefore: number
  /** Too large to be kept with their body, so that nothing can be said of them. */
  withoutBody: number
  /** Of those that are refused still, how many for which reason; `ping`: asks whether somebody is there, and holds nothing; `fault`: could not be looked at. */
  refused: Record<string, number>
  /** Of those that were taken in. `recorded` are new; of these, `unreadable` and `unplanned` ones need somebody. `known`: came again since, and were taken in then. */
  events: { recorded: number; known: number; unreadable: number; unplanned: number }
  /** Planned for the new events. */
  messages: number
  /** Of these, how many are past their `expireAt` by now, and will be skipped. */
  expired: number
}

type Deps = Pick<ReceiveDeps, 'config' | 'plan'> & {
  ledger: Pick<Ledger, 'record' | 'acceptRefused' | 'reads'>
  now: () => number
}

/**
 * Verifies what was refused of a source with its present secrets, as of its arrival, the oldest first; what proves authentic is recorded as if it had been accepted then, and marked. What is on disk already is known, however
 * often this is done. Times: epoch milliseconds of receipt. `onDone`: how many of how many. Rejects with what the ledger says.
 */
export async function recheckRefused(
  { source, since, until, by }: { source: Source; since?: number; until?: number; by: string },
  deps: Deps,
  onDone: (done: number, total: number) => void = () => {},
): Promise<Rechecked> {
  const span = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
  const kept = await allOf({ source: source.name, ...span }, deps)
  const waiting = kept.filter(({ acceptedAt }) => acceptedAt === null).toReversed()
  const rechecked: Rechecked = {
    deliveries: waiting.length,
    accepted: 0,
    acceptedBefore: kept.length - waiting.length,
    withoutBody: 0,
    refused: {},
    events: { recorded: 0, known: 0, unreadable: 0, unplanned: 0 },
    messages: 0,
    expired: 0,
  }
  onDone(0, waiting.length)
  for (let from = 0; from < waiting.length; from += BATCH) {
    const batch = waiting.slice(from, from + BATCH)
    try {
      await recheck(batch, { source, by }, deps, rechecked)
    } catch (error) {
      if (!(error instanceof PostriderError)) throw error
      const before = `${from} of ${waiting.length} were looked at before; run it again for the others, what is recorded already is known then.`
      throw new PostriderError(error.code, `${error.message} ${before}`, { cause: error })
    }
    onDone(from + batch.length, waiting.length)
  }
  return rechecked
}

async function recheck(
  batch: readonly RefusedKept[],
  { source, by }: { source: Source; by: string },
  deps: Deps,
  rechecked: Rechecked,
): Promise<void> {
  const wholes = await Promise.all(batch.map(({ id }) => deps.ledger.reads.refusedDelivery(id)))
  const authentic: { id: number; entries: readonly Recordable[] }[] = []
  for (const whole of wholes) {
    // It became too old meanwhile.
    if (whole === null) rechecked.deliveries -= 1
    else if (whole.body === null) rechecked.withoutBody += 1
    else {
      const judged = judgedAgain({ ...whole, body: whole.body }, source, deps)
      if (judged.kind === 'authentic') authentic.push({ id: whole.id, entries: judged.entries })
      else {
        const reason = judged.kind === 'refused' ? judged.reason : judged.kind
        rechecked.refused[reason] = (rechecked.refused[reason] ?? 0) + 1
      }
    }
  }
  // In the order of their arrival, each a commit of its own that they may share.
  const recorded = await Promise.all(
    authentic.map(({ entries }) => (entries.length === 0 ? [] : deps.ledger.record(entries))),
  )
  for (const [n, { entries }] of authentic.entries()) count(entries, recorded[n] ?? [], deps.now(), rechecked)
  rechecked.accepted += authentic.length
  // Where the process ends before this, they are looked at again, and known.
  if (authentic.length > 0) {
    await deps.ledger.acceptRefused(
      authentic.map(({ id }) => id),
      { source: source.name, by },
    )
  }
}

/** One that nobody foresaw must not keep the others out. */
function judgedAgain(
  whole: RefusedWhole & { body: Buffer },
  source: Source,
  deps: Deps,
): Judged | { kind: 'fault' } {
  const { method, target, rawHeaders, body, receivedAt } = whole
  try {
    return judge({ source: source.name, method, target, rawHeaders, body, receivedAt }, source, deps)
  } catch {
    return { kind: 'fault' }
  }
}

function count(entries: readonly Recordable[], recorded: Recorded, now: number, sum: Rechecked): void {
  for (const [n, entry] of entries.entries()) {
    const one = recorded[n]
    if (one === undefined) throw new Error('the ledger did not say what became of the event')
    if (one.kind === 'known') {
      sum.events.known += 1
      continue
    }
    sum.events.recorded += 1
    if (one.kind === 'set-aside' || entry.kind === 'unreadable') sum.events.unreadable += 1
    else if (one.kind === 'replayed' || entry.plan.state === 'unplanned') sum.events.unplanned += 1
    if (one.kind !== 'recorded' || entry.kind === 'unreadable') continue
    sum.messages += one.messageIds.length
    sum.expired += entry.plan.messages.filter(
      ({ state, expireAt }) => state === 'scheduled' && expireAt < now,
    ).length
  }
}

/** Newest first. */
async function allOf(
  filter: { source: string; since?: number; until?: number },
  { ledger }: Pick<Deps, 'ledger'>,
): Promise<RefusedKept[]> {
  const all: RefusedKept[] = []
  for (;;) {
    const before = all.at(-1)?.id
    const page = await ledger.reads.refusedDeliveries({
      ...filter,
      ...(before === undefined ? {} : { before }),
      limit: PAGE,
    })
    all.push(...page)
    if (page.length < PAGE) return all
  }
}

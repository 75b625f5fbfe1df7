import type { Config, Source } from '../../config/config.ts'
import { CLI_SOURCE, type Event, type EventState, type ReadEvent, type UnreadableEvent } from '../../event.ts'
import type { EventFilter } from '../../ledger/reads.ts'
import { goneReason } from '../../ledger/retention.ts'
import { planEvent } from '../../plan/plan.ts'
import { NOTHING_SAID, recordableOf } from '../../receive/recordable.ts'
import { readAgain, readPartsAgain } from '../../receive/sources/read.ts'
import { type ActionDeps, type By, type Missing, missing, type Refused, refused } from './outcome.ts'

type Deps = Pick<ActionDeps, 'ledger' | 'config'>

/** What planning an event again came to. `added`: messages that it did not have. */
export type Replanned = { id: number; state: EventState; added: number; reason: string | null }

/** So many are read at once, with their bodies. */
const AT_ONCE = 200

/** Whether every event has its messages now, or is known to have none. */
export function isWell(outcomes: readonly Replanned[]): boolean {
  return outcomes.every(({ state }) => state === 'planned' || state === 'unrouted')
}

/** Why an event cannot be planned again; null where it can. */
export function whyNotPlannable(
  { id, source: name, removed }: Event,
  config: Config,
): Missing | Refused | null {
  if (removed !== undefined) return refused(goneReason(`Event ${id}`, removed))
  if (name === CLI_SOURCE) {
    return refused(
      `Event ${id} was planned by postrider send, and not by routes: there is nothing to plan again. postrider events show ${id} lists its message, and postrider messages retry re-triggers that; another text or other customers: postrider send.`,
    )
  }
  return config.sources.has(name)
    ? null
    : missing(`Event ${id} came from ${name}, which is no longer in the configuration.`)
}

/** Plans one event again under the present configuration and adds what is missing: messages of routes that have none. */
export async function replanEvent(
  deps: Deps,
  by: By,
  { id }: { id: number },
): Promise<{ kind: 'done'; replanned: Replanned } | Missing | Refused> {
  const event = await deps.ledger.reads.event(id)
  if (!event) return missing(`There is no event ${id}.`)
  return whyNotPlannable(event, deps.config) ?? { kind: 'done', replanned: await replan(deps, by, event) }
}

/**
 * Plans these events again, lowest first. What cannot be planned stays as it is, with its reason, and the others are planned; what `postrider send` planned has no route that could plan it
 * again, and is left out.
 */
export async function replanEvents(
  deps: Deps,
  by: By,
  { ids }: { ids: readonly number[] },
): Promise<Replanned[]> {
  const outcomes: Replanned[] = []
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const events = await deps.ledger.reads.eventsById(ids.slice(from, from + AT_ONCE))
    for (const event of events.sort((a, b) => a.id - b.id)) {
      const { id, state, source } = event
      if (source === CLI_SOURCE) continue
      if (event.removed !== undefined) outcomes.push({ id, state, added: 0, reason: event.removed })
      else if (deps.config.sources.has(source)) outcomes.push(await replan(deps, by, event))
      else outcomes.push({ id, state, added: 0, reason: `${source} is no longer in the configuration` })
    }
  }
  return outcomes
}

/** At most so many of what a filter selects are planned again at a time. */
export const MOST_REPLANNED = 1_000
/** More ids are not looked through for where one goes on. */
const MOST_CHOSEN = 100_000

/**
 * Plans again what a filter selects, `MOST_REPLANNED` at most. `after`: only events with a greater id, so that those that still cannot be planned are not planned over and over. `next`: as `after`
 * for those that are left; null: none is.
 */
export async function replanChosen(
  deps: Deps,
  by: By,
  { filter, after = 0 }: { filter: Omit<EventFilter, 'limit'>; after?: number },
): Promise<{ kind: 'done'; outcomes: Replanned[]; next: number | null } | Refused> {
  const ids = await deps.ledger.reads.eventIds({ ...filter, limit: MOST_CHOSEN + 1 })
  if (ids.length > MOST_CHOSEN) return refused(`More than ${MOST_CHOSEN} events match. Narrow the filter.`)
  const left = ids.filter((id) => id > after)
  const now = left.slice(0, MOST_REPLANNED)
  const outcomes = await replanEvents(deps, by, { ids: now })
  return { kind: 'done', outcomes, next: left.length > now.length ? (now.at(-1) ?? null) : null }
}

/** What planning events again would come to. `events`: how many would be looked at now. `added`: messages by route, and of them how many are past their time already. `left`: events that still could not be planned. */
export type ReplanForesight = {
  events: number
  added: readonly { route: string; count: number; expired: number }[]
  left: number
  /** Whether more events match than are planned at a time. */
  more: boolean
}

/** What `replanChosen` would do. Changes nothing: it reads and plans as that does, and writes nothing down. */
export async function foreseeReplan(
  { ledger, config, clock }: Deps & Pick<ActionDeps, 'clock'>,
  { filter, after = 0 }: { filter: Omit<EventFilter, 'limit'>; after?: number },
): Promise<({ kind: 'foreseen' } & ReplanForesight) | Refused> {
  const ids = await ledger.reads.eventIds({ ...filter, limit: MOST_CHOSEN + 1 })
  if (ids.length > MOST_CHOSEN) return refused(`More than ${MOST_CHOSEN} events match. Narrow the filter.`)
  const left = ids.filter((id) => id > after)
  const now = left.slice(0, MOST_REPLANNED)
  const added = new Map<string, { count: number; expired: number }>()
  let unplanned = 0
  for (let from = 0; from < now.length; from += AT_ONCE) {
    const some = now.slice(from, from + AT_ONCE)
    const [events, messages] = await Promise.all([
      ledger.reads.eventsById(some),
      ledger.reads.messagesOf(some),
    ])
    const there = new Set(messages.map(({ eventId, route }) => `${eventId} ${route}`))
    for (const event of events) {
      const planned = foreseenOf(event, config)
      if (!planned.isWell) unplanned += 1
      for (const { route, expireAt } of planned.messages) {
        if (there.has(`${event.id} ${route}`)) continue
        const { count, expired } = added.get(route) ?? { count: 0, expired: 0 }
        added.set(route, { count: count + 1, expired: expired + (expireAt < clock.now() ? 1 : 0) })
      }
    }
  }
  return {
    kind: 'foreseen',
    events: now.length,
    added: [...added].map(([route, counts]) => ({ route, ...counts })),
    left: unplanned,
    more: left.length > now.length,
  }
}

/** What an event would be planned as now. One that is a whole delivery of several comes apart. */
function foreseenOf(event: Event, config: Config) {
  const source = config.sources.get(event.source)
  if (!source || event.removed !== undefined) return { isWell: false, messages: [] }
  const parts = event.type === '' ? readPartsAgain(event, source) : null
  const plans = (parts ?? [readAgain(event, config)]).map((read) =>
    'reason' in read ? null : planEvent(read, config),
  )
  return {
    isWell: plans.every((plan) => plan !== null && plan.state !== 'unplanned'),
    messages: plans.flatMap((plan) => plan?.messages ?? []),
  }
}

/** Plans one event again. Its source must be in the configuration. */
export async function replan({ ledger, config }: Deps, { by }: By, event: Event): Promise<Replanned> {
  const source = config.sources.get(event.source)
  // Without a type it was never read as one event.
  const parts = source && event.type === '' ? readPartsAgain(event, source) : null
  if (source && parts) return replanParts({ ledger, config }, { by }, event, source, parts)
  const read = readAgain(event, config)
  if ('reason' in read) return { id: event.id, state: 'unreadable', added: 0, reason: read.reason }
  const plan = planEvent(read, config)
  // What such an event reports was marked when it was recorded, and its reason says what: a plan of nothing must not take its place.
  if (read.undelivered && plan.state === 'unrouted') {
    const reason =
      event.state === 'unreadable'
        ? 'it can be read now; what it reports is marked when it is delivered again'
        : event.reason
    return { id: event.id, state: event.state, added: 0, reason }
  }
  const { added, known } = await ledger.addPlan(event.id, plan, read, by)
  if (known)
    return { id: event.id, state: 'unrouted', added, reason: 'it came again since and was recorded then' }
  return { id: event.id, state: plan.state, added, reason: plan.reason }
}

/** A delivery that was kept whole, because nobody could tell its events apart: they are recorded now, each as if it had just come. */
async function replanParts(
  { ledger, config }: Deps,
  { by }: By,
  { id }: Event,
  source: Source,
  parts: readonly (ReadEvent | UnreadableEvent)[],
): Promise<Replanned> {
  const { version: configVersion } = config
  const recorded = await ledger.record(
    parts.map((event) => recordableOf(event, source, { config, plan: planEvent })),
  )
  const ids = recorded.flatMap((one) => ('eventId' in one ? one.eventId : []))
  const added = recorded.reduce((sum, one) => sum + ('messageIds' in one ? one.messageIds.length : 0), 0)
  const reason = `it is a delivery of ${parts.length} events, which are events of their own now: ${ids.join(', ') || 'all of them known already'}`
  const none = { notes: [], messages: [], configVersion, ...NOTHING_SAID }
  await ledger.addPlan(id, { state: 'unrouted', reason, ...none }, null, by)
  return { id, state: 'unrouted', added, reason }
}

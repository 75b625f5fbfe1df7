import { SingleBar } from 'cli-progress'
import type { Config, Route } from '../config/config.ts'
import type { Event } from '../event.ts'
import type { MessageEnd } from '../ledger/history.ts'
import type { Reads } from '../ledger/reads.ts'
import { createSimulation, type Simulation } from '../plan/simulate.ts'
import { createReport, type Note, type Report } from '../plan/simulate-report.ts'
import type { Terminal } from './output.ts'
import { createReplan, type Replanned } from './simulate-plan.ts'
import { type Counts, createTally, type Fault, type Span } from './simulate-tally.ts'

export type Walked = Report & { counts: Counts; faults: Fault[] }

type History = Pick<Reads, 'eventsAfter' | 'countEvents' | 'messagesOf' | 'wishesOf'>

/** Read at once: a few megabytes. */
const PAGE = 1_000
/** Fewer are over before a bar is read. */
const BAR_FROM = 2_000
const LONGEST_LEAD_MS = 31 * 86_400_000

/**
 * How long before the span the walk has to begin, so that caps, brakes and keys know what came before: the longest time that a route looks back, but no
 * more than 31 days.
 */
export function leadOf(routes: readonly Route[]): number {
  const looks = routes.map(({ cap, brake, oncePerMs, delayMs }) =>
    Math.max(cap?.perMs ?? 0, brake?.perMs ?? 0, oncePerMs ?? 0, delayMs),
  )
  return Math.min(LONGEST_LEAD_MS, Math.max(0, ...looks))
}

/** Goes through the stored events of a span, those before it that matter, and those after it while a message of the span still has its time before it. */
export async function walk(
  reads: History,
  config: Config,
  { samples, ...span }: Span & { samples: number },
  { err }: Pick<Terminal, 'err'>,
): Promise<Walked> {
  const since = span.since - leadOf(config.routes)
  const tally = createTally(span)
  const report = createReport({ samples, fault: tally.fault })
  const simulation = createSimulation<Note>({
    defaultCountry: config.genesys.defaultCountry,
    isAwaited: ({ isCounted }) => isCounted,
    ended: report.ended,
  })
  const replan = createReplan(config, report.wants)
  const recall = createRecall(reads, simulation, since)
  const bar = err.isTTY ? barOf(err, await reads.countEvents({ since, until: span.until })) : null
  try {
    pages: for await (const page of pagesOf(reads, since)) {
      const again = []
      for (const stored of page) {
        const place = tally.place(stored.event)
        again.push({ ...stored, ...place, replanned: await replan({ ...stored, ...place }) })
      }
      await recall(again.map(({ replanned }) => replanned))
      for (const { event, messages, isCounted, isPast, replanned } of again) {
        if (isPast && simulation.awaited() === 0) break pages
        if (replanned.kind === 'planned') simulation.record(replanned.planned)
        bar?.increment()
        if (!isCounted) {
          tally.passed()
          continue
        }
        tally.add(event, replanned)
        if (replanned.kind === 'by-hand') continue
        const isPlanned = plannedRoutes(replanned)
        for (const was of messages) if (!isPlanned.has(was.route)) report.gone(was, event.id)
        if (replanned.kind === 'planned') for (const { route } of replanned.failed) report.unplanned(route)
      }
    }
  } finally {
    bar?.stop()
  }
  simulation.finish()
  return { ...report.result(), ...tally.result() }
}

function plannedRoutes(replanned: Replanned): ReadonlySet<string> {
  const messages = replanned.kind === 'planned' ? replanned.planned.messages : []
  return new Set(messages.map(({ planned }) => planned.route))
}

/** Events in the order of their receipt, each with its messages. */
async function* pagesOf(reads: History, since: number) {
  let after: Event | null = null
  for (;;) {
    const events: Event[] = await reads.eventsAfter(after, { since, limit: PAGE })
    const messages: MessageEnd[] = await reads.messagesOf(events.map(({ id }) => id))
    const byEvent = Map.groupBy(messages, ({ eventId }) => eventId)
    yield events.map((event) => ({ event, messages: byEvent.get(event.id) ?? [] }))
    after = events.at(-1) ?? null
    if (events.length < PAGE) return
  }
}

/**
 * Tells a simulation what the ledger knows of customers when they are first met: what they said before the walk began at `since`, what operators refused for them, and what
 * Genesys reported. What events say within the walk, it finds out itself.
 */
function createRecall(reads: Pick<History, 'wishesOf'>, simulation: Simulation<Note>, since: number) {
  const met = new Set<string>()

  return async (page: readonly Replanned[]): Promise<void> => {
    const named = page.flatMap((one) =>
      one.kind === 'planned' ? one.planned.messages.flatMap(({ planned }) => planned.names) : [],
    )
    const names = [...new Set(named)].filter((name) => !met.has(name))
    for (const name of names) met.add(name)
    for (const wish of await reads.wishesOf(names)) {
      const { name } = wish
      if (wish.kind === 'consent') {
        if (wish.at < since) simulation.consented(name, wish)
      } else if (wish.by !== 'suppressOn' || wish.since < since) {
        simulation.refused(name, wish.channel, wish)
      }
    }
  }
}

function barOf(stream: NodeJS.WritableStream, total: number): SingleBar | null {
  if (total < BAR_FROM) return null
  const format = '{bar} {value}/{total} events, {eta} s left'
  const bar = new SingleBar({ stream, clearOnComplete: true, format })
  bar.start(total, 0)
  return bar
}

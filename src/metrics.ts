import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { EventState } from './event.ts'
import { CHANNELS, type Channel } from './message.ts'

/**
 * What is counted on the way of an event: in memory, from 0 at each start of the process, never rejecting and never waiting. Durations: milliseconds.
 */
export type Counts = {
  /** An event came in with a delivery that was accepted. `state` null: it was known already. */
  received(source: string, state: EventState | null): void
  refused(source: string, reason: string): void
  /** A message was recorded, in whatever state. */
  planned(route: string): void
  /** Events were on disk so long after they were handed to the ledger. */
  committed(ms: number): void
  /** Genesys Cloud answered a send, or did not, after so long. */
  attempted(channel: Channel, outcome: Attempted, ms: number): void
  /** A message came to a state. */
  became(state: Became, route: string, code: string): void
}

/** An attempt's outcome; a message's state, of those that are counted. */
export type Attempted = 'sent' | 'failed' | 'unconfirmed'
export type Became = 'sent' | 'failed' | 'unconfirmed' | 'skipped'

export type Metrics = {
  counts: Counts
  /** All that is served; who knows more than this process counts adds to it. */
  registry: Registry
}

/** What stands for names that are not the configuration's, and for codes beyond `MOST_WORDS`. */
export const OTHER = '(other)'

/** Codes and reasons are words of the program, some sixty. More than this are none of them, and a series is never taken back. */
const MOST_WORDS = 100

/** A commit takes a fraction of a millisecond on a fast disk and 5 s where a sender has given up (HubSpot). */
const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** Up to a request's time-out, 16 s. */
const SEND_SECONDS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 16]

/**
 * The counters of a process, in a registry of its own: two services in one process do not meet. No label has a value that somebody outside could choose: `sources` and `routes` are the names of the
 * configuration and of the program; any other counts as OTHER. `process`: with the usual figures of the process itself.
 */
export function createMetrics(options: {
  sources: Iterable<string>
  routes: Iterable<string>
  process?: boolean
}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const source = among(options.sources)
  const route = among(options.routes)
  const word = few(MOST_WORDS)

  const received = new Counter({
    name: 'postrider_events_received_total',
    help: 'Events of deliveries that were accepted, those that were known already too.',
    labelNames: ['source'],
    registers,
  })
  const recorded = new Counter({
    name: 'postrider_events_recorded_total',
    help: 'Events that were new and are on disk, by what planning made of them.',
    labelNames: ['source', 'state'],
    registers,
  })
  const refused = new Counter({
    name: 'postrider_deliveries_refused_total',
    help: 'Deliveries that were not accepted; (unknown) stands for every name that is no source.',
    labelNames: ['source', 'reason'],
    registers,
  })
  const planned = new Counter({
    name: 'postrider_messages_planned_total',
    help: 'Messages that were recorded with their events.',
    labelNames: ['route'],
    registers,
  })
  const byRoute = (state: 'sent' | 'unconfirmed', help: string) =>
    new Counter({ name: `postrider_messages_${state}_total`, help, labelNames: ['route'], registers })
  const byCode = (state: 'failed' | 'skipped', help: string) =>
    new Counter({ name: `postrider_messages_${state}_total`, help, labelNames: ['route', 'code'], registers })
  const sent = byRoute('sent', 'Messages that Genesys Cloud accepted, or that were found there.')
  const unconfirmed = byRoute('unconfirmed', 'Messages of which nobody knew whether they were sent.')
  const failed = byCode('failed', 'Messages that failed and are not tried again.')
  const skipped = byCode('skipped', 'Messages that were not to be sent when their time came.')
  const attempts = new Counter({
    name: 'postrider_attempts_total',
    help: 'Tries at sending, also those that are tried again.',
    labelNames: ['channel', 'outcome'],
    registers,
  })
  const commit = new Histogram({
    name: 'postrider_record_commit_seconds',
    help: 'From handing a delivery to the ledger until it is on disk.',
    buckets: COMMIT_SECONDS,
    registers,
  })
  const send = new Histogram({
    name: 'postrider_send_seconds',
    help: 'How long Genesys Cloud took to answer a send.',
    labelNames: ['channel'],
    buckets: SEND_SECONDS,
    registers,
  })
  if (options.process) collectDefaultMetrics({ register: registry })

  // From 0 on: of a series that begins at 1 nobody sees that it rose.
  for (const name of options.sources) received.inc({ source: name }, 0)
  for (const name of options.routes) {
    for (const counter of [planned, sent, unconfirmed]) counter.inc({ route: name }, 0)
  }
  for (const channel of CHANNELS) attempts.inc({ channel, outcome: 'sent' }, 0)

  return {
    registry,
    counts: {
      received(name, state) {
        received.inc({ source: source(name) })
        if (state !== null) recorded.inc({ source: source(name), state })
      },
      refused: (name, reason) => refused.inc({ source: source(name), reason: word(reason) }),
      planned: (name) => planned.inc({ route: route(name) }),
      committed: (ms) => commit.observe(ms / 1000),
      attempted(channel, outcome, ms) {
        attempts.inc({ channel, outcome })
        send.observe({ channel }, ms / 1000)
      },
      became(state, name, code) {
        const labels = { route: route(name) }
        if (state === 'sent') sent.inc(labels)
        else if (state === 'unconfirmed') unconfirmed.inc(labels)
        else (state === 'failed' ? failed : skipped).inc({ ...labels, code: word(code) })
      },
    },
  }
}

/** One of these names, or OTHER. */
export function among(names: Iterable<string>): (name: string) => string {
  const known = new Set(names)
  return (name) => (known.has(name) ? name : OTHER)
}

/** The first `most` different words; OTHER for those that come later. */
function few(most: number): (word: string) => string {
  const known = new Set<string>()
  return (word) => {
    if (known.size < most) known.add(word)
    return known.has(word) ? word : OTHER
  }
}

import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { Instance } from '../ledger/instances.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Backlog, Trouble } from '../ledger/overview.ts'
import type { Run } from '../ledger/run.ts'
import type { Pause } from '../message.ts'
import { among } from '../metrics.ts'
import type { Expected } from './attention.ts'
import type { Readiness } from './health.ts'
import { configVersionsOf } from './instances.ts'
import { covers } from './pause-cause.ts'
import { isRefusing } from './refusing.ts'

export type GaugeDeps = {
  /** What this process counts. */
  registry: Registry
  ledger: Pick<Ledger, 'untold' | 'pauses'> & {
    reads: Pick<Ledger['reads'], 'trouble' | 'backlog' | 'runs' | 'instances'>
  }
  /** The names that a label may have. */
  sources: Iterable<string>
  routes: Iterable<string>
  expected: readonly Expected[]
  about: { sendsTo: string; configVersion: string }
  readiness: () => Promise<Readiness>
  /** Calls a minute: those of the configuration, and those that may be made now; how many this process made. */
  budget: { ceiling: number; perMinute(): number; taken(): number }
  clock: Clock
}

/** Prometheus gives up after 10 s by default. What is not answered by then is left out, and said to be. */
const PATIENCE_MS = 3_000
/** Runs are few; those behind so many wait for them anyway. */
const MOST_RUNS = 100

/** What only the ledger knows. */
type Looked = {
  trouble: Trouble
  backlog: readonly Backlog[]
  runs: readonly Run[]
  pauses: readonly Pause[]
  untold: number
  instances: readonly Instance[]
}

/**
 * Adds to the registry what is known only when somebody looks; what this answers looks, and sets it. Never rejects, and takes three seconds at most: what the ledger does not say by then is left
 * out, because what was true a while ago must not look as if it were now.
 */
export function createGauges(deps: GaugeDeps): () => Promise<void> {
  const { ledger, clock, budget, registry } = deps
  const source = among(deps.sources)
  const route = among(deps.routes)
  const forget: (() => void)[] = []
  const gauge = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) => {
    const made = new Gauge<Label>({ name: `postrider_${name}`, help, labelNames, registers: [registry] })
    // Reset, one without labels would be 0.
    forget.push(() => (labelNames.length === 0 ? made.remove() : made.reset()))
    return made
  }

  const info = gauge('info', 'Where this process sends, and its configuration.', 'sends_to', 'config')
  const ceiling = gauge('budget_ceiling_calls', 'Calls a minute, as genesys.rateLimitPerMinute says.')
  const allowed = gauge('budget_allowed_calls', 'Calls a minute now: fewer while Genesys Cloud says so.')
  const calls = new Counter({
    name: 'postrider_budget_calls_total',
    help: 'Calls that took their place in the budget.',
    registers: [registry],
  })
  const ready = gauge('ready', '1: an event could be recorded now, as /health/ready says.')
  const waiting = gauge('deliveries_waiting', 'Deliveries between their last byte and their answer.')
  const inFlight = gauge('messages_in_flight', 'Messages whose lease this process holds.')
  const answered = gauge('ledger_read', '1: the ledger answered; 0: what only it knows is left out.')

  const due = gauge('messages_due', 'Messages due and not sent, at most 10000 a lane.', 'route', 'channel')
  const oldest = gauge('oldest_due_age_seconds', 'For how long the oldest of them has been due.', 'paused')
  const scheduled = gauge('messages_scheduled', 'Messages that wait for their time or place; at most 10000.')
  const unconfirmed = gauge(
    'messages_unconfirmed',
    'Messages of which nobody knows whether they were sent.',
    'waits_for',
  )
  const pauses = gauge('pauses', 'Pauses that stand.', 'scope', 'name', 'code')
  const untold = gauge('notices_untold', 'What the receiver of notify has not taken yet; at most 50.')
  const instances = gauge('instances', 'Instances at work with this ledger.')
  const versions = gauge('config_versions', 'Configurations that they run with: 1 where all have the same.')
  const runs = gauge('runs_waiting', 'Runs with messages still to be re-triggered.')
  const runMessages = gauge('run_messages_waiting', 'Messages of runs still to be re-triggered.')
  const failed = gauge('messages_failed_last_day', 'Messages that failed in 24 hours; at most 10000.')
  const stuck = gauge(
    'events_stuck_last_day',
    'Events of 24 hours that are unplanned or unreadable.',
    'state',
  )
  const refused = gauge(
    'source_refused',
    '1: what comes from a source is refused for this reason.',
    'source',
    'reason',
  )
  const quiet = gauge('source_quiet_seconds', 'Since the last event of a source.', 'source')
  const every = gauge('source_expect_every_seconds', 'What expectEvery says of a source.', 'source')

  let counted = 0
  function setOwn(readiness: Readiness | null): void {
    info.set({ sends_to: deps.about.sendsTo, config: deps.about.configVersion }, 1)
    ceiling.set(budget.ceiling)
    allowed.set(Math.floor(budget.perMinute()))
    calls.inc(budget.taken() - counted)
    counted = budget.taken()
    ready.set(readiness?.ready ? 1 : 0)
    if (readiness) waiting.set(readiness.queue.waiting)
    if (readiness?.sender) inFlight.set(readiness.sender.inFlight)
  }

  function setLooked({ trouble, backlog, pauses: standing, ...looked }: Looked): void {
    const now = clock.now()
    for (const lane of backlog) due.inc({ route: route(lane.route), channel: lane.channel }, lane.due)
    const isPaused = (lane: Backlog) => standing.some((pause) => covers(pause, lane))
    for (const [paused, lanes] of [
      ['no', backlog.filter((lane) => !isPaused(lane))],
      ['yes', backlog.filter(isPaused)],
    ] as const) {
      const since = Math.min(now, ...lanes.map(({ oldestDueAt }) => oldestDueAt))
      oldest.set({ paused }, (now - since) / 1000)
    }
    scheduled.set(trouble.scheduled)
    unconfirmed.set({ waits_for: 'operator' }, trouble.unconfirmed.held)
    unconfirmed.set({ waits_for: 'look' }, trouble.unconfirmed.looking)
    for (const { scope, name, code } of standing) {
      pauses.inc({ scope, name: name === null ? '' : known(scope, name), code })
    }
    untold.set(looked.untold)
    instances.set(looked.instances.length)
    versions.set(configVersionsOf(looked.instances).length)
    runs.set(looked.runs.length)
    runMessages.set(looked.runs.reduce((sum, run) => sum + run.waiting, 0))
    failed.set(trouble.failed)
    stuck.set({ state: 'unplanned' }, trouble.unplanned)
    stuck.set({ state: 'unreadable' }, trouble.unreadable)
    for (const one of trouble.refused) {
      if (isRefusing(one, trouble, now)) refused.set({ source: source(one.source), reason: one.reason }, 1)
    }
    for (const { name, expectEveryMs } of deps.expected) {
      const since = trouble.lastEventAt[name] ?? trouble.expectedSince[name]
      if (since !== undefined) quiet.set({ source: name }, Math.max(0, now - since) / 1000)
      if (expectEveryMs !== null) every.set({ source: name }, expectEveryMs / 1000)
    }
  }

  /** A pause outlives the configuration that knew its name. */
  function known(scope: Pause['scope'], name: string): string {
    return scope === 'route' ? route(name) : scope === 'source' ? source(name) : name
  }

  const look = oneAtATime(async (): Promise<Looked> => {
    const [trouble, backlog, running, atWork, standing, notices] = await Promise.all([
      ledger.reads.trouble(),
      ledger.reads.backlog(),
      ledger.reads.runs({ state: 'running', limit: MOST_RUNS }),
      ledger.reads.instances(),
      ledger.pauses(),
      ledger.untold(),
    ])
    const untold = notices.length
    return { trouble, backlog, runs: running, instances: atWork, pauses: standing, untold }
  })

  return async () => {
    const late = new AbortController()
    const giveUp = clock.sleep(PATIENCE_MS, late.signal).then(() => null)
    const orNothing = <T>(work: Promise<T>) => Promise.race([work.catch(() => null), giveUp])
    const [readiness, looked] = await Promise.all([orNothing(deps.readiness()), orNothing(look())])
    late.abort()
    for (const one of forget) one()
    setOwn(readiness)
    answered.set(looked === null ? 0 : 1)
    if (looked) setLooked(looked)
  }
}

/** Who asks while the work is under way waits for the same: a ledger that is slow is not asked again and again. */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let working: Promise<T> | null = null
  return () => {
    working ??= work().finally(() => {
      working = null
    })
    return working
  }
}

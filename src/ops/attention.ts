import type { Source } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import type { Instance } from '../ledger/instances.ts'
import { type Backlog, COUNTED_TO, type Trouble } from '../ledger/overview.ts'
import type { Pause } from '../message.ts'
import { differing } from './instances.ts'
import { causeOf, covers } from './pause-cause.ts'
import { adviceFor, adviceParts, reasonWords, recheckCommand, shortWords } from './refused-advice.ts'
import { isRefusing } from './refusing.ts'

/** Something that needs a person. `todo` leads up to `command`: they are read one after the other, and a page may put a button or a link where the command stands. */
export type Attention = {
  kind:
    | 'pause'
    | 'brake'
    | 'overdue'
    | 'unconfirmed'
    | 'failed'
    | 'unplanned'
    | 'unreadable'
    | 'refused'
    | 'silence'
    | 'instances'
  /** What makes it the same for as long as it lasts: `pause:route:ticket-resolved:brake:7` (of the pause 7), `silence:crm`. */
  cause: string
  /** Epoch milliseconds; null where nobody knows when it began, or it is no one thing that did. */
  since: number | null
  /** How many messages, events, deliveries or instances; null where nothing is counted. */
  count: number | null
  /** Names of the configuration; none where it is about all of them. */
  subject: { route?: string; source?: string; channel?: string }
  /** What happened: `helpdesk: 312 refused since 01:58, no secret matched`. */
  what: string
  todo: string
  command: string | null
  /** All of it in one line, as `postrider status` prints it. */
  line: string
}

/** A source that is expected to be heard of this often. */
export type Expected = Pick<Source, 'name' | 'expectEveryMs'>

/** What is looked at, as `reads.trouble` answers it; counts may be exact or stop at `COUNTED_TO`. */
export type Looked = Pick<
  Trouble,
  | 'lastEventAt'
  | 'expectedSince'
  | 'refused'
  | 'refusedHours'
  | 'recheckable'
  | 'failed'
  | 'unplanned'
  | 'unreadable'
  | 'unconfirmed'
>

/** How a time is written, of epoch milliseconds. */
export type TimeWords = (at: number) => string

/** A running service sends what is due within seconds; the budget of a minute is the longest that one waits for another. */
const OVERDUE_MS = 5 * 60_000
/** Without a service nothing is sent, however long one waits; a restart takes less than this. */
const STOPPED_MS = 60_000
/** A wait for a slower pace is over by itself; what lasts longer is a limit of the day. */
export const SOON_MS = 5 * 60_000

/**
 * What needs a person now, each with what to do about it. Pure. `backlog`: what is due, by lane, as `reads.backlog` answers it. `expected`: the sources of the configuration; empty where it cannot be read.
 * `serviceRuns`: whether a service owns the ledger; what runs inside one says true. `instances`: those at work, as `reads.instances` answers them. `now`: epoch milliseconds. `time`: how
 * times are written within the words, by default `2026-11-23 10:02 UTC`.
 */
export function attentionOf(options: {
  trouble: Looked
  pauses: readonly Pause[]
  backlog: readonly Backlog[]
  expected: readonly Expected[]
  serviceRuns: boolean
  instances: readonly Instance[]
  now: number
  time?: TimeWords
}): Attention[] {
  const { trouble, pauses, backlog, expected, serviceRuns, instances, now, time = utcTime } = options
  const uncovered = backlog.filter((lane) => !pauses.some((pause) => covers(pause, lane)))
  return [
    ...pauses.filter((pause) => needsPerson(pause, now)).map((pause) => paused(pause, time)),
    ...overdue(uncovered, serviceRuns, now, time),
    ...counters(trouble),
    ...refusals(trouble, now, time),
    ...silences(expected, trouble, now, time),
    ...differing(instances, now, time).map(told),
  ]
}

/** A pause that ends by itself and soon does not, nor one to which an operator gave an end. */
export function needsPerson({ code, until }: Pick<Pause, 'code' | 'until'>, now: number): boolean {
  if (until === null) return true
  return code === 'rate-limited' ? until - now > SOON_MS : code !== 'operator'
}

/** What a pause stops: `all sending`, `route ticket-resolved`. */
export function nameOf({ scope, name }: Pick<Pause, 'scope' | 'name'>): string {
  return scope === 'all' ? 'all sending' : `${scope} ${name}`
}

function paused(pause: Pause, time: TimeWords): Attention {
  const { scope, name, since, reason, code } = pause
  const said = `${nameOf(pause)} paused since ${time(since)}: ${reason}`
  return told({
    kind: code === 'brake' ? 'brake' : 'pause',
    cause: causeOf(pause),
    since,
    count: null,
    subject: scope === 'all' || name === null ? {} : { [scope]: name },
    what: /[.!?…]$/.test(said) ? said : `${said}.`,
    todo: code === 'operator' || code === 'brake' ? 'To go on:' : 'To try at once:',
    command: `npx postrider resume${scope === 'all' ? '' : ` ${scope} ${name}`}`,
  })
}

/** What is due and not paused should be sent. */
function overdue(
  backlog: readonly Backlog[],
  serviceRuns: boolean,
  now: number,
  time: TimeWords,
): Attention[] {
  const count = Math.min(
    COUNTED_TO,
    backlog.reduce((sum, { due }) => sum + due, 0),
  )
  const oldestDueAt = Math.min(...backlog.map((lane) => lane.oldestDueAt))
  if (now - oldestDueAt <= (serviceRuns ? OVERDUE_MS : STOPPED_MS)) return []
  const todo = serviceRuns
    ? 'the service runs. After a pause or an outage a backlog takes its time (rateLimitPerMinute); else its log says what fails'
    : 'no service runs with this ledger:'
  return [
    told({
      kind: 'overdue',
      cause: 'overdue',
      since: oldestDueAt,
      count,
      subject: {},
      what: `${counted(count, 'message')} due and not sent, the oldest since ${time(oldestDueAt)}`,
      todo,
      command: serviceRuns ? null : 'npx postrider start',
    }),
  ]
}

type Counter = { kind: 'unconfirmed' | 'failed' | 'unplanned' | 'unreadable'; count: number } & Pick<
  Attention,
  'what' | 'todo' | 'command'
>

function counters({ unconfirmed, failed, unplanned, unreadable }: Looked): Attention[] {
  const all: Counter[] = [
    {
      kind: 'unconfirmed',
      // What Postrider still looks for may yet be found.
      count: unconfirmed.held,
      what: `${counted(unconfirmed.held, 'message')} unconfirmed and not looked for any more`,
      todo: 'look in Genesys Cloud what became of it, then messages settle ID --as sent|not-sent. List:',
      command: 'npx postrider messages list --state unconfirmed',
    },
    {
      kind: 'failed',
      count: failed,
      what: `${counted(failed, 'message')} failed`,
      todo: 'mend the reason, then messages retry ID. List:',
      command: 'npx postrider messages list --state failed',
    },
    {
      kind: 'unplanned',
      count: unplanned,
      what: `${counted(unplanned, 'event')} unplanned`,
      todo: 'mend the route, or see why it was kept unplanned, then events replan ID. List:',
      command: 'npx postrider events list --state unplanned',
    },
    {
      kind: 'unreadable',
      count: unreadable,
      what: `${counted(unreadable, 'event')} unreadable`,
      todo: 'each says why; mend the source’s configuration or what the sender sends, then events replan ID. List:',
      command: 'npx postrider events list --state unreadable',
    },
  ]
  return all
    .filter(({ count }) => count > 0)
    .map((one) => told({ ...one, cause: one.kind, since: null, subject: {} }))
}

function refusals(trouble: Looked, now: number, time: TimeWords): Attention[] {
  return trouble.refused
    .filter((one) => isRefusing(one, trouble, now))
    .map((one) => refusal(one, keptOf(trouble.recheckable, one.source, one.reason), time))
}

type Refused = Looked['refused'][number]
type Kept = Looked['recheckable'][number]

/** Of the refused deliveries of a source and reason, those that can be looked at again; null: none. */
export function keptOf(recheckable: Looked['recheckable'], source: string, reason: string): Kept | null {
  return recheckable.find((one) => one.source === source && one.reason === reason) ?? null
}

function refusal({ source, reason, count, lastAt }: Refused, kept: Kept | null, time: TimeWords): Attention {
  // Where more were refused than are kept, nobody knows when it began.
  const since = kept !== null && kept.count >= count ? kept.since : null
  const sinceWords = since === null ? '' : ` since ${time(since)}`
  const attention = {
    kind: 'refused' as const,
    cause: `refused:${source}:${reason}`,
    since,
    count,
    subject: { source },
    what: `${source}: ${count} refused${since === null ? `, the last at ${time(lastAt)}` : sinceWords}, ${shortWords(reason)}`,
    ...refusedTodo(source, reason, kept, since, time),
  }
  const { todo, command } = attention
  const deliveries = count === 1 ? '1 delivery' : `${count} deliveries`
  const whole = `${source}: ${deliveries} refused${sinceWords}, ${reasonWords(reason)}, and none accepted after the last at ${time(lastAt)}`
  return { ...attention, line: lineOf({ what: whole, todo, command }) }
}

function refusedTodo(
  source: string,
  reason: string,
  kept: Kept | null,
  since: number | null,
  time: TimeWords,
): Pick<Attention, 'todo' | 'command'> {
  if (kept === null) return adviceParts(source, reason)
  const which =
    since === null ? `${kept.count} are kept, the oldest of ${time(kept.since)}` : 'What was refused is kept'
  return {
    todo: `${adviceFor(source, reason)}. ${which}; when it is mended and the service restarted:`,
    command: recheckCommand(source, kept.since),
  }
}

/**
 * Since when a source is silent, in epoch milliseconds; null where it is not, or is expected of nobody. One that never sent an event is silent `expectEvery` after a service was first
 * started with it: before, its sender has had no time to.
 */
export function silentSince(
  { name, expectEveryMs }: Expected,
  { lastEventAt, expectedSince }: Pick<Looked, 'lastEventAt' | 'expectedSince'>,
  now: number,
): number | null {
  const since = lastEventAt[name] ?? expectedSince[name] ?? null
  return expectEveryMs !== null && since !== null && now - since > expectEveryMs ? since : null
}

function silences(expected: readonly Expected[], trouble: Looked, now: number, time: TimeWords): Attention[] {
  return expected.flatMap((source) => {
    const { name, expectEveryMs } = source
    const since = silentSince(source, trouble, now)
    if (expectEveryMs === null || since === null) return []
    const heard =
      trouble.lastEventAt[name] === undefined
        ? `never sent an event since a service was first started with it, ${time(since)}`
        : `silent since ${time(since)}`
    return told({
      kind: 'silence',
      cause: `silence:${name}`,
      since,
      count: null,
      subject: { source: name },
      what: `${name}: ${heard}, and expected every ${formatDuration(expectEveryMs)}`,
      todo: 'see whether the sender gave up, and how to turn it on again:',
      command: `npx postrider sources show ${name}`,
    })
  })
}

function told(attention: Omit<Attention, 'line'>): Attention {
  return { ...attention, line: lineOf(attention) }
}

function lineOf({ what, todo, command }: Pick<Attention, 'what' | 'todo' | 'command'>): string {
  const join = /[.!?…]$/.test(what) ? ' ' : ': '
  return `${what}${join}${todo}${command === null ? '' : ` ${command}`}`
}

function counted(count: number, thing: string): string {
  const many = count >= COUNTED_TO ? `${count} or more` : String(count)
  return `${many} ${thing}${count === 1 ? '' : 's'}`
}

function utcTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

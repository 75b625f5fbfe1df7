import type { Source } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Summary } from '../ledger/reads.ts'
import type { Pause } from '../message.ts'
import { localTime, print, printJson, type Terminal } from './output.ts'
import { nameOf } from './pauses.ts'
import { adviceFor, reasonWords, recheckCommand } from './refused-advice.ts'
import { pauseJson } from './show.ts'

/** A running service sends what is due within seconds; the budget of a minute is the longest that one waits for another. */
const OVERDUE_MS = 5 * 60_000

/** A source that is expected to be heard of this often. */
export type Expected = Pick<Source, 'name' | 'expectEveryMs'>

/** The sources of the configuration; null where it cannot be read, which must not keep anybody from seeing what happens. */
export function expectedIn(variables: Variables): readonly Expected[] | null {
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  return loaded.kind === 'loaded' ? [...loaded.config.sources.values()] : null
}

/** A line for each source that has been silent for longer than it may (`expectEvery`). */
export function silentOf(
  expected: readonly Expected[],
  lastEventAt: Summary['lastEventAt'],
  now: number,
): string[] {
  return expected.flatMap(({ name, expectEveryMs }) => {
    const at = lastEventAt[name] ?? null
    if (expectEveryMs === null || (at !== null && now - at <= expectEveryMs)) return []
    const heard = at === null ? 'never sent an event' : `silent since ${localTime(at)}`
    return [
      `${name}: ${heard}, and expected every ${formatDuration(expectEveryMs)}: see whether the sender gave up, and how to turn it on again: npx postrider sources show ${name}`,
    ]
  })
}

/** Says what happens now. Answers false where something needs a person: each such thing is a line that says what to do. */
export async function status(
  ledger: Ledger,
  options: { since: number; expected: readonly Expected[] | null; json: boolean },
  terminal: Terminal,
): Promise<boolean> {
  const { since, expected, json } = options
  const summary = await ledger.reads.summary({ since })
  const pauses = await ledger.pauses()
  const now = Date.now()
  const silent = silentOf(expected ?? [], summary.lastEventAt, now)
  const attention = [...attentionOf(summary, pauses, now), ...silent]
  if (json) {
    printJson(terminal, {
      ok: attention.length === 0,
      attention,
      host: summary.host,
      events: summary.events,
      messages: summary.messages,
      due: summary.due,
      looking: summary.looking,
      pauses: pauses.map(pauseJson),
      refused: summary.refused,
      recheckable: summary.recheckable,
      lastEventAt: summary.lastEventAt,
    })
    return attention.length === 0
  }
  const line = (name: string, text: string) => print(terminal, `${name.padEnd(10)}${text}`)
  line('Sends to', summary.host ?? 'nobody yet')
  line('Events', counts(summary.events))
  line('Messages', counts(summary.messages))
  const { unconfirmed } = summary.messages
  if (unconfirmed > 0)
    line('Looking', `${unconfirmed} unconfirmed, ${summary.looking} of them still looked for`)
  const { count, oldestDueAt } = summary.due
  line('Due now', `${count}${oldestDueAt === null ? '' : `, the oldest since ${localTime(oldestDueAt)}`}`)
  for (const [source, at] of Object.entries(summary.lastEventAt)) {
    line('Source', `${source} · last event ${localTime(at)}`)
  }
  for (const { source, reason, count, lastAt } of summary.refused) {
    const kept = keptOf(summary, source, reason)
    const again = kept === null ? '' : ` · ${kept.count} kept: ${recheckCommand(source, kept.since)}`
    line('Refused', `${source} · ${count} × ${reason} · the last at ${localTime(lastAt)}${again}`)
  }
  for (const pause of pauses.filter((one) => !needsPerson(one, now))) {
    const until = pause.until === null ? '' : ` until ${localTime(pause.until)}`
    line('Paused', `${nameOf(pause)} since ${localTime(pause.since)}${until} by ${pause.by}: ${pause.reason}`)
  }
  if (expected === null) {
    line('Silence', 'is not looked at: the configuration cannot be read; npx postrider check tells why')
  }
  if (attention.length === 0) print(terminal, 'Nothing needs a person.', 'green')
  for (const text of attention) print(terminal, `! ${text}`, 'red')
  return attention.length === 0
}

function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of)
    .map(([state, count]) => `${count} ${state}`)
    .join(' · ')
}

/** What needs a person: each with what to do about it. */
export function attentionOf(summary: Summary, pauses: readonly Pause[], now: number): string[] {
  const { recent, due, refused, lastEventAt } = summary
  const { oldestDueAt } = due
  const overdue = pauses.length === 0 && oldestDueAt !== null && now - oldestDueAt > OVERDUE_MS
  return [
    ...pauses.filter((pause) => needsPerson(pause, now)).map(pausedLine),
    ...(overdue
      ? [
          `${counted(due.count, 'message')} due and not sent, the oldest since ${localTime(oldestDueAt)}: is the service running? npx postrider start`,
        ]
      : []),
    // What Postrider still looks for may yet be found.
    ...counter(
      summary.messages.unconfirmed - summary.looking,
      'message',
      'unconfirmed and not looked for any more: look in Genesys Cloud what became of it, then messages settle ID --as sent|not-sent. List: npx postrider messages list --state unconfirmed',
    ),
    ...counter(
      recent.messages.failed,
      'message',
      'failed: mend the reason, then messages retry ID. List: npx postrider messages list --state failed',
    ),
    ...counter(
      recent.events.unplanned,
      'event',
      'unplanned: mend the route, or see why it was kept unplanned, then events replan ID. List: npx postrider events list --state unplanned',
    ),
    ...counter(
      recent.events.unreadable,
      'event',
      'unreadable: each says why; mend the source’s configuration or what the sender sends, then events replan ID. List: npx postrider events list --state unreadable',
    ),
    // Anybody may post nonsense to a public address. Nothing but refusals since is another matter: then it is the sender that is refused.
    ...refused
      // The time of a source's last event is written once a second.
      .filter(({ source, lastAt }) => lastAt > (lastEventAt[source] ?? 0) + 1_000)
      .map((one) => refusedLine(one, keptOf(summary, one.source, one.reason))),
  ]
}

type Refused = Summary['refused'][number]
type Kept = { count: number; since: number }

function keptOf({ recheckable }: Summary, source: string, reason: string): Kept | null {
  return recheckable.find((one) => one.source === source && one.reason === reason) ?? null
}

function refusedLine({ source, reason, count, lastAt }: Refused, kept: Kept | null): string {
  const all = kept !== null && kept.count >= count
  const since = all ? ` since ${localTime(kept.since)}` : ''
  const what = `${source}: ${count === 1 ? '1 delivery' : `${count} deliveries`} refused${since}, ${reasonWords(reason)}, and none accepted after the last at ${localTime(lastAt)}: ${adviceFor(source, reason)}`
  if (kept === null) return what
  // Where more were refused than are kept, nobody knows when it began.
  const which = all
    ? 'What was refused is kept'
    : `${kept.count} are kept, the oldest of ${localTime(kept.since)}`
  return `${what}. ${which}; when it is mended and the service restarted: ${recheckCommand(source, kept.since)}`
}

/** A wait for a slower pace is over by itself; what lasts longer is a limit of the day. */
const SOON_MS = 5 * 60_000

/** A pause that ends by itself and soon does not, nor one to which an operator gave an end. */
function needsPerson({ code, until }: Pause, now: number): boolean {
  if (until === null) return true
  return code === 'rate-limited' ? until - now > SOON_MS : code !== 'operator'
}

function pausedLine(pause: Pause): string {
  const { scope, name, since, reason, code } = pause
  const what = `${nameOf(pause)} paused since ${localTime(since)}: ${reason}`
  const command = `npx postrider resume${scope === 'all' ? '' : ` ${scope} ${name}`}`
  const end = code === 'operator' || code === 'brake' ? `To go on: ${command}` : `To try at once: ${command}`
  return `${what}${/[.!?…]$/.test(reason) ? '' : '.'} ${end}`
}

function counter(count: number, thing: string, what: string): string[] {
  return count === 0 ? [] : [`${counted(count, thing)} ${what}`]
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

import { formatDuration } from '../config/duration.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import type { Instance } from '../ledger/instances.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Summary } from '../ledger/reads.ts'
import { attentionOf, type Expected, keptOf, type Looked, nameOf, needsPerson } from '../ops/attention.ts'
import { instanceName } from '../ops/instances.ts'
import { recheckCommand } from '../ops/refused-advice.ts'
import { instanceJson } from '../ops/shapes/instance.ts'
import { pauseJson } from '../ops/shapes/pause.ts'
import { localTime, print, printJson, type Terminal } from './output.ts'

/** The sources of the configuration; null where it cannot be read, which must not keep anybody from seeing what happens. */
export function expectedIn(variables: Variables): readonly Expected[] | null {
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  return loaded.kind === 'loaded' ? [...loaded.config.sources.values()] : null
}

/** Says what happens now. Answers false where something needs a person: each such thing is a line that says what to do. */
export async function status(
  ledger: Ledger,
  options: { since: number; expected: readonly Expected[] | null; serviceRuns: boolean; json: boolean },
  terminal: Terminal,
): Promise<boolean> {
  const { since, expected, serviceRuns, json } = options
  const summary = await ledger.reads.summary({ since })
  const pauses = await ledger.pauses()
  const backlog = await ledger.reads.backlog()
  // A service of a file that was killed a moment ago is not at work.
  const instances = serviceRuns ? await ledger.reads.instances() : []
  const now = Date.now()
  const trouble = lookedAt(summary)
  const attention = attentionOf({
    trouble,
    pauses,
    backlog,
    expected: expected ?? [],
    serviceRuns,
    instances,
    now,
    time: localTime,
  }).map(({ line }) => line)
  if (json) {
    printJson(terminal, {
      ok: attention.length === 0,
      attention,
      host: summary.host,
      serviceRuns,
      instances: instances.map(instanceJson),
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
  if (!serviceRuns) line('Service', 'none runs with this ledger: npx postrider start')
  if (instances.length > 0) line('Instances', `${instances.length} · ${instances.map(sinceWhen).join(', ')}`)
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
  for (const { name, expectEveryMs } of expected ?? []) {
    if (expectEveryMs === null || summary.lastEventAt[name] !== undefined) continue
    line('Source', `${name} · never sent an event, and expected every ${formatDuration(expectEveryMs)}`)
  }
  for (const { source, reason, count, lastAt } of summary.refused) {
    const kept = keptOf(summary.recheckable, source, reason)
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

function sinceWhen(instance: Instance): string {
  return `${instanceName(instance)} since ${localTime(instance.startedAt)}`
}

function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of)
    .map(([state, count]) => `${count} ${state}`)
    .join(' · ')
}

/** What is looked at for what needs a person, in exact counts. */
function lookedAt({ recent, messages, looking, ...summary }: Summary): Looked {
  return {
    ...summary,
    unplanned: recent.events.unplanned,
    unreadable: recent.events.unreadable,
    unconfirmed: { held: messages.unconfirmed - looking, looking },
  }
}

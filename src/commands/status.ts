import type { Ledger } from '../ledger/ledger.ts'
import { coloured, localTime, print, printJson, type Terminal } from './output.ts'
import { nameOf } from './pauses.ts'
import { pauseJson } from './show.ts'

/** Says what happens now. Answers false where something needs a person: each such thing is a line that says what to do. */
export async function status(
  ledger: Ledger,
  since: number,
  json: boolean,
  terminal: Terminal,
): Promise<boolean> {
  const summary = await ledger.reads.summary({ since })
  const pauses = await ledger.pauses()
  const { recent } = summary
  const attention = [
    ...pauses.map((pause) => `${nameOf(pause)} paused since ${localTime(pause.since)}: ${pause.reason}`),
    ...line(
      summary.messages.unconfirmed,
      'unconfirmed: look in Genesys Cloud, then',
      'messages list --state unconfirmed',
    ),
    ...line(recent.messages.failed, 'failed:', 'messages list --state failed'),
    ...line(recent.events.unplanned, 'unplanned:', 'events list --state unplanned', 'event'),
    ...line(recent.events.unreadable, 'unreadable:', 'events list --state unreadable', 'event'),
    ...summary.refused.map(
      ({ source, reason, count, lastAt }) =>
        `${source}: ${count} deliveries refused (${reason}), the last at ${localTime(lastAt)}`,
    ),
  ]
  if (json) {
    printJson(terminal, {
      ok: attention.length === 0,
      attention,
      host: summary.host,
      events: summary.events,
      messages: summary.messages,
      due: summary.due,
      pauses: pauses.map(pauseJson),
      refused: summary.refused,
      lastEventAt: summary.lastEventAt,
    })
    return attention.length === 0
  }
  const counts = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([state, count]) => `${count} ${state}`)
      .join(' · ')
  print(terminal, `Sends to  ${summary.host ?? 'nobody yet'}`)
  print(terminal, `Events    ${counts(summary.events)}`)
  print(terminal, `Messages  ${counts(summary.messages)}`)
  const oldest =
    summary.due.oldestDueAt === null ? '' : `, the oldest since ${localTime(summary.due.oldestDueAt)}`
  print(terminal, `Due now   ${summary.due.count}${oldest}`)
  for (const [source, at] of Object.entries(summary.lastEventAt)) {
    print(terminal, `Source    ${source} · last event ${localTime(at)}`)
  }
  if (attention.length === 0) print(terminal, coloured(terminal, 'green', 'Nothing needs a person.'))
  for (const text of attention) print(terminal, coloured(terminal, 'red', `! ${text}`))
  return attention.length === 0
}

function line(count: number, what: string, command: string, thing = 'message'): string[] {
  return count === 0 ? [] : [`${count} ${thing}${count === 1 ? '' : 's'} ${what} npx postrider ${command}`]
}

import type { Config } from '../config/config.ts'
import { isoTime } from '../ops/shapes/values.ts'
import { type OutcomeRow, wordsOf } from '../plan/simulate-report.ts'
import { problemLine } from '../settings.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'
import { printRendered } from './show.ts'
import type { Walked } from './simulate-walk.ts'

export type Simulated = Walked & { config: Config; since: number; until: number }

export function printSimulatedJson({ config, since, until, ...walked }: Simulated, terminal: Terminal): void {
  const { counts, outcomes, differences, undecided, faults, samples } = walked
  printJson(terminal, {
    config: { file: config.file, version: config.version, warnings: config.warnings },
    since: isoTime(since),
    until: isoTime(until),
    counts,
    outcomes,
    differences,
    undecided,
    faults,
    samples: samples.map(({ route, eventId, rendered }) => ({ route, eventId, ...rendered })),
  })
}

export function printSimulated(simulated: Simulated, terminal: Terminal): void {
  const { config, since, until, counts, outcomes, differences, undecided, faults, samples } = simulated
  for (const warning of config.warnings) print(terminal, problemLine(warning), 'yellow')
  print(terminal, `Config    ${config.file} · version ${config.version}`)
  print(terminal, `Events    ${eventsLine(counts)} · ${localTime(since)} to ${localTime(until)}`)
  print(
    terminal,
    'Nothing is sent. Genesys Cloud is not asked: whoever can be written to counts as reached.',
    'dim',
  )
  print(terminal, '')
  printTable(
    terminal,
    ['ROUTE', 'MESSAGES', 'WOULD BE'],
    outcomes.map((row) => [row.route, row.messages, outcomeWords(row)]),
    'No messages would be planned.',
  )
  for (const { route, reason, events, eventIds } of faults) {
    const whose = route === null ? 'cannot be read any more' : `route ${route} fails`
    print(terminal, `FAIL      ${whose}, events ${listed(eventIds, events)}: ${reason}`, 'red')
  }
  print(terminal, '')
  printTable(
    terminal,
    ['ROUTE', 'MESSAGES', 'WAS', 'WOULD BE', 'BECAUSE OF', 'EVENTS'],
    differences.map(({ route, messages, was, would, because, eventIds }) => [
      route,
      messages,
      was ?? 'not planned',
      would ?? 'not planned',
      because,
      listed(eventIds, messages),
    ]),
    'No differences to what happened.',
  )
  if (undecided > 0) {
    print(terminal, `Not compared: ${undecided} that still wait, or are being sent`, 'dim')
  }
  for (const { route, eventId, rendered } of samples) {
    print(terminal, '')
    print(terminal, `${route}  event ${eventId}  ${rendered.channel}  ${rendered.templateVersion}`)
    printRendered(rendered, terminal)
  }
}

function eventsLine({ events, unreadable, gone, byHand, around }: Walked['counts']): string {
  const parts = [
    [unreadable, 'unreadable, as before'],
    [gone, 'of sources that are gone'],
    [byHand, 'of postrider send'],
  ] as const
  const among = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return `${events}${among.length > 0 ? ` (${among.join(', ')})` : ''} · ${around} around them`
}

function outcomeWords({ state, code, deferredBy }: OutcomeRow): string {
  const words = wordsOf({ state, code })
  return deferredBy === null ? words : `${words}, after ${deferredBy}`
}

function listed(ids: readonly number[], count: number): string {
  return `${ids.join(', ')}${count > ids.length ? ', …' : ''}`
}

import type { Config } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import { CLI_SOURCE, SEND_ROUTE } from '../event.ts'
import type { Channel, Pause, PauseScope } from '../message.ts'
import { nameOf } from '../ops/attention.ts'
import { print, type Terminal } from './output.ts'
import type { Campaign } from './send-campaign.ts'
import type { RecordedCampaign } from './send-record.ts'
import type { LeftOut, Survey } from './send-survey.ts'

/**
 * What a campaign would do. `file`: null where options name the one customer; `rows`: how many are named; `host`: where the ledger sends, null before its first
 * service; `pauses`: that stand now.
 */
export type About = {
  campaign: Campaign
  file: string | null
  rows: number
  surveyed: Survey
  host: string | null
  pauses: readonly Pause[]
  config: Config
}

/** Says what a campaign is about to do, before anything is planned. */
export function announce(about: About, terminal: Terminal): void {
  const { campaign, file, rows, surveyed, host, pauses, config } = about
  const { channels, template, requireSessionMs, expireAfterMs, mode } = campaign.said
  const { recipients, reach, unreachable, duplicates } = surveyed
  const line = (name: string, text: string) => print(terminal, `${name.padEnd(10)}${text}`)
  line('Campaign', `${campaign.name} · ${mode.toUpperCase()}`)
  line('Template', `${template} (${config.templates.files(template).join(', ')})`)
  if (file !== null) line('Rows', `${rows} in ${file}`)
  line(
    'Customers',
    `${recipients.length} · ${channels.map((one) => `${one} may reach ${reach.get(one) ?? 0}`).join(' · ')}`,
  )
  if (unreachable.length > 0)
    line('Left out', `${unreachable.length} whom no channel can reach${linesOf(unreachable)}`)
  if (duplicates.length > 0)
    line('Left out', `${duplicates.length} who are in the file already${linesOf(duplicates)}`)
  if (requireSessionMs !== null) {
    line('Only to', `customers with a web messaging session of the last ${formatDuration(requireSessionMs)}`)
  }
  const { onlyTo } = config.genesys
  if (onlyTo.length > 0) line('Only to', `the ${onlyTo.length} of genesys.onlyTo`)
  line('Not after', `${formatDuration(expireAfterMs)} from now`)
  line('Sends to', host ?? 'nobody yet')
  const holding = pauses.filter(({ scope, name }) => scope === 'all' || holds(scope, name, channels))
  for (const pause of holding) line('Paused', `${nameOf(pause)} · ${pause.reason}`)
}

function holds(scope: PauseScope, name: string | null, channels: readonly Channel[]): boolean {
  if (scope === 'route') return name === SEND_ROUTE
  if (scope === 'source') return name === CLI_SOURCE
  return channels.some((channel) => channel === name)
}

const SHOWN = 10

/** `: lines 4, 9`, the first ten; nothing where there is no file. */
function linesOf(rows: readonly LeftOut[]): string {
  const lines = rows.flatMap(({ line }) => line ?? [])
  if (lines.length === 0) return rows.map(({ reason }) => `: ${reason}`).join('')
  const more = lines.length > SHOWN ? ` and ${lines.length - SHOWN} more` : ''
  return `: ${lines.length === 1 ? 'line' : 'lines'} ${lines.slice(0, SHOWN).join(', ')}${more}`
}

/** Every row that the template does not fit, those with one reason together. */
export function listUnrenderable(rows: readonly LeftOut[], terminal: Terminal): void {
  for (const [reason, group] of Map.groupBy(rows, (row) => row.reason)) {
    const lines = rangesOf(group.flatMap(({ line }) => line ?? []))
    print(
      terminal,
      lines === '' ? `! ${reason}` : `! ${group.length === 1 ? 'line' : 'lines'} ${lines}: ${reason}`,
      'red',
    )
  }
}

/** `2-5, 9` */
function rangesOf(lines: readonly number[]): string {
  const ranges: { from: number; to: number }[] = []
  for (const line of lines) {
    const last = ranges.at(-1)
    if (last && line === last.to + 1) last.to = line
    else ranges.push({ from: line, to: line })
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}

/** A campaign as `--json` prints it. Keys are relied on by people's scripts. `recorded` null: it came to nothing. */
export function outcomeJson({ campaign, rows, surveyed, host }: About, recorded: RecordedCampaign | null) {
  const { recipients, unreachable, duplicates, unrenderable, reach } = surveyed
  const { planned, known, setAside } = recorded ?? { planned: 0, known: 0, setAside: [] }
  return {
    campaign: campaign.name,
    template: campaign.said.template,
    channels: campaign.said.channels,
    mode: campaign.said.mode,
    host,
    rows,
    customers: recipients.length,
    reach: Object.fromEntries(reach),
    planned,
    known,
    leftOut: rows - planned - known,
    unreachable,
    duplicates,
    unrenderable,
    setAside,
  }
}

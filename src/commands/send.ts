import { systemClock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { SEND_ROUTE } from '../event.ts'
import type { Channel, IdentifierName } from '../message.ts'
import { groupsOf } from '../plan/cancel.ts'
import { configOf } from '../settings.ts'
import { openForCommand } from './ledger.ts'
import { print, printJson, type Terminal } from './output.ts'
import { confirmed, type Input } from './send-ask.ts'
import { type Campaign, typeOf } from './send-campaign.ts'
import { type Row, readCustomers } from './send-csv.ts'
import { type Data, nameFault, noData, pathOf, put } from './send-data.ts'
import { announce, listUnrenderable, outcomeJson } from './send-overview.ts'
import { recordAll } from './send-record.ts'
import { survey } from './send-survey.ts'

/** As commander parsed them. Durations: milliseconds. */
export type SendOptions = {
  csv?: string
  externalId?: string
  email?: string
  phone?: string
  name?: string
  locale?: string
  timezone?: string
  data?: readonly (readonly [name: string, value: string])[]
  template: string
  channels: readonly Channel[]
  findBy: readonly IdentifierName[]
  requireSession?: number
  expireAfter: number
  campaign?: string
  skipBad?: boolean
  shadow?: boolean
  yes?: boolean
  json?: boolean
}

/**
 * Plans a message to one customer or to those of a file, once for each under the campaign's name. Says first what it would do and asks; nothing is planned where the
 * template does not fit a row. Sends nothing itself: the service does. Throws REFUSED where nothing is planned; false where the ledger did not take a row.
 */
export async function send(
  variables: Variables,
  options: SendOptions,
  terminal: Terminal,
  input: Input,
): Promise<boolean> {
  assertWhom(options)
  const environment = readEnvironment(variables)
  const config = configOf(environment.POSTRIDER_CONFIG, variables)
  const campaign = campaignOf(options, config)
  const rows = rowsOf(options)
  const ledger = await openForCommand(environment)
  try {
    const surveyed = survey(rows, campaign, config, systemClock.now())
    const { host } = await ledger.reads.summary()
    const pauses = await ledger.pauses()
    const about = { campaign, file: options.csv ?? null, rows: rows.length, surveyed, host, pauses, config }
    const { recipients, unrenderable } = surveyed
    // For programs the object says all of this; whoever is asked must see it nevertheless.
    const says = options.json ? { ...terminal, out: terminal.err } : terminal
    if (!options.json || !options.yes) {
      announce(about, says)
      listUnrenderable(unrenderable, says)
    }
    const stop = (why: PostriderError) => {
      if (options.json) printJson(terminal, outcomeJson(about, null))
      return why
    }
    if (unrenderable.length > 0 && !options.skipBad) throw stop(doesNotFit(unrenderable.length, rows.length))
    if (recipients.length === 0) throw stop(new PostriderError('REFUSED', 'There is nobody to send to.'))
    if (!options.yes && !(await confirmed(recipients.length, campaign.said, input, terminal))) {
      throw stop(new PostriderError('REFUSED', 'Nothing was planned.'))
    }

    const recorded = await recordAll(recipients, campaign, ledger, terminal)
    const outcome = outcomeJson(about, recorded)
    if (options.json) {
      printJson(terminal, outcome)
    } else {
      const { planned, known, leftOut } = outcome
      print(terminal, `${planned} planned, ${known} known already, ${leftOut} left out.`)
      for (const { line, reason } of recorded.setAside)
        print(terminal, `! ${line === null ? '' : `line ${line}: `}${reason}`, 'red')
      if (planned > 0) for (const line of nextSteps(campaign)) print(terminal, line)
    }
    return recorded.setAside.length === 0
  } finally {
    await ledger.close()
  }
}

/** Throws USAGE where it is not clear who is meant. */
function assertWhom(options: SendOptions): void {
  const { csv, campaign, externalId, email, phone, name, locale, timezone, data } = options
  const single = externalId ?? email ?? phone
  if (csv !== undefined && (single ?? name ?? locale ?? timezone ?? data) !== undefined) {
    throw new PostriderError(
      'USAGE',
      'Say whom: either one customer by options, or those of a file by --csv.',
    )
  }
  if (csv === undefined && single === undefined) {
    throw new PostriderError('USAGE', 'Say whom: --external-id, --email or --phone, or a file by --csv.')
  }
  if (csv !== undefined && campaign === undefined) {
    throw new PostriderError(
      'USAGE',
      '--campaign NAME is needed with --csv: under one name nobody gets it twice, however often the file is sent.',
    )
  }
}

/** Throws NOT_FOUND for a template that there is none of, and REFUSED for a channel that the configuration knows nothing of. */
function campaignOf(options: SendOptions, config: Config): Campaign {
  const { templates, genesys, file, version } = config
  const { template, channels, findBy, campaign, requireSession, expireAfter, shadow } = options
  if (!templates.names.includes(template)) {
    const names = templates.names.join(', ') || 'none'
    throw new PostriderError('NOT_FOUND', `There is no template ${template}. There are: ${names}`)
  }
  const without = channels.filter((channel) => genesys[channel] === null)
  if (without.length > 0) {
    const needed = without.map((channel) => `${channel} needs genesys.${channel}`).join(', ')
    throw new PostriderError('REFUSED', `${needed} in ${file}.`)
  }
  return {
    // One of its own: whoever names none means this once.
    name: campaign ?? `by-hand-${new Date(systemClock.now()).toISOString().replace(/[-:.]/g, '')}`,
    said: {
      mode: shadow ? 'shadow' : 'live',
      template,
      channels,
      findBy,
      externalSource: genesys.externalSource,
      requireSessionMs: requireSession ?? null,
      expireAfterMs: expireAfter,
    },
    configVersion: version,
    countsIn: groupsOf({ cap: null }, config),
    defaultCountry: config.genesys.defaultCountry,
  }
}

function rowsOf({ csv, data = [], ...options }: SendOptions): Row[] {
  if (csv !== undefined) return readCustomers(csv)
  const { externalId, email, phone, name, locale, timezone } = options
  const given = Object.entries({ externalId, email, phone, name, locale, timezone })
    .map(([property, value]) => [property, value?.trim()])
    .filter(([, value]) => value !== undefined && value !== '')
  return [{ line: null, customer: Object.fromEntries(given), data: dataOf(data) }]
}

/** Throws USAGE for names that no value can have. */
function dataOf(pairs: NonNullable<SendOptions['data']>): Data {
  const names = pairs.map(([name]) => name)
  const data = noData()
  for (const [at, [name, value]] of pairs.entries()) {
    const fault = names.indexOf(name) < at ? `${name} is given twice` : nameFault(name, names)
    if (fault !== null) throw new PostriderError('USAGE', `--data: ${fault}.`)
    if (value !== '') put(data, pathOf(name), value)
  }
  return data
}

function doesNotFit(failed: number, rows: number): PostriderError {
  return new PostriderError(
    'REFUSED',
    `The template does not fit ${failed} of ${rows} row${rows === 1 ? '' : 's'}, so nothing was planned. Mend them or the template, or leave these rows out: --skip-bad`,
  )
}

function nextSteps(campaign: Campaign): string[] {
  const list = `npx postrider messages list --route ${SEND_ROUTE} --type ${typeOf(campaign)}`
  return campaign.said.mode === 'shadow'
    ? [`In shadow: planned and shown, never sent. What would be sent: ${list}`]
    : [
        `The running service sends. What becomes of them: ${list}`,
        `To stop it: npx postrider pause route ${SEND_ROUTE}`,
      ]
}

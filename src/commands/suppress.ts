import { emailAddress, phoneNumber } from '../address.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Suppression } from '../ledger/reads.ts'
import { redact } from '../log.ts'
import type { Channel, Customer } from '../message.ts'
import { namesOf, type Space } from '../names.ts'
import { spaceOf } from '../plan/space.ts'
import { problemLine } from '../settings.ts'
import { isoTime, localTime, print, printJson, printTable, type Terminal } from './output.ts'

/** Who is meant, as commander parsed it. `source`: whose events name the customer by this externalId. */
export type Whom = { externalId?: string; email?: string; phone?: string; source?: string }

/** How customers are named: what the configuration says of it. */
export type Naming = { space: Space | null; defaultCountry: string | null }

/** No secret is needed. Throws CONFIG_INVALID, and NOT_FOUND for a source that there is none of. */
export function namingOf(variables: Variables, source: string | undefined): Naming {
  const { POSTRIDER_CONFIG: file } = readEnvironment(variables)
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') {
    const lines = loaded.problems.map((problem) => `  ${problemLine(problem)}`)
    throw new PostriderError('CONFIG_INVALID', `The configuration is not right:\n${lines.join('\n')}`)
  }
  return { space: spaceNamed(source, loaded.config), defaultCountry: loaded.config.genesys.defaultCountry }
}

function spaceNamed(name: string | undefined, config: Config): Space | null {
  const { genesys, sources } = config
  if (name === undefined) return genesys.externalSource
  const found = sources.get(name)
  if (found) return spaceOf(found, false, config)
  throw new PostriderError(
    'NOT_FOUND',
    `There is no source ${name}. There are: ${[...sources.keys()].join(', ')}`,
  )
}

/** The names of whom an operator means. Throws USAGE where nobody is named, or what is named is no address: it would stand for nobody. */
export function namesMeant(whom: Whom, naming: Naming): string[] {
  const names = namesOf(whom, naming.space, naming.defaultCountry)
  const faults = faultsIn(whom, naming.defaultCountry)
  if (faults.length > 0) throw new PostriderError('USAGE', `Nothing was done: ${faults.join('; ')}.`)
  if (names.length > 0) return names
  throw new PostriderError('USAGE', 'Say whom: --external-id, --email or --phone, one or more of them.')
}

/** What of a customer is named and is no address; says what is wrong and quotes nothing. */
export function faultsIn(
  { email, phone }: Pick<Customer, 'email' | 'phone'>,
  country: string | null,
): string[] {
  const read = [
    ...(email === undefined ? [] : [emailAddress(email)]),
    ...(phone === undefined ? [] : [phoneNumber(phone, country)]),
  ]
  return read.flatMap((address) => (address.kind === 'bad' ? [address.reason] : []))
}

/** Reasons outlive the erasure of a customer, so they lose addresses and numbers. */
export async function addSuppression(
  ledger: Ledger,
  names: readonly string[],
  refusal: { channels: readonly Channel[] | null; reason: string; by: string },
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const told = { ...refusal, reason: redact(refusal.reason) }
  const added = await ledger.suppress(names, told)
  if (json) return printJson(terminal, { added, kinds: kindsOf(names), ...told })
  const over = overWords(refusal.channels)
  print(
    terminal,
    added > 0
      ? `Suppressed by ${kindsOf(names).join(', ')}, ${over}. What is scheduled is skipped when its turn comes.`
      : `That customer was suppressed before, ${over}; nothing is new.`,
  )
}

export async function removeSuppression(
  ledger: Ledger,
  names: readonly string[],
  channel: Channel | null,
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const removed = await ledger.allow(names, channel)
  if (removed === 0) {
    const over = channel === null ? '' : ` over ${channel} alone`
    throw new PostriderError(
      'NOT_FOUND',
      `Nobody with that name is suppressed${over}. postrider suppress list`,
    )
  }
  const left = await ledger.reads.suppressed(names)
  if (json) return printJson(terminal, { removed, left: left.map(suppressionJson) })
  print(terminal, `${removed} removed.`)
  if (left.length > 0) print(terminal, `Still suppressed: ${left.map(wordsOf).join('; ')}`, 'yellow')
}

/** Those of one customer, or the newest of all. */
export async function listSuppressions(
  ledger: Ledger,
  asked: { names: readonly string[] } | { limit: number },
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const { reads } = ledger
  const found = 'names' in asked ? await reads.suppressed(asked.names) : await reads.suppressions(asked)
  if (json) return printJson(terminal, found.map(suppressionJson))
  const rows = found.map(({ hash, kind, channel, since, by, reason }) => [
    hash,
    kind,
    channel ?? 'all',
    localTime(since),
    by,
    reason,
  ])
  const empty = 'names' in asked ? 'Not suppressed.' : 'Nobody is suppressed.'
  printTable(terminal, ['hash', 'name', 'channel', 'since', 'by', 'reason'], rows, empty)
}

function suppressionJson({ hash, kind, channel, since, by, reason }: Suppression) {
  return { hash, kind, channel, since: isoTime(since), by, reason }
}

function wordsOf({ kind, channel, reason }: Suppression): string {
  return `${kind}, ${overWords(channel === null ? null : [channel])} (${reason})`
}

export function overWords(channels: readonly string[] | null): string {
  return channels === null ? 'over all channels' : `over ${channels.join(', ')}`
}

/** `email`, `phone`, `externalId`: what is said of names, of which none is shown. */
export function kindsOf(names: readonly string[]): string[] {
  return names.map((name) => name.split(':', 1)[0] ?? '')
}

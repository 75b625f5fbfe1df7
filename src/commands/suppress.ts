import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Suppression } from '../ledger/reads.ts'
import { redact } from '../log.ts'
import { type Channel, IDENTIFIERS, type IdentifierName } from '../message.ts'
import { isoTime, localTime, print, printJson, printTable, type Terminal } from './output.ts'
import { type Naming, readWhom, type Whom } from './suppress-whom.ts'

/**
 * The names of whom an operator means. Throws USAGE where nobody is named, or what is named is no address: it would stand for nobody. `asWritten`: what is no address may be named
 * too, in the writing in which a file that was imported has it.
 */
export function namesMeant(whom: Whom, naming: Naming, asWritten = false): string[] {
  const empty = IDENTIFIERS.filter((name) => whom[name]?.trim() === '')
  if (empty.length > 0) {
    const options = empty.map((name) => OPTIONS[name]).join(', ')
    throw new PostriderError('USAGE', `Nothing was done: ${options} has no value.`)
  }
  const { names, near, bad, placeholders } = readWhom(whom, naming)
  const faults = [...bad, ...placeholders, ...(asWritten ? [] : near)]
  if (faults.length > 0) throw new PostriderError('USAGE', `Nothing was done: ${faults.join('; ')}.`)
  if (names.length > 0) return names
  throw new PostriderError('USAGE', 'Say whom: --external-id, --email or --phone, one or more of them.')
}

const OPTIONS: Readonly<Record<IdentifierName, string>> = {
  externalId: '--external-id',
  email: '--email',
  phone: '--phone',
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
  { channel, by }: { channel: Channel | null; by: string },
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const removed = await ledger.allow(names, channel, by)
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

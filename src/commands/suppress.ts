import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Suppression } from '../ledger/reads.ts'
import type { Channel, IdentifierName } from '../message.ts'
import { allowCustomer, suppressCustomer } from '../ops/actions/suppress.ts'
import { namesMeant as named } from '../ops/actions/whom.ts'
import { suppressionJson } from '../ops/shapes/suppression.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'
import { type Naming, readWhom, type Whom } from './suppress-whom.ts'

/**
 * The names of whom an operator means. Throws USAGE where nobody is named, or what is named is no address: it would stand for nobody. `asWritten`: what is no address may be named
 * too, in the writing in which a file that was imported has it.
 */
export function namesMeant(whom: Whom, naming: Naming, asWritten = false): string[] {
  const meant = named(whom, naming, asWritten)
  if (meant.kind === 'nobody' && meant.empty.length > 0) {
    const options = meant.empty.map((name) => OPTIONS[name]).join(', ')
    throw new PostriderError('USAGE', `Nothing was done: ${options} has no value.`)
  }
  // Throws where it depends on what is not set here.
  readWhom(whom, naming)
  if (meant.kind === 'named') return meant.names
  throw new PostriderError(
    'USAGE',
    meant.faults.length > 0
      ? `Nothing was done: ${meant.faults.join('; ')}.`
      : 'Say whom: --external-id, --email or --phone, one or more of them.',
  )
}

const OPTIONS: Readonly<Record<IdentifierName, string>> = {
  externalId: '--external-id',
  email: '--email',
  phone: '--phone',
}

export async function addSuppression(
  ledger: Ledger,
  names: readonly string[],
  refusal: { channels: readonly Channel[] | null; reason: string; by: string },
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const { by, channels, reason } = refusal
  const done = await suppressCustomer({ ledger }, { by }, { names, channels, reason })
  if (json) return printJson(terminal, done)
  const over = overWords(channels)
  print(
    terminal,
    done.added > 0
      ? `Suppressed by ${done.kinds.join(', ')}, ${over}. What is scheduled is skipped when its turn comes.`
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
  const allowed = await allowCustomer({ ledger }, { by }, { names, channel })
  if (allowed.kind === 'missing') {
    throw new PostriderError('NOT_FOUND', `${allowed.reason} postrider suppress list`)
  }
  const { removed, left } = allowed
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

function wordsOf({ kind, channel, reason }: Suppression): string {
  return `${kind}, ${overWords(channel === null ? null : [channel])} (${reason})`
}

export function overWords(channels: readonly string[] | null): string {
  return channels === null ? 'over all channels' : `over ${channels.join(', ')}`
}

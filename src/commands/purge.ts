import { SingleBar } from 'cli-progress'
import { emailAddress, phoneNumber } from '../address.ts'
import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { createMentions } from '../ledger/mentions.ts'
import type { Erased, FoundOf } from '../ledger/purge.ts'
import { openPurge, type Purge } from '../ledger/sqlite/purge.ts'
import { IDENTIFIERS } from '../message.ts'
import { keyFrom } from '../settings.ts'
import { sqliteFile } from './ledger.ts'
import { print, printJson, type Terminal } from './output.ts'
import { askedWhether, type Input } from './send-ask.ts'
import { namesMeant } from './suppress.ts'
import { namingOf, type Whom } from './suppress-whom.ts'

export type PurgeOptions = Whom & { by: string; yes?: boolean; json?: boolean }

/**
 * Erases a customer from the ledger, after asking, and proves it. False: a byte of what names them is left, or a message is being sent all the time. Throws USAGE where nobody is named, and REFUSED where the
 * answer is no.
 */
export async function purge(
  variables: Variables,
  { source, by, yes, json, ...whom }: PurgeOptions,
  terminal: Terminal,
  input: Input,
): Promise<boolean> {
  const environment = readEnvironment(variables)
  const file = sqliteFile(environment, 'purge', 'Nothing was erased.')
  const naming = namingOf(variables, source)
  const names = namesMeant(whom, naming, true)
  const written = writingsOf(whom, naming.defaultCountry)
  const mentions = createMentions(trimmed(whom), naming.defaultCountry)
  const { key } = keyFrom(environment)
  const work = openPurge(file, { names, written, mentions, by, key, clock: systemClock })
  try {
    const found = work.find()
    if (json !== true) tellFound(found, mentions.tooShort.length > 0, terminal)
    const question = `Erase this customer from ${file}? It cannot be brought back. [y/N] `
    if (yes !== true && !(await askedWhether(question, 'Nothing was erased.', input, terminal))) {
      throw new PostriderError('REFUSED', 'Nothing was erased.')
    }
    const erased = await withBar(work, terminal)
    if (json === true) printJson(terminal, jsonOf(found, erased))
    else tellErased(erased, found, file, terminal)
    return erased.left.length === 0 && erased.sending.length === 0
  } finally {
    work.close()
  }
}

/** As they are given, and as channels and other senders write them: the index of identifiers has each by its own hash. */
function writingsOf(whom: Whom, country: string | null): Whom[] {
  const { externalId, email, phone } = trimmed(whom)
  const number = phone === undefined ? null : phoneNumber(phone, country)
  const address = email === undefined ? null : emailAddress(email)
  return [
    { externalId, email, phone },
    ...(number?.kind === 'address' ? [{ phone: number.to }, { phone: number.to.slice(1) }] : []),
    ...(address?.kind === 'address' ? [{ email: address.to }] : []),
  ].map((one) => JSON.parse(JSON.stringify(one)) as Whom)
}

function trimmed(whom: Whom): Whom {
  const given = IDENTIFIERS.flatMap((name) => {
    const value = whom[name]?.trim()
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(given)
}

/** More are not read; they are with `--json`. */
const SHOWN = 10

function tellFound(
  { messageIds, eventIds, contactIds, alsoNamed }: FoundOf,
  short: boolean,
  terminal: Terminal,
) {
  print(
    terminal,
    `Found: ${countOf(messageIds, 'message')} and ${countOf(eventIds, 'event')} of this customer.`,
  )
  if (alsoNamed.length > 0) {
    print(terminal, 'Their messages name them so; what you did not give is looked for nowhere else:')
    for (const named of alsoNamed.slice(0, SHOWN)) {
      print(
        terminal,
        `  ${Object.entries(named)
          .map(([name, value]) => `${name} ${value}`)
          .join(' · ')}`,
      )
    }
    if (alsoNamed.length > SHOWN) print(terminal, `  … and ${alsoNamed.length - SHOWN} more`)
  }
  if (contactIds.length > 0) {
    const more = contactIds.length > SHOWN ? ` … and ${contactIds.length - SHOWN} more` : ''
    print(terminal, `External contacts in Genesys Cloud: ${contactIds.slice(0, SHOWN).join(', ')}${more}`)
  }
  if (short) {
    print(
      terminal,
      'An external id of fewer than 8 characters could be anything in a text: messages are found by it, and bodies of events without a message are not. Give --email and --phone too where you know them.',
      'yellow',
    )
  }
}

function tellErased(erased: Erased, { contactIds }: FoundOf, file: string, terminal: Terminal): void {
  const { messages, events, others, cancelled, sending, left, searched } = erased
  print(
    terminal,
    `Erased: ${messages} messages (${cancelled} of them cancelled), ${events} events, ${others} other rows. Nothing is sent to this customer any more.`,
  )
  const size = `${(searched / 1024 / 1024).toFixed(1)} MiB`
  if (left.length === 0) {
    print(
      terminal,
      `Searched ${size} of ${file}, its -wal and its -shm: nothing names them any more.`,
      'green',
    )
  } else {
    print(terminal, `Searched ${size}. Still named:`, 'red')
    for (const { where, count } of left) print(terminal, `  ${where}: ${count}`)
    print(terminal, adviceOn(left))
  }
  if (sending.length > 0) {
    print(
      terminal,
      `Being sent all the time, and not erased: ${sending.join(', ')}. Do the same again when that is over.`,
      'red',
    )
  }
  print(terminal, 'Out of reach from here:')
  const contacts = contactIds.length === 0 ? '' : ', by the external contacts above'
  print(terminal, `  Genesys Cloud${contacts}: POST /api/v2/gdpr/requests with requestType GDPR_DELETE`)
  print(
    terminal,
    '  backups and other copies of the file, and snapshots of its disk: delete them, or purge there too',
  )
  print(
    terminal,
    '  the log of this service where it was kept at debug, logs of proxies, and who was told (notify)',
  )
  print(terminal, '  the sender: a webhook that still comes is recorded, and nothing is sent')
}

function adviceOn(left: Erased['left']): string {
  if (left.some(({ where }) => where === 'table audit')) {
    return 'The audit trail is not rewritten: somebody typed it there as a reason.'
  }
  return left.some(({ where }) => where.startsWith('table '))
    ? 'An event came meanwhile, or a service wrote it anew. Do the same again.'
    : 'An earlier version left it on pages that are in use. Stop the service and do the same again: the file is then written anew.'
}

function jsonOf({ contactIds, alsoNamed }: FoundOf, erased: Erased) {
  const { messages, events, others, cancelled, suppressed, sending, searched, left } = erased
  return {
    messages,
    events,
    others,
    cancelled,
    suppressed,
    sending,
    searchedBytes: searched,
    left,
    contactIds,
    alsoNamed,
  }
}

async function withBar(work: Purge, { err }: Terminal): Promise<Erased> {
  const format = 'Erasing {bar} {value} of {total}'
  const bar = err.isTTY ? new SingleBar({ stream: err, clearOnComplete: true, format }) : null
  let begun = false
  try {
    return await work.erase((done, of) => {
      if (!begun) bar?.start(of, done)
      else bar?.update(done)
      begun = true
    })
  } finally {
    bar?.stop()
  }
}

function countOf(ids: readonly number[], what: string): string {
  return `${ids.length} ${what}${ids.length === 1 ? '' : 's'}`
}

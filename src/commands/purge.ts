import { SingleBar } from 'cli-progress'
import { emailAddress, phoneNumber } from '../address.ts'
import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { createMentions } from '../ledger/mentions.ts'
import { openPurge } from '../ledger/open-purge.ts'
import { placeOf } from '../ledger/postgres.ts'
import type { Erased, FoundOf } from '../ledger/purge.ts'
import type { Purge } from '../ledger/purging.ts'
import { IDENTIFIERS } from '../message.ts'
import { keyFrom, LEDGER } from '../settings.ts'
import { ledgerFile } from './ledger.ts'
import { print, printJson, type Terminal } from './output.ts'
import { askedWhether, type Input } from './send-ask.ts'
import { namesMeant } from './suppress.ts'
import { namingOf, type Whom } from './suppress-whom.ts'

export type PurgeOptions = Whom & { by: string; yes?: boolean; json?: boolean }

/**
 * Erases a customer from the ledger, after asking, and proves it. False: something that names them is left, or a message is being sent all the time. Throws USAGE where nobody is named, and REFUSED where the
 * answer is no.
 */
export async function purge(
  variables: Variables,
  { source, by, yes, json, ...whom }: PurgeOptions,
  terminal: Terminal,
  input: Input,
): Promise<boolean> {
  const environment = readEnvironment(variables)
  const file = ledgerFile(environment)
  const url = environment.DATABASE_URL ?? LEDGER
  const naming = namingOf(variables, source)
  const names = namesMeant(whom, naming, true)
  const written = writingsOf(whom, naming.defaultCountry)
  const mentions = createMentions(trimmed(whom), naming.defaultCountry)
  const { key } = keyFrom(environment)
  const work = await openPurge({ url, key, clock: systemClock, names, written, mentions, by })
  const ledger: Purged =
    file === null ? { kind: 'database', place: placeOf(url) } : { kind: 'file', place: file }
  try {
    const found = work.find()
    if (json !== true) tellFound(found, mentions.tooShort.length > 0, terminal)
    const question = `Erase this customer from ${ledger.place}? It cannot be brought back. [y/N] `
    if (yes !== true && !(await askedWhether(question, 'Nothing was erased.', input, terminal))) {
      throw new PostriderError('REFUSED', 'Nothing was erased.')
    }
    const erased = await withBar(work, terminal)
    if (json === true) printJson(terminal, jsonOf(found, erased))
    else tellErased(erased, found, ledger, terminal)
    return erased.left.length === 0 && erased.sending.length === 0
  } finally {
    work.close()
  }
}

/** What somebody is erased from: a file of SQLite, or a database of PostgreSQL. `place`: for people. */
type Purged = { kind: keyof typeof WORDS; place: string }

/** What differs: what was searched, what to do about what is left, and what is out of reach. */
const WORDS = {
  file: {
    searched: (size: string, file: string) => `Searched ${size} of ${file}, its -wal and its -shm`,
    advice:
      'An earlier version left it on pages that are in use. Stop the service and do the same again: the file is then written anew.',
    outOfReach: [
      'backups and other copies of the file, and snapshots of its disk: delete them, or purge there too',
    ],
  },
  database: {
    searched: (size: string, place: string) =>
      `Searched ${size}, every row of every table of ${place} and what the server’s statistics hold of them`,
    advice:
      'The server’s statistics of these tables still hold it: run ANALYZE on each. Of a table without a row they stay until it has one.',
    outOfReach: [
      'what the server’s files hold of the rows as they were: they were cleaned up (VACUUM), which frees their places to be used again and overwrites nothing; what an open transaction or a replication slot holds back is cleaned up when that has ended',
      'the write-ahead log and its archive, replicas, backups (pg_dump, the provider’s), and snapshots of disks: let them go when they are as old as you keep them, or purge in what is restored',
      'the server’s log, where it has statements with their values: log_min_duration_statement, log_statement',
    ],
  },
} as const

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

function tellErased(
  erased: Erased,
  { contactIds }: FoundOf,
  { kind, place }: Purged,
  terminal: Terminal,
): void {
  const { messages, events, others, cancelled, sending, left, searched } = erased
  const words = WORDS[kind]
  print(
    terminal,
    `Erased: ${messages} messages (${cancelled} of them cancelled), ${events} events, ${others} other rows. Nothing is sent to this customer any more.`,
  )
  const size = `${(searched / 1024 / 1024).toFixed(1)} MiB`
  if (left.length === 0) {
    print(terminal, `${words.searched(size, place)}: nothing names them any more.`, 'green')
  } else {
    print(terminal, `${words.searched(size, place)}. Still named:`, 'red')
    for (const { where, count } of left) print(terminal, `  ${where}: ${count}`)
    print(terminal, adviceOn(left, words.advice))
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
  for (const line of [
    `Genesys Cloud${contacts}: POST /api/v2/gdpr/requests with requestType GDPR_DELETE`,
    ...words.outOfReach,
    'the log of this service where it was kept at debug, logs of proxies, and who was told (notify)',
    'the sender: a webhook that still comes is recorded, and nothing is sent',
  ]) {
    print(terminal, `  ${line}`)
  }
}

/** `elsewhere`: of what is in no row. */
function adviceOn(left: Erased['left'], elsewhere: string): string {
  if (left.some(({ where }) => where === 'table audit')) {
    return 'The audit trail is not rewritten: somebody typed it there as a reason.'
  }
  return left.some(({ where }) => where.startsWith('table '))
    ? 'An event came meanwhile, or a service wrote it anew. Do the same again.'
    : elsewhere
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

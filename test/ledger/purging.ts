import { existsSync, readFileSync } from 'node:fs'
import type { Clock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { createMentions } from '../../src/ledger/mentions.ts'
import type { Erased } from '../../src/ledger/purge.ts'
import { openPurge } from '../../src/ledger/sqlite/purge.ts'
import { DAY, ended, happens, planned, SENT, schedule, UNCONFIRMED } from './contract/build.ts'
import type { SqliteHarness } from './sqlite-harness.ts'

export type Person = { externalId: string; email: string; phone: string }
export const ANN = {
  externalId: 'customer-10042',
  email: 'Ann.Smith@Example.com',
  phone: '+1 317 555 0142',
} satisfies Person
/** Who must not be touched: their address has hers in it. */
export const JOANN = {
  externalId: 'customer-100421',
  email: 'joann.smith@example.com',
  phone: '+1 317 555 0199',
} satisfies Person

export function namesOf({ externalId, email, phone }: Person): string[] {
  return [
    `externalId:crm:${externalId}`,
    `email:${email.toLowerCase()}`,
    `phone:${phone.replaceAll(' ', '')}`,
  ]
}

export function erasingOf(person: Person) {
  return {
    names: namesOf(person),
    written: [person, { phone: person.phone.replaceAll(' ', '') }],
    mentions: createMentions(person, null),
    by: 'op',
  }
}

/** Erases a person on a connection beside whatever is open. */
export async function eraseFrom(harness: SqliteHarness, person: Person): Promise<Erased> {
  const { file } = harness
  const purge = openPurge(file, { ...erasingOf(person), key: undefined, clock: passing(harness) })
  try {
    return await purge.erase(() => {})
  } finally {
    purge.close()
  }
}

/** Who waits moves time on. */
export function passing({ clock }: SqliteHarness): Clock {
  return { now: clock.now, sleep: async (ms) => clock.advance(ms) }
}

function bodyOf(person: Person, n: number): Buffer {
  return Buffer.from(JSON.stringify({ data: { customer: person, n, text: `Dear ${person.email}` } }))
}

/** Fills a ledger with all that it can hold of a person, in every state. */
export async function fill(ledger: Ledger, harness: SqliteHarness, person: Person): Promise<void> {
  const at = () => harness.clock.now()
  const message = {
    customer: person,
    names: namesOf(person),
    policies: { once: person.email, countsIn: ['all'] },
  }
  const rest = { raw: bodyOf(person, 1), headers: { 'x-customer': person.externalId }, subject: person.email }
  for (const route of ['one', 'two']) {
    await happens(ledger, harness, {
      messages: [planned(at(), { ...message, route, dueAt: at() + DAY })],
      ...rest,
    })
  }
  await happens(ledger, harness, { ...rest, raw: Buffer.from(`phone=${encodeURIComponent(person.phone)}`) })
  await happens(ledger, harness, {
    raw: Buffer.from(JSON.stringify({ mail: person.email }).replace('@', '\\u0040')),
  })
  const sent = {
    message: { ...message, route: 'three' },
    opened: {
      channel: 'email' as const,
      address: person.email,
      contactId: `contact-of-${person.externalId}`,
      rendered: { channel: 'email' as const, text: `Dear ${person.email}`, templateVersion: 'a@1' },
    },
  }
  await ended(ledger, harness, SENT, sent)
  await ended(
    ledger,
    harness,
    { ...UNCONFIRMED, reason: `No mailbox ${person.email}` },
    { ...sent, message: { ...sent.message, route: 'four' } },
  )
  const cancelled = await schedule(ledger, harness, { ...message, route: 'five' })
  await ledger.cancel(cancelled, { by: 'op', reason: `called us from ${person.phone}` })
  ledger.keepRefused({
    source: 'crm',
    receivedAt: at(),
    reason: 'signature',
    method: 'POST',
    target: `/webhooks/crm?mail=${encodeURIComponent(person.email)}`,
    rawHeaders: [],
    body: bodyOf(person, 2),
  })
  await ledger.beginKey('a'.repeat(64), 'b'.repeat(64))
  await ledger.endKey('a'.repeat(64), { status: 200, body: JSON.stringify({ customer: person }) })
}

/** How often these bytes stand in the files of a ledger, whatever the case. */
export function bytesIn(file: string, words: readonly string[]): number {
  let count = 0
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (!existsSync(path)) continue
    const text = readFileSync(path, { encoding: 'latin1' }).toLowerCase()
    for (const word of words) count += text.split(word.toLowerCase()).length - 1
  }
  return count
}

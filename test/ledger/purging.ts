import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { createMentions } from '../../src/ledger/mentions.ts'
import { openPurge } from '../../src/ledger/open-purge.ts'
import type { Erased } from '../../src/ledger/purge.ts'
import { DAY, ended, happens, planned, SENT, schedule, UNCONFIRMED } from './contract/build.ts'
import type { Harness } from './contract.ts'
import { type PostgresHarness, postgresHarness, TEST_KEY } from './postgres-harness.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

/** A ledger to erase somebody from. */
export type PurgeHarness = Harness & {
  /** As DATABASE_URL has it. */
  url: string
  /** Of its hashes, where it does not lie beside it. */
  key: Uint8Array | undefined
  /** All that can be read of the database, as text: bytes one by one (latin1), in lower case. */
  content(): Promise<string>
  /** Where a file may be damaged by whoever writes it. */
  assertSound(): void
}

export async function sqlitePurgeHarness(): Promise<PurgeHarness & SqliteHarness> {
  const harness = await sqliteHarness()
  const { file, raw } = harness
  return {
    ...harness,
    url: `sqlite:${file}`,
    key: undefined,
    content: async () => filesOf(file),
    assertSound() {
      const found = raw().prepare('PRAGMA integrity_check').all()
      assert.deepEqual(
        found.map((row) => row.integrity_check),
        ['ok'],
      )
    },
  }
}

export async function postgresPurgeHarness(): Promise<PurgeHarness & PostgresHarness> {
  const harness = await postgresHarness()
  return {
    ...harness,
    key: TEST_KEY,
    content: () => rowsOf(harness),
    assertSound() {},
  }
}

function filesOf(file: string): string {
  const paths = [file, `${file}-wal`, `${file}-shm`].filter((path) => existsSync(path))
  return paths.map((path) => readFileSync(path, { encoding: 'latin1' }).toLowerCase()).join('\n')
}

/** Every row, and what the server keeps of their values for its plans. */
async function rowsOf({ raw }: PostgresHarness): Promise<string> {
  const db = await raw()
  const tables = await db.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
  const texts: string[] = []
  for (const { tablename } of tables.rows) {
    const { rows } = await db.query(`SELECT * FROM "${tablename}"`)
    for (const row of rows) {
      for (const value of Object.values(row))
        texts.push(Buffer.isBuffer(value) ? value.toString('latin1') : `${value}`)
    }
  }
  const { rows } = await db.query(
    `SELECT most_common_vals::text AS common, histogram_bounds::text AS bounds FROM pg_stats WHERE schemaname = 'public'`,
  )
  for (const { common, bounds } of rows) {
    texts.push(
      `${common} ${bounds}`.replace(/\\x([0-9a-f]+)/g, (_, hex: string) =>
        Buffer.from(hex, 'hex').toString('latin1'),
      ),
    )
  }
  return texts.join('\n').toLowerCase()
}

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

/** Erases a person on a connection beside whatever is open. `service`: what it has not written yet is on the disk when it was waited for. */
export async function eraseFrom(harness: PurgeHarness, person: Person, service?: Ledger): Promise<Erased> {
  const { url, key } = harness
  const purge = await openPurge({ ...erasingOf(person), url, key, clock: passing(harness, service) })
  try {
    return await purge.erase(() => {})
  } finally {
    purge.close()
  }
}

/** Who waits moves time on. */
function passing({ clock }: PurgeHarness, service?: Ledger): Clock {
  return {
    now: clock.now,
    async sleep(ms) {
      clock.advance(ms)
      // Whoever woke has asked by now for what it writes; that is written before this.
      await setImmediate()
      await service?.ping()
    },
  }
}

function bodyOf(person: Person, n: number): Buffer {
  return Buffer.from(JSON.stringify({ data: { customer: person, n, text: `Dear ${person.email}` } }))
}

/** Fills a ledger with all that it can hold of a person, in every state. */
export async function fill(ledger: Ledger, harness: Harness, person: Person): Promise<void> {
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

/** How often these words stand in it, whatever the case. */
export function countIn(content: string, words: readonly string[]): number {
  return words.reduce((sum, word) => sum + content.split(word.toLowerCase()).length - 1, 0)
}

/** What is there of Ann, but for what is a part of Joann's. */
export async function leftOfAnn(harness: PurgeHarness): Promise<number> {
  const content = await harness.content()
  const hers = countIn(content, ['ann.smith@example.com', 'customer-10042', '13175550142', '317 555 0142'])
  return hers - countIn(content, ['joann.smith@example.com', 'customer-100421'])
}

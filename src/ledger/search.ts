import { type Kysely, sql } from 'kysely'
import { CLI_SOURCE } from '../event.ts'
import { IDENTIFIERS, type IdentifierName } from '../message.ts'
import type { AuditRecord } from './access.ts'
import { identified } from './filters.ts'
import { eventKeyHash, identifierHashes } from './hashes.ts'
import type { Names } from './names.ts'
import type { Hit, HitBy, Pages } from './pages.ts'
import type { MessageIdentifierRow, Schema } from './schema.ts'

/** What nobody types, and no identifier has. */
const LONGEST = 600
const MOST_HITS = 50

type Found = Hit & { at: number }

/** Each way of searching is an index look-up: whole text only. `names`: hashes them with the ledger's key. */
export function createSearch(db: Kysely<Schema>, names: Names): Pick<Pages, 'search' | 'auditOf'> {
  async function events(ids: readonly number[], by: HitBy): Promise<Found[]> {
    if (ids.length === 0) return []
    const rows = await db.selectFrom('events').select(['id', 'received_at']).where('id', 'in', ids).execute()
    return rows.map(({ id, received_at: at }) => ({ kind: 'event', id, by, at }))
  }

  async function messages(ids: readonly number[], by: HitBy): Promise<Found[]> {
    if (ids.length === 0) return []
    const rows = await db.selectFrom('messages').select(['id', 'created_at']).where('id', 'in', ids).execute()
    return rows.map(({ id, created_at: at }) => ({ kind: 'message', id, by, at }))
  }

  async function byNumber(text: string): Promise<Found[]> {
    if (!/^\d{1,15}$/.test(text)) return []
    const ids = [Number(text)]
    return [...(await events(ids, 'number')), ...(await messages(ids, 'number'))]
  }

  async function byEventKey(text: string): Promise<Found[]> {
    const sources = await db.selectFrom('sources').select('name').execute()
    const hashes = [...new Set([...sources.map(({ name }) => name), CLI_SOURCE])].map((source) =>
      eventKeyHash(source, text),
    )
    const rows = await db
      .selectFrom('event_keys')
      .select('event_id')
      .where('hash', 'in', hashes)
      .where('event_id', 'is not', null)
      .execute()
    return events(
      rows.flatMap(({ event_id }) => event_id ?? []),
      'event-key',
    )
  }

  async function byAttempt(
    column: 'conversation_id' | 'correlation_id' | 'genesys_message_id',
    by: HitBy,
    text: string,
  ): Promise<Found[]> {
    const rows = await db
      .selectFrom('attempts')
      .select('message_id')
      .where(column, '=', text)
      .orderBy('id', 'desc')
      .limit(MOST_HITS)
      .execute()
    return messages(
      rows.map(({ message_id }) => message_id),
      by,
    )
  }

  /** As the event named the customer, in whatever case and grouping. All at once: each block of messages is looked into. */
  async function byIdentifier(text: string): Promise<Found[]> {
    const asked = IDENTIFIERS.flatMap((name) =>
      spellingsOf(name, text).flatMap((one) =>
        identifierHashes({ [name]: one }).map((hash) => ({ name, hash })),
      ),
    )
    const ids = identified(
      sql`hash, message_id`,
      asked.map(({ hash }) => hash),
    )
    const { rows: found } = await sql<Pick<MessageIdentifierRow, 'hash' | 'message_id'>>`
      ${ids} order by message_id desc limit ${MOST_HITS * IDENTIFIERS.length}`.execute(db)
    const hits = await Promise.all(
      IDENTIFIERS.map((name) => {
        const own = asked.filter((one) => one.name === name)
        const ids = found.filter((row) => own.some(({ hash }) => hash.equals(row.hash)))
        return messages(
          ids.map(({ message_id }) => message_id),
          name,
        )
      }),
    )
    return hits.flat()
  }

  /** By the one form that a number has whoever writes it, where the event has it without its country: of messages that were sent. */
  async function byPhoneName(text: string): Promise<Found[]> {
    const full = spellingsOf('phone', text).filter((one) => one.startsWith('+'))
    const hashes = names.hashesOf(full.map((one) => `phone:${one}`))
    if (hashes.length === 0) return []
    const rows = await db
      .selectFrom('customer_sends')
      .innerJoin('attempts', 'attempts.id', 'customer_sends.attempt_id')
      .select('message_id')
      .where('hash', 'in', hashes)
      .orderBy('attempt_id', 'desc')
      .limit(MOST_HITS)
      .execute()
    return messages(
      rows.map(({ message_id }) => message_id),
      'phone',
    )
  }

  return {
    async search(asked) {
      const text = asked.trim()
      if (text === '' || text.length > LONGEST) return []
      const found = [
        ...(await byNumber(text)),
        ...(await byEventKey(text)),
        ...(await byAttempt('conversation_id', 'conversation', text)),
        ...(await byAttempt('correlation_id', 'correlation', text)),
        ...(await byAttempt('genesys_message_id', 'genesys-message', text)),
        ...(await byIdentifier(text)),
        ...(await byPhoneName(text)),
      ]
      return hitsOf(found)
    },
    async auditOf(of) {
      // Written as the indexes are, or SQLite uses none.
      const target =
        'message' in of
          ? sql<number>`json_extract(target, '$.message') = ${of.message}`
          : sql<number>`json_extract(target, '$.event') = ${of.event}`
      const rows = await db
        .selectFrom('audit')
        .selectAll()
        .where(target.$castTo<boolean>())
        .orderBy('id')
        .execute()
      return rows.map((row) => ({ ...row, target: JSON.parse(row.target) as AuditRecord['target'] }))
    },
  }
}

/** What a text may be as an identifier of this kind; none: it cannot be one. */
function spellingsOf(name: IdentifierName, text: string): string[] {
  switch (name) {
    case 'externalId':
      return [text]
    case 'email':
      return text.includes('@') ? [text.replace(/^(?:email|mailto):\s*/i, '')] : []
    case 'phone': {
      const number = text.replace(/^tel:\s*/i, '')
      if (!/^[\d\s()./+-]*\d[\d\s()./+-]*$/.test(number)) return []
      const digits = number.replace(/[^\d+]/g, '')
      return digits.startsWith('00') ? [digits, `+${digits.slice(2)}`] : [digits]
    }
  }
}

/** Each once, by what was found first. */
function hitsOf(found: readonly Found[]): Hit[] {
  const once = new Map<string, Found>()
  for (const one of found) {
    const name = `${one.kind} ${one.id}`
    if (!once.has(name)) once.set(name, one)
  }
  return [...once.values()]
    .sort((a, b) => b.at - a.at || b.id - a.id || a.kind.localeCompare(b.kind))
    .slice(0, MOST_HITS)
    .map(({ kind, id, by }) => ({ kind, id, by }))
}

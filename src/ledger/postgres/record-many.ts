import type { ReadEvent } from '../../event.ts'
import type { Call } from '../calls.ts'
import { eventKeyHash, identifierHashes } from '../hashes.ts'
import type { Recordable, Recorded } from '../ledger.ts'
import { BLOCK_SHIFT } from '../schema.ts'
import { MESSAGE_COLUMNS, messageValues } from '../verbs/insert-messages.ts'
import { EVENT_COLUMNS, eventValues, type Record } from '../verbs/record.ts'
import type { Value } from '../verbs/statement.ts'
import type { Store } from '../verbs/store.ts'
import type { Connection } from './bridge.ts'
import { standsAlone } from './needs.ts'

type Plain = Extract<Recordable, { kind: 'event' }>

const TYPES: Readonly<{ [column: string]: string }> = {
  event_id: 'bigint',
  message_id: 'bigint',
  lane: 'bigint',
  occurred_at: 'bigint',
  received_at: 'bigint',
  due_at: 'bigint',
  expire_at: 'bigint',
  created_at: 'bigint',
  updated_at: 'bigint',
  raw: 'bytea',
  names: 'bytea',
  cancel_keys: 'bytea',
}
const typeOf = (column: string) => TYPES[column] ?? 'text'

/**
 * Records the events of many deliveries by a handful of statements of many rows, where each calls for nothing but messages of its own: the usual case, and one in which it makes no difference what
 * is recorded beside it. What it writes is what verbs/record.ts writes, from the same values. Where it fails, the calls are made one by one as always. One answer is waited for, that of the claim:
 * ids are drawn with it, so that all rows can be sent with the commit.
 *
 * Answers, for each of these calls that can be done so, what does it: the first of them in a transaction does all.
 */
export function createRecordMany(
  connection: Connection,
  store: Store,
  record: Record,
): (calls: readonly Call[]) => ReadonlyMap<Call, () => Recorded> {
  const { clock } = store

  function all(entries: readonly Plain[]): Recorded {
    const now = clock.now()
    const { ids, messageIds } = claim(entries, now)
    const first = entries.flatMap((entry, n) => {
      const id = ids[n]
      return id === undefined ? [] : [{ entry, id }]
    })
    if (first.length > 0) insertEvents(first)
    const messages = insertMessages(first, messageIds, now)
    const recorded = entries.map((_, n): Recorded[number] => {
      const id = ids[n]
      return id === undefined
        ? { kind: 'known' }
        : { kind: 'recorded', eventId: id, messageIds: messages.get(id) ?? [] }
    })
    record.noted(entries, recorded)
    return recorded
  }

  /**
   * The new id of each event whose key is free; of two with the same key in one batch the first has it. In the order of the hashes, so that two instances never wait for each other in a circle.
   * `messageIds`: one for each message of all entries.
   */
  function claim(
    entries: readonly Plain[],
    now: number,
  ): { ids: (number | undefined)[]; messageIds: number[] } {
    const hashes = entries.map(({ event }) => eventKeyHash(event.source, event.key))
    const names = hashes.map((hash) => hash.toString('hex'))
    const firstOf = new Map<string, number>()
    names.forEach((name, n) => {
      if (!firstOf.has(name)) firstOf.set(name, n)
    })
    const own = [...firstOf.values()]
    const { rows } = connection.query({
      ...CLAIM,
      values: [
        own.map((n) => hashes[n] ?? null),
        own.map((n) => now + (entries[n]?.keepKeyForMs ?? 0)),
        now,
        entries.reduce((count, { plan }) => count + plan.messages.length, 0),
      ],
    })
    const claimed = new Map<string, number>()
    const messageIds: number[] = []
    for (const { hash, id } of rows) {
      if (hash === null) messageIds.push(Number(id))
      else claimed.set(String(hash), Number(id))
    }
    return {
      ids: names.map((name, n) => (firstOf.get(name) === n ? claimed.get(name) : undefined)),
      messageIds,
    }
  }

  function insertEvents(first: readonly { entry: Plain; id: number }[]): void {
    const rows = first.map(({ entry, id }) => [id, ...eventValues(entry.event, entry.plan)])
    connection.later({ ...INSERT_EVENTS, values: columnsOf(rows) })
  }

  /** The ids of the messages, by those of their events. */
  function insertMessages(
    first: readonly { entry: Plain; id: number }[],
    messageIds: readonly number[],
    now: number,
  ): Map<number, number[]> {
    const planned = first.flatMap(({ entry: { event, plan }, id }) =>
      plan.messages.map((message) => ({ event: { id, source: event.source }, message, plan })),
    )
    const added = new Map<number, number[]>()
    if (planned.length === 0) return added
    const rows: Value[][] = []
    const identifiers: Value[][] = []
    planned.forEach(({ event, message, plan: { configVersion } }, n) => {
      const id = messageIds[n]
      if (id === undefined) throw new Error('a message has no id')
      rows.push([id, ...messageValues(store, event, message, { configVersion, cancelHashes: [], now })])
      added.set(event.id, [...(added.get(event.id) ?? []), id])
      for (const hash of identifierHashes(message.customer)) identifiers.push([hash, id])
      if (message.state === 'scheduled' && message.dueAt <= now) store.dueNow()
    })
    connection.later({ ...INSERT_MESSAGES, values: columnsOf(rows) })
    if (identifiers.length > 0) connection.later({ ...IDENTIFY, values: columnsOf(identifiers) })
    return added
  }

  return (calls) => {
    const plain = calls.filter(isPlain)
    const works = new Map<Call, () => Recorded>()
    if (plain.length < 2) return works
    let recorded: Recorded | null = null
    let at = 0
    for (const call of plain) {
      const [entries] = call.args
      const from = at
      at += entries.length
      works.set(call, () => {
        // All of them are asked for in one transaction, and where that is undone they are not asked for again.
        recorded ??= all(plain.flatMap((one) => one.args[0] as readonly Plain[]))
        return recorded.slice(from, from + entries.length)
      })
    }
    return works
  }
}

function isPlain(call: Call): call is Extract<Call, { verb: 'record' }> {
  return call.verb === 'record' && call.args[0].every(isPlainEntry)
}

function isPlainEntry(entry: Recordable): entry is Plain {
  if (entry.kind !== 'event' || entry.by !== undefined || !standsAlone(entry)) return false
  const { keyIsUnsigned }: Pick<ReadEvent, 'keyIsUnsigned'> = entry.event
  return !keyIsUnsigned
}

/** Rows as one list for each column. */
function columnsOf(rows: readonly (readonly Value[])[]): Value[][] {
  return Array.from({ length: rows[0]?.length ?? 0 }, (_, column) => rows.map((row) => row[column] ?? null))
}

function unnested(columns: readonly string[]): string {
  return `unnest(${columns.map((column, n) => `$${n + 1}::${typeOf(column)}[]`).join(', ')})`
}

// The ids are drawn in the order of the deliveries, before the rows are put into that of the hashes. Those without a hash are for messages.
const CLAIM = {
  name: 'postrider_claim_many',
  text: `WITH claimed AS (
           INSERT INTO event_keys (hash, keep_until, event_id)
           SELECT hash, keep_until, id
           FROM (SELECT hash, keep_until, nextval('events_ids') AS id
                 FROM unnest($1::bytea[], $2::bigint[]) AS given (hash, keep_until) OFFSET 0) AS numbered
           ORDER BY hash
           ON CONFLICT (hash) DO UPDATE SET keep_until = excluded.keep_until, event_id = excluded.event_id
             WHERE event_keys.keep_until < $3::bigint
           RETURNING encode(hash, 'hex') AS hash, event_id AS id)
         SELECT hash, id FROM claimed
         UNION ALL SELECT NULL, nextval('messages_id_seq') FROM generate_series(1, $4::bigint)`,
}

const INSERT_EVENTS = {
  name: 'postrider_insert_events',
  text: `INSERT INTO events (id, ${EVENT_COLUMNS.join(', ')}) SELECT * FROM ${unnested(['event_id', ...EVENT_COLUMNS])}`,
}

const INSERT_MESSAGES = {
  name: 'postrider_insert_messages',
  text: `INSERT INTO messages (id, ${MESSAGE_COLUMNS.join(', ')}) SELECT * FROM ${unnested(['message_id', ...MESSAGE_COLUMNS])}`,
}

const IDENTIFY = {
  name: 'postrider_identify_many',
  text: `INSERT INTO message_identifiers (block, hash, message_id)
         SELECT message_id >> ${BLOCK_SHIFT}, hash, message_id FROM unnest($1::bytea[], $2::bigint[]) AS given (hash, message_id)
         ON CONFLICT DO NOTHING`,
}

import { identifierHashes } from '../hashes.ts'
import { parted } from '../names.ts'
import type { Erasing, FoundOf } from '../purge.ts'
import { type AttemptRow, BLOCK_SHIFT, type EventRow, type MessageRow } from '../schema.ts'
import type { Store } from './store.ts'

type Message = Pick<MessageRow, 'id' | 'event_id' | 'customer' | 'names' | 'would_send' | 'contact_id'>
type Attempt = Pick<AttemptRow, 'message_id' | 'address' | 'rendered' | 'contact_id'>
type Event = Pick<EventRow, 'id' | 'key' | 'subject' | 'headers' | 'raw'>

/** Goes through all that the ledger has: most of it can be found by no index, and an erasure is no hurry. */
export function createFind({ prepare, names: hashing }: Pick<Store, 'prepare' | 'names'>) {
  const messages = prepare<Message>(
    'SELECT id, event_id, customer, names, would_send, contact_id FROM messages WHERE id > ? ORDER BY id LIMIT ?',
  )
  const attempts = prepare<Attempt & { id: number }>(
    'SELECT id, message_id, address, rendered, contact_id FROM attempts WHERE id > ? ORDER BY id LIMIT ?',
  )
  const events = prepare<Event>(
    'SELECT id, key, subject, headers, raw FROM events WHERE id > ? ORDER BY id LIMIT ?',
  )
  const identified = prepare<{ message_id: number }>(
    'SELECT message_id FROM message_identifiers WHERE block = ? AND hash = ?',
  )
  const lastMessage = prepare<{ last: number | null }>('SELECT max(id) AS last FROM messages')
  const eventOf = prepare<Pick<MessageRow, 'event_id'>>('SELECT event_id FROM messages WHERE id = ?')

  /** By the index of identifiers. An externalId there is anybody's in whatever number space, so that it counts only where a message has no names. */
  function byIdentifiers(written: Erasing['written']) {
    const hashes = (list: Erasing['written']) => list.flatMap(identifierHashes)
    const last = (lastMessage.get()?.last ?? -1) >> BLOCK_SHIFT
    const found = (all: readonly Buffer[]) => {
      const ids = new Set<number>()
      for (let block = 0; block <= last; block += 1) {
        for (const hash of all) for (const row of identified.all(block, hash)) ids.add(row.message_id)
      }
      return ids
    }
    const addresses = written.map(({ externalId: _, ...rest }) => rest)
    const ids = written.map(({ externalId }) => (externalId === undefined ? {} : { externalId }))
    return { byAddress: found(hashes(addresses)), byId: found(hashes(ids)) }
  }

  return ({ names, written, mentions }: Omit<Erasing, 'by'>): FoundOf => {
    const wanted = new Set(hashing.hashesOf(names).map((hash) => hash.toString('hex')))
    const { byAddress, byId } = byIdentifiers(written)
    const [messageIds, eventIds] = [new Set<number>(), new Set<number>()]
    const contactIds = new Set<string>()
    const alsoNamed = new Map<string, FoundOf['alsoNamed'][number]>()

    for (const row of all(messages, 1_000)) {
      const { id, event_id, customer, contact_id } = row
      const theirs =
        byAddress.has(id) ||
        (row.names === null && byId.has(id)) ||
        parted(row.names).some((hash) => wanted.has(hash.toString('hex'))) ||
        mentions.in(customer) ||
        (row.would_send !== null && mentions.in(row.would_send))
      if (!theirs) continue
      messageIds.add(id)
      eventIds.add(event_id)
      if (contact_id !== null) contactIds.add(contact_id)
      const { externalId, email, phone } = JSON.parse(customer) as FoundOf['alsoNamed'][number]
      const named = JSON.parse(JSON.stringify({ externalId, email, phone })) as FoundOf['alsoNamed'][number]
      if (Object.keys(named).length > 0) alsoNamed.set(JSON.stringify(named), named)
    }
    for (const { message_id, address, rendered, contact_id } of all(attempts, 1_000)) {
      const theirs =
        messageIds.has(message_id) || (address !== null && mentions.in(address)) || mentions.in(rendered)
      if (!theirs) continue
      const event = eventOf.get(message_id)
      if (!event) continue
      messageIds.add(message_id)
      eventIds.add(event.event_id)
      if (contact_id !== null) contactIds.add(contact_id)
    }
    // A body may be as large as a request.
    for (const { id, key, subject, headers, raw } of all(events, 50)) {
      const texts = [key, subject, headers].filter((text) => text !== null)
      if (mentions.inBytes(raw) || texts.some((text) => mentions.in(text))) eventIds.add(id)
    }
    const sorted = (ids: Set<number>) => [...ids].sort((a, b) => a - b)
    return {
      messageIds: sorted(messageIds),
      eventIds: sorted(eventIds),
      contactIds: [...contactIds],
      alsoNamed: [...alsoNamed.values()],
    }
  }
}

type Pages<Row> = { all(after: number, limit: number): Row[] }

/** Some at a time: a reader that goes through all at once keeps the log from being emptied. */
function* all<Row extends { id: number }>(pages: Pages<Row>, size: number): Generator<Row> {
  let after = 0
  for (;;) {
    const rows = pages.all(after, size)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < size) return
    after = last.id
  }
}

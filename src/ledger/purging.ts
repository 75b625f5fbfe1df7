import type { Clock } from '../clock.ts'
import { kindOf } from './names.ts'
import type { Erased, Erasing, FoundOf } from './purge.ts'
import { createAudit } from './verbs/audit.ts'
import { createCancellations } from './verbs/cancellations.ts'
import { createCaps } from './verbs/caps.ts'
import { eraseAsides } from './verbs/purge-asides.ts'
import { createFind } from './verbs/purge-find.ts'
import { createEraseRows } from './verbs/purge-rows.ts'
import type { Store } from './verbs/store.ts'
import { createWishes } from './verbs/wishes.ts'

/** Messages and events of one transaction: what a service beside it waits for. */
const AT_ONCE = 50
/** A request takes 16 s at most, and its outcome is written after it. */
const SENDING_MS = 30_000
const POLL_MS = 500
const FLUSH_MS = 1_500

export type Purge = {
  /** What there is of the customer. Changes nothing. Throws LEDGER_UNAVAILABLE. */
  find(): FoundOf
  /**
   * Erases it, proves it, and answers what is left. What is done is done whatever ends it: the same once more does the rest. `progress`: how many of how many rows. Rejects with LEDGER_UNAVAILABLE where
   * the ledger cannot be written.
   */
  erase(progress: (done: number, of: number) => void): Promise<Erased>
  close(): void
}

/** The database that somebody is erased from. Its functions throw its own errors. */
export type PurgeIn = {
  store: Store
  /** Does a piece of work in a transaction, in which it has the ledger to itself. */
  write<T>(does: () => T): T
  /** Whether a service is at work with it. */
  isInUse(): boolean
  /** Does away with what the erasure left where no row shows it, as far as it can be reached, and searches all that can be read. */
  prove(): Promise<Pick<Erased, 'searched' | 'left'>>
  /** What a caller gets for an error of the database. */
  translate(error: unknown): unknown
  close(): void
}

/** Erases one customer, the same in every database. `clock`: by which it waits. */
export function createPurge(database: PurgeIn, erasing: Erasing, clock: Clock): Purge {
  const find = createFind(database.store)
  return {
    find() {
      try {
        return find(erasing)
      } catch (error) {
        throw database.translate(error)
      }
    },
    erase: (progress) =>
      erase({ ...database, clock, erasing, find: () => find(erasing), progress }).catch((error: unknown) => {
        throw database.translate(error)
      }),
    close: database.close,
  }
}

type Work = Omit<PurgeIn, 'translate' | 'close'> & {
  clock: Clock
  erasing: Erasing
  find(): FoundOf
  progress(done: number, of: number): void
}

async function erase(work: Work): Promise<Erased> {
  const { store, clock, erasing, write } = work
  const suppressed = write(() => refuse(store, erasing))
  const done = { messages: 0, events: 0, cancelled: 0 }
  const until = clock.now() + SENDING_MS
  let sending: readonly number[] = []
  for (;;) {
    const pass = eraseFound(work)
    for (const name of ['messages', 'events', 'cancelled'] as const) done[name] += pass[name]
    sending = pass.sending
    if (sending.length === 0 || clock.now() >= until) break
    await clock.sleep(POLL_MS)
  }
  // What a service refused reaches the disk within a second.
  if (work.isInUse()) await clock.sleep(FLUSH_MS)
  const others =
    eraseAsides(store.prepare, erasing.mentions, write) + write(() => forgetHashes(store, erasing))
  write(() => tell(store, erasing, 'customer.erased', { ...done, others }))
  return { ...done, others, suppressed, sending, ...(await work.prove()) }
}

/** First of all: nothing is sent from now on, and whoever began is in the trail. */
function refuse(store: Store, erasing: Erasing): number {
  const { clock, names } = store
  const now = clock.now()
  const refusal = { channels: null, reason: 'The customer was erased (purge)', by: erasing.by, saidAt: now }
  const added = createWishes(store).suppress(names.hashesOf(erasing.names), refusal, now)
  tell(store, erasing, 'customer.erase', { suppressed: added })
  return added
}

function tell(store: Store, { names, by }: Erasing, action: string, counts: Record<string, number>): void {
  const hashes = store.names.hashesOf(names)
  const target = {
    kinds: hashes.map((hash) => kindOf(hash) || 'other').join(','),
    hashes: hashes.map((hash) => hash.toString('hex').slice(0, 8)).join(','),
    ...counts,
  }
  createAudit(store)({ by, action, target }, store.clock.now())
}

/** What is found now. A message goes together with its event: by the one alone the other might not be found once more. */
function eraseFound({ store, erasing, find, progress, write }: Work): {
  messages: number
  events: number
  cancelled: number
  sending: number[]
} {
  const { messageIds, eventIds } = find()
  const deps = { cancellations: createCancellations(store), caps: createCaps(store) }
  const rows = createEraseRows(store, deps, erasing.mentions)
  const eventOf = store.prepare<{ event_id: number }>('SELECT event_id FROM messages WHERE id = ?')
  const sending: number[] = []
  const total = messageIds.length + eventIds.length
  let [cancelled, done] = [0, 0]
  for (const ids of parts(messageIds)) {
    write(() => {
      for (const id of ids) {
        const came = rows.message(id)
        const event = eventOf.get(id)
        if (event) rows.event(event.event_id)
        if (came === 'cancelled') cancelled += 1
        if (came === 'sending') sending.push(id)
      }
    })
    done += ids.length
    progress(done, total)
  }
  for (const ids of parts(eventIds)) {
    write(() => {
      for (const id of ids) rows.event(id)
    })
    done += ids.length
    progress(done, total)
  }
  return { messages: messageIds.length - sending.length, events: eventIds.length, cancelled, sending }
}

/** What is kept by the hash of a name alone; that nothing may be sent stays. */
function forgetHashes({ prepare, names }: Store, erasing: Erasing): number {
  const sends = prepare('DELETE FROM customer_sends WHERE hash = ?')
  const consents = prepare('DELETE FROM consents WHERE hash = ?')
  return names
    .hashesOf(erasing.names)
    .reduce((sum, hash) => sum + sends.run(hash).changes + consents.run(hash).changes, 0)
}

/** The texts of a row in which somebody may be named: bytes as the text that they are, or mostly. */
export function textsIn(row: Readonly<Record<string, unknown>>): string[] {
  return Object.values(row).flatMap((value) => {
    if (typeof value === 'string') return [value]
    return value instanceof Uint8Array && value.length > 0 ? [Buffer.from(value).toString('utf8')] : []
  })
}

function* parts(ids: readonly number[]): Generator<readonly number[]> {
  for (let from = 0; from < ids.length; from += AT_ONCE) yield ids.slice(from, from + AT_ONCE)
}

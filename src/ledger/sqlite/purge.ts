import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../clock.ts'
import { keyBeside } from '../key.ts'
import { migrate } from '../migrations.ts'
import { createNames, kindOf } from '../names.ts'
import type { Erased, Erasing, FoundOf } from '../purge.ts'
import { createAudit } from '../verbs/audit.ts'
import { createCancellations } from '../verbs/cancellations.ts'
import { createCaps } from '../verbs/caps.ts'
import { createRememberKey } from '../verbs/house.ts'
import { eraseAsides } from '../verbs/purge-asides.ts'
import { createFind } from '../verbs/purge-find.ts'
import { createEraseRows } from '../verbs/purge-rows.ts'
import { createStore, type Store } from '../verbs/store.ts'
import { createWishes } from '../verbs/wishes.ts'
import { DIALECT, openDatabase, preparer } from './database.ts'
import { isOwned } from './ownership.ts'
import { emptyLog, overwriteFreePages, searchFiles, searchRows } from './purge-proof.ts'
import { ledgerError, refusalOf } from './trouble.ts'

/** Messages and events of one transaction: what a service beside it waits for. */
const AT_ONCE = 50
/** A request takes 16 s at most, and its outcome is written after it. */
const SENDING_MS = 30_000
const POLL_MS = 500
const FLUSH_MS = 1_500
/** How often a log is tried to be emptied that somebody reads. */
const LOG_TRIES = 40

export type Purge = {
  /** What there is of the customer. Changes nothing. */
  find(): FoundOf
  /** Erases it, proves it, and answers what is left. What is done is done whatever ends it: the same once more does the rest. `progress`: how many of how many rows. */
  erase(progress: (done: number, of: number) => void): Promise<Erased>
  close(): void
}

/**
 * Erases one customer from a SQLite ledger, on a connection of its own, beside the service that owns the file or without. Throws LEDGER_UNAVAILABLE where the file cannot be written or was written with another
 * key.
 */
export function openPurge(
  file: string,
  { key, clock, ...erasing }: Erasing & { key: Uint8Array | undefined; clock: Clock },
): Purge {
  const db = openDatabase(file)
  try {
    migrate(db, file)
    // Of pages that become free too.
    db.exec('PRAGMA secure_delete = ON')
    const prepare = preparer(db)
    const names = createNames(key ?? keyBeside(file, false))
    const store = createStore({
      prepare,
      dialect: DIALECT,
      clock,
      names,
      random: randomUUID,
      refusalOf,
      dueNow() {},
    })
    createRememberKey(store)(file)
    const find = createFind(store)
    return {
      find: () => find(erasing),
      erase: (progress) =>
        erase({ db, file, store, clock, erasing, find: () => find(erasing), progress }).catch(
          (error: unknown) => {
            throw ledgerError(error, file)
          },
        ),
      close: () => db.close(),
    }
  } catch (error) {
    db.close()
    throw ledgerError(error, file)
  }
}

type Work = {
  db: DatabaseSync
  file: string
  store: Store
  clock: Clock
  erasing: Erasing
  find(): FoundOf
  progress(done: number, of: number): void
}

async function erase(work: Work): Promise<Erased> {
  const { db, store, clock, erasing } = work
  const write = <T>(does: () => T): T => inTransaction(db, does)
  const suppressed = write(() => refuse(store, erasing))
  const done = { messages: 0, events: 0, cancelled: 0 }
  const until = clock.now() + SENDING_MS
  let sending: readonly number[] = []
  for (;;) {
    const pass = eraseFound(work, write)
    for (const name of ['messages', 'events', 'cancelled'] as const) done[name] += pass[name]
    sending = pass.sending
    if (sending.length === 0 || clock.now() >= until) break
    await clock.sleep(POLL_MS)
  }
  // What a service refused reaches the disk within a second.
  if (isOwned(work.file)) await clock.sleep(FLUSH_MS)
  const others =
    eraseAsides(store.prepare, erasing.mentions, write) + write(() => forgetHashes(store, erasing))
  write(() => tell(store, erasing, 'customer.erased', { ...done, others }))
  return { ...done, others, suppressed, sending, ...(await prove(work)) }
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
function eraseFound(
  { store, erasing, find, progress }: Work,
  write: <T>(does: () => T) => T,
): { messages: number; events: number; cancelled: number; sending: number[] } {
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

/** Leaves no byte of it in the files, and searches them. Where a service owns the file it cannot be written anew. */
async function prove({
  db,
  file,
  clock,
  erasing: { mentions },
}: Work): Promise<Pick<Erased, 'searched' | 'left'>> {
  const searched = async () => {
    overwriteFreePages(db)
    for (let tries = 0; tries < LOG_TRIES && !emptyLog(db); tries += 1) await clock.sleep(POLL_MS / 2)
    const rows = searchRows(db, mentions)
    const files = searchFiles(file, mentions, rows.others)
    return { searched: files.searched, left: [...rows.left, ...files.left], isInRows: rows.left.length > 0 }
  }
  let found = await searched()
  // Earlier versions left deleted values on pages that are in use.
  if (found.left.length > 0 && !found.isInRows && !isOwned(file)) {
    db.exec('VACUUM')
    found = await searched()
  }
  return { searched: found.searched, left: found.left }
}

function inTransaction<T>(db: DatabaseSync, does: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const value = does()
    db.exec('COMMIT')
    return value
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function* parts(ids: readonly number[]): Generator<readonly number[]> {
  for (let from = 0; from < ids.length; from += AT_ONCE) yield ids.slice(from, from + AT_ONCE)
}

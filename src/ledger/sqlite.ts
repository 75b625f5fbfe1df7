import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import { messageOf, PostriderError } from '../errors.ts'
import type { Log } from '../log.ts'
import { createGroupCommit } from './group-commit.ts'
import type { Ledger } from './ledger.ts'
import { migrate } from './migrations.ts'
import { createReads } from './read.ts'
import { clean, pauseOf } from './rows.ts'
import type { Schema } from './schema.ts'
import { createFile, openDatabase, type Prepare, preparer, stopWaitingLong } from './sqlite/database.ts'
import { readerDialect } from './sqlite/dialect.ts'
import { takeOwnership } from './sqlite/ownership.ts'
import { createReader, type Reader } from './sqlite/reader.ts'
import { createRefusedCounts } from './sqlite/refused.ts'
import { createStore } from './sqlite/store.ts'
import { isTrouble, ledgerError } from './sqlite/trouble.ts'
import { createVerbs } from './sqlite/verbs.ts'

export type SqliteOptions = {
  file: string
  clock: Clock
  log: Log
  owner: boolean
  random?: () => string
  groupLimit?: number
}

/** A second's worth of requests at full speed; whoever came later is asked to come again rather than kept waiting. */
const GROUP_LIMIT = 10_000
const REFUSED_FLUSH_MS = 1_000
const CHECKPOINT_MS = 1_000
/** 64 MiB: room for a burst, and soon read at a start after a crash. */
const LONGEST_WAL = 64 * 1024 * 1024

/** Opens, and creates or migrates where needed, the ledger in a file. Rejects as `openLedger` says, with nothing left open. */
export async function openSqlite(options: SqliteOptions): Promise<Ledger> {
  const { file, clock, log } = options
  createFile(file)
  const undo: (() => void)[] = []
  try {
    if (options.owner) undo.unshift(takeOwnership(file).release)
    const db = openDatabase(file)
    undo.unshift(() => db.close())
    migrate(db, file)
    stopWaitingLong(db)
    const release = () => {
      for (const step of undo) step()
    }
    return assemble(db, { ...options, release, clock, log })
  } catch (error) {
    for (const step of undo) step()
    throw ledgerError(error, file)
  }
}

function assemble(db: DatabaseSync, options: SqliteOptions & { release(): void }): Ledger {
  const { file, clock, log, owner } = options
  const prepare = preparer(db)
  const listeners = new Set<() => void>()
  let isDue = false
  const store = createStore({
    prepare,
    clock,
    random: options.random ?? randomUUID,
    dueNow() {
      isDue = true
    },
  })
  const verbs = createVerbs(store, db)
  const group = createGroupCommit({
    transactions: transactionsOf(db, prepare),
    limit: options.groupLimit ?? GROUP_LIMIT,
    isTrouble,
    translate: (error) => ledgerError(error, file),
    committed() {
      if (!isDue) return
      isDue = false
      for (const listener of listeners) listener()
    },
    undone() {
      isDue = false
      store.lanes.forget()
    },
  })
  const { commit } = group
  const reader = createReader(file)
  const reads = createReads(new Kysely<Schema>({ dialect: readerDialect(reader) }), clock)
  const closing = new AbortController()
  const refused = createRefusedCounts(store)

  /** What reads or writes at once, outside of the group. */
  async function direct<T>(work: () => T): Promise<T> {
    if (closing.signal.aborted) throw new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is closed.')
    try {
      return work()
    } catch (error) {
      throw ledgerError(error, file)
    }
  }

  let flushing: Promise<void> | null = null
  async function flushRefusedLater(): Promise<void> {
    await clock.sleep(REFUSED_FLUSH_MS, closing.signal)
    await flushRefused()
    flushing = null
  }
  async function flushRefused(): Promise<void> {
    const counts = refused.drain()
    if (counts.length === 0) return
    try {
      await commit(() => verbs.writeRefused(counts))
    } catch (error) {
      refused.putBack(counts)
      log.warn('counts of refused deliveries are not written yet', { error: messageOf(error) })
    }
  }

  if (owner) {
    db.exec('BEGIN IMMEDIATE')
    const { interrupted } = verbs.recover()
    verbs.forgiveDebt()
    db.exec('COMMIT')
    if (interrupted > 0) {
      log.warn(
        'messages were being sent when the service stopped: look at postrider messages list --state unconfirmed',
        {
          count: interrupted,
          state: 'unconfirmed',
        },
      )
    }
  }
  const checkpoints = owner ? keepCheckpoints(reader, { clock, log }, closing.signal) : Promise.resolve()

  async function close(): Promise<void> {
    closing.abort()
    await flushing
    const written = flushRefused()
    group.close()
    await written
    await checkpoints
    await reads.close()
    // Kysely closes only what it used, and the checkpoints may have been all.
    await reader.close()
    try {
      // An empty WAL: the file alone is the ledger, and may be copied.
      if (owner) db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } finally {
      options.release()
    }
  }
  let closed: Promise<void> | null = null

  return {
    record: (entries) =>
      commit(
        () => verbs.record.together(entries),
        () => verbs.record.apart(entries),
      ),
    countRefused(source, reason) {
      refused.add(source, reason)
      if (!closing.signal.aborted) flushing ??= flushRefusedLater()
    },
    addPlan: (eventId, plan, read) => commit(() => verbs.addPlan(eventId, plan, read)),
    claim: (request) => commit(() => verbs.claim(request)),
    renew: (lease, leaseMs) => commit(() => verbs.leases.renew(lease, leaseMs)),
    open: (lease, draft) => commit(() => verbs.open(lease, draft)),
    settle: (attemptId, settlement) => commit(() => verbs.settle(attemptId, settlement)),
    conclude: (lease, end) => commit(() => verbs.leases.conclude(lease, end)),
    postpone: (lease, again) => commit(() => verbs.leases.postpone(lease, again)),
    takeBudget: (perMinute) => direct(() => verbs.takeBudget(perMinute)),
    onDue(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    pauses: () => direct(() => verbs.pauses.standing(clock.now()).map(pauseOf)),
    pause: (request) => commit(() => verbs.pauses.pause(request)),
    resume: (pauseId, by) => commit(() => verbs.pauses.resume(pauseId, by)),
    retry: (messageId, request) => commit(() => verbs.operators.retry(messageId, request)),
    cancel: (messageId, request) => commit(() => verbs.operators.cancel(messageId, request)),
    settleByHand: (messageId, request) => commit(() => verbs.operators.settleByHand(messageId, request)),
    bindHost: (host) => commit(() => verbs.bindHost(clean(host), file)),
    ping: () => commit(() => verbs.ping()),
    reads,
    close() {
      closed ??= close()
      return closed
    },
  }
}

function transactionsOf(db: DatabaseSync, prepare: Prepare) {
  const begin = prepare('BEGIN IMMEDIATE')
  const commit = prepare('COMMIT')
  const savepoint = prepare('SAVEPOINT alone')
  const releaseSavepoint = prepare('RELEASE alone')
  const rollbackToSavepoint = prepare('ROLLBACK TO alone')
  return {
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback() {
      // SQLite has rolled back by itself after some of its own errors.
      if (db.isTransaction) db.exec('ROLLBACK')
    },
    savepoint: () => void savepoint.run(),
    releaseSavepoint: () => void releaseSavepoint.run(),
    rollbackToSavepoint: () => void rollbackToSavepoint.run(),
  }
}

async function keepCheckpoints(
  reader: Reader,
  { clock, log }: Pick<SqliteOptions, 'clock' | 'log'>,
  closing: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(CHECKPOINT_MS, closing)
    if (closing.aborted) return
    try {
      await reader.checkpoint(LONGEST_WAL)
    } catch (error) {
      log.warn('the write-ahead log of the ledger could not be copied into its file', {
        error: messageOf(error),
      })
    }
  }
}

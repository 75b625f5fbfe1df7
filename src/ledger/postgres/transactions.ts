import { hash } from 'node:crypto'
import type { Needs, Transactions, Work } from '../group-commit.ts'
import type { Tallies } from '../verbs/tallies.ts'
import type { Connection } from './bridge.ts'
import { isLost, lost, sqlstateOf } from './trouble.ts'

type Group = readonly Pick<Work<unknown>, 'durable' | 'needs'>[]

/** Where those who wait for due messages are told. */
export const CHANNEL = 'postrider_due'

/** The first half of the keys of advisory locks that are Postrider's: "post" in ASCII. */
export const HOUSE = 0x706f7374

/** What a transaction begins with that must be alone: nobody else writes until it ends. */
export const LOCK_ALL = `SELECT pg_advisory_xact_lock(${HOUSE}, 0);`

/** How long is asked what became of a commit whose answer was lost, and how often. Others wait meanwhile; a server that is frozen keeps each question for seconds. */
const ASK_FOR_MS = 10_000
const ASK_MS = 500

/**
 * PostgreSQL's transactions for the group commit, each under advisory locks that end with it: one that needs all is alone; others go beside each other, but for those that need the same name. Each
 * begins with a new look at what is committed, so that who has a lock sees what all sees who had it before. What need not be durable is committed without waiting for the disk.
 */
export function transactionsOf(
  connection: Connection,
  options: {
    tallies: Tallies
    /** The database's time, epoch milliseconds, at the begin of each transaction. */
    began(now: number): void
    /** Whether the transaction made messages due. */
    isDue(): boolean
    /** By which this instance knows what it said itself: letters, digits and hyphens. */
    instance: string
  },
): Transactions {
  const { tallies } = options
  let transaction: Transaction = { id: '', life: '' }
  let isOpen = false

  return {
    begin(group) {
      const durable = group.some(({ durable = true }) => durable)
      const loose = durable ? '' : 'SET LOCAL synchronous_commit = off;'
      // Before it: where a lock is waited for in vain, there is a transaction to end all the same.
      isOpen = true
      const { rows } = connection.fresh({ text: `BEGIN; ${loose} ${locksOf(group)} ${LOOK}` })
      const [{ now, xid, life } = {}] = rows
      transaction = { id: String(xid), life: String(life) }
      options.began(Number(now))
    },
    commit() {
      tallies.write()
      const text = options.isDue() ? `NOTIFY ${CHANNEL}, '${options.instance}'; COMMIT` : 'COMMIT'
      try {
        const { command } = connection.query({ text })
        if (command !== 'COMMIT') throw new Error(`the commit of the ledger came to ${command}`)
      } catch (error) {
        // Still open, perhaps: what was refused may be what went before it.
        if (!isLost(error) || !wasCommitted(connection, transaction)) throw error
      }
      isOpen = false
    },
    rollback() {
      tallies.forget()
      if (!isOpen) return
      isOpen = false
      try {
        connection.undo({ text: 'ROLLBACK' })
      } catch {
        // The connection broke: the server rolls back by itself.
      }
    },
    savepoint() {
      connection.later({ text: 'SAVEPOINT alone' })
      tallies.mark()
    },
    releaseSavepoint: () => void connection.query({ text: 'RELEASE alone' }),
    rollbackToSavepoint() {
      connection.undo({ text: 'ROLLBACK TO alone' })
      tallies.back()
    },
  }
}

/** `id`: the server's number of a transaction. `life`: of the server, from one start or crash to the next: only in it is the number nobody else's. */
type Transaction = { id: string; life: string }

/**
 * The server starts anew, or crashes with one of its processes and recovers: then it forgets what it counted too. What was not on disk by then is gone with its number, which the next transaction gets.
 */
const LIFE = `pg_postmaster_start_time()::text || ' ' || pg_stat_get_bgwriter_stat_reset_time()::text AS life`

const LOOK = `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now, pg_current_xact_id()::text AS xid, ${LIFE}`

/** Always in the same order, so that no two wait for each other. */
function locksOf(group: Group): string {
  const needs = needsOf(group)
  if (needs === 'all') return LOCK_ALL
  const names = [...new Set(needs.map(keyOf))].sort((a, b) => a - b)
  return [
    `SELECT pg_advisory_xact_lock_shared(${HOUSE}, 0);`,
    ...names.map((key) => `SELECT pg_advisory_xact_lock(${HOUSE}, ${key});`),
  ].join(' ')
}

function needsOf(group: Group): Needs {
  const all: string[] = []
  for (const { needs = 'all' } of group) {
    if (needs === 'all') return 'all'
    all.push(...needs)
  }
  return all
}

/** A number of a name, and not the house's own, which is 0. Two names of one number wait for each other without need. */
function keyOf(name: string): number {
  return (hash('sha256', name, 'buffer').readUInt32BE() & 0x7fffffff) | 1
}

/**
 * The connection broke while a commit was under way: the server is asked by the transaction's id what became of it, over a new connection. False: it was undone. Throws where it cannot be found out: what
 * was asked for may have been done, and who asks again changes nothing twice.
 */
function wasCommitted(connection: Connection, transaction: Transaction): boolean {
  const until = performance.now() + ASK_FOR_MS
  for (;;) {
    const status = statusOf(connection, transaction)
    if (status === 'committed') return true
    if (status === 'aborted') return false
    if (status === 'unknown' || performance.now() >= until) break
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ASK_MS)
  }
  throw lost('the connection broke during a commit, and what became of it is not known')
}

/** `open`: the server does not answer yet, or is still at it. `unknown`: whoever had this number was committed, and that may have been another. */
function statusOf(
  connection: Connection,
  { id, life }: Transaction,
): 'committed' | 'aborted' | 'open' | 'unknown' {
  try {
    const { rows } = connection.fresh({ text: STATUS, values: [id] })
    const [{ status, life: now } = {}] = rows
    if (status === 'committed') return life === now ? 'committed' : 'unknown'
    return status === 'aborted' ? 'aborted' : 'open'
  } catch (error) {
    if (isLost(error)) return 'open'
    // The server gave no such number yet: it was forgotten in a crash.
    if (sqlstateOf(error) === OF_THE_FUTURE) return 'aborted'
    throw error
  }
}

const STATUS = `SELECT pg_xact_status($1::xid8) AS status, ${LIFE}`
/** invalid_parameter_value, of `pg_xact_status` alone. */
const OF_THE_FUTURE = '22023'

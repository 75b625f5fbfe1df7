import { DatabaseError } from 'pg'
import { messageOf, PostriderError } from '../../errors.ts'

/**
 * What went wrong at PostgreSQL. `sqlstate`: what the server says of it (https://www.postgresql.org/docs/current/errcodes-appendix.html); null: the connection broke, or there was none. The server's
 * own detail is left out: it quotes what a row holds.
 */
export type WirePostgresError = { sqlstate: string | null; message: string }
export type PostgresError = Error & WirePostgresError

export function lost(message: string): PostgresError {
  return Object.assign(new Error(message), { sqlstate: null })
}

/** An error of the driver (pg): with the server's code where the server said it, else the connection's fault. Not by the code alone: EPIPE looks like one of the server's. */
export function toWire(error: unknown): WirePostgresError {
  const sqlstate = error instanceof DatabaseError ? (error.code ?? null) : null
  return { sqlstate, message: messageOf(error) }
}

/** The driver's error as one of ours. A PostriderError passes unchanged. */
export function ofDriver(error: unknown): unknown {
  if (error instanceof PostriderError) return error
  const { message, ...said } = toWire(error)
  return Object.assign(new Error(message, { cause: error }), said)
}

function isPostgresError(error: unknown): error is PostgresError {
  return error instanceof Error && 'sqlstate' in error
}

/** What the server says of an error; null where it said nothing, or the error is another's. */
export function sqlstateOf(error: unknown): string | null {
  return isPostgresError(error) ? error.sqlstate : null
}

/** Whether the connection broke, so that nobody knows what became of the last statement. */
export function isLost(error: unknown): boolean {
  return (
    isPostgresError(error) &&
    (error.sqlstate === null || LOST.some((code) => error.sqlstate?.startsWith(code)))
  )
}

/** Connection exceptions, and the server's own end: 57P01 admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now. */
const LOST = ['08', '57P']

/** Refusals of one statement's data: 22 data exception, 23 integrity constraint, 54 too large, P0001 what a trigger says. */
const DATA = ['22', '23', '54', 'P0001']

/** Of two transactions one had to go: 40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available. The same once more may succeed. */
const CONTENDED = new Set(['40001', '40P01', '55P03'])

/** By the first characters of what the server says, the longest first: what happened and what to do. */
const TROUBLE: readonly [string, string][] = [
  ['28', 'it refuses the login. Check user and password in DATABASE_URL, and pg_hba.conf of the server.'],
  ['3D000', 'there is no such database. Create it, or mend the name in DATABASE_URL.'],
  [
    '42501',
    'permission is denied. Postrider’s user must own its tables: give it the database or a schema of its own.',
  ],
  ['25006', 'it is read-only: a standby, or a server that was told so. DATABASE_URL must name the primary.'],
  ['53100', 'its disk is full. Make room; senders are asked to come again meanwhile.'],
  ['53200', 'its memory ran out. Give the server more, or stop what uses it.'],
  ['53300', 'it has too many connections. Raise max_connections, or stop what holds them.'],
  [
    '57014',
    'a statement took too long and was cancelled. Find out what holds the server up: pg_stat_activity, locks, disk.',
  ],
  ['58', 'the server reports an error of its machine. Look at its log; the disk may be full, gone or dying.'],
  ['XX', 'the server reports damage or a fault of its own. Look at its log.'],
]

function troubleOf(error: unknown): string | null {
  if (!isPostgresError(error)) return null
  if (isLost(error)) {
    return `there is no connection (${error.message}). Check that the server runs and can be reached; Postrider tries again.`
  }
  return TROUBLE.find(([code]) => error.sqlstate?.startsWith(code))?.[1] ?? null
}

/** Whether the database itself is in trouble, so that everything in its transaction fails. */
export function isTrouble(error: unknown): boolean {
  return troubleOf(error) !== null
}

/** Why the database refused the data of one statement, in its own words; null for any other error. They name columns, never values. */
export function refusalOf(error: unknown): string | null {
  const isData = isPostgresError(error) && DATA.some((code) => error.sqlstate?.startsWith(code))
  return isData ? messageOf(error) : null
}

/** What a caller of the ledger gets for any error inside it: a PostriderError that names the database. Others than PostgreSQL's pass unchanged. */
export function ledgerError(error: unknown, place: string): unknown {
  if (error instanceof PostriderError || !isPostgresError(error)) return error
  const words = troubleOf(error)
  if (words !== null) {
    return new PostriderError('LEDGER_UNAVAILABLE', `The ledger ${place} cannot be used: ${words}`, {
      cause: error,
      retryable: true,
    })
  }
  if (CONTENDED.has(error.sqlstate ?? '')) {
    const why = `The ledger ${place} is in use by others for the same rows: ${error.message}. Ask again.`
    return new PostriderError('LEDGER_UNAVAILABLE', why, { cause: error, retryable: true })
  }
  if (refusalOf(error) !== null) {
    return new PostriderError('REFUSED', `The ledger refuses this: ${error.message}`, { cause: error })
  }
  return new PostriderError('LEDGER_UNAVAILABLE', `The ledger ${place} failed: ${error.message}`, {
    cause: error,
  })
}

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Value } from '../verbs/statement.ts'
import { awaited } from './awaited.ts'
import { lost, type PostgresError, type WirePostgresError } from './trouble.ts'

/** What one statement came to. `id`: of the row that an INSERT made, where it was asked for. */
export type Result = { command: string; count: number; rows: Record<string, unknown>[] }

/** `name`: under which the server keeps it prepared; without one `text` may be several statements, which take no values. */
export type Statement = { text: string; values?: readonly (Value | readonly Value[])[]; name?: string }

/** A connection to PostgreSQL for code that cannot wait otherwise: it stops its thread until the answer is there. */
export type Connection = {
  /** The last result, where there are several statements in it. Throws what the server refused (`PostgresError`), or `lost` where the connection broke. */
  query(statement: Statement): Result
  /** As `query`, for several at once; a result for each, in their order. */
  each(statements: readonly Statement[]): Result[]
  /** As `query`, over a new connection where the one before broke. Only where no transaction is open. */
  fresh(statement: Statement): Result
  /** Goes to the server together with the next query, for nobody asks what it comes to: one way there and back for all of them. What the server refuses of it is thrown there. */
  later(statement: Statement): void
  /** As `query`, in the place of what was to go with it: it undoes that. */
  undo(statement: Statement): Result
  close(): void
}

/** What the other thread is told. `begin`: whose connection it is from now on; nothing is answered. */
export type Question = { kind: 'begin'; url: string; timeoutMs: number } | ({ number: number } & Asked)
/** `statements`: one after the other, without waiting between them; answered is what each came to, or the first that was refused. */
export type Asked = { kind: 'query' | 'fresh'; statements: readonly Statement[] } | { kind: 'close' }
/** `number`: of the question. An answer that comes late, or twice, is nobody else's. */
export type Answer = { number: number } & ({ results: Result[] } | { error: WirePostgresError })
export type Started = { signal: SharedArrayBuffer; port: MessagePort }

/** How much longer this thread waits than the other one gives the server: that one connects within ten seconds, and ends every query that takes too long by itself. */
const GRACE_MS = 15_000

/** So many statements wait for a query to go with; the next does not wait any longer, so that no answer has to hold without bound. */
const MOST_LATER = 100

type Host = { worker: Worker; port: MessagePort; answered: Int32Array; isAlive: boolean }

/** A thread whose connection was closed, for the next one: to start one takes as long as a hundred statements. It keeps no process alive. */
let spare: Host | null = null
/** Of all questions of this thread. */
let lastNumber = 0

/**
 * Starts the thread that has the connection. What a ledger does to its database is written once, as plain statements one after the other inside a transaction (verbs/); SQLite runs them in this
 * thread, PostgreSQL over there, and this one sleeps meanwhile (decisions/0029). `timeoutMs`: of one statement; after that the connection is given up.
 */
export function connectBridge(url: string, timeoutMs: number): Connection {
  let isClosed = false
  let host = begun()
  let waiting: Statement[] = []

  function begun(): Host {
    const own = spare ?? startHost()
    spare = null
    own.port.postMessage({ kind: 'begin', url, timeoutMs } satisfies Question)
    return own
  }

  function ask(question: Asked): Result[] {
    const { worker, port, answered } = host
    if (isClosed || !host.isAlive) throw lost('the thread of the connection ended')
    lastNumber += 1
    const number = lastNumber
    const asked = Atomics.load(answered, 0)
    port.postMessage({ number, ...question } satisfies Question)
    const answer = awaited(number, { port, answered, asked }, performance.now() + timeoutMs + GRACE_MS)
    if (answer && 'error' in answer) throw fromWire(answer.error)
    if (answer) return answer.results
    // Whatever it answers later belongs to nothing any more.
    host.isAlive = false
    void worker.terminate()
    throw lost('it does not answer')
  }

  function each(statements: readonly Statement[]): Result[] {
    const before = waiting
    waiting = []
    return ask({ kind: 'query', statements: [...before, ...statements] }).slice(before.length)
  }

  function query(statement: Statement): Result {
    return only(each([statement]))
  }

  function undo(statement: Statement): Result {
    waiting = []
    return query(statement)
  }

  return {
    query,
    each,
    undo,
    fresh(statement) {
      if (!host.isAlive && !isClosed) host = begun()
      // What waits belongs to a transaction that did not come to its end.
      waiting = []
      return only(ask({ kind: 'fresh', statements: [statement] }))
    },
    later(statement) {
      if (waiting.length < MOST_LATER) waiting.push(statement)
      else query(statement)
    },
    close() {
      if (isClosed) return
      if (host.isAlive) ask({ kind: 'close' })
      isClosed = true
      spare = host.isAlive ? host : spare
    },
  }
}

function only([result]: readonly Result[]): Result {
  if (!result) throw new Error('a statement has no result')
  return result
}

function startHost(): Host {
  const signal = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL('./connection-thread.ts', import.meta.url), {
    workerData: { signal, port: port2 } satisfies Started,
    transferList: [port2],
  })
  const host: Host = { worker, port: port1, answered: new Int32Array(signal), isAlive: true }
  worker.on('error', () => {
    host.isAlive = false
  })
  worker.unref()
  return host
}

function fromWire({ message, ...said }: WirePostgresError): PostgresError {
  return Object.assign(new Error(message), said)
}

import type { SQLInputValue } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { messageOf, PostriderError } from '../../errors.ts'
import type { Question, Reply } from './reader-worker.ts'

type Unanswered = Question extends infer Q ? (Q extends Question ? Omit<Q, 'id'> : never) : never

export type Reader = {
  read(sql: string, values: readonly SQLInputValue[]): Promise<unknown[]>
  /** Copies the WAL into the file, and empties it where it is longer than so many bytes. */
  checkpoint(truncateAboveBytes: number): Promise<void>
  /** Ends the thread after what was asked before. Idempotent. */
  close(): Promise<void>
}

/** The reading thread of a ledger's file, started when it is first asked. A thread that dies rejects what it was asked; the next question starts another. */
export function createReader(file: string): Reader {
  let thread: Thread | null = null
  let closed = false

  async function ask(question: Unanswered): Promise<unknown[]> {
    if (closed) throw new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is closed.')
    if (!thread?.alive()) thread = startThread(file)
    return thread.ask(question)
  }

  return {
    read: (sql, values) => ask({ kind: 'read', sql, values }),
    checkpoint: async (truncateAboveBytes) => {
      await ask({ kind: 'checkpoint', truncateAboveBytes })
    },
    async close() {
      closed = true
      await thread?.end()
    },
  }
}

type Thread = ReturnType<typeof startThread>

function startThread(file: string) {
  const worker = new Worker(new URL('./reader-worker.ts', import.meta.url), { workerData: { file } })
  const waiting = new Map<number, { resolve(rows: unknown[]): void; reject(error: unknown): void }>()
  let lastId = 0
  let isAlive = true

  worker.on('message', (reply: Reply) => {
    const asker = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('rows' in reply) asker?.resolve(reply.rows)
    else asker?.reject(failed(reply.error))
  })
  worker.on('error', (error) => die(messageOf(error)))
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      die('its thread ended')
      resolve()
    })
  })

  function die(why: string): void {
    isAlive = false
    for (const { reject } of waiting.values()) reject(failed(why))
    waiting.clear()
  }

  function failed(why: string): PostriderError {
    return new PostriderError('LEDGER_UNAVAILABLE', `The ledger ${file} cannot be read: ${why}`, {
      retryable: true,
    })
  }

  function ask(question: Unanswered): Promise<unknown[]> {
    lastId += 1
    const id = lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ ...question, id })
    })
  }

  return {
    alive: () => isAlive,
    ask,
    async end() {
      if (isAlive) await ask({ kind: 'close' }).catch(() => [])
      await exited
    },
  }
}

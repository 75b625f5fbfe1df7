import { parentPort, Worker } from 'node:worker_threads'
import { type ErrorCode, messageOf, PostriderError } from '../../errors.ts'

/** A worker thread that answers questions, as the one who asks sees it. */
export type Thread = {
  alive(): boolean
  /** Resolves with the answer; rejects with what the thread threw, or with LEDGER_UNAVAILABLE where it died. */
  ask(question: unknown): Promise<unknown>
  /** Asks it to end after what was asked before, and waits for that. Idempotent. */
  end(): Promise<void>
}

type Request = { id: number; question: unknown }
type Reply = { id: number } & ({ value: unknown } | { error: WireError })

/** An error on its way between threads: a copy would lose its class and its code. */
export type WireError = { code: ErrorCode | null; message: string; retryable: boolean }

export function toWire(error: unknown): WireError {
  return error instanceof PostriderError
    ? { code: error.code, message: error.message, retryable: error.retryable }
    : { code: null, message: messageOf(error), retryable: false }
}

export function fromWire({ code, message, retryable }: WireError): Error {
  return code === null ? new Error(message) : new PostriderError(code, message, { retryable })
}

const END = 'end'

/** Starts the thread of a module that calls `serve`. `file`: the ledger's, for the words of an error. */
export function startThread(module: URL, file: string): Thread {
  const worker = new Worker(module, { workerData: { file } })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  let lastId = 0
  let died: string | null = null

  worker.on('message', (reply: Reply) => {
    const asker = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('value' in reply) asker?.resolve(reply.value)
    else asker?.reject(fromWire(reply.error))
  })
  worker.on('error', (error) => die(messageOf(error)))
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      die('it ended')
      resolve()
    })
  })

  function die(why: string): void {
    died ??= why
    for (const { reject } of waiting.values()) reject(dead())
    waiting.clear()
  }

  function dead(): PostriderError {
    return new PostriderError('LEDGER_UNAVAILABLE', `A thread of the ledger ${file} failed: ${died}.`, {
      retryable: true,
    })
  }

  function ask(question: unknown): Promise<unknown> {
    if (died !== null) return Promise.reject(dead())
    lastId += 1
    const id = lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, question } satisfies Request)
    })
  }

  return {
    alive: () => died === null,
    ask,
    async end() {
      if (died === null) await ask(END).catch(() => {})
      await exited
    },
  }
}

/**
 * The thread's side: answers what it is asked, until it is asked to end and `end` has run. An answer that is no promise is sent before the next
 * question is looked at.
 */
export function serve<Question>(answer: (question: Question) => unknown, end: () => unknown): void {
  const port = parentPort
  if (!port) throw new Error('this module runs as a worker thread')
  port.on('message', ({ id, question }: { id: number; question: Question | typeof END }) => {
    const reply = (value: unknown) => port.postMessage({ id, value } satisfies Reply)
    const fail = (error: unknown) => port.postMessage({ id, error: toWire(error) } satisfies Reply)
    try {
      const value = question === END ? end() : answer(question)
      if (value instanceof Promise) value.then(reply, fail)
      else reply(value)
    } catch (error) {
      fail(error)
    } finally {
      if (question === END) port.close()
    }
  })
}

import { parentPort, Worker } from 'node:worker_threads'
import { type ErrorCode, messageOf, PostriderError } from '../errors.ts'

/** A worker thread that answers questions about one file, as the one who asks sees it. */
export type Thread = {
  alive(): boolean
  /** Resolves with the answer; rejects with what the thread threw, or with LEDGER_UNAVAILABLE where it died. */
  ask(question: unknown): Promise<unknown>
  /** Asks it to let go of the file after what was asked before, and waits for that. Idempotent. */
  end(): Promise<void>
}

/** What a thread does for one file. An answer that is no promise is sent before the next question is looked at. */
export type Service<Question> = {
  answer(question: Question): unknown
  /** Closes what it opened. */
  end(): unknown
}

type Request = { begin: string } | { id: number; question: unknown } | { id: number; end: true }
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

/** Whoever waits for answers of a worker that may serve others later. */
type Asker = { take(reply: Reply): void; die(why: string): void }
type Host = { worker: Worker; module: string; asker: Asker | null; isGone: boolean }

/**
 * Threads that have let go of their file, for the next one: to start one takes 50 to 150 ms, and a process may open one ledger after another, as the
 * tests do. No more than were at work at the same time; they keep no process alive.
 */
const idle = new Set<Host>()
/** Of all threads: an answer never comes to another's question. */
let lastId = 0

/** Has a thread of a module that calls `serve` work on the ledger's file. */
export function startThread(module: URL, file: string): Thread {
  const host = hostOf(module)
  const { worker } = host
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  let died: string | null = null
  let ending: Promise<void> | null = null

  host.asker = {
    take(reply) {
      const asker = waiting.get(reply.id)
      waiting.delete(reply.id)
      if ('value' in reply) asker?.resolve(reply.value)
      else asker?.reject(fromWire(reply.error))
    },
    die(why) {
      died ??= why
      for (const { reject } of waiting.values()) reject(dead())
      waiting.clear()
    },
  }
  worker.postMessage({ begin: file } satisfies Request)

  function dead(): PostriderError {
    return new PostriderError('LEDGER_UNAVAILABLE', `A thread of the ledger ${file} failed: ${died}.`, {
      retryable: true,
    })
  }

  function send(request: { question: unknown } | { end: true }): Promise<unknown> {
    if (died !== null) return Promise.reject(dead())
    lastId += 1
    const id = lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, ...request } satisfies Request)
    })
  }

  async function end(): Promise<void> {
    try {
      await send({ end: true })
      host.asker?.die('it ended')
      rest(host)
    } catch {
      // Dead, or it may hold on to something.
      await worker.terminate()
    }
  }

  return {
    alive: () => died === null,
    ask: (question) => send({ question }),
    end() {
      ending ??= end()
      return ending
    },
  }
}

function hostOf(module: URL): Host {
  const rested = [...idle].find((host) => host.module === module.href)
  if (!rested) return newHost(module)
  idle.delete(rested)
  rested.worker.ref()
  return rested
}

function newHost(module: URL): Host {
  const host: Host = { worker: new Worker(module), module: module.href, asker: null, isGone: false }
  host.worker.on('message', (reply: Reply) => host.asker?.take(reply))
  host.worker.on('error', (error) => leave(messageOf(error)))
  host.worker.on('exit', () => leave('it ended'))
  function leave(why: string): void {
    host.isGone = true
    idle.delete(host)
    host.asker?.die(why)
  }
  return host
}

function rest(host: Host): void {
  host.asker = null
  if (host.isGone) return
  host.worker.unref()
  idle.add(host)
}

/** The thread's side: serves one file after another, each with what `begin` answers. */
export function serve<Question>(begin: (file: string) => Service<Question>): void {
  const port = parentPort
  if (!port) throw new Error('this module runs as a worker thread')
  let service: Service<Question> | null = null
  port.on('message', (request: Request) => {
    if ('begin' in request) {
      service = begin(request.begin)
      return
    }
    const { id } = request
    const reply = (value: unknown) => port.postMessage({ id, value } satisfies Reply)
    const fail = (error: unknown) => port.postMessage({ id, error: toWire(error) } satisfies Reply)
    try {
      const value = 'end' in request ? service?.end() : service?.answer(request.question as Question)
      if (value instanceof Promise) value.then(reply, fail)
      else reply(value)
    } catch (error) {
      fail(error)
    }
  })
}

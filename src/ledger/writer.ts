import type { Clock } from '../clock.ts'
import { PostriderError } from '../errors.ts'
import type { Answers, Call, Opened, Outcome, Verb, Verbs } from './calls.ts'
import type { Claim, Recordable } from './ledger.ts'
import { fromWire, startThread } from './thread.ts'
import type { KeptDelivery } from './verbs/refused-deliveries.ts'

export type Writer = {
  /** How many messages the boot before left in the middle of their sending. */
  interrupted: number
  /** Whether refused deliveries are kept. */
  keepsRefused: boolean
  /** Resolves when what was asked is committed. */
  call<V extends Verb>(verb: V, ...args: Parameters<Verbs[V]>): Promise<ReturnType<Verbs[V]>>
  /** Takes nothing more, writes what waits, ends the thread. Idempotent. */
  close(): Promise<void>
}

type Waiting = { resolve(value: unknown): void; reject(error: unknown): void }

/**
 * Starts the thread that writes and opens the ledger there. Rejects as `openLedger` says. More than `limit` calls without an answer are rejected
 * with LEDGER_BUSY. `due` is called when a commit made messages due.
 */
export async function startWriter(options: {
  /** Of the thread, which calls `serve`. */
  module: URL
  /** The ledger as errors call it, and by which the thread finds it. */
  place: string
  /** The first question; answered with `Opened`. */
  opening: unknown
  clock: Clock
  limit: number
  due(): void
}): Promise<Writer> {
  const { module, place, opening, clock, limit } = options
  const thread = startThread(module, place)
  let unanswered = 0
  let isWriting = false
  let queue = emptyBatch()
  let closing: Promise<void> | null = null
  const drained = Promise.withResolvers<void>()

  /**
   * Hands over what waits, unless the thread is at work: then what comes meanwhile is the next batch, so that the slower the disk, the larger the
   * groups. Two batches at once were measured slower: half of the commits were for one or two events.
   */
  function post(): void {
    if (isWriting || queue.calls.length === 0) return
    const { calls, raws, waiting } = queue
    queue = emptyBatch()
    isWriting = true
    thread
      .ask({ kind: 'calls', calls: JSON.stringify(calls), raws })
      .then(
        (answers) => distribute(answers as Answers, waiting),
        (error: unknown) => {
          for (const { reject } of waiting) reject(error)
        },
      )
      .finally(() => {
        isWriting = false
        unanswered -= waiting.length
        if (closing && unanswered === 0) drained.resolve()
        post()
      })
  }

  function distribute(answers: Answers, waiting: readonly Waiting[]): void {
    const outcomes = outcomesOf(answers)
    waiting.forEach(({ resolve, reject }, n) => {
      const outcome = outcomes[n]
      if (!outcome) reject(new Error('the ledger gave no answer'))
      else if (outcome.error) reject(fromWire(outcome.error))
      else resolve(outcome.value)
    })
    if (answers.isDue) options.due()
  }

  function call<V extends Verb>(verb: V, ...args: Parameters<Verbs[V]>): Promise<ReturnType<Verbs[V]>> {
    return new Promise((resolve, reject) => {
      if (closing) return reject(new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is closed.'))
      if (unanswered >= limit) {
        const words = `The ledger is busy: ${limit} writes wait for it. Ask again in some seconds.`
        return reject(new PostriderError('LEDGER_BUSY', words, { retryable: true }))
      }
      unanswered += 1
      const packed = packedOf(verb, args, queue.raws)
      queue.calls.push({ verb, now: clock.now(), args: packed } as Call)
      queue.waiting.push({ resolve: resolve as (value: unknown) => void, reject })
      // With all that came in the same turn of the event loop.
      if (queue.calls.length === 1) setImmediate(post)
    })
  }

  async function close(): Promise<void> {
    if (unanswered === 0) drained.resolve()
    await drained.promise
    await thread.end()
  }

  try {
    const opened = (await thread.ask(opening)) as Opened
    return {
      ...opened,
      call,
      close() {
        closing ??= close()
        return closing
      },
    }
  } catch (error) {
    await thread.end()
    throw error
  }
}

type Entries = readonly Recordable[]
type Batch = { calls: Call[]; raws: Uint8Array[]; waiting: Waiting[] }

function emptyBatch(): Batch {
  return { calls: [], raws: [], waiting: [] }
}

/** The arguments of a call as they become JSON, without the bodies, which go beside it. */
function packedOf(verb: Verb, args: readonly unknown[], raws: Uint8Array[]): readonly unknown[] {
  if (verb === 'record') return [withoutBodies(args[0] as Entries, raws)]
  if (verb !== 'writeRefusedDeliveries') return args
  return [
    (args[0] as readonly KeptDelivery[]).map((delivery) => {
      if (delivery.body === null) return delivery
      raws.push(delivery.body)
      return { ...delivery, body: undefined }
    }),
  ]
}

/**
 * Takes the bodies of the events out of what becomes JSON, and leaves behind what the ledger does not keep: the parsed payloads and the customers.
 * Copies, because a body is often a slice of a buffer of 64 kB, all of which would be cloned.
 */
function withoutBodies(entries: Entries, raws: Uint8Array[]): unknown[] {
  return entries.map((entry) => {
    raws.push(new Uint8Array(entry.event.raw))
    return { ...entry, event: { ...entry.event, raw: undefined, payload: undefined, customer: undefined } }
  })
}

/** What `calls.ts` packed: values as JSON, and the bodies of claimed events where their places are. */
function outcomesOf({ outcomes: json, raws }: Answers): Outcome[] {
  const outcomes = JSON.parse(json) as Outcome[]
  let next = 0
  for (const outcome of outcomes) {
    if (!isClaim(outcome.value)) continue
    for (const { event } of outcome.value.messages) {
      const raw = raws[next++]
      if (!raw) throw new Error('a claimed event came without its body')
      event.raw = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    }
  }
  return outcomes
}

function isClaim(value: unknown): value is Claim {
  return typeof value === 'object' && value !== null && 'messages' in value && 'probe' in value
}

import type { Clock } from '../clock.ts'
import { PostriderError } from '../errors.ts'
import type { Policies } from '../message.ts'
import type { Answers, Call, Calls, Opened, Outcome, Verb, Verbs } from './calls.ts'
import type { Claim, Recordable } from './ledger.ts'
import { fromWire, startThread } from './thread.ts'
import type { KeptDelivery } from './verbs/refused-deliveries.ts'
import { joinBodies, numberIn, partBodies, policiesText } from './wire.ts'

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
  /** So many calls are handed over at once, though more may be about to come and the thread be at work. */
  enough: number
  due(): void
}): Promise<Writer> {
  const { module, place, opening, clock, limit, enough } = options
  const thread = startThread(module, place)
  let unanswered = 0
  let isGathering = false
  let hasMore = false
  let queue = emptyBatch()
  let closing: Promise<void> | null = null
  const drained = Promise.withResolvers<void>()

  /** Hands over what waits. What is there when the thread comes to it goes into one commit, however it was handed over: the slower the disk, the larger the groups. */
  function post(): void {
    const batch = queue
    const { waiting } = batch
    if (waiting.length === 0) return
    queue = emptyBatch()
    const isBack = () => {
      unanswered -= waiting.length
      if (closing && unanswered === 0) drained.resolve()
    }
    thread.ask({ kind: 'calls', ...sent(batch) }).then(
      (answers) => {
        isBack()
        distribute(answers as Answers, waiting)
      },
      (error: unknown) => {
        isBack()
        for (const { reject } of waiting) reject(error)
      },
    )
  }

  /** Once a turn of the event loop, and once more for each that brought something: a commit for one or two of many that are on their way costs nearly as much as one for all. */
  function gather(): void {
    if (hasMore) {
      hasMore = false
      setImmediate(gather)
    } else {
      isGathering = false
      post()
    }
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
      const packed = packedOf(verb, args, queue)
      queue.calls.push({ verb, now: clock.now(), args: packed } as Call)
      queue.waiting.push({ resolve: resolve as (value: unknown) => void, reject })
      hasMore = true
      if (queue.waiting.length >= enough) post()
      if (isGathering) return
      isGathering = true
      setImmediate(gather)
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
/** `policies`: of the messages in the calls, each once, with its place in the list. */
type Batch = { calls: Call[]; bodies: Uint8Array[]; policies: Map<Policies, number>; waiting: Waiting[] }

function emptyBatch(): Batch {
  return { calls: [], bodies: [], policies: new Map(), waiting: [] }
}

function sent({ calls, bodies, policies }: Batch): Calls {
  return {
    calls: JSON.stringify(calls),
    bodies: joinBodies(bodies),
    policies: [...policies.keys()].map(policiesText),
  }
}

/** The arguments of a call as they become JSON, without what goes beside it. */
function packedOf(verb: Verb, args: readonly unknown[], batch: Batch): readonly unknown[] {
  if (verb === 'record') return [(args[0] as Entries).map((entry) => packedEntry(entry, batch))]
  if (verb !== 'writeRefusedDeliveries') return args
  return [
    (args[0] as readonly KeptDelivery[]).map((delivery) => {
      if (delivery.body === null) return delivery
      batch.bodies.push(delivery.body)
      return { ...delivery, body: delivery.body.length }
    }),
  ]
}

/** In the place of a body is its length, in that of policies where they are; what the ledger does not keep is left behind: the parsed payloads and the customers of events. */
function packedEntry(entry: Recordable, { bodies, policies }: Batch): unknown {
  const { raw } = entry.event
  bodies.push(raw)
  const event = { ...entry.event, raw: raw.length, payload: undefined, customer: undefined }
  if (entry.kind === 'unreadable') return { ...entry, event }
  const messages = entry.plan.messages.map((message) => {
    const place = policies.get(message.policies) ?? policies.size
    if (place === policies.size) policies.set(message.policies, place)
    return { ...message, policies: place }
  })
  return { ...entry, event, plan: { ...entry.plan, messages } }
}

/** What `calls.ts` packed: values as JSON, and the bodies of claimed events where their lengths are. */
function outcomesOf({ outcomes: json, bodies }: Answers): Outcome[] {
  const outcomes = JSON.parse(json) as Outcome[]
  const body = partBodies(bodies)
  for (const { value } of outcomes) {
    if (!isClaim(value)) continue
    for (const { event } of value.messages) event.raw = body(numberIn(event.raw))
  }
  return outcomes
}

function isClaim(value: unknown): value is Claim {
  return typeof value === 'object' && value !== null && 'messages' in value && 'probe' in value
}

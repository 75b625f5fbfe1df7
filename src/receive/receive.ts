import type { Config, Source } from '../config/config.ts'
import { messageOf, PostriderError } from '../errors.ts'
import { type EventState, type ReadEvent, traceOf } from '../event.ts'
import type { Ledger, Plan, Recordable, Recorded } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import type { Counts } from '../metrics.ts'
import { recordableOf } from './recordable.ts'
import { isAccepted, type Reply } from './reply.ts'
import { headerOf } from './signature/headers.ts'
import { calledUrl, otherUrls } from './signature/url.ts'
import type { Refused } from './signature/verdict.ts'
import { verify } from './signature/verify.ts'
import { presetNamed } from './sources/presets.ts'
import { readDelivery } from './sources/read.ts'
import { schemeOf } from './sources/scheme-of.ts'

/** One HTTP request of a source, its body whole. `target`: path and query; `rawHeaders` as node gives them; `receivedAt`: epoch milliseconds. */
export type Delivery = {
  source: string
  method: string
  target: string
  rawHeaders: readonly string[]
  body: Buffer
  receivedAt: number
}

export type ReceiveDeps = {
  config: Config
  ledger: Pick<Ledger, 'record'>
  plan: (event: ReadEvent, config: Config) => Plan
  log: Log
  counts?: Counting
}

type Counting = Pick<Counts, 'received' | 'planned' | 'became' | 'committed'>

/** What a delivery is, before anything is recorded. */
export type Judged = { kind: 'ping' } | Refused | { kind: 'authentic'; entries: readonly Recordable[] }

/**
 * The way of a delivery: verify, read, plan, record, answer. Whatever is authentic is on disk before `recorded` is answered, readable
 * or not; the events of one delivery in one commit, each claimed alone. Rejects only on what nobody foresaw.
 */
export async function receive(delivery: Delivery, deps: ReceiveDeps): Promise<Reply> {
  const source = deps.config.sources.get(delivery.source)
  if (source === undefined) return { kind: 'unknown-source' }
  const judged = judge(delivery, source, deps)
  if (judged.kind !== 'authentic') return judged
  const reply = await record(judged.entries, deps)
  if (!isAccepted(reply)) return reply
  const answer = presetNamed(source.preset).accepted?.(saidIn(delivery))
  return answer ? { ...reply, answer } : reply
}

/** Whether a delivery is its source's own, as of its receipt, and what it calls for under this configuration: now, or when it is looked at again. */
export function judge(
  delivery: Delivery,
  source: Source,
  deps: Pick<ReceiveDeps, 'config' | 'plan'>,
): Judged {
  if (presetNamed(source.preset).isPing?.(saidIn(delivery))) return { kind: 'ping' }
  const verdict = proofOf(delivery, source)
  if (verdict.kind === 'refused') return verdict
  const events = readDelivery(source, delivery, verdict.id)
  return { kind: 'authentic', entries: events.map((event) => recordableOf(event, source, deps)) }
}

function saidIn({ body, rawHeaders }: Delivery) {
  return { body, header: (name: string) => headerOf(rawHeaders, name) }
}

function proofOf(delivery: Delivery, { name, publicUrl, secrets, ...source }: Source) {
  const { method, target, rawHeaders, body, receivedAt: nowMs } = delivery
  const called = { source: name, target, rawHeaders, publicUrl }
  const request = { method, url: calledUrl(called), rawHeaders, body, secrets, nowMs }
  return verify(schemeOf(source), request, () => otherUrls(called))
}

async function record(entries: readonly Recordable[], { ledger, log, counts }: ReceiveDeps): Promise<Reply> {
  // An empty batch: there is nothing to keep of it.
  if (entries.length === 0) return { kind: 'nothing' }
  try {
    // A duration: by a clock that nobody sets.
    const began = performance.now()
    const recorded = await ledger.record(entries)
    counts?.committed(performance.now() - began)
    for (const [n, entry] of entries.entries()) {
      const one = recorded[n]
      if (one === undefined) throw new Error('the ledger did not say what became of the event')
      say(entry, one, log)
      if (counts) count(entry, one, counts)
    }
    return { kind: recorded.every(({ kind }) => kind === 'known') ? 'known' : 'recorded' }
  } catch (error) {
    const code = error instanceof PostriderError ? error.code : null
    if (code === 'LEDGER_BUSY') return { kind: 'overloaded' }
    if (code === 'LEDGER_UNAVAILABLE') return { kind: 'ledger-unavailable', trouble: messageOf(error) }
    throw error
  }
}

function count(entry: Recordable, recorded: Recorded[number], counts: Counting): void {
  counts.received(entry.event.source, stateOf(entry, recorded))
  if (recorded.kind !== 'recorded' || entry.kind === 'unreadable') return
  for (const { route, state, code } of entry.plan.messages) {
    counts.planned(route)
    if (state !== 'scheduled') counts.became(state, route, code ?? state)
  }
}

/** Null: it was known already. */
function stateOf(entry: Recordable, { kind }: Recorded[number]): EventState | null {
  if (kind === 'known') return null
  if (kind === 'set-aside' || entry.kind === 'unreadable') return 'unreadable'
  return kind === 'replayed' ? 'unplanned' : entry.plan.state
}

/** One line of what became of the event; louder where a person should look at it. */
function say(entry: Recordable, recorded: Recorded[number], log: Log): void {
  const { source, key: webhookId } = entry.event
  const trace = traceOf(entry.event)
  if (recorded.kind === 'known') {
    log.info('event known already', { source, webhookId, ...trace })
    return
  }
  const ids = { event: recorded.eventId, source, webhookId, ...trace }
  if (recorded.kind === 'replayed') {
    log.warn('event kept and not planned', { ...ids, reason: recorded.reason })
  } else if (recorded.kind === 'set-aside') {
    log.warn('event set aside as unreadable', { ...ids, reason: recorded.reason })
  } else if (entry.kind === 'unreadable') {
    log.warn('event unreadable', { ...ids, reason: entry.event.reason })
  } else {
    const { state } = entry.plan
    // What it marked is known to the ledger, which keeps it as the event's reason.
    const reason = entry.event.undelivered
      ? `a report of messages that were not seen; what came of it: postrider events show ${recorded.eventId}`
      : entry.plan.reason
    const outcome = { ...ids, type: entry.event.type, count: recorded.messageIds.length }
    log[state === 'unplanned' ? 'warn' : 'info'](
      `event ${state}`,
      reason === null ? outcome : { ...outcome, reason },
    )
  }
}

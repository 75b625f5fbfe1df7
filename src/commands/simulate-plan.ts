import { createHash } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { reachOf } from '../deliver/deliver.ts'
import { channelsFrom, find } from '../deliver/find.ts'
import { ASK_NOBODY } from '../deliver/foresee.ts'
import { mayReceive } from '../deliver/only-to.ts'
import { CLI_SOURCE, type Event, type ReadEvent, type RouteNote } from '../event.ts'
import type { MessageEnd } from '../ledger/history.ts'
import type { Channel, PlannedMessage } from '../message.ts'
import { planEvent } from '../plan/plan.ts'
import { firstChannel } from '../plan/reach.ts'
import type { Candidate, Planned } from '../plan/simulate.ts'
import type { Way } from '../plan/simulate-open.ts'
import type { Note } from '../plan/simulate-report.ts'
import { readAgain } from '../receive/sources/read.ts'
import { bodyMemoryOf } from '../receive/sources/scheme-of.ts'
import { scopeOf } from '../scope.ts'

/** A stored event and its messages, as the ledger has them. */
export type Stored = { event: Event; messages: readonly MessageEnd[]; isCounted: boolean }

/** `gone`: its source is not in the configuration. `by-hand`: of `postrider send`, which no route has planned. */
export type Replanned =
  | { kind: 'gone' | 'by-hand' }
  | { kind: 'unreadable'; reason: string }
  /** `failed`: routes that could not be planned. */
  | { kind: 'planned'; planned: Planned<Note>; failed: readonly RouteNote[] }

/** Reads stored events again and plans them, in the order of their receipt. `wants`: whether a text of the route is to be kept. */
export function createReplan(config: Config, wants: (route: string) => boolean) {
  const isReplay = createReplays()

  return async ({ event, messages, isCounted }: Stored): Promise<Replanned> => {
    const { id, receivedAt } = event
    if (event.source === CLI_SOURCE) return { kind: 'by-hand' }
    const source = config.sources.get(event.source)
    if (!source) return { kind: 'gone' }
    if (event.removed !== undefined) return { kind: 'unreadable', reason: event.removed }
    const read = readAgain(event, config)
    if ('reason' in read) return { kind: 'unreadable', reason: read.reason }
    const plan = twice(
      () => planEvent(read, config),
      ({ notes }) => notes.some(({ outcome }) => outcome === 'failed'),
    )
    const candidates: Candidate<Note>[] = []
    for (const message of plan.messages) {
      const { rendered, unsaid, ...candidate } = await candidateOf(message, { ...read, id }, config)
      const was = messages.find(({ route }) => route === message.route) ?? null
      const text = isCounted && wants(message.route) ? rendered : null
      candidates.push({ ...candidate, note: { eventId: id, isCounted, was, rendered: text, unsaid } })
    }
    const planned = {
      event: { id, occurredAt: read.occurredAt, receivedAt },
      plan,
      messages: candidates,
      // One that an operator found genuine has messages in spite of it.
      isReplay: isReplay(read, bodyMemoryOf(source)) && messages.length === 0,
    }
    return { kind: 'planned', planned, failed: plan.notes.filter(({ outcome }) => outcome === 'failed') }
  }
}

/** Liquid's limit is one of time, and among so many some meet a pause of the machine: what fails once need not fail again. */
function twice<T>(work: () => T, failed: (result: T) => boolean): T {
  const first = work()
  return failed(first) ? work() : first
}

/**
 * What can be told of a planned message before its time comes: whether its customer may receive, over which channel, and what it says. As deliver/deliver.ts does it, short of
 * what Genesys would answer. `event`: with the id that it has in the ledger.
 */
async function candidateOf(planned: PlannedMessage, event: ReadEvent & { id: number }, config: Config) {
  const { customer, policies, state } = planned
  const { onlyTo, defaultCountry } = config.genesys
  const [first = 'webmessaging'] = policies.channels
  const common = { planned, mayReceive: mayReceive(customer, onlyTo, defaultCountry) }
  const without = (channel: Channel, failure: string | null, unsaid: string | null = null) => ({
    ...common,
    channels: [{ channel, failure }],
    rendered: null,
    unsaid,
  })
  if (state !== 'scheduled') return without(first, null)

  const reach = reachOf(config)
  const found = await find({ customer, policies, channel: first }, reach, ASK_NOBODY)
  if (found.kind === 'trouble') throw new Error('nothing was asked, and yet it was not answered')
  if (found.kind === 'nobody') return without(firstChannel(customer, policies) ?? first, found.code)
  const { channel } = found.target
  const scope = scopeOf(event, event.payload, customer)
  const result = twice(
    () => config.templates.render(policies.template, channel, scope),
    ({ kind }) => kind === 'unrenderable',
  )
  if (result.kind === 'unrenderable') return without(channel, result.code, result.reason)
  const channels = await waysFrom(channel, { customer, policies }, reach)
  return { ...common, channels, rendered: result.rendered, unsaid: null }
}

/** This channel, and those after it that lead to the customer: what is refused over one goes over the next. Of their texts only the first one's is looked at. */
async function waysFrom(
  first: Channel,
  message: Pick<PlannedMessage, 'customer' | 'policies'>,
  reach: Parameters<typeof find>[1],
): Promise<Way[]> {
  const ways: Way[] = [{ channel: first, failure: null }]
  const { customer, policies } = message
  for (const channel of channelsFrom({ channel: first, policies }).slice(1)) {
    if (firstChannel(customer, { ...policies, channels: [channel] }) === undefined) continue
    const found = await find({ ...message, channel }, reach, ASK_NOBODY)
    if (found.kind === 'nobody') ways.push({ channel, failure: found.code })
    else if (found.kind === 'target' && found.target.channel === channel)
      ways.push({ channel, failure: null })
  }
  return ways
}

/**
 * Tells a body that came before as another type, of senders that sign neither ids nor types, while it is remembered. Must agree with ledger/verbs/claim-event.ts. Of each body a hash is kept.
 */
function createReplays() {
  const bodies = new Map<string, { type: string; until: number }>()

  return ({ source, raw, type, keyIsUnsigned, receivedAt }: ReadEvent, memoryMs: number): boolean => {
    if (!keyIsUnsigned) return false
    const body = `${source}\0${createHash('sha256').update(raw).digest('base64')}`
    const first = bodies.get(body)
    if (first && first.until >= receivedAt) return first.type !== type
    bodies.set(body, { type, until: receivedAt + memoryMs })
    return false
  }
}

import type { Event } from '../event.ts'
import type { FirstOpens, Foreseeable, Foreseen, ForeseeRequest, Way } from '../ledger/foresight.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Message } from '../message.ts'
import { type DeliverDeps, mayGo, reachOf, textOf } from './deliver.ts'
import { type Ask, channelsFrom, find } from './find.ts'

const WELL = {
  kind: 'ok',
  status: 200,
  correlationId: null,
  budget: { allowed: null, count: null, resetMs: null },
} as const
/** Genesys is not asked: everybody is known there, and had a session. */
export const ASK_NOBODY: Ask = {
  contact: async () => ({ answer: { ...WELL, value: { id: '', ids: [] } }, cached: true }),
  session: async () => ({ ...WELL, value: { conversationId: '', startedAt: 0 } }),
}

type Deps = Pick<DeliverDeps, 'config' | 'payloadOf'>

/**
 * What is known of a message that `by` re-triggers before the ledger is asked, for each channel that it may come to: as `deliver` does it, short of what Genesys
 * would answer.
 */
export async function waysOf(
  message: Message,
  event: Event,
  by: string,
  { config, payloadOf }: Deps,
): Promise<Foreseeable['ways']> {
  const manual = { ...message, manualBy: by }
  const [channel = message.channel] = message.policies.channels
  const may = mayGo(manual, config)
  const ways: Foreseeable['ways'] = {}
  for (const from of channelsFrom({ ...message, channel })) {
    ways[from] = may.kind === 'ends' ? may : await wayFrom({ ...manual, channel: from }, event, may.mode)
  }
  return ways

  async function wayFrom(claimed: Message, of: Event, mode: 'live' | 'shadow'): Promise<Way> {
    const found = await find(claimed, reachOf(config), ASK_NOBODY)
    if (found.kind === 'trouble') throw new Error('nothing was asked, and yet it was not answered')
    if (found.kind === 'nobody') {
      return { kind: 'ends', state: found.state, code: found.code, reason: found.reason }
    }
    const text = textOf(claimed, of, found.target.channel, { config, payloadOf })
    return text.kind === 'ends' ? text : { kind: 'draft', channel: found.target.channel, mode }
  }
}

/** What would become of many messages: how many come to what, with the lowest ids of them and one's reason. */
export type RetryPlan = {
  messages: number
  outcomes: readonly {
    outcome: Foreseen['outcome']
    code: string | null
    count: number
    examples: readonly number[]
    reason: string | null
  }[]
  /** Those that would be re-triggered, whatever becomes of them then: all but the refused ones. */
  retriable: readonly number[]
  /** How many attempts each of these had when it was foreseen. */
  attempts: readonly number[]
}

/** Few enough that the ledger is not kept from a service for long. */
const AT_ONCE = 200
const EXAMPLES = 5

/**
 * What would become of these messages if `by` re-triggered them now. Those of one customer are foreseen together, so that caps are counted as they would be. What Genesys would answer is not
 * asked: who is no contact there is taken for one. Of a group that would be sent the code says what it should be known by (`SpecialCode`). `foreseen`: called with how many were, from time to time.
 */
export async function planRetries(
  ids: readonly number[],
  request: { by: string } & Omit<ForeseeRequest, 'before'>,
  deps: Deps & { ledger: Pick<Ledger, 'foresee' | 'reads'> },
  foreseen: (count: number) => void = () => {},
): Promise<RetryPlan> {
  const { ledger } = deps
  const { by, ...wish } = request
  const all: Foreseen[] = []
  const tries = new Map<number, number>()
  let before: readonly FirstOpens[] = []
  const chunks = chunksOf(ids, await ledger.reads.customersOf(ids))
  for (const chunk of chunks) {
    const { asked, attempts } = await foreseeables(chunk, by, deps)
    for (const [id, count] of attempts) tries.set(id, count)
    const { messages, opens } = await ledger.foresee(asked, { ...wish, before })
    all.push(...messages)
    before = sumOf([...before, ...opens])
    foreseen(all.length)
  }
  return tallied(all, tries)
}

/** In order, those of one customer in one part, unless they are too many. */
function chunksOf(
  ids: readonly number[],
  customers: readonly { id: number; customer: string }[],
): readonly (readonly number[])[] {
  const customerOf = new Map(customers.map(({ id, customer }) => [id, customer]))
  const groups = new Map<string, number[]>()
  for (const id of ids) {
    const customer = customerOf.get(id) || `message ${id}`
    const group = groups.get(customer)
    if (group) group.push(id)
    else groups.set(customer, [id])
  }
  const chunks: number[][] = []
  for (const group of groups.values()) {
    for (let from = 0; from < group.length; from += AT_ONCE) {
      const part = group.slice(from, from + AT_ONCE)
      const last = chunks.at(-1)
      if (last && last.length + part.length <= AT_ONCE) last.push(...part)
      else chunks.push(part)
    }
  }
  return chunks.map((chunk) => chunk.sort((a, b) => a - b))
}

async function foreseeables(
  ids: readonly number[],
  by: string,
  deps: Deps & { ledger: Pick<Ledger, 'reads'> },
): Promise<{ asked: Foreseeable[]; attempts: [number, number][] }> {
  const { reads } = deps.ledger
  const messages = new Map((await reads.messagesById(ids)).map((message) => [message.id, message]))
  const eventIds = [...new Set([...messages.values()].map(({ eventId }) => eventId))]
  const events = new Map((await reads.eventsById(eventIds)).map((event) => [event.id, event]))
  const asked = await Promise.all(
    ids.map(async (id) => {
      const message = messages.get(id)
      const event = message && events.get(message.eventId)
      return { id, ways: message && event ? await waysOf(message, event, by, deps) : {} }
    }),
  )
  return { asked, attempts: [...messages.values()].map(({ id, attempts }) => [id, attempts]) }
}

function sumOf(opens: readonly FirstOpens[]): FirstOpens[] {
  const sums = new Map<string, FirstOpens>()
  for (const one of opens) {
    const key = `${one.perMs} ${one.route}`
    sums.set(key, { ...one, count: one.count + (sums.get(key)?.count ?? 0) })
  }
  return [...sums.values()]
}

function tallied(all: readonly Foreseen[], tries: ReadonlyMap<number, number>): RetryPlan {
  const groups = new Map<string, Foreseen[]>()
  for (const one of all) {
    const key = `${one.outcome} ${one.code}`
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  const lowest = (some: readonly Foreseen[]) => some.map(({ id }) => id).sort((a, b) => a - b)
  const outcomes = [...groups.values()].map((group) => {
    const examples = lowest(group).slice(0, EXAMPLES)
    const first = group.find(({ id }) => id === examples[0])
    return {
      outcome: first?.outcome ?? 'refused',
      code: first?.code ?? null,
      count: group.length,
      examples,
      reason: first?.reason ?? null,
    }
  })
  const retriable = lowest(all.filter(({ outcome }) => outcome !== 'refused'))
  return {
    messages: all.length,
    outcomes: outcomes.sort(
      (a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome) || b.count - a.count,
    ),
    retriable,
    attempts: retriable.map((id) => tries.get(id) ?? 0),
  }
}

/** What goes first, then what could be mended. */
const ORDER = [
  'sent',
  'deferred',
  'paused',
  'skipped',
  'failed',
  'cancelled',
  'refused',
] as const satisfies readonly Foreseen['outcome'][]

import type { Config, Source } from '../config/config.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { CLI_SOURCE, type Event, type ReadEvent, type UnreadableEvent } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { EventFilter, MessageFilter } from '../ledger/reads.ts'
import { planEvent } from '../plan/plan.ts'
import { NOTHING_SAID, recordableOf } from '../receive/recordable.ts'
import { readAgain, readPartsAgain } from '../receive/sources/read.ts'
import { configOf } from '../settings.ts'
import { localTime, print, printJson, printTable, printText, type Terminal } from './output.ts'
import { eventJson, messageJson } from './show.ts'

/** A customer is known by the messages that were planned for them. */
type Filter = EventFilter & Pick<MessageFilter, 'customer'>

export async function listEvents(ledger: Ledger, filter: Filter, json: boolean, terminal: Terminal) {
  const { customer, ...others } = filter
  const events = customer ? await eventsOf(ledger, customer, others) : await ledger.reads.events(others)
  if (json) return printJson(terminal, events.map(eventJson))
  printTable(
    terminal,
    ['ID', 'RECEIVED', 'STATE', 'SOURCE', 'TYPE', 'KEY', 'REASON'],
    events.map((event) => [
      event.id,
      localTime(event.receivedAt),
      event.state,
      event.source,
      event.type,
      event.key,
      event.reason,
    ]),
    'No events match.',
  )
}

export async function showEvent(ledger: Ledger, id: number, json: boolean, terminal: Terminal) {
  const event = await eventOf(ledger, id)
  const messages = await ledger.reads.messages({ eventId: id, limit: 1000 })
  const body = event.raw.toString('utf8')
  if (json) return printJson(terminal, { ...eventJson(event), body, messages: messages.map(messageJson) })
  const type = event.type === '' ? '(type unknown)' : event.type
  print(terminal, `Event ${id}  ${event.state}  ${event.source}/${type}`)
  if (event.reason) print(terminal, event.reason)
  print(
    terminal,
    `key ${event.key}  occurred ${localTime(event.occurredAt)}  received ${localTime(event.receivedAt)}`,
  )
  if (event.state !== 'unreadable') {
    printTable(
      terminal,
      ['ROUTE', 'OUTCOME', 'WHY'],
      event.notes.map((note) => [note.route, note.outcome, note.reason]),
      'No route listens to it.',
    )
    printTable(
      terminal,
      ['MESSAGE', 'ROUTE', 'STATE', 'CHANNEL', 'REASON'],
      messages.map((message) => [message.id, message.route, message.state, message.channel, message.reason]),
      'No messages.',
    )
  }
  printText(terminal, body)
}

/** More messages than one customer has, and not more than are looked up quickly. */
const MOST_MESSAGES = 1000

async function eventsOf(
  ledger: Ledger,
  customer: NonNullable<Filter['customer']>,
  { state, reason, limit, ...filter }: EventFilter,
): Promise<Event[]> {
  const messages = await ledger.reads.messages({ ...filter, customer, limit: MOST_MESSAGES })
  const ids = [...new Set(messages.map(({ eventId }) => eventId))]
  const events = await Promise.all(ids.map((id) => ledger.reads.event(id)))
  return events
    .filter((event) => event !== null)
    .filter((event) => state === undefined || event.state === state)
    .filter((event) => reason === undefined || event.reason?.toLowerCase().includes(reason.toLowerCase()))
    .slice(0, limit)
}

/**
 * Plans events again under the present configuration and adds what is missing: messages of routes that have none. An event that was unreadable is
 * read again first. False where one is still not planned. Throws before any is planned where one cannot be.
 */
export async function replanEvents(
  ledger: Ledger,
  variables: Variables,
  ids: readonly number[],
  by: string,
  json: boolean,
  terminal: Terminal,
): Promise<boolean> {
  const config = configOf(readEnvironment(variables).POSTRIDER_CONFIG, variables)
  const events = await Promise.all([...new Set(ids)].map((id) => eventOf(ledger, id)))
  for (const event of events) assertPlannable(event, config)
  const outcomes = []
  for (const event of events) outcomes.push(await replan(ledger, event, config, by))
  if (json) printJson(terminal, outcomes)
  else {
    printTable(
      terminal,
      ['EVENT', 'STATE', 'MESSAGES ADDED', 'REASON'],
      outcomes.map(({ id, state, added, reason }) => [id, state, added, reason]),
      'Nothing to plan.',
    )
  }
  return outcomes.every(({ state }) => state === 'planned' || state === 'unrouted')
}

function assertPlannable({ id, source: name }: Event, config: Config): void {
  if (name === CLI_SOURCE) {
    throw new PostriderError(
      'REFUSED',
      `Event ${id} was planned by postrider send, and not by routes: there is nothing to plan again. postrider events show ${id} lists its message, and postrider messages retry re-triggers that; another text or other customers: postrider send.`,
    )
  }
  if (config.sources.has(name)) return
  throw new PostriderError(
    'NOT_FOUND',
    `Event ${id} came from ${name}, which is no longer in the configuration.`,
  )
}

/** Plans one event again. Its source must be in the configuration. */
export async function replan(ledger: Ledger, event: Event, config: Config, by: string) {
  const source = config.sources.get(event.source)
  // Without a type it was never read as one event.
  const parts = source && event.type === '' ? readPartsAgain(event, source) : null
  if (source && parts) return replanParts(ledger, event, source, parts, config, by)
  const read = readAgain(event, config)
  if ('reason' in read) return { id: event.id, state: 'unreadable' as const, added: 0, reason: read.reason }
  const plan = planEvent(read, config)
  // What such an event reports was marked when it was recorded, and its reason says what: a plan of nothing must not take its place.
  if (read.undelivered && plan.state === 'unrouted') {
    const reason =
      event.state === 'unreadable'
        ? 'it can be read now; what it reports is marked when it is delivered again'
        : event.reason
    return { id: event.id, state: event.state, added: 0, reason }
  }
  const { added, known } = await ledger.addPlan(event.id, plan, read, by)
  if (known)
    return {
      id: event.id,
      state: 'unrouted' as const,
      added,
      reason: 'it came again since and was recorded then',
    }
  return { id: event.id, state: plan.state, added, reason: plan.reason }
}

/** A delivery that was kept whole, because nobody could tell its events apart: they are recorded now, each as if it had just come. */
async function replanParts(
  ledger: Ledger,
  { id }: Event,
  source: Source,
  parts: readonly (ReadEvent | UnreadableEvent)[],
  config: Config,
  by: string,
) {
  const { version: configVersion } = config
  const recorded = await ledger.record(
    parts.map((event) => recordableOf(event, source, { config, plan: planEvent })),
  )
  const ids = recorded.flatMap((one) => ('eventId' in one ? one.eventId : []))
  const added = recorded.reduce((sum, one) => sum + ('messageIds' in one ? one.messageIds.length : 0), 0)
  const reason = `it is a delivery of ${parts.length} events, which are events of their own now: ${ids.join(', ') || 'all of them known already'}`
  const none = { notes: [], messages: [], configVersion, ...NOTHING_SAID }
  await ledger.addPlan(id, { state: 'unrouted', reason, ...none }, null, by)
  return { id, state: 'unrouted' as const, added, reason }
}

async function eventOf(ledger: Ledger, id: number): Promise<Event> {
  const event = await ledger.reads.event(id)
  if (!event)
    throw new PostriderError('NOT_FOUND', `There is no event ${id}. List them: postrider events list`)
  return event
}

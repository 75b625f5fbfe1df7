import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Event } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { EventFilter, MessageFilter } from '../ledger/reads.ts'
import { isWell, type Replanned, replan, whyNotPlannable } from '../ops/actions/replan.ts'
import { eventJson } from '../ops/shapes/event.ts'
import { messageJson } from '../ops/shapes/message.ts'
import { configOf } from '../settings.ts'
import { localTime, print, printJson, printTable, printText, type Terminal } from './output.ts'

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
  if (event.removed !== undefined) print(terminal, event.removed)
  else printText(terminal, body)
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
  for (const event of events) {
    const why = whyNotPlannable(event, config)
    if (why) throw new PostriderError(why.kind === 'missing' ? 'NOT_FOUND' : 'REFUSED', why.reason)
  }
  const outcomes: Replanned[] = []
  for (const event of events) outcomes.push(await replan({ ledger, config }, { by }, event))
  if (json) printJson(terminal, outcomes)
  else {
    printTable(
      terminal,
      ['EVENT', 'STATE', 'MESSAGES ADDED', 'REASON'],
      outcomes.map(({ id, state, added, reason }) => [id, state, added, reason]),
      'Nothing to plan.',
    )
  }
  return isWell(outcomes)
}

async function eventOf(ledger: Ledger, id: number): Promise<Event> {
  const event = await ledger.reads.event(id)
  if (!event)
    throw new PostriderError('NOT_FOUND', `There is no event ${id}. List them: postrider events list`)
  return event
}

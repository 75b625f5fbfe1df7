import type { Config } from '../config/config.ts'
import { PostriderError } from '../errors.ts'
import type { Event, ReadEvent, UnreadableEvent } from '../event.ts'
import type { Ledger, Plan } from '../ledger/ledger.ts'
import type { EventFilter } from '../ledger/reads.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'
import { eventJson, messageJson } from './show.ts'

export async function listEvents(ledger: Ledger, filter: EventFilter, json: boolean, terminal: Terminal) {
  const events = await ledger.reads.events(filter)
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
  print(terminal, `Event ${id}  ${event.state}  ${event.source}/${event.type}`)
  if (event.reason) print(terminal, event.reason)
  print(
    terminal,
    `key ${event.key}  occurred ${localTime(event.occurredAt)}  received ${localTime(event.receivedAt)}`,
  )
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
  print(terminal, body)
}

export type Replanner = {
  config: Config
  read: (
    raw: Buffer,
    meta: { source: string; key: string; receivedAt: number },
  ) => ReadEvent | UnreadableEvent
  plan: (event: ReadEvent, config: Config) => Plan
}

/**
 * Plans an event again under the present configuration and adds what is missing: messages of routes that have none. An event that was
 * unreadable is read again first.
 */
export async function replanEvent(ledger: Ledger, id: number, { config, read, plan }: Replanner) {
  const event = await eventOf(ledger, id)
  const again = read(event.raw, event)
  if ('reason' in again) return { id, state: 'unreadable' as const, added: 0, reason: again.reason }
  const planned = plan(again, config)
  const { added } = await ledger.addPlan(id, planned)
  return { id, state: planned.state, added, reason: planned.reason }
}

async function eventOf(ledger: Ledger, id: number): Promise<Event> {
  const event = await ledger.reads.event(id)
  if (!event)
    throw new PostriderError('NOT_FOUND', `There is no event ${id}. List them: postrider events list`)
  return event
}

import type { Config } from '../config/config.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Event } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { EventFilter } from '../ledger/reads.ts'
import { configOf } from '../main.ts'
import { planEvent } from '../plan/plan.ts'
import { PRESETS } from '../receive/sources/preset.ts'
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

/**
 * Plans events again under the present configuration and adds what is missing: messages of routes that have none. An event that was unreadable is
 * read again first. False where one is still not planned.
 */
export async function replanEvents(
  ledger: Ledger,
  variables: Variables,
  ids: readonly number[],
  json: boolean,
  terminal: Terminal,
): Promise<boolean> {
  const config = configOf(readEnvironment(variables).POSTRIDER_CONFIG, variables)
  const outcomes = []
  for (const id of ids) outcomes.push(await replan(ledger, await eventOf(ledger, id), config))
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

async function replan(ledger: Ledger, event: Event, config: Config) {
  const source = config.sources.get(event.source)
  if (!source) {
    throw new PostriderError(
      'NOT_FOUND',
      `Event ${event.id} came from ${event.source}, which is no longer in the configuration.`,
    )
  }
  const read = PRESETS[source.preset].read(event.raw, event)
  if ('reason' in read) return { id: event.id, state: 'unreadable' as const, added: 0, reason: read.reason }
  const plan = planEvent(read, config)
  const { added } = await ledger.addPlan(event.id, plan, read)
  return { id: event.id, state: plan.state, added, reason: plan.reason }
}

async function eventOf(ledger: Ledger, id: number): Promise<Event> {
  const event = await ledger.reads.event(id)
  if (!event)
    throw new PostriderError('NOT_FOUND', `There is no event ${id}. List them: postrider events list`)
  return event
}

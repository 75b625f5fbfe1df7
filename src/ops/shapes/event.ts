import { z } from 'zod'
import { EVENT_STATES, type Event } from '../../event.ts'
import { Id, isoTime, list, Time } from './values.ts'

const RouteNote = z
  .strictObject({
    route: z.string(),
    outcome: z.enum(['planned', 'condition-false', 'off', 'failed']),
    reason: z.string(),
  })
  .meta({ id: 'RouteNote', description: 'What a route that listens to the event made of it.' })

/** One thing that happened in a source, without what it carries. Keys are relied on by people's scripts. */
export const EventShape = z
  .strictObject({
    id: Id,
    state: z.enum(EVENT_STATES),
    reason: z.string().nullable(),
    source: z.string(),
    type: z.string(),
    senderType: z.string(),
    subject: z.string().nullable(),
    key: z.string(),
    occurredAt: Time,
    receivedAt: Time,
    routes: list(RouteNote),
    configVersion: z.string(),
    removed: z
      .string()
      .exactOptional()
      .meta({ description: 'What is gone of it, and why; absent: nothing.' }),
  })
  .meta({ id: 'Event', description: 'One thing that happened in a source, without what it carries.' })
export type EventJson = z.infer<typeof EventShape>

/** An event as programs see it, with `--json` and over the API. */
export function eventJson(event: Omit<Event, 'raw' | 'headers'>): EventJson {
  return {
    id: event.id,
    state: event.state,
    reason: event.reason,
    source: event.source,
    type: event.type,
    senderType: event.senderType,
    subject: event.subject,
    key: event.key,
    occurredAt: isoTime(event.occurredAt),
    receivedAt: isoTime(event.receivedAt),
    routes: event.notes,
    configVersion: event.configVersion,
    ...(event.removed === undefined ? {} : { removed: event.removed }),
  }
}

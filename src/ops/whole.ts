import type { Clock } from '../clock.ts'
import type { Event } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Attempt, Message } from '../message.ts'
import type { Role } from '../operator.ts'
import { knownOf, maskAttempt, maskEvent, maskMessage, maskReason, maskWords } from './mask.ts'
import { eventTimelineOf, type Moment, timelineOf } from './timeline.ts'

type Deps = { ledger: Pick<Ledger, 'pauses' | 'reads'>; clock: Pick<Clock, 'now'> }

/** One event has a message for each route at most. */
const MOST_MESSAGES = 1_000

/** A message with all that became of it, as `role` may see it; null: there is none, or its event is gone. */
export async function wholeMessage(
  { ledger, clock }: Deps,
  id: number,
  role: Role,
): Promise<{ message: Message; event: Event; attempts: readonly Attempt[]; timeline: Moment[] } | null> {
  const message = await ledger.reads.message(id)
  if (!message) return null
  const [event, attempts, trail, pauses] = await Promise.all([
    ledger.reads.event(message.eventId),
    ledger.reads.attempts(id),
    ledger.reads.auditOf({ message: id }),
    ledger.pauses(),
  ])
  if (!event) return null
  const shown = {
    message: maskMessage(message, role),
    event: maskEvent(event, role),
    attempts: attempts.map((attempt) => maskAttempt(attempt, role, message)),
  }
  const told = {
    trail: trail.map((line) => ({ ...line, reason: maskWords(line.reason, role, knownOf(message)) })),
    pauses: pauses.map((pause) => maskReason(pause, role)),
  }
  return { ...shown, timeline: timelineOf({ ...shown, ...told, now: clock.now() }) }
}

/** An event with its messages and how it came to where it is, as `role` may see it; null: there is none. */
export async function wholeEvent(
  { ledger }: Pick<Deps, 'ledger'>,
  id: number,
  role: Role,
): Promise<{ event: Event; messages: readonly Message[]; timeline: Moment[] } | null> {
  const event = await ledger.reads.event(id)
  if (!event) return null
  const [messages, trail] = await Promise.all([
    ledger.reads.messages({ eventId: id, limit: MOST_MESSAGES }),
    ledger.reads.auditOf({ event: id }),
  ])
  const shown = {
    event: maskEvent(event, role),
    messages: messages.map((message) => maskMessage(message, role)),
  }
  const known = messages.flatMap(knownOf)
  const told = trail.map((line) => ({ ...line, reason: maskWords(line.reason, role, known) }))
  return { ...shown, timeline: eventTimelineOf({ ...shown, trail: told }) }
}

import { parsePattern } from '../config/pattern.ts'
import type { Event } from '../event.ts'
import type { Replanned } from './simulate-plan.ts'

/** Which events are counted. Times: epoch milliseconds of receipt; `limit`: how many, the oldest first. */
export type Span = { since: number; until: number; source?: string; type?: string; limit?: number }

/** Events, by what they are. */
export type Counts = {
  /** That were asked for. */
  events: number
  /** Of these: that cannot be read, as before; of a source that the configuration has no more; of `postrider send`, which no route has planned. */
  unreadable: number
  gone: number
  byHand: number
  /** Gone through beside them, for what they mean to others: from before and after, of other sources and types. */
  around: number
}

/** What cannot be read any more, planned or said, by its reason; `route` null: the event itself. `eventIds`: the first few. */
export type Fault = { route: string | null; reason: string; events: number; eventIds: number[] }

const SAMPLE_IDS = 5

/** Counts the events of a span, asked in the order of their receipt. */
export function createTally(span: Span) {
  const { since, until, limit = Number.POSITIVE_INFINITY } = span
  const counts: Counts = { events: 0, unreadable: 0, gone: 0, byHand: 0, around: 0 }
  const faults = new Map<string, Fault>()
  const isMeant = matching(span)

  function fault(route: string | null, reason: string, eventId: number): void {
    const key = `${route ?? ''}\0${reason}`
    const known = faults.get(key) ?? { route, reason, events: 0, eventIds: [] }
    known.events += 1
    if (known.eventIds.length < SAMPLE_IDS) known.eventIds.push(eventId)
    faults.set(key, known)
  }

  return {
    fault,
    /** `isPast`: no event from now on is counted. */
    place(event: Event): { isCounted: boolean; isPast: boolean } {
      const isPast = event.receivedAt > until || counts.events >= limit
      const isCounted = !isPast && event.receivedAt >= since && isMeant(event)
      if (isCounted) counts.events += 1
      return { isCounted, isPast }
    },
    /** One that is not counted was gone through. */
    passed(): void {
      counts.around += 1
    },
    /** What a counted event turned out to be. */
    add(event: Event, replanned: Replanned): void {
      if (replanned.kind === 'gone') counts.gone += 1
      else if (replanned.kind === 'by-hand') counts.byHand += 1
      else if (replanned.kind === 'unreadable' && event.state === 'unreadable') counts.unreadable += 1
      else if (replanned.kind === 'unreadable') fault(null, replanned.reason, event.id)
      else if (replanned.kind === 'planned') {
        for (const { route, reason } of replanned.failed) fault(route, reason, event.id)
      }
    },
    result: (): { counts: Counts; faults: Fault[] } => ({ counts, faults: [...faults.values()] }),
  }
}

/** By source, and by our word for what happened or the sender's own; `*` matches any characters. */
function matching({ source, type }: Span): (event: Event) => boolean {
  const pattern = type === undefined ? null : parsePattern(`*/${type}`)
  return (event) =>
    (source === undefined || event.source === source) &&
    (pattern === null || [event.type, event.senderType].some((one) => pattern.matches(event.source, one)))
}

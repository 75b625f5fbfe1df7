import { happenedAt, type ReadEvent } from '../../event.ts'
import type { Plan, Recordable, Recorded } from '../ledger.ts'
import { clean, cleanOrNull, headersOrNull, senderTypeOrNull } from '../rows.ts'
import type { Audit } from './audit.ts'
import { createClaimEvent } from './claim-event.ts'
import type { Heed } from './heed.ts'
import type { InsertMessages } from './insert-messages.ts'
import type { Statement, Value } from './statement.ts'
import type { Store } from './store.ts'
import type { MarkUndelivered } from './undelivered.ts'

export type Record = {
  /** All entries; throws where the database refuses one, and is then to be undone. */
  together(entries: readonly Recordable[]): Recorded
  /** All entries, each in a savepoint: one that the database refuses is set aside. */
  apart(entries: readonly Recordable[]): Recorded
  /** Events that were recorded by other means: their sources were heard of, and they count. */
  noted(entries: readonly Recordable[], recorded: Recorded): void
  /** What was remembered of a transaction that was undone is not so. */
  forget(): void
}

/** What is written of an event that could be read, as `eventValues` has it. */
export const EVENT_COLUMNS = [
  'source',
  'type',
  'key',
  'occurred_at',
  'received_at',
  'state',
  'reason',
  'notes',
  'config_version',
  'raw',
  'sender_type',
  'subject',
  'headers',
] as const

export function eventValues(
  event: ReadEvent,
  plan: Pick<Plan, 'state' | 'reason' | 'notes' | 'configVersion'>,
): Value[] {
  return [
    clean(event.source),
    clean(event.type),
    clean(event.key),
    event.occurredAt,
    event.receivedAt,
    plan.state,
    cleanOrNull(plan.reason),
    JSON.stringify(plan.notes),
    plan.configVersion,
    event.raw,
    senderTypeOrNull(event),
    cleanOrNull(event.subject),
    headersOrNull(event.headers),
  ]
}

/** The claim of the event decides who is first; everything else follows from it. */
export function createRecord(
  store: Store,
  insertMessages: InsertMessages,
  markUndelivered: MarkUndelivered,
  heed: Heed,
  audit: Audit,
): Record {
  const { prepare, clock, tallies, refusalOf } = store
  const claim = createClaimEvent(store)
  const insertEvent = prepare(
    `INSERT INTO events (${EVENT_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const giveReason = prepare('UPDATE events SET reason = ? WHERE id = ?')
  const seeSource = prepare(
    `INSERT INTO sources (name, last_event_at) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET last_event_at = max(sources.last_event_at, excluded.last_event_at)`,
  )
  const inSavepoint = savepoints(
    prepare('SAVEPOINT entry'),
    prepare('RELEASE entry'),
    prepare('ROLLBACK TO entry'),
    refusalOf,
  )

  const lastSeen = new Map<string, number>()
  /** To the second, which is as exact as anybody asks; not once for each event. */
  function seen(source: string, receivedAt: number): void {
    if (receivedAt - (lastSeen.get(source) ?? 0) < 1_000) return
    seeSource.later(source, receivedAt)
    lastSeen.set(source, receivedAt)
  }

  function one(entry: Recordable, now: number): Recorded[number] {
    const keep = keepingOf(entry, now)
    if (entry.kind === 'unreadable') {
      if (claim(entry.event, null, keep, now) === 'known') return { kind: 'known' }
      return { kind: 'recorded', eventId: unreadable(entry, entry.event.reason), messageIds: [] }
    }
    const { event, plan } = entry
    const claimed = claim(event, event.type, keep, now)
    if (claimed === 'known') return { kind: 'known' }
    if (claimed === 'replayed') return replayed(event, plan, now)
    const marked = event.undelivered ? markUndelivered(event.undelivered, event.occurredAt, now) : null
    const eventId = insert(event, { ...plan, reason: reasonOf(plan, marked) })
    seen(event.source, event.receivedAt)
    heed({ ...event, id: eventId }, plan, now)
    const own = { id: eventId, source: event.source, happenedAt: happenedAt(event), isNew: true }
    const { added } = insertMessages(own, plan, now)
    if (entry.by !== undefined) tried(entry.by, eventId, added, now)
    return { kind: 'recorded', eventId, messageIds: added }
  }

  function tried(by: string, event: number, [message = 0]: readonly number[], now: number): void {
    audit({ by, action: 'message.test', target: { event, message } }, now)
  }

  function insert(
    event: ReadEvent,
    plan: Pick<Plan, 'state' | 'reason' | 'notes' | 'configVersion'>,
  ): number {
    return insertEvent.run(...eventValues(event, plan)).lastInsertRowid
  }

  /** Kept for an operator: nothing that it calls for is done, nor was its source heard of: anybody may have sent it. What it takes back is: an old event cancels no newer message, and a no stays a no. */
  function replayed(event: ReadEvent, plan: Plan, now: number): Recorded[number] {
    const { configVersion } = plan
    const eventId = insert(event, { state: 'unplanned', reason: null, notes: [], configVersion })
    const consent = plan.consent === true ? null : plan.consent
    heed({ ...event, id: eventId }, { ...plan, consent }, now)
    const reason = replayedReason(eventId)
    giveReason.later(reason, eventId)
    return { kind: 'replayed', eventId, reason }
  }

  function unreadable({ event, ...entry }: Recordable, reason: string): number {
    const id = insertEvent.run(
      clean(event.source),
      '',
      clean(event.key),
      event.receivedAt,
      event.receivedAt,
      'unreadable',
      clean(reason),
      '[]',
      'plan' in entry ? entry.plan.configVersion : entry.configVersion,
      event.raw,
      null,
      null,
      headersOrNull(event.headers),
    ).lastInsertRowid
    seen(event.source, event.receivedAt)
    return id
  }

  function setAside(entry: Recordable, refusal: string, now: number): Recorded[number] {
    if (claim(entry.event, null, keepingOf(entry, now), now) === 'known') return { kind: 'known' }
    const reason = `The ledger refused to store this event as read: ${refusal}. Its body is kept; mend the cause, then: postrider events replan ID`
    return { kind: 'set-aside', eventId: unreadable(entry, reason), reason }
  }

  /** When nothing of it is undone any more but the transaction itself. */
  function counted(entries: readonly Recordable[], recorded: Recorded): Recorded {
    recorded.forEach(({ kind }, n) => {
      const event = entries[n]?.event
      if (kind !== 'known' && event) tallies.add('received', clean(event.source), event.receivedAt)
    })
    return recorded
  }

  function forget(): void {
    store.lanes.forget()
    lastSeen.clear()
  }

  return {
    forget,
    noted(entries, recorded) {
      entries.forEach(({ event }, n) => {
        if (recorded[n]?.kind !== 'known') seen(event.source, event.receivedAt)
      })
      counted(entries, recorded)
    },
    together(entries) {
      const now = clock.now()
      return counted(
        entries,
        entries.map((entry) => one(entry, now)),
      )
    },
    apart(entries) {
      const now = clock.now()
      const recorded = entries.map((entry) => {
        try {
          return inSavepoint(() => one(entry, now))
        } catch (error) {
          const refusal = refusalOf(error)
          if (refusal === null) throw error
          // What the undone entry made is gone, its lanes too.
          forget()
          return setAside(entry, refusal, now)
        }
      })
      return counted(entries, recorded)
    },
  }
}

/** What an event about deliveries marked is what it was for; that no route listens to it says nothing beside that, a route that failed does. */
function reasonOf({ state, reason }: Plan, marked: string | null): string | null {
  if (marked === null) return reason
  return state === 'unplanned' && reason !== null ? `${marked}; ${reason}` : marked
}

/** Why an event whose body came before as another type is not planned. */
function replayedReason(eventId: number): string {
  return `Its body came before, as an event of another type. This sender signs neither the id nor the type of a delivery, so that an old one may have been sent again by somebody else, and nothing was planned. Where it is genuine: postrider events replan ${eventId}`
}

function keepingOf({ keepKeyForMs, keepBodyForMs = keepKeyForMs }: Recordable, now: number) {
  return { keyUntil: now + keepKeyForMs, bodyUntil: now + keepBodyForMs }
}

function savepoints(
  begin: Statement<never>,
  release: Statement<never>,
  back: Statement<never>,
  refusalOf: Store['refusalOf'],
) {
  return <T>(work: () => T): T => {
    begin.run()
    try {
      const value = work()
      release.run()
      return value
    } catch (error) {
      if (refusalOf(error) !== null) {
        back.run()
        release.run()
      }
      throw error
    }
  }
}

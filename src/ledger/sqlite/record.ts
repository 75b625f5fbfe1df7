import type { SQLInputValue } from 'node:sqlite'
import type { PlannedMessage } from '../../message.ts'
import { eventKeyHash, identifierHashes } from '../hashes.ts'
import type { Plan, Recordable, Recorded } from '../ledger.ts'
import { clean, cleanOrNull } from '../rows.ts'
import { BLOCK_SHIFT } from '../schema.ts'
import type { Statement } from './database.ts'
import type { Store } from './store.ts'
import { refusalOf } from './trouble.ts'
import type { MarkUndelivered } from './undelivered.ts'

export type Record = {
  /** All entries; throws where the database refuses one, and is then to be undone. */
  together(entries: readonly Recordable[]): Recorded
  /** All entries, each in a savepoint: one that the database refuses is set aside. */
  apart(entries: readonly Recordable[]): Recorded
  /** What was remembered of a transaction that was undone is not so. */
  forget(): void
}

export type InsertMessages = (
  event: { id: number; source: string },
  plan: Plan,
  now: number,
) => { added: number[] }

/** The claim of the event key decides who is first; everything else follows from it. */
export function createRecord(
  store: Store,
  insertMessages: InsertMessages,
  markUndelivered: MarkUndelivered,
): Record {
  const { prepare, clock } = store
  const claimKey = prepare(
    `INSERT INTO event_keys (hash, keep_until) VALUES (?, ?)
     ON CONFLICT (hash) DO UPDATE SET keep_until = excluded.keep_until WHERE event_keys.keep_until < ?`,
  )
  const insertEvent = prepare(
    `INSERT INTO events (source, type, key, occurred_at, received_at, state, reason, notes, config_version, raw)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const seeSource = prepare(
    `INSERT INTO sources (name, last_event_at) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET last_event_at = max(last_event_at, excluded.last_event_at)`,
  )
  const inSavepoint = savepoints(
    prepare('SAVEPOINT entry'),
    prepare('RELEASE entry'),
    prepare('ROLLBACK TO entry'),
  )

  const lastSeen = new Map<string, number>()
  /** To the second, which is as exact as anybody asks; not once for each event. */
  function seen(source: string, receivedAt: number): void {
    if (receivedAt - (lastSeen.get(source) ?? 0) < 1_000) return
    seeSource.run(source, receivedAt)
    lastSeen.set(source, receivedAt)
  }

  function one(entry: Recordable, now: number): Recorded[number] {
    if (!isFirst(entry, now)) return { kind: 'known' }
    if (entry.kind === 'unreadable') {
      return { kind: 'recorded', eventId: unreadable(entry, entry.event.reason), messageIds: [] }
    }
    const { event, plan } = entry
    const marked = event.undelivered ? markUndelivered(event.undelivered, event.occurredAt, now) : null
    const eventId = insertEvent.run(
      clean(event.source),
      clean(event.type),
      clean(event.key),
      event.occurredAt,
      event.receivedAt,
      plan.state,
      cleanOrNull(reasonOf(plan, marked)),
      JSON.stringify(plan.notes),
      plan.configVersion,
      event.raw,
    ).lastInsertRowid
    seen(event.source, event.receivedAt)
    const { added } = insertMessages({ id: eventId, source: event.source }, plan, now)
    return { kind: 'recorded', eventId, messageIds: added }
  }

  function isFirst({ event, keepKeyForMs }: Recordable, now: number): boolean {
    return claimKey.run(eventKeyHash(event.source, event.key), now + keepKeyForMs, now).changes > 0
  }

  function unreadable({ event, ...entry }: Recordable, reason: string): number {
    const configVersion = 'plan' in entry ? entry.plan.configVersion : entry.configVersion
    const columns: SQLInputValue[] = [clean(event.source), '', clean(event.key)]
    columns.push(
      event.receivedAt,
      event.receivedAt,
      'unreadable',
      clean(reason),
      '[]',
      configVersion,
      event.raw,
    )
    const id = insertEvent.run(...columns).lastInsertRowid
    seen(event.source, event.receivedAt)
    return id
  }

  function setAside(entry: Recordable, refusal: string, now: number): Recorded[number] {
    if (!isFirst(entry, now)) return { kind: 'known' }
    const reason = `The ledger refused to store this event as read: ${refusal}. Its body is kept; mend the cause, then: postrider events replan ID`
    return { kind: 'set-aside', eventId: unreadable(entry, reason), reason }
  }

  function forget(): void {
    store.lanes.forget()
    lastSeen.clear()
  }

  return {
    forget,
    together(entries) {
      const now = clock.now()
      return entries.map((entry) => one(entry, now))
    },
    apart(entries) {
      const now = clock.now()
      return entries.map((entry) => {
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
    },
  }
}

/** What an event about deliveries marked is what it was for; that no route listens to it says nothing beside that, a route that failed does. */
function reasonOf({ state, reason }: Plan, marked: string | null): string | null {
  if (marked === null) return reason
  return state === 'unplanned' && reason !== null ? `${marked}; ${reason}` : marked
}

function savepoints(begin: Statement<never>, release: Statement<never>, back: Statement<never>) {
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

/** Adds the planned messages that the event has none of yet, takes their `once` keys, and makes them findable by their customer. */
export function createInsertMessages(store: Store): InsertMessages {
  const { prepare, lanes, once } = store
  const insert = prepare(
    `INSERT INTO messages (event_id, lane, source, route, channel, state, reason, code, due_at, expire_at,
                           created_at, updated_at, config_version, customer, policies)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id, route) DO NOTHING`,
  )
  const identify = prepare(
    `INSERT INTO message_identifiers (block, hash, message_id) VALUES (? >> ${BLOCK_SHIFT}, ?, ?)
     ON CONFLICT (block, hash, message_id) DO NOTHING`,
  )
  const skip = prepare(
    `UPDATE messages SET state = 'skipped', code = 'once', reason = ? WHERE id = ? AND state = 'scheduled'`,
  )

  function insertOne(
    event: { id: number; source: string },
    planned: PlannedMessage,
    configVersion: string,
    now: number,
  ): number | null {
    const { route, state, policies, customer, dueAt } = planned
    const [channel = 'webmessaging'] = policies.channels
    const inserted = insert.run(
      event.id,
      lanes.idOf(route, event.source, channel),
      event.source,
      route,
      channel,
      state,
      cleanOrNull(planned.reason),
      cleanOrNull(planned.code),
      dueAt,
      planned.expireAt,
      now,
      now,
      configVersion,
      JSON.stringify(customer),
      JSON.stringify(policies),
    )
    if (inserted.changes === 0) return null
    const id = inserted.lastInsertRowid
    for (const hash of identifierHashes(customer)) identify.run(id, hash, id)
    if (state !== 'scheduled') return id
    const holder = policies.once === null ? null : once.take(route, policies.once, id)
    if (holder !== null) skip.run(takenReason(holder), id)
    else if (dueAt <= now) store.dueNow()
    return id
  }

  return (event, plan, now) => {
    const added: number[] = []
    for (const planned of plan.messages) {
      const id = insertOne(event, planned, plan.configVersion, now)
      if (id !== null) added.push(id)
    }
    return { added }
  }
}

/** Why a message of a route with `once` may not go. */
export function takenReason(holder: number): string {
  return `Message ${holder} of this route has the same key (once): it was sent, or may still be. See it: postrider messages show ${holder}`
}

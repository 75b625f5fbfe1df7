import type { PlannedMessage } from '../../message.ts'
import { identifierHashes } from '../hashes.ts'
import type { Plan } from '../ledger.ts'
import { cleanOrNull } from '../rows.ts'
import { BLOCK_SHIFT } from '../schema.ts'
import type { Store } from './store.ts'

export type InsertMessages = (
  event: { id: number; source: string },
  plan: Plan,
  now: number,
) => { added: number[] }

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

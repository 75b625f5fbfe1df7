import type { PlannedMessage } from '../../message.ts'
import { identifierHashes } from '../hashes.ts'
import type { Plan } from '../ledger.ts'
import { cancelHash, joined } from '../names.ts'
import { cleanOrNull } from '../rows.ts'
import { BLOCK_SHIFT } from '../schema.ts'
import { policiesText } from '../wire.ts'
import { type Cancellations, cancelledReason } from './cancellations.ts'
import { takenReason } from './pass-key.ts'
import { createReplace } from './replace.ts'
import type { Value } from './statement.ts'
import type { Store } from './store.ts'

/** `isNew`: the event is being recorded, so that none of its messages can have been replaced. */
export type InsertMessages = (
  event: { id: number; source: string; happenedAt: number; isNew: boolean },
  plan: Plan,
  now: number,
) => { added: number[] }

/** What is written of a message when it is planned, as `messageValues` has it. */
export const MESSAGE_COLUMNS = [
  'event_id',
  'lane',
  'source',
  'route',
  'channel',
  'state',
  'reason',
  'code',
  'due_at',
  'expire_at',
  'created_at',
  'updated_at',
  'config_version',
  'customer',
  'policies',
  'names',
  'cancel_keys',
] as const

export function messageValues(
  { lanes, names }: Pick<Store, 'lanes' | 'names'>,
  event: { id: number; source: string },
  planned: PlannedMessage,
  {
    configVersion,
    cancelHashes,
    now,
  }: { configVersion: string; cancelHashes: readonly Buffer[]; now: number },
): Value[] {
  const { route, policies } = planned
  const [channel = 'webmessaging'] = policies.channels
  return [
    event.id,
    lanes.idOf(route, event.source, channel),
    event.source,
    route,
    channel,
    planned.state,
    cleanOrNull(planned.reason),
    cleanOrNull(planned.code),
    planned.dueAt,
    planned.expireAt,
    now,
    now,
    configVersion,
    JSON.stringify(planned.customer),
    policiesText(policies),
    joined(names.hashesOf(planned.names)),
    joined(cancelHashes),
  ]
}

/** Adds the planned messages that the event has none of yet, takes their `once` keys, and makes them findable by their customer. */
export function createInsertMessages(store: Store, cancellations: Cancellations): InsertMessages {
  const { prepare, once } = store
  const replace = createReplace(store, cancellations)
  const insert = prepare(
    `INSERT INTO messages (${MESSAGE_COLUMNS.join(', ')})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id, route) DO NOTHING`,
  )
  const identify = prepare(
    `INSERT INTO message_identifiers (block, hash, message_id) VALUES (CAST(? AS BIGINT) >> ${BLOCK_SHIFT}, ?, ?)
     ON CONFLICT (block, hash, message_id) DO NOTHING`,
  )
  const isReplaced = prepare('SELECT 1 FROM replaced WHERE event_id = ? AND route = ?')
  const skip = prepare(
    `UPDATE messages SET state = 'skipped', code = 'once', reason = ?, skipped_for = ? WHERE id = ? AND state = 'scheduled'`,
  )
  const cancel = prepare(
    `UPDATE messages SET state = 'cancelled', code = 'cancelled', reason = ? WHERE id = ? AND state = 'scheduled'`,
  )

  function insertOne(
    event: Parameters<InsertMessages>[0],
    planned: PlannedMessage,
    configVersion: string,
    now: number,
  ): number | null {
    const { route, state, policies, customer, dueAt } = planned
    // Planned once more: a newer event of the key took its place.
    if (!event.isNew && isReplaced.get(event.id, route)) return null
    // A newer event of the key takes the place of what still waits, and is said by that message.
    if (
      state === 'scheduled' &&
      policies.onRepeat === 'replace' &&
      replace(event, planned, configVersion, now)
    ) {
      return null
    }
    const cancelHashes = planned.cancelKeys.map(cancelHash)
    const inserted = insert.run(...messageValues(store, event, planned, { configVersion, cancelHashes, now }))
    if (inserted.changes === 0) return null
    const id = inserted.lastInsertRowid
    for (const hash of identifierHashes(customer)) identify.later(id, hash, id)
    cancellations.expect(id, cancelHashes)
    if (state !== 'scheduled') return id
    // It may have come before its own event.
    const cancelledBy = cancellations.standing(
      { event_id: event.id, route, cancel_keys: joined(cancelHashes), cancel_from: 0 },
      event.happenedAt,
    )
    if (cancelledBy !== null) {
      cancel.later(cancelledReason(cancelledBy), id)
      return id
    }
    const holder = policies.once === null ? null : once.take(route, policies.once, id, policies.oncePerMs)
    if (holder !== null) skip.later(takenReason(holder), holder, id)
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

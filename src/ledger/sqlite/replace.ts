import type { PlannedMessage } from '../../message.ts'
import { identifierHashes, onceKeyHash } from '../hashes.ts'
import { BLOCK_SHIFT } from '../schema.ts'
import type { Cancellations } from './cancellations.ts'
import { FREE } from './leases.ts'
import { cancelHash, joined, parted } from './names.ts'
import type { Store } from './store.ts'

/**
 * `onRepeat: replace`: the message that holds the key and still waits for its first attempt becomes the newer event's: its time, its data, its customer. False where there is
 * none, or where it is of a newer event already, which then stays what it is.
 */
export function createReplace(store: Store, cancellations: Cancellations) {
  const { prepare, lanes, once, turns, names: hashing } = store
  const ownMessage = prepare('SELECT 1 FROM messages WHERE event_id = ? AND route = ?')
  const held = prepare<{ id: number; occurred_at: number; cancel_keys: Uint8Array | null; customer: string }>(
    `SELECT messages.id, events.occurred_at, messages.cancel_keys, messages.customer FROM once_keys
     JOIN messages ON messages.id = once_keys.message_id JOIN events ON events.id = messages.event_id
     WHERE once_keys.hash = ? AND messages.route = ? AND messages.state = 'scheduled' AND messages.attempts = 0
       AND messages.manual_by IS NULL`,
  )
  const move = prepare(
    `UPDATE messages SET event_id = ?, source = ?, lane = ?, channel = ?, due_at = ?, expire_at = ?, config_version = ?, customer = ?,
                         policies = ?, names = ?, cancel_keys = ?, contact_id = NULL, found_by = NULL, session = NULL,
                         waits_for = NULL, code = 'replaced', reason = ?, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'scheduled'`,
  )
  const identify = prepare(
    `INSERT INTO message_identifiers (block, hash, message_id) VALUES (? >> ${BLOCK_SHIFT}, ?, ?)
     ON CONFLICT (block, hash, message_id) DO NOTHING`,
  )

  const unidentify = prepare(
    `DELETE FROM message_identifiers WHERE block = ? >> ${BLOCK_SHIFT} AND hash = ? AND message_id = ?`,
  )

  return (
    event: { id: number; source: string; occurredAt: number },
    planned: PlannedMessage,
    configVersion: string,
    now: number,
  ): boolean => {
    const { route, policies, customer, dueAt } = planned
    if (policies.once === null) return false
    const message = held.get(onceKeyHash(route, policies.once), route)
    if (!message || message.occurred_at > event.occurredAt) return false
    // Planned once more: the event has its message, whatever became of it.
    if (ownMessage.get(event.id, route)) return false
    const hashes = planned.cancelKeys.map(cancelHash)
    // What is cancelled already cancels the newer one too; the older stays for its own sake.
    const mine = { event_id: event.id, route, cancel_keys: joined(hashes), cancel_from: 0 }
    if (cancellations.standing(mine, event.occurredAt) !== null) return false
    const [channel = 'webmessaging'] = policies.channels
    turns.release(message.id)
    move.run(
      event.id,
      event.source,
      lanes.idOf(route, event.source, channel),
      channel,
      dueAt,
      planned.expireAt,
      configVersion,
      JSON.stringify(customer),
      JSON.stringify(policies),
      joined(hashing.hashesOf(planned.names)),
      joined(hashes),
      `A newer event of the same key took its place (onRepeat: replace): event ${event.id}.`,
      now,
      message.id,
    )
    const { id } = message
    once.renew(route, policies.once, id)
    for (const hash of identifierHashes(JSON.parse(message.customer))) unidentify.run(id, hash, id)
    for (const hash of identifierHashes(customer)) identify.run(message.id, hash, message.id)
    cancellations.forget(message.id, parted(message.cancel_keys))
    cancellations.expect(message.id, hashes)
    if (dueAt <= now) store.dueNow()
    return true
  }
}

import type { PlannedMessage } from '../../message.ts'
import { HAPPENED_AT } from '../happened.ts'
import { identifierHashes, onceKeyHash } from '../hashes.ts'
import { cancelHash, joined, parted } from '../names.ts'
import { BLOCK_SHIFT } from '../schema.ts'
import { policiesText } from '../wire.ts'
import type { Cancellations } from './cancellations.ts'
import { FREE } from './leases.ts'
import type { Store } from './store.ts'

/**
 * `onRepeat: replace`: the message that holds the key and still waits for its first attempt becomes the newer event's: its time, its data, its customer. False where there is
 * none, or where it is of a newer event already, which then stays what it is. The older event says which message goes for it.
 */
export function createReplace(store: Store, cancellations: Cancellations) {
  const { prepare, lanes, once, turns, names: hashing } = store
  const ownMessage = prepare('SELECT 1 FROM messages WHERE event_id = ? AND route = ?')
  const held = prepare<{
    id: number
    event_id: number
    happened_at: number
    cancel_keys: Uint8Array | null
    customer: string
  }>(
    `SELECT messages.id, messages.event_id, ${HAPPENED_AT} AS happened_at, messages.cancel_keys, messages.customer FROM once_keys
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
    `INSERT INTO message_identifiers (block, hash, message_id) VALUES (CAST(? AS BIGINT) >> ${BLOCK_SHIFT}, ?, ?)
     ON CONFLICT (block, hash, message_id) DO NOTHING`,
  )

  const replaced = prepare(
    'INSERT INTO replaced (event_id, route, message_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const say = prepare(`UPDATE events SET reason = coalesce(reason || '; ', '') || ? WHERE id = ?`)
  const unidentify = prepare(
    `DELETE FROM message_identifiers WHERE block = CAST(? AS BIGINT) >> ${BLOCK_SHIFT} AND hash = ? AND message_id = ?`,
  )

  return (
    event: { id: number; source: string; happenedAt: number },
    planned: PlannedMessage,
    configVersion: string,
    now: number,
  ): boolean => {
    const { route, policies, customer, dueAt } = planned
    if (policies.once === null) return false
    const message = held.get(onceKeyHash(route, policies.once), route)
    if (!message || message.happened_at > event.happenedAt) return false
    // Planned once more: the event has its message, whatever became of it.
    if (ownMessage.get(event.id, route)) return false
    const hashes = planned.cancelKeys.map(cancelHash)
    // What is cancelled already cancels the newer one too; the older stays for its own sake.
    const mine = { event_id: event.id, route, cancel_keys: joined(hashes), cancel_from: 0 }
    if (cancellations.standing(mine, event.happenedAt) !== null) return false
    const [channel = 'webmessaging'] = policies.channels
    turns.release(message.id)
    move.later(
      event.id,
      event.source,
      lanes.idOf(route, event.source, channel),
      channel,
      dueAt,
      planned.expireAt,
      configVersion,
      JSON.stringify(customer),
      policiesText(policies),
      joined(hashing.hashesOf(planned.names)),
      joined(hashes),
      `A newer event of the same key took its place (onRepeat: replace): event ${event.id}.`,
      now,
      message.id,
    )
    const { id } = message
    replaced.later(message.event_id, route, id)
    say.later(
      `${route}: event ${event.id} of the same key took its place (onRepeat: replace), in message ${id}`,
      message.event_id,
    )
    once.renew(route, policies.once, id)
    for (const hash of identifierHashes(JSON.parse(message.customer))) unidentify.run(id, hash, id)
    for (const hash of identifierHashes(customer)) identify.run(message.id, hash, message.id)
    cancellations.forget(message.id, parted(message.cancel_keys))
    cancellations.expect(message.id, hashes)
    if (dueAt <= now) store.dueNow()
    return true
  }
}

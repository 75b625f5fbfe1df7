import { onceKeyHash } from '../hashes.ts'
import { parted } from '../names.ts'
import { ERASED_WORDS, type Erasing } from '../purge.ts'
import { policiesOf } from '../rows.ts'
import { type AttemptRow, BLOCK_SHIFT, type EventRow, type MessageRow } from '../schema.ts'
import type { Cancellations } from './cancellations.ts'
import type { Caps } from './caps.ts'
import { FREE } from './leases.ts'
import { createEmptyAttempts, NO_BYTES, withoutKey } from './payloads.ts'
import type { Store } from './store.ts'

/** Takes a customer out of the rows that are theirs. Runs inside a transaction; done twice it changes nothing. */
export type EraseRows = {
  /** `sending`: its request is on its way, and nothing was changed. */
  message(id: number): 'erased' | 'cancelled' | 'sending'
  event(id: number): void
}

const CANCELLED = 'The customer was erased (purge) before it was sent.'
const UNKNOWN =
  'The customer was erased (purge) while nobody knew whether it had arrived: it is looked for no more.'

export function createEraseRows(
  { prepare, clock, turns }: Store,
  { cancellations, caps }: { cancellations: Cancellations; caps: Caps },
  mentions: Erasing['mentions'],
): EraseRows {
  const find = prepare<MessageRow>('SELECT * FROM messages WHERE id = ?')
  const end = prepare(
    `UPDATE messages SET state = ?, code = 'erased', reason = ?, look_at = NULL, waits_for = NULL, updated_at = ?, ${FREE}
     WHERE id = ?`,
  )
  const empty = prepare(
    `UPDATE messages SET customer = '{}', would_send = NULL, session = NULL, policies = ?, once_hash = NULL, names = NULL,
                         cancel_keys = NULL, waits_for = NULL, contact_id = NULL, conversation_id = NULL, look_at = NULL,
                         last_look = NULL, reason = ?, delivery_reason = ?, removed = ?, ${FREE}
     WHERE id = ?`,
  )
  const attempts = prepare<Pick<AttemptRow, 'id' | 'opened_at' | 'reason'>>(
    'SELECT id, opened_at, reason FROM attempts WHERE message_id = ?',
  )
  const emptyAttempts = createEmptyAttempts(prepare)
  const emptyAttempt = prepare(
    'UPDATE attempts SET contact_id = NULL, conversation_id = NULL, genesys_message_id = NULL, reason = ? WHERE id = ?',
  )
  const unidentify = prepare('DELETE FROM message_identifiers WHERE block = ? AND message_id = ?')
  const removeKey = prepare('DELETE FROM once_keys WHERE hash = ? AND message_id = ?')
  const findEvent = prepare<Pick<EventRow, 'reason' | 'notes'>>(
    'SELECT reason, notes FROM events WHERE id = ?',
  )
  const emptyEvent = prepare(
    `UPDATE events SET raw = ?, headers = NULL, subject = NULL, key = 'removed', reason = ?, notes = ?, removed = ? WHERE id = ?`,
  )
  const removeCancellations = prepare('DELETE FROM cancellations WHERE event_id = ?')
  const without = (text: string | null) => (text === null ? null : mentions.without(text))

  function ended(message: MessageRow): 'erased' | 'cancelled' {
    if (message.state === 'scheduled') {
      end.run('cancelled', CANCELLED, clock.now(), message.id)
      return 'cancelled'
    }
    if (message.state === 'unconfirmed') end.run('failed', UNKNOWN, clock.now(), message.id)
    return 'erased'
  }

  return {
    message(id) {
      const before = find.get(id)
      if (!before) return 'erased'
      if (before.state === 'sending') return 'sending'
      const came = ended(before)
      const message = find.get(id) ?? before
      const { once, countsIn } = policiesOf(message.policies)
      const key = once === null ? message.once_hash : onceKeyHash(message.route, once)
      if (key !== null) removeKey.run(key, id)
      turns.release(id)
      cancellations.forget(id, parted(message.cancel_keys))
      for (const attempt of attempts.all(id)) {
        caps.forget(message.names, countsIn, attempt)
        emptyAttempt.run(without(attempt.reason), attempt.id)
      }
      emptyAttempts(id)
      unidentify.run(id >> BLOCK_SHIFT, id)
      const [policies] = withoutKey(message)
      empty.run(policies, without(message.reason), without(message.delivery_reason), ERASED_WORDS, id)
      return came
    },
    event(id) {
      const event = findEvent.get(id)
      if (!event) return
      removeCancellations.run(id)
      emptyEvent.run(
        NO_BYTES,
        without(event.reason),
        jsonWithout(event.notes, mentions, '[]'),
        ERASED_WORDS,
        id,
      )
    },
  }
}

/** JSON stays JSON. */
export function jsonWithout(json: string, mentions: Erasing['mentions'], otherwise: string): string {
  const rest = mentions.without(json)
  try {
    JSON.parse(rest)
    return rest
  } catch {
    return otherwise
  }
}

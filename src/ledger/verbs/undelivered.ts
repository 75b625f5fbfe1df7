import type { Undelivered } from '../../event.ts'
import type { Channel, Policies } from '../../message.ts'
import { parted } from '../names.ts'
import { clean, policiesOf } from '../rows.ts'
import type { AttemptRow, MessageRow } from '../schema.ts'
import type { Cancellations } from './cancellations.ts'
import { FREE } from './leases.ts'
import type { Store } from './store.ts'

/** Marks the messages that the customer did not see, and answers in words what was marked. `occurredAt`: when Genesys says that it happened. */
export type MarkUndelivered = (undelivered: Undelivered, occurredAt: number, now: number) => string

/** Of one conversation the newest so many sends are looked at: a conversation ends within days, and what it reports is its last. */
const MOST = 100

type Send = Pick<AttemptRow, 'message_id' | 'number' | 'genesys_message_id' | 'opened_at'>

/**
 * A message that was not seen is marked once for each time it was sent: as long as that send is its last, is not known to be delivered, and nothing was
 * reported about it. Where its route says so, it goes on to its next channel.
 */
export function createMarkUndelivered(store: Store, cancellations: Cancellations): MarkUndelivered {
  const { prepare, lanes } = store
  const newest = prepare<Send>(
    `SELECT message_id, number, genesys_message_id, opened_at FROM attempts
     WHERE conversation_id = ? AND outcome = 'sent' ORDER BY id DESC LIMIT ?`,
  )
  const find = prepare<MessageRow>('SELECT * FROM messages WHERE id = ?')
  const mark = prepare(
    `UPDATE messages SET delivery = 'undelivered', delivery_reason = ?, look_at = NULL, updated_at = ?, ${FREE}
     WHERE id = ? AND state = 'sent'`,
  )
  const next = prepare(
    `UPDATE messages SET state = 'scheduled', code = 'undelivered', reason = ?, channel = ?, lane = ?, due_at = ?
     WHERE id = ? AND state = 'sent'`,
  )

  function markOne({ message_id, number }: Send, now: number): string {
    const message = find.get(message_id)
    if (!message) return `message ${message_id} is no longer kept`
    const { id, route, channel } = message
    const name = `message ${id} of route ${route}`
    if (message.state !== 'sent' || message.attempts !== number) {
      return `${name} has gone on since and is ${message.state}; nothing was changed`
    }
    if (message.delivery === 'undelivered') return `of ${name} this was reported before`
    if (message.delivery === 'delivered') {
      return `${name} was delivered, as Genesys Cloud said before; nothing was changed`
    }
    mark.later(NOT_SEEN, now, id)
    const then = thenOf(message, policiesOf(message.policies), now)
    if (then.channel !== null) {
      const reason = `The customer did not see it on ${channel}, says Genesys Cloud; ${then.words}.`
      next.later(reason, then.channel, lanes.idOf(route, message.source, then.channel), now, id)
      cancellations.expect(id, parted(message.cancel_keys))
      store.dueNow()
    }
    return `${name} was not seen by the customer; ${then.words}`
  }

  return ({ conversationId, genesysMessageIds }, occurredAt, now) => {
    const sends = newest.all(clean(conversationId), MOST)
    const reported = reportedOf(sends, genesysMessageIds, occurredAt)
    if (reported.length > 0) return reported.map((send) => markOne(send, now)).join('; ')
    const [last] = sends
    if (!last) return 'no message of this conversation is known here'
    return genesysMessageIds.length === 0
      ? 'every message of this conversation that is known here was sent after it; nothing was changed'
      : `message ${last.message_id} went to this conversation, but under none of the ids that are reported; nothing was changed`
  }
}

/** The report bears Genesys' time, the send ours; what goes unseen is reported later than that after its send. */
const SKEW_MS = 10_000

/** Those with the ids; where there are none, the newest that can be meant: what was sent later cannot have gone unseen by then. */
function reportedOf(sends: readonly Send[], ids: readonly string[], occurredAt: number): readonly Send[] {
  if (ids.length > 0) {
    return sends.filter(({ genesys_message_id: id }) => id !== null && ids.includes(id))
  }
  const last = sends.find(({ opened_at }) => opened_at <= occurredAt + SKEW_MS)
  return last ? [last] : []
}

const NOT_SEEN = 'Genesys Cloud says that the customer did not see it.'

/** What is done about it: the channel that is tried, or why none is. */
function thenOf(
  { channel, expire_at, removed }: MessageRow,
  { onUndelivered, channels }: Policies,
  now: number,
): { channel: string | null; words: string } {
  if (onUndelivered === 'none') {
    return { channel: null, words: 'its route asks for nothing more (onUndelivered: none)' }
  }
  const at = channels.indexOf(channel as Channel)
  const next = at < 0 ? undefined : channels[at + 1]
  if (next === undefined) return { channel: null, words: `its route has no channel after ${channel}` }
  if (removed !== null)
    return { channel: null, words: `there is nothing left for ${next} to say (retention)` }
  if (expire_at < now) return { channel: null, words: `it is too late for ${next} (expireAfter)` }
  return { channel: next, words: `${next} is tried` }
}

import { PostriderError } from '../../errors.ts'
import { happenedAt } from '../../event.ts'
import type { Plan, ReadAnew } from '../ledger.ts'
import { goneReason } from '../retention.ts'
import { clean, cleanOrNull, senderTypeOrNull } from '../rows.ts'
import type { EventRow } from '../schema.ts'
import type { Audit } from './audit.ts'
import { createClaimAnew } from './claim-event.ts'
import type { Heed } from './heed.ts'
import type { InsertMessages } from './insert-messages.ts'
import type { Store } from './store.ts'

/** Adds what a later plan of a recorded event has and the event has not. */
export function createAddPlan(store: Store, insertMessages: InsertMessages, heed: Heed, audit: Audit) {
  const { prepare, clock } = store
  const claimAnew = createClaimAnew(store)
  const find = prepare<
    Pick<
      EventRow,
      'id' | 'source' | 'type' | 'state' | 'key' | 'raw' | 'occurred_at' | 'received_at' | 'removed'
    >
  >('SELECT id, source, type, state, key, raw, occurred_at, received_at, removed FROM events WHERE id = ?')
  const hasMessages = prepare('SELECT 1 FROM messages WHERE event_id = ? LIMIT 1')
  const update = prepare(
    'UPDATE events SET state = ?, reason = ?, notes = ?, config_version = ? WHERE id = ?',
  )
  const readAnew = prepare(
    'UPDATE events SET key = ?, type = ?, sender_type = ?, subject = ?, occurred_at = ? WHERE id = ?',
  )

  return (
    eventId: number,
    plan: Plan,
    read?: ReadAnew | null,
    by?: string | null,
  ): { added: number; known?: true } => {
    const done = addPlan(eventId, plan, read)
    if (by) audit({ by, action: 'event.replan', target: { event: eventId, added: done.added } }, clock.now())
    return done
  }

  function addPlan(eventId: number, plan: Plan, read?: ReadAnew | null): { added: number; known?: true } {
    const event = find.get(eventId)
    if (!event) throw new PostriderError('NOT_FOUND', `There is no event ${eventId}.`)
    if (event.removed !== null) {
      throw new PostriderError('REFUSED', goneReason(`Event ${eventId}`, event.removed))
    }
    const now = clock.now()
    if (read && event.state === 'unreadable' && !claimAnew(event, read, now)) {
      update.run('unrouted', KNOWN, '[]', plan.configVersion, eventId)
      return { added: 0, known: true }
    }
    if (read) {
      const key = event.state === 'unreadable' ? clean(read.key) : event.key
      const subject = cleanOrNull(read.subject)
      readAnew.run(key, clean(read.type), senderTypeOrNull(read), subject, read.occurredAt, eventId)
    }
    const { source, received_at: receivedAt } = event
    const { type, occurredAt } = read ?? { type: event.type, occurredAt: event.occurred_at }
    heed({ id: eventId, source, type, occurredAt, receivedAt }, plan, now)
    const own = { id: eventId, source, happenedAt: happenedAt({ occurredAt, receivedAt }), isNew: false }
    const { added } = insertMessages(own, plan, now)
    // An event that has messages stays `planned` though no route would listen to it today.
    const state = plan.state === 'unrouted' && hasMessages.get(eventId) ? 'planned' : plan.state
    update.run(state, cleanOrNull(plan.reason), JSON.stringify(plan.notes), plan.configVersion, eventId)
    return { added: added.length }
  }
}

const KNOWN =
  'It can be read now, and is an event that came again since and was recorded then: nothing is planned twice.'

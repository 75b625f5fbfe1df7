import { PostriderError } from '../../errors.ts'
import type { Plan, ReadAnew } from '../ledger.ts'
import { clean, cleanOrNull, senderTypeOrNull } from '../rows.ts'
import type { EventRow } from '../schema.ts'
import { createRememberBody } from './claim-event.ts'
import type { InsertMessages } from './insert-messages.ts'
import type { Store } from './store.ts'

/** Adds what a later plan of a recorded event has and the event has not. */
export function createAddPlan(store: Store, insertMessages: InsertMessages) {
  const { prepare, clock } = store
  const rememberBody = createRememberBody(store)
  const find = prepare<Pick<EventRow, 'id' | 'source'>>('SELECT id, source FROM events WHERE id = ?')
  const hasMessages = prepare('SELECT 1 FROM messages WHERE event_id = ? LIMIT 1')
  const update = prepare(
    'UPDATE events SET state = ?, reason = ?, notes = ?, config_version = ? WHERE id = ?',
  )
  const readAnew = prepare(
    'UPDATE events SET type = ?, sender_type = ?, subject = ?, occurred_at = ? WHERE id = ?',
  )

  return (eventId: number, plan: Plan, read?: ReadAnew): { added: number } => {
    const event = find.get(eventId)
    if (!event) throw new PostriderError('NOT_FOUND', `There is no event ${eventId}.`)
    const { added } = insertMessages(event, plan, clock.now())
    // An event that has messages stays `planned` though no route would listen to it today.
    const state = plan.state === 'unrouted' && hasMessages.get(eventId) ? 'planned' : plan.state
    update.run(state, cleanOrNull(plan.reason), JSON.stringify(plan.notes), plan.configVersion, eventId)
    if (!read) return { added: added.length }
    readAnew.run(
      clean(read.type),
      senderTypeOrNull(read),
      cleanOrNull(read.subject),
      read.occurredAt,
      eventId,
    )
    if (read.keyIsUnsigned) rememberBody(eventId, read.senderType)
    return { added: added.length }
  }
}

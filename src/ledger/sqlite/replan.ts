import { PostriderError } from '../../errors.ts'
import type { ReadEvent } from '../../event.ts'
import type { Plan } from '../ledger.ts'
import { clean, cleanOrNull } from '../rows.ts'
import type { EventRow } from '../schema.ts'
import type { InsertMessages } from './record.ts'
import type { Store } from './store.ts'

/** Adds what a later plan of a recorded event has and the event has not. */
export function createAddPlan({ prepare, clock }: Store, insertMessages: InsertMessages) {
  const find = prepare<Pick<EventRow, 'id' | 'source'>>('SELECT id, source FROM events WHERE id = ?')
  const hasMessages = prepare('SELECT 1 FROM messages WHERE event_id = ? LIMIT 1')
  const update = prepare(
    'UPDATE events SET state = ?, reason = ?, notes = ?, config_version = ? WHERE id = ?',
  )
  const readAnew = prepare('UPDATE events SET type = ?, occurred_at = ? WHERE id = ?')

  return (eventId: number, plan: Plan, read?: Pick<ReadEvent, 'type' | 'occurredAt'>): { added: number } => {
    const event = find.get(eventId)
    if (!event) throw new PostriderError('NOT_FOUND', `There is no event ${eventId}.`)
    const { added } = insertMessages(event, plan, clock.now())
    // An event that has messages stays `planned` though no route would listen to it today.
    const state = plan.state === 'unrouted' && hasMessages.get(eventId) ? 'planned' : plan.state
    update.run(state, cleanOrNull(plan.reason), JSON.stringify(plan.notes), plan.configVersion, eventId)
    if (read) readAnew.run(clean(read.type), read.occurredAt, eventId)
    return { added: added.length }
  }
}

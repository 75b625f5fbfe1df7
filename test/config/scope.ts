import type { Customer } from '../../src/message.ts'
import type { Scope } from '../../src/scope.ts'
import { scopeOf } from '../../src/scope.ts'

/** What Liquid sees of an event with this data. */
export function scopeWith(data: unknown, customer: Customer = {}): Scope {
  const event = {
    source: 'crm',
    type: 'ticket.resolved',
    senderType: 'ticket.resolved',
    key: 'msg_1',
    subject: null,
    occurredAt: Date.UTC(2026, 10, 23, 8),
  }
  return scopeOf(event, { type: event.type, data }, customer)
}

import type { Event } from './event.ts'
import type { Customer } from './message.ts'

/** What Liquid sees, in conditions, customer fields and templates alike. */
export type Scope = {
  event: {
    id: number | null
    source: string
    type: string
    senderType: string
    key: string
    subject: string | null
    occurredAt: string
  }
  payload: unknown
  data: unknown
  customer: Customer
}

export function scopeOf(
  event: Pick<Event, 'source' | 'type' | 'senderType' | 'key' | 'subject' | 'occurredAt'> & { id?: number },
  payload: unknown,
  customer: Customer = {},
): Scope {
  const data = typeof payload === 'object' && payload !== null && 'data' in payload ? payload.data : payload
  return {
    event: {
      id: event.id ?? null,
      source: event.source,
      type: event.type,
      senderType: event.senderType,
      key: event.key,
      subject: event.subject,
      occurredAt: new Date(event.occurredAt).toISOString(),
    },
    payload,
    data,
    customer,
  }
}

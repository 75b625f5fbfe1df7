/**
 * When an event happened, epoch milliseconds: as its sender says, but never later than it was received. A sender's clock that is ahead must not outlast what happens later, nor what the
 * customer says then.
 */
export function happenedAt({ occurredAt, receivedAt }: { occurredAt: number; receivedAt: number }): number {
  return Math.min(occurredAt, receivedAt)
}

/** The same of a row of events, in SQL. */
export const HAPPENED_AT = 'min(events.occurred_at, events.received_at)'

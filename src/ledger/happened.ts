/** `happenedAt` of a row of events, in SQL. */
export const HAPPENED_AT = 'min(events.occurred_at, events.received_at)'

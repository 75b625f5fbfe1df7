/** How long is kept what is finished, in milliseconds from the receipt of its event: what was said and to whom; and that anything was. */
export type Retention = { payloadMs: number; rowsMs: number }

/**
 * What one step removed: the payloads of so many events (with the texts and addresses of their messages), so many events (with their messages), and so many rows beside them. `more`: the round
 * is not at its end.
 */
export type RetentionStep = { payloads: number; events: number; others: number; more: boolean }

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** What an event and its messages say when their payload is gone. */
export function removedWords({ payloadMs }: Pick<Retention, 'payloadMs'>): string {
  return `The body, the texts and the addresses were removed after ${lengthOf(payloadMs)} (retention.payload).`
}

/** What says of a message or an event why it cannot be done once more. */
export function goneReason(what: string, removed: string): string {
  return `${what} has nothing left that could be sent: ${removed.replace(/^[A-Z]/, (first) => first.toLowerCase())} Have the sender send it anew, or write to the customer: postrider send.`
}

function lengthOf(ms: number): string {
  const [count, unit] = ms % DAY_MS === 0 ? [ms / DAY_MS, 'day'] : [Math.round(ms / HOUR_MS), 'hour']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

import type { Backlog } from '../ledger/overview.ts'
import type { Pause } from '../message.ts'

/** The cause of any pause for an outage of Genesys Cloud. */
export const OUTAGE = 'pause:all:outage'

/**
 * What makes a pause the same for as long as it lasts: `pause:route:ticket-resolved:brake:7`. One that begins again is another, with an id of its own: who was told of the first has to
 * hear of the second. But an outage goes on while the pauses for it change their code, and end for a moment when one request gets through.
 */
export function causeOf({ id, scope, name, code }: Pause): string {
  if (isOutage({ code })) return OUTAGE
  return `pause:${scope === 'all' ? 'all' : `${scope}:${name}`}:${code}:${id}`
}

/** Whether a pause is for an outage of Genesys Cloud, and ends when a probe gets through. */
export function isOutage({ code }: Pick<Pause, 'code'>): boolean {
  return code === 'unreachable' || code === 'uncertain'
}

/** Whether a pause keeps what is due in a lane from being sent. */
export function covers({ scope, name }: Pick<Pause, 'scope' | 'name'>, lane: Backlog): boolean {
  return scope === 'all' || lane[scope] === name
}

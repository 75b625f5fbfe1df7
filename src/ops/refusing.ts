import type { Trouble } from '../ledger/overview.ts'
import { UNKNOWN_SOURCE } from '../receive/refusals.ts'

/** What the ledger knows of refused deliveries, and of the last accepted one of each source. */
export type RefusedLooked = Pick<Trouble, 'lastEventAt' | 'refusedHours'>

/** Reasons of what anybody may post who found the address: a browser, a crawler, a monitor. A sender that lost its headers is refused for them too, but not once. */
const STRAYS: readonly string[] = [
  'wrong-method',
  'missing-header',
  'malformed-header',
  'duplicate-header',
  'too-large',
  'content-encoding',
]
/** Within an hour. A crawler asks once or twice, a sender with every event and every try. */
const STRAYS_IN_AN_HOUR = 5
/** Within the 24 hours that are looked at: a sender with an event now and then. */
const STRAYS_IN_A_DAY = 20
/** What comes all at once is one that tries doors. And a source that was accepted this short a time ago is not refused: somebody else posts nonsense at its address between. */
const MOMENT_MS = 60_000
/** Nobody accepts anything of what is posted to no source, so only time ends it. */
const UNKNOWN_MS = 60 * 60_000
/** The time of a source's last event is written once a second. */
const WRITTEN_MS = 1_000

/**
 * Whether what is refused of a source, for one reason, may be what its sender sends, so that a person has to look. Pure; decisions/0021 has the reasons. `lastAt`: of the last that was
 * refused, and `now`, in epoch milliseconds.
 */
export function isRefusing(
  { source, reason, lastAt }: { source: string; reason: string; lastAt: number },
  { lastEventAt, refusedHours }: RefusedLooked,
  now: number,
): boolean {
  const acceptedAt = lastEventAt[source] ?? 0
  // Nothing but refusals since: else anybody may post nonsense to a public address.
  if (lastAt <= acceptedAt + WRITTEN_MS || now - acceptedAt < MOMENT_MS) return false
  const isUnknown = source === UNKNOWN_SOURCE
  if (isUnknown && now - lastAt > UNKNOWN_MS) return false
  const hours = refusedHours
    .filter((one) => one.source === source && one.reason === reason && one.lastAt > acceptedAt + WRITTEN_MS)
    .map((one) => ({ ...one, firstAt: Math.max(one.firstAt, acceptedAt) }))
  const count = hours.reduce((sum, one) => sum + one.count, 0)
  if (isUnknown || STRAYS.includes(reason)) {
    const firstAt = Math.min(...hours.map((one) => one.firstAt))
    return (
      hours.some((one) => one.count > STRAYS_IN_AN_HOUR && one.lastAt - one.firstAt >= MOMENT_MS) ||
      (count > STRAYS_IN_A_DAY && lastAt - firstAt >= MOMENT_MS)
    )
  }
  // A try with a forged signature beside a sender that is well.
  return count > 1 || lastAt - acceptedAt >= MOMENT_MS
}

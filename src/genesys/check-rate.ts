import { type Finding, warning, well } from './finding.ts'
import type { BudgetReading } from './genesys.ts'

/** More calls than these, or than a tenth of what is allowed, are not the doctor run again. */
const NOTICEABLE_CALLS = 30

/**
 * Compares what Genesys allows with what is configured, by the headers of the doctor's own answers, one reading for each. What was counted beyond them
 * in the same minute is somebody else's.
 */
export function checkRate(readings: readonly BudgetReading[], rateLimitPerMinute: number): Finding {
  const name = 'rate limit'
  const configured = `rateLimitPerMinute is ${rateLimitPerMinute}`
  const allowed = readings.findLast((reading) => reading.allowed !== null)?.allowed ?? null
  if (allowed === null) return well(name, `${configured}; the answers do not say what is allowed`)
  if (allowed < rateLimitPerMinute) {
    return warning(
      name,
      `${allowed} calls a minute are allowed, and ${configured}`,
      `Set genesys.rateLimitPerMinute to ${allowed} or less, or have Genesys raise the limit.`,
    )
  }
  const counted = readings.findLast((reading) => reading.count !== null)?.count ?? 0
  const others = counted - readings.length
  const detail = `${allowed} calls a minute are allowed, ${configured}`
  return others > Math.max(NOTICEABLE_CALLS, allowed / 10)
    ? warning(
        name,
        `${detail}; ${others} of this minute’s ${counted} were not the doctor’s`,
        'Unless Postrider is sending just now, others use this OAuth client: give Postrider one of its own.',
      )
    : well(name, detail)
}

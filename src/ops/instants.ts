import { parseDuration } from '../config/duration.ts'

/** A day in its own form, and with a time and perhaps a zone: what `Date.parse` takes beyond it, it guesses at. */
const ISO = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/
/** Further back than any ledger, and still a date. */
export const LONGEST_MS = 36_500 * 86_400_000

/**
 * A time as operators write it: `2026-11-23T02:00Z`, `2026-11-23` and `02:00` (the zone of this process; the last time that it was so late), `2h` (ago) → epoch milliseconds. Null: it is
 * none of these.
 */
export function instantOf(text: string, now: number): number | null {
  const ago = parseDuration(text)
  if (ago !== null && ago <= LONGEST_MS) return now - ago
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text)
  if (clock) return lastTimeOfDay(Number(clock[1]), Number(clock[2]), now)
  const [, year, month, day, time] = ISO.exec(text) ?? []
  const exists = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  const at = exists ? Date.parse(time === undefined ? `${text}T00:00` : text) : Number.NaN
  return Number.isNaN(at) ? null : at
}

/** Today's, or yesterday's where that is yet to come: at nine in the morning 22:00 is last night. */
function lastTimeOfDay(hours: number, minutes: number, now: number): number {
  const date = new Date(now)
  date.setHours(hours, minutes, 0, 0)
  if (date.getTime() <= now) return date.getTime()
  date.setDate(date.getDate() - 1)
  // Once more: where clocks were changed in between, the hour has moved.
  return date.setHours(hours, minutes, 0, 0)
}

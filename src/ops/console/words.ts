/** Times and numbers as the console writes them. Times are epoch milliseconds, in the zone of the service, which stands at the foot of each page. */

const DAY_MS = 86_400_000

export function isoOf(at: number | null): string {
  return at === null ? '' : new Date(at).toISOString()
}

/** `10:02:11`; on another day than today with it: `2026-11-23 10:02:11`. */
export function clockOf(at: number | null, now: number): string {
  if (at === null) return ''
  const text = local(at)
  return text.slice(0, 10) === local(now).slice(0, 10) ? text.slice(11) : text
}

/** `2026-11-23 10:02:11`. */
export function dayOf(at: number | null): string {
  return at === null ? '' : local(at)
}

function local(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19).replace('T', ' ')
}

/** `12 s ago`, `in 3 min`. */
export function agoOf(at: number | null, now: number): string {
  if (at === null) return ''
  const ms = now - at
  if (Math.abs(ms) < 1_000) return 'now'
  return ms > 0 ? `${spanOf(ms)} ago` : `in ${spanOf(-ms)}`
}

/** A duration in its largest unit, of which it has two at least, else the next smaller: `95 s`, `12 min`, `5 h`, `3 days`. */
export function spanOf(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 2 * DAY_MS) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / DAY_MS)} days`
}

/** `12,345`. */
export function countOf(count: number): string {
  return count.toLocaleString('en')
}

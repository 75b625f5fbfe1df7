import { LRUCache } from 'lru-cache'
import { IANAZone } from 'luxon'

const HOUR_MS = 3_600_000

/** More names than there are zones. Events name them, so what was looked up is not kept for ever. */
const zones = new LRUCache<string, { zone: IANAZone | null }>({ max: 1_000 })

/**
 * A zone by its IANA name, in any case; null where there is none. A distance from UTC, such as +01:00, is none: it knows no summer.
 * To look up costs 0.1 ms, to remember nothing.
 */
export function zoneNamed(name: string): IANAZone | null {
  const known = zones.get(name)
  if (known) return known.zone
  const zone = /^[+-]/.test(name) ? null : lookUp(name)
  zones.set(name, { zone })
  return zone
}

/** By the platform's own spelling: luxon keeps every name that it is asked for. */
function lookUp(name: string): IANAZone | null {
  try {
    return IANAZone.create(new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

const QUARTER_MS = 15 * 60_000

/** By zone and quarter of an hour; null: clocks are changed within it. */
const offsets = new LRUCache<string, { minutes: number | null }>({ max: 10_000 })

/** A zone's distance from UTC, in minutes. To look it up costs 20 µs, to remember it less than one. Within one quarter of an hour no clock is changed twice. */
export function offsetAt(at: number, zone: IANAZone): number {
  const quarter = Math.floor(at / QUARTER_MS)
  const key = `${quarter} ${zone.name}`
  let known = offsets.get(key)
  if (!known) {
    const first = zone.offset(quarter * QUARTER_MS)
    const last = zone.offset((quarter + 1) * QUARTER_MS - 1)
    known = { minutes: first === last ? first : null }
    offsets.set(key, known)
  }
  return known.minutes ?? zone.offset(at)
}

/** What clocks show at `at`, as the epoch milliseconds at which clocks in UTC show it. */
export function localTime(at: number, zone: IANAZone): number {
  return at + offsetAt(at, zone) * 60_000
}

/**
 * When clocks show a local time, in epoch milliseconds: `first` and `last` differ where they are set back and it comes twice. Where they are
 * put forward past it, both are the first instant after the gap. `local` is as `localTime` answers it.
 */
export function instantsOf(local: number, zone: IANAZone): { first: number; last: number } {
  // No clock is farther ahead of UTC than 14 hours, nor farther behind than 12.
  const [from, until] = [local - 14 * HOUR_MS, local + 12 * HOUR_MS]
  const before = local - offsetAt(from, zone) * 60_000
  const change = changeBetween(from, until, zone)
  if (change === null) return { first: before, last: before }
  const after = local - offsetAt(until, zone) * 60_000
  return {
    first: before < change ? before : Math.max(change, after),
    last: after >= change ? after : Math.min(change, before),
  }
}

/**
 * The first instant of the offset that holds at `until`; null where it holds at `from` already. Between the two lie at most days: no zone changes its
 * offset twice within them.
 */
export function changeBetween(from: number, until: number, zone: IANAZone): number | null {
  const offset = offsetAt(until, zone)
  if (offsetAt(from, zone) === offset) return null
  let [before, after] = [from, until]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(middle, zone) === offset) after = middle
    else before = middle
  }
  return after
}

/** How senders write when they signed. */
export type TimeUnit = 's' | 'ms' | 'iso' | 'http-date'

/** Digits without leading zeros: one number, one text. */
const WHOLE = /^[1-9]\d{0,14}$/
/** RFC 3339, with its zone. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/
/** IMF-fixdate of RFC 9110: `Thu, 10 Aug 2023 07:25:23 GMT`. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

const READ: Readonly<Record<TimeUnit, (text: string) => number>> = {
  s: (text) => (WHOLE.test(text) ? Number(text) * 1000 : Number.NaN),
  ms: (text) => (WHOLE.test(text) ? Number(text) : Number.NaN),
  iso: (text) => (ISO.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN),
  'http-date': (text) => (HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN),
}

/** `at`: epoch milliseconds. `inSeconds`: it says nothing finer. */
export type ReadTime = { at: number; inSeconds: boolean }

/** A signed time; null where it is written in none of the units. */
export function signedTimeOf(text: string, units: readonly TimeUnit[]): ReadTime | null {
  for (const unit of units) {
    const at = READ[unit](text)
    if (!Number.isNaN(at)) return { at, inSeconds: unit !== 'ms' && !text.includes('.') }
  }
  return null
}

/** As a sender would write it. Whole seconds but for `ms`. */
export function writtenTime(ms: number, unit: TimeUnit): string {
  const seconds = Math.floor(ms / 1000)
  if (unit === 's') return String(seconds)
  if (unit === 'ms') return String(Math.floor(ms))
  const date = new Date(seconds * 1000)
  return unit === 'iso' ? date.toISOString().replace('.000', '') : date.toUTCString()
}

export const TIME_WORDS: Readonly<Record<TimeUnit, string>> = {
  s: 'seconds since 1970',
  ms: 'milliseconds since 1970',
  iso: 'an ISO 8601 time with its zone',
  'http-date': 'an HTTP date',
}

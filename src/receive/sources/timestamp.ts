/** ISO 8601 as JavaScript, Python and .NET print it: a space for the T, up to nanoseconds, with or without a zone, or the date alone. */
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/i

/** Numbers below are seconds (until the year 5138), the others milliseconds (since 1973). */
const MILLISECONDS_FROM = 1e11
/** The year 10000: later is no time that somebody meant. */
const NO_LONGER_A_TIME = 253_402_300_800_000

/** Epoch milliseconds of a sender's timestamp, ISO 8601 or a number; null where it is neither. */
export function instantOf(value: unknown): number | null {
  const at =
    typeof value === 'string' ? ofText(value) : typeof value === 'number' ? ofNumber(value) : Number.NaN
  return at >= 0 && at < NO_LONGER_A_TIME ? at : null
}

/** Without a zone it is UTC: this machine's zone must not decide when an event happened. */
function ofText(text: string): number {
  const match = ISO.exec(text)
  if (match === null) return Number.NaN
  const [, date = '', minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = match
  // JavaScript takes 30 February for 2 March: a day that is none is no time.
  if (new Date(date).getUTCDate() !== Number(date.slice(-2))) return Number.NaN
  const offset = zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')
  return Date.parse(`${date}T${minutes}${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`)
}

function ofNumber(value: number): number {
  return Math.floor(value < MILLISECONDS_FROM ? value * 1000 : value)
}

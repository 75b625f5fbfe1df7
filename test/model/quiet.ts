import type { Rule } from './rules.ts'
import { PHONES, type Told, ZONES } from './world.ts'

const QUARTER = 15 * 60_000

/** When a rule's customer may be written to, from `at` on: quarter of an hour by quarter of an hour, by what a clock on their wall shows. All of our quiet times are of whole quarters. */
export function afterQuiet(at: number, { quiet }: Rule, customer: Told['customer']): number {
  if (quiet === null) return at
  const zone = zoneOf(customer) ?? quiet.timezone
  if (zone === null) return at
  let free = at
  while (isQuiet(free, quiet, zone)) free = Math.floor(free / QUARTER) * QUARTER + QUARTER
  return free
}

function zoneOf({ timezone, phone }: Told['customer']): string | null {
  if (timezone !== undefined && ZONES.includes(timezone)) return timezone
  const digits = (text: string) => text.replace(/\D/g, '')
  const known = Object.entries(PHONES).find(([number]) => digits(number) === digits(phone ?? ''))
  return known?.[1] ?? null
}

function isQuiet(at: number, quiet: NonNullable<Rule['quiet']>, zone: string): boolean {
  const { weekday, time } = wallOf(at, zone)
  const isWorkday = (day: number) => quiet.days === null || (day >= 1 && day <= 5)
  if (quiet.from < quiet.to) return isWorkday(weekday) && time >= quiet.from && time < quiet.to
  // A night is of the day on which it begins.
  if (time >= quiet.from) return isWorkday(weekday)
  return time < quiet.to && isWorkday((weekday + 6) % 7)
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** `weekday`: 0 is Sunday; `time`: 09:05. */
function wallOf(at: number, zone: string): { weekday: number; time: string } {
  const clock =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit' })
  clocks.set(zone, clock)
  const part = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(part.weekday ?? '')
  return { weekday, time: `${part.hour}:${part.minute}` }
}

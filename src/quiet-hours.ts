import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js'
import { DateTime, type IANAZone } from 'luxon'
import { changeBetween, instantsOf, localTime, offsetAt, zoneNamed } from './local-time.ts'
import type { Customer, QuietHours } from './message.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * When it stops being quiet, in epoch milliseconds; null where it is not quiet at `at`. `zone` is a name that `zoneOf` answered; what is no zone throws a
 * RangeError.
 *
 * On days when clocks change, a time that comes twice begins a quiet time where it comes first and ends one where it comes last, so that nobody's
 * night is cut short; a time that does not come is the first instant after the gap. Where one quiet time ends within the next, or at its beginning, the end is
 * that one's.
 */
export function quietUntil(at: number, quiet: QuietHours, zone: string): number | null {
  const iana = zoneNamed(zone)
  if (iana === null) throw new RangeError(`${zone} is no time zone`)
  const fromMs = quiet.fromMinute * MINUTE_MS
  const toMs = quiet.toMinute * MINUTE_MS + (quiet.fromMinute > quiet.toMinute ? DAY_MS : 0)
  const today = Math.floor(localTime(at, iana) / DAY_MS) * DAY_MS

  let until: number | null = null
  // From yesterday's night on.
  for (let day = today - DAY_MS; instantsOf(day + fromMs, iana).first <= (until ?? at); day += DAY_MS) {
    const { weekday } = DateTime.fromMillis(day, { zone: 'utc' })
    if (!quiet.days.some((one) => one === weekday)) continue
    const ends = instantsOf(day + toMs, iana).last
    if (ends > (until ?? at)) until = ends
  }
  return until
}

/** Whose word it is that the customer lives by this clock. */
export type CustomerZone = { zone: string; from: 'event' | 'phone' | 'route' }

/**
 * The customer's time zone at `at`: as the event names it; else that of the phone number's country, where all of it keeps one time; else the
 * route's. What is no zone counts as absent. Null where nobody says. `defaultCountry` is that of phone numbers without +.
 */
export function zoneOf(
  customer: Pick<Customer, 'timezone' | 'phone'>,
  route: string | null,
  defaultCountry: string | null,
  at: number,
): CustomerZone | null {
  const { timezone, phone } = customer
  if (timezone !== undefined && zoneNamed(timezone)) return { zone: timezone, from: 'event' }
  const ofPhone = phone === undefined ? null : zoneOfPhone(phone, defaultCountry, at)
  if (ofPhone !== null) return { zone: ofPhone, from: 'phone' }
  return route !== null && zoneNamed(route) ? { zone: route, from: 'route' } : null
}

/** What is quiet now has ended by then, but for the rarest: a quiet time lasts less than a day. */
const HORIZON_MS = 2 * DAY_MS

function zoneOfPhone(phone: string, defaultCountry: string | null, at: number): string | null {
  const countries = countriesOf(phone, defaultCountry).map(zonesIn)
  // Of Kosovo, Ascension and Tristan da Cunha no zone is known.
  if (countries.some((zones) => zones.length === 0)) return null
  const [zone, ...others] = countries.flat()
  return zone && others.every((other) => keepOneTime(zone, other, at)) ? zone.name : null
}

/** More than one where countries share a code and the number's beginning does not tell them apart. */
function countriesOf(phone: string, defaultCountry: string | null): CountryCode[] {
  const country = defaultCountry === null ? {} : { defaultCountry: defaultCountry as CountryCode }
  const number = parsePhoneNumberFromString(phone.trim().replace(/^tel:\s*/i, ''), {
    ...country,
    extract: false,
  })
  if (!number?.isPossible()) return []
  return number.country === undefined ? number.getPossibleCountries() : [number.country]
}

/** Known to Node 24, and not yet to the types of the language version that is compiled for. */
type Region = Intl.Locale & { getTimeZones(): string[] | undefined }

const zonesByCountry = new Map<CountryCode, IANAZone[]>()

/** As the platform knows them (CLDR): Germany has two, the United States 29. Looked up once; it costs 0.2 ms. */
function zonesIn(country: CountryCode): IANAZone[] {
  const known = zonesByCountry.get(country)
  if (known) return known
  const names = (new Intl.Locale(`und-${country}`) as Region).getTimeZones() ?? []
  const zones = names.map(zoneNamed).filter((zone) => zone !== null)
  zonesByCountry.set(country, zones)
  return zones
}

/** Whether clocks in both show the same from `at` on for as long as it matters. */
function keepOneTime(one: IANAZone, other: IANAZone, at: number): boolean {
  const until = at + HORIZON_MS
  return (
    offsetAt(at, one) === offsetAt(at, other) &&
    offsetAt(until, one) === offsetAt(until, other) &&
    changeBetween(at, until, one) === changeBetween(at, until, other)
  )
}

/** When a customer may be written to at the earliest, from `at` on, and by whose clock; `at` itself where it is not quiet or nobody knows their zone. Epoch milliseconds. */
export function afterQuietHours(
  at: number,
  quiet: QuietHours | null,
  customer: Pick<Customer, 'timezone' | 'phone'>,
  defaultCountry: string | null,
): { at: number; zone: CustomerZone | null } {
  const zone = quiet && zoneOf(customer, quiet.timezone, defaultCountry, at)
  if (!quiet || !zone) return { at, zone: null }
  return { at: quietUntil(at, quiet, zone.zone) ?? at, zone }
}

/** Why a message waits, for an operator. */
export function quietReason({ zone, from }: CustomerZone): string {
  return `Quiet hours of the customer (${zone}, by ${BY_WHOSE_WORD[from]}); it goes when they are over.`
}

const BY_WHOSE_WORD = { event: 'the event', phone: 'the phone’s country', route: 'the route' } as const

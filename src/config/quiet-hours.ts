import { IANAZone } from 'luxon'
import { z } from 'zod'
import type { QuietHours, Weekday } from '../message.ts'

const TIME_OF_DAY = 'expected a time of day in quotes, "00:00" to "23:59", such as "21:00"'

/** Minutes since midnight. */
const timeOfDay = z
  .string(TIME_OF_DAY)
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, TIME_OF_DAY)
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))

const ZONE = 'expected a time zone as IANA names it, such as Europe/Berlin'

/** A distance from UTC, such as +01:00, is a zone to the platform too; it knows no summer. */
const timeZone = z
  .string(ZONE)
  .trim()
  .refine((name) => IANAZone.isValidZone(name) && !/^[+-]/.test(name), ZONE)

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const EVERY_DAY: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7]

const DAYS = `expected days such as mon-fri, sat or "sat,sun" (a comma in quotes), of ${WEEK.join(', ')}`

const days = z.string(DAYS).transform((text, context) => {
  const parsed = parseDays(text)
  if (parsed) return parsed
  context.addIssue(DAYS)
  return z.NEVER
})

/** `mon-fri`, `fri-mon`, `sat`, `mon,wed-thu` → days in the order of the week; null where it is none of these. */
function parseDays(text: string): readonly Weekday[] | null {
  const named = new Set<Weekday>()
  for (const part of text.split(',')) {
    const [first = '', last = first, ...more] = part.split('-').map((word) => word.trim())
    const [begin, end] = [WEEK.indexOf(first), WEEK.indexOf(last)]
    if (begin === -1 || end === -1 || more.length > 0) return null
    const count = ((end - begin + WEEK.length) % WEEK.length) + 1
    for (const day of [...EVERY_DAY, ...EVERY_DAY].slice(begin, begin + count)) named.add(day)
  }
  return EVERY_DAY.filter((day) => named.has(day))
}

/** `quietHours` of a route. */
export const quietHours = z.union(
  [
    z.literal('none'),
    z
      .strictObject({
        from: timeOfDay,
        to: timeOfDay,
        timezone: timeZone.optional(),
        days: days.default(EVERY_DAY),
      })
      .refine(({ from, to }) => from !== to, {
        path: ['to'],
        error: 'expected another time than from: what begins and ends at one time is no time',
      })
      .transform(
        ({ from, to, timezone = null, days }): QuietHours => ({
          fromMinute: from,
          toMinute: to,
          timezone,
          days,
        }),
      ),
  ],
  'expected { from, to, timezone, days }, such as { from: "21:00", to: "08:00", timezone: Europe/Berlin }, or none',
)

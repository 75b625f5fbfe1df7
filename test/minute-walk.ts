import assert from 'node:assert/strict'
import type { QuietHours } from '../src/message.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/** Every minute of some days as clocks in a zone show it: `2026-03-29T03:00`. */
export type Walk = readonly { at: number; shows: string }[]

/** From four days before an instant to five after; `around` is a whole minute. */
export function walkAround(zone: string, around: number): Walk {
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  return Array.from({ length: (9 * DAY) / MINUTE }, (_, minute) => {
    const at = around - 4 * DAY + minute * MINUTE
    const part = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))
    return { at, shows: `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}` }
  })
}

/**
 * What `quietUntil` answers, found by going through the minutes of a walk: a quiet time begins when clocks first show its beginning or later, and ends when
 * they show its end for the last time, or where they never do what is before it no more.
 */
export function quietUntilByWalking(at: number, quiet: QuietHours, walk: Walk): number | null {
  const quietMinutes = new Set<number>()
  for (const day of daysOf(walk)) {
    const weekday = new Date(`${day}T00:00Z`).getUTCDay() || 7
    if (!quiet.days.some((one) => one === weekday)) continue
    const from = `${day}T${timeOf(quiet.fromMinute)}`
    const to = `${quiet.fromMinute > quiet.toMinute ? dayAfter(day) : day}T${timeOf(quiet.toMinute)}`
    const begins = walk.findIndex(({ shows }) => shows >= from)
    const shown = walk.findLastIndex(({ shows }) => shows === to)
    const ends = shown === -1 ? walk.findLastIndex(({ shows }) => shows < to) : shown - 1
    for (let minute = begins; begins !== -1 && minute <= ends; minute += 1) quietMinutes.add(minute)
  }
  const here = walk.findLastIndex((minute) => minute.at <= at)
  if (!quietMinutes.has(here)) return null
  let minute = here
  while (quietMinutes.has(minute)) minute += 1
  return walk[minute]?.at ?? assert.fail('the walk is too short')
}

/** Every day of the calendar between the first and the last of a walk, whether clocks showed it or not. */
function daysOf(walk: Walk): string[] {
  const last = walk.at(-1)?.shows.slice(0, 10) ?? ''
  const days = [walk[0]?.shows.slice(0, 10) ?? '']
  for (let day = days[0] ?? ''; day < last; day = dayAfter(day)) days.push(dayAfter(day))
  // A quiet time that had begun before the walk.
  return days.slice(1)
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00Z`) + DAY).toISOString().slice(0, 10)
}

function timeOf(minute: number): string {
  return new Date(minute * MINUTE).toISOString().slice(11, 16)
}

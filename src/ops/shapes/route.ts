import { z } from 'zod'
import type { Route } from '../../config/config.ts'
import { formatDuration } from '../../config/duration.ts'
import type { QuietHours } from '../../message.ts'
import { IdentifierShape } from './policies.ts'
import { ChannelName } from './rendered.ts'
import { Count, list } from './values.ts'

const Patterns = list(z.string())

/** A route as it is in effect, every default filled in. */
export const RouteShape = z
  .strictObject({
    name: z.string(),
    on: Patterns,
    mode: z.enum(['live', 'shadow', 'off']),
    purpose: z.enum(['service', 'marketing']),
    when: z.string().nullable(),
    customer: z.record(z.string(), z.string()).nullable(),
    findBy: list(IdentifierShape),
    template: z.string(),
    channels: list(ChannelName),
    requireSession: z.string(),
    once: z.string().nullable(),
    oncePer: z.string().nullable(),
    onRepeat: z.enum(['keep', 'replace']),
    delay: z.string(),
    cancelOn: list(z.strictObject({ on: Patterns, match: z.string(), equals: z.string() })),
    expireAfter: z.string(),
    quietHours: z.string(),
    cap: z.string(),
    onCap: z.enum(['skip', 'defer']),
    brake: z.string(),
    maxAttempts: Count,
    activeConversation: z.enum(['wait', 'join']),
    onUnconfirmed: z.enum(['hold', 'resend-if-absent']),
    onUndelivered: z.enum(['none', 'next-channel']),
  })
  .meta({ id: 'Route', description: 'A route as it is in effect, every default filled in.' })
export type RouteJson = z.infer<typeof RouteShape>

export function routeJson(route: Route): RouteJson {
  return {
    name: route.name,
    on: route.on.map(({ text }) => text),
    mode: route.mode,
    purpose: route.purpose,
    when: route.when?.text ?? null,
    customer: route.customer
      ? Object.fromEntries(Object.entries(route.customer).map(([name, field]) => [name, field.text]))
      : null,
    findBy: route.findBy,
    template: route.template,
    channels: route.channels,
    requireSession: route.requireSessionMs === null ? 'none' : formatDuration(route.requireSessionMs),
    once: route.once?.text ?? null,
    oncePer: route.oncePerMs === null ? null : formatDuration(route.oncePerMs),
    onRepeat: route.onRepeat,
    delay: formatDuration(route.delayMs),
    cancelOn: route.cancelOn.map(({ on, match, equals }) => ({
      on: on.map(({ text }) => text),
      match: match.text,
      equals: equals.text,
    })),
    expireAfter: formatDuration(route.expireAfterMs),
    quietHours: route.quietHours ? quietWords(route.quietHours) : 'none',
    cap: route.cap
      ? `${route.cap.messages} per ${formatDuration(route.cap.perMs)} of ${route.cap.group}`
      : 'none',
    onCap: route.onCap,
    brake: route.brake ? `${route.brake.messages} per ${formatDuration(route.brake.perMs)}` : 'none',
    maxAttempts: route.maxAttempts,
    activeConversation: route.activeConversation,
    onUnconfirmed: route.onUnconfirmed,
    onUndelivered: route.onUndelivered,
  }
}

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** `21:00-08:00, mon, tue, where the customer is, else Europe/Berlin` */
function quietWords({ fromMinute, toMinute, timezone, days }: QuietHours): string {
  const on = days.length === WEEK.length ? 'every day' : days.map((day) => WEEK[day - 1]).join(', ')
  const where = timezone === null ? 'where that is known' : `else ${timezone}`
  return `${timeOfDay(fromMinute)}-${timeOfDay(toMinute)}, ${on}, by the customer's clock, ${where}`
}

function timeOfDay(minute: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

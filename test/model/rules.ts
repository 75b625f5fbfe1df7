import type { Channel } from '../../src/message.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A route in plain words, from which its block of the configuration is written and which the reference reads instead of it. */
export type Rule = {
  name: string
  /** Of any source. */
  on: string
  channels: readonly Channel[]
  once: 'ticket' | 'cart' | null
  oncePerMs: number | null
  replace: boolean
  delayMs: number
  expireAfterMs: number
  /** Type of the events that cancel it, by the ticket. */
  cancelOn: string | null
  quiet: { from: string; to: string; timezone: string | null; days: 'mon-fri' | null } | null
  cap: { messages: number; perMs: number; group: string } | null
  deferOnCap: boolean
  marketing: boolean
  shadow: boolean
}

const USUAL: Omit<Rule, 'name' | 'on'> = {
  channels: ['sms', 'email'],
  once: null,
  oncePerMs: null,
  replace: false,
  delayMs: 0,
  expireAfterMs: 4 * HOUR,
  cancelOn: null,
  quiet: null,
  cap: null,
  deferOnCap: false,
  marketing: false,
  shadow: false,
}

export const RULES: readonly Rule[] = [
  {
    ...USUAL,
    name: 'resolved',
    on: 'ticket.resolved',
    once: 'ticket',
    oncePerMs: 2 * HOUR,
    delayMs: 30 * MINUTE,
    cancelOn: 'ticket.reopened',
  },
  {
    ...USUAL,
    name: 'cart-left',
    on: 'cart.updated',
    once: 'cart',
    replace: true,
    delayMs: HOUR,
    cancelOn: 'order.placed',
    expireAfterMs: 30 * HOUR,
    quiet: { from: '21:00', to: '08:00', timezone: 'Europe/Berlin', days: 'mon-fri' },
    channels: ['email', 'sms'],
  },
  // Each of its events cancels what the one before called for, and not what it calls for itself.
  {
    ...USUAL,
    name: 'last-touch',
    on: 'cart.updated',
    delayMs: 20 * MINUTE,
    cancelOn: 'cart.updated',
    cap: { messages: 2, perMs: 3 * HOUR, group: 'nudges' },
    deferOnCap: true,
    channels: ['email'],
  },
  {
    ...USUAL,
    name: 'offer',
    on: 'order.placed',
    marketing: true,
    cap: { messages: 3, perMs: 6 * HOUR, group: 'all' },
    quiet: { from: '12:00', to: '14:00', timezone: null, days: null },
    channels: ['sms'],
  },
  {
    ...USUAL,
    name: 'thanks',
    on: 'ticket.resolved',
    expireAfterMs: HOUR,
    cap: { messages: 2, perMs: HOUR, group: 'all' },
    deferOnCap: true,
    channels: ['email', 'sms'],
  },
  {
    ...USUAL,
    name: 'reminder',
    on: 'order.placed',
    once: 'ticket',
    replace: true,
    oncePerMs: HOUR,
    delayMs: 2 * HOUR,
    cap: { messages: 1, perMs: 2 * HOUR, group: 'nudges' },
  },
  { ...USUAL, name: 'trial', on: 'ticket.reopened', shadow: true },
]

/** The types by which customers say no, and over which channels; null: all. */
export const REFUSALS: Readonly<Record<string, readonly Channel[] | null>> = {
  'customer.consent_withdrawn': null,
  'customer.sms_stop': ['sms'],
}

/** Customers of both may have the same number there, and are two. */
export const SOURCES = { crm: 'space-1', shop: 'space-2' } as const
export type SourceName = keyof typeof SOURCES

/** The configuration of these rules; JSON is YAML. */
export function yamlOf(): string {
  const sources = Object.entries(SOURCES).map(([name, id]) => [
    name,
    { preset: 'standard-webhooks', secrets: [], dedupeFor: '365d', externalSource: { id, name } },
  ])
  return JSON.stringify(
    {
      genesys: {
        email: { from: { email: 'care@example.com' } },
        sms: { from: '+13175550100' },
      },
      sources: Object.fromEntries(sources),
      routes: Object.fromEntries(RULES.map((rule) => [rule.name, routeOf(rule)])),
      suppressOn: Object.entries(REFUSALS).map(([type, channels]) => ({
        on: `*/${type}`,
        ...(channels === null ? {} : { channels }),
      })),
    },
    null,
    2,
  )
}

function routeOf(rule: Rule) {
  const { quiet, cap } = rule
  return {
    on: `*/${rule.on}`,
    template: 'greet',
    channels: rule.channels,
    brake: 'none',
    delay: lasting(rule.delayMs),
    expireAfter: lasting(rule.expireAfterMs),
    onRepeat: rule.replace ? 'replace' : 'keep',
    purpose: rule.marketing ? 'marketing' : 'service',
    mode: rule.shadow ? 'shadow' : 'live',
    ...(rule.once === null ? {} : { once: `{{ data.${rule.once}.id }}` }),
    ...(rule.oncePerMs === null ? {} : { oncePer: lasting(rule.oncePerMs) }),
    ...(rule.cancelOn === null
      ? {}
      : { cancelOn: [{ on: `*/${rule.cancelOn}`, match: '{{ data.ticket.id }}' }] }),
    ...(cap === null
      ? {}
      : {
          cap: { messages: cap.messages, per: lasting(cap.perMs), group: cap.group },
          onCap: rule.deferOnCap ? 'defer' : 'skip',
        }),
    ...(quiet === null
      ? {}
      : {
          quietHours: {
            from: quiet.from,
            to: quiet.to,
            ...(quiet.timezone === null ? {} : { timezone: quiet.timezone }),
            ...(quiet.days === null ? {} : { days: quiet.days }),
          },
        }),
  }
}

function lasting(ms: number): string {
  return `${ms / 1000}s`
}

import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { EVENT_STATES } from '../event.ts'
import type { EventFilter, MessageFilter } from '../ledger/reads.ts'
import { MESSAGE_STATES } from '../message.ts'

/** The options that every list takes. */
export type ListOptions = {
  state?: string
  route?: string
  source?: string
  type?: string
  reason?: string
  since?: string
  until?: string
  limit: string
  externalId?: string
  email?: string
  phone?: string
  json?: boolean
}

export function addListOptions(command: Command, states: readonly string[]): Command {
  return command
    .option('--state <state>', states.join(' | '))
    .option('--route <name>')
    .option('--source <name>')
    .option('--type <type>', 'an event type; * matches any characters')
    .option('--reason <text>', 'a reason’s code, or a part of its words')
    .option('--since <time>', 'an ISO time, a time of today such as 02:00, or how long ago, such as 2h')
    .option('--until <time>', 'likewise')
    .option('--limit <n>', 'newest first', '50')
    .option('--json', 'one array of objects')
}

export function addCustomerOptions(command: Command): Command {
  return command
    .option('--external-id <id>', 'the customer’s id in the source')
    .option('--email <address>')
    .option('--phone <number>')
}

export function eventFilter(options: ListOptions, now: number): EventFilter {
  return { ...commonFilter(options, now), ...stateOf(options, EVENT_STATES) }
}

export function messageFilter(options: ListOptions, now: number): MessageFilter {
  const customer = {
    ...(options.externalId === undefined ? {} : { externalId: options.externalId }),
    ...(options.email === undefined ? {} : { email: options.email }),
    ...(options.phone === undefined ? {} : { phone: options.phone }),
  }
  return {
    ...commonFilter(options, now),
    ...stateOf(options, MESSAGE_STATES),
    ...(Object.keys(customer).length > 0 ? { customer } : {}),
  }
}

function commonFilter(options: ListOptions, now: number) {
  return {
    ...(options.route === undefined ? {} : { route: options.route }),
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.type === undefined ? {} : { type: options.type }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.since === undefined ? {} : { since: instant(options.since, now) }),
    ...(options.until === undefined ? {} : { until: instant(options.until, now) }),
    limit: wholeNumber(options.limit),
  }
}

function stateOf<T extends string>(options: ListOptions, states: readonly T[]): { state?: T } {
  if (options.state === undefined) return {}
  const state = states.find((candidate) => candidate === options.state)
  if (state === undefined) {
    throw new InvalidArgumentError(`--state: expected ${states.join(', ')}; got ${options.state}`)
  }
  return { state }
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `2026-11-23T02:00Z`, `02:00` (today, the terminal's zone), `2h` (ago) → epoch milliseconds. */
export function instant(text: string, now: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text)
  if (ago) return now - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? 0)
  const clock = /^(\d{1,2}):(\d{2})$/.exec(text)
  if (clock) return new Date(now).setHours(Number(clock[1]), Number(clock[2]), 0, 0)
  const at = Date.parse(text)
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(`expected a time such as 2026-11-23T02:00Z, 02:00 or 2h; got ${text}`)
  }
  return at
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(`expected a whole number; got ${text}`)
  return Number(text)
}

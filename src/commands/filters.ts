import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../config/duration.ts'
import type { EventState } from '../event.ts'
import type { MessageFilter } from '../ledger/reads.ts'
import type { Customer, MessageState } from '../message.ts'
import { instantOf, LONGEST_MS } from '../ops/instants.ts'

/** The options that every list takes, as commander parsed them. Times: epoch milliseconds. */
export type ListOptions<State extends EventState | MessageState> = {
  state?: State
  route?: string
  source?: string
  type?: string
  reason?: string
  since?: number
  until?: number
  limit: number
  externalId?: string
  email?: string
  phone?: string
  json?: boolean
}

export function addListOptions(command: Command, states: readonly string[]): Command {
  return command
    .addOption(new Option('--state <state>', 'only those in this state').choices(states))
    .option('--route <name>', 'only of this route')
    .option('--source <name>', 'only from this source')
    .option('--type <type>', 'an event type; * matches any characters')
    .option('--reason <text>', 'a reason’s code, or a part of its words')
    .option(
      '--since <time>',
      'an ISO time, the last time that it was 02:00, say, or how long ago, such as 2h',
      instant,
    )
    .option('--until <time>', 'likewise', instant)
    .option('--limit <n>', 'at most so many, newest first', positiveNumber, 50)
    .option('--external-id <id>', 'the customer’s id in the source')
    .option('--email <address>', 'the customer’s address, as the event named it')
    .option('--phone <number>', 'the customer’s number, as the event named it')
    .option('--json', 'one array of objects')
}

type Filter<State> = Omit<MessageFilter, 'state' | 'eventId'> & { state?: State }

/** What the ledger is asked for. Refuses a time that ends before it begins, which would look like an empty ledger. */
export function filterOf<State extends EventState | MessageState>(
  options: ListOptions<State>,
): Filter<State> {
  const { json: _, externalId, email, phone, ...filter } = options
  assertInOrder(filter)
  const customer = given({ externalId, email, phone })
  return { ...filter, ...(customer === null ? {} : { customer }) }
}

export function assertInOrder({ since, until }: { since?: number; until?: number }): void {
  if (since === undefined || until === undefined || since <= until) return
  throw new InvalidArgumentError('--since is later than --until: nothing can lie between them.')
}

function given(
  customer: {
    [Name in 'externalId' | 'email' | 'phone']: string | undefined
  },
): Pick<Customer, 'externalId' | 'email' | 'phone'> | null {
  const named = Object.entries(customer).filter(([, value]) => value !== undefined)
  return named.length === 0 ? null : Object.fromEntries(named)
}

/** `instantAt` for an option's value. */
export function instant(text: string): number {
  return instantAt(text, Date.now())
}

/** `instantOf`, or what is wrong. */
export function instantAt(text: string, now: number): number {
  const at = instantOf(text, now)
  if (at !== null) return at
  throw new InvalidArgumentError(
    `Expected a time such as 2026-11-23T02:00Z or 02:00, or how long ago, such as 2h; got ${text || 'nothing'}.`,
  )
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(`Expected a whole number; got ${text}.`)
  return Number(text)
}

export function positiveNumber(text: string): number {
  const number = wholeNumber(text)
  if (number === 0) throw new InvalidArgumentError('Expected a whole number from 1.')
  return number
}

/** For arguments that are given several times over. */
export function wholeNumbers(text: string, before: readonly number[] | undefined): readonly number[] {
  return [...(before ?? []), wholeNumber(text)]
}

export function portNumber(text: string): number {
  const port = wholeNumber(text)
  if (port > 65_535) throw new InvalidArgumentError('Expected a port, 0 to 65535; 0 takes a free one.')
  return port
}

/** A duration of some length, in milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === null || ms === 0 || ms > LONGEST_MS) {
    throw new InvalidArgumentError(`Expected a duration such as 30m, 2h or 7d; got ${text}.`)
  }
  return ms
}

/** `10m` or `-10m` → milliseconds. */
export function signedDuration(text: string): number {
  const ms = parseDuration(text.replace(/^[-+]/, ''))
  if (ms === null || ms > LONGEST_MS) {
    throw new InvalidArgumentError(`Expected a duration such as -10m or 10m; got ${text}.`)
  }
  return text.startsWith('-') ? -ms : ms
}

import { z } from 'zod'
import { parseDuration } from '../../config/duration.ts'
import { EVENT_STATES } from '../../event.ts'
import type { Cursor } from '../../ledger/pages.ts'
import { CHANNELS, IDENTIFIERS, type IdentifierName, MESSAGE_STATES } from '../../message.ts'
import type { Action } from '../access/allows.ts'
import { LONGEST_MS } from '../instants.ts'

/** What requests are made of. Everything has a bound, and no message quotes what was sent. */

const LONGEST = 255

export const Text = z.string().trim().min(1).max(LONGEST)
/** Why something is done, for the trail. */
export const Reason = z
  .string()
  .trim()
  .min(1)
  .max(1_000)
  .meta({ description: 'Why, for the trail; without names or addresses, since erasing keeps it.' })
/** A time with its zone → epoch milliseconds. */
export const Instant = z.iso
  .datetime({ offset: true, error: 'expected a time with its zone, such as 2026-11-23T02:00:00Z' })
  .transform((text) => Date.parse(text))
/** `30m` → milliseconds. */
export const Duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== null && ms > 0 && ms <= LONGEST_MS) return ms
  context.addIssue('expected a duration such as 30m, 2h or 7d')
  return z.NEVER
})
export const ChannelIn = z.enum(CHANNELS)
/** Some of them, each once. */
export const ChannelsIn = z
  .array(ChannelIn)
  .min(1)
  .refine((channels) => new Set(channels).size === channels.length, { error: 'expected each channel once' })

/** A path that ends in, or holds, the number of a thing. */
export const ById = z.strictObject({ id: z.coerce.number().int().min(1) })

const CURSOR = /^(\d{1,16})\.(\d{1,16})$/

/** The place where a page ends, as text that nobody need understand. */
export function cursorText(cursor: Cursor | null): string | null {
  return cursor && Buffer.from(`${cursor.at}.${cursor.id}`).toString('base64url')
}

const Before = z
  .string()
  .max(64)
  .meta({ description: 'Where the page before ended: its `next`.' })
  .transform((text, context): Cursor => {
    const [, at, id] = CURSOR.exec(Buffer.from(text, 'base64url').toString()) ?? []
    if (at !== undefined && id !== undefined) return { at: Number(at), id: Number(id) }
    context.addIssue('expected the next of the page before')
    return z.NEVER
  })

export const MOST_OF_PAGE = 200
const USUAL_OF_PAGE = 50
const Limit = z.int().min(1).max(MOST_OF_PAGE).default(USUAL_OF_PAGE)
const LimitInUrl = z.coerce.number().int().min(1).max(MOST_OF_PAGE).default(USUAL_OF_PAGE)

export const PageInUrl = { limit: LimitInUrl, before: Before.exactOptional() }
export const PageInBody = { limit: Limit, before: Before.exactOptional() }
/** For short lists, of which nothing older is asked for. */
export const NewestInUrl = { limit: LimitInUrl }

export const Span = { since: Instant.exactOptional(), until: Instant.exactOptional() }

const Which = {
  source: Text.exactOptional(),
  route: Text.exactOptional(),
  type: Text.meta({ description: 'The event’s type; * matches any characters.' }).exactOptional(),
  reason: Text.meta({ description: 'A reason’s code, or a part of its words.' }).exactOptional(),
  ...Span,
}
export const EventsWanted = { state: z.enum(EVENT_STATES).exactOptional(), ...Which }
export const MessagesWanted = {
  state: z.enum(MESSAGE_STATES).exactOptional(),
  ...Which,
  eventId: z.int().min(1).exactOptional(),
}
export const MessagesWantedInUrl = {
  ...MessagesWanted,
  eventId: z.coerce.number().int().min(1).exactOptional(),
}

/** How a customer is named. In bodies alone: what stands in a URL is in the logs of every proxy. */
export const CustomerNamed = {
  externalId: Text.exactOptional(),
  email: Text.exactOptional(),
  phone: Text.exactOptional(),
}

type Named = { [Name in IdentifierName]?: string }

/** The filter as the ledger takes it, and who may ask for it must see customers. */
export function filterOf<Asked extends Named>(
  asked: Asked,
): Omit<Asked, IdentifierName> & { customer?: Named } {
  const { externalId: _x, email: _e, phone: _p, ...filter } = asked
  const customer = customerIn(asked)
  return { ...filter, ...(customer === null ? {} : { customer }) }
}

/** By what a customer is named; null: by nothing. */
export function customerIn(asked: Named): Named | null {
  const named = IDENTIFIERS.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]]))
  return named.length === 0 ? null : Object.fromEntries(named)
}

/** What a filter needs beside `read`: that somebody is found by an address, or by a word of a reason, tells as much as showing it would. */
export function seesMore(asked: Named & { reason?: string | undefined }): readonly Action[] {
  return customerIn(asked) === null && asked.reason === undefined ? [] : ['read.unmasked']
}

/** An object that is refused where its time ends before it begins, which would look like an empty ledger. */
export function inOrder<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape).refine(
    (asked) => {
      const { since, until } = asked as { since?: number; until?: number }
      return since === undefined || until === undefined || since <= until
    },
    { error: 'since is later than until: nothing can lie between them', path: ['since'] },
  )
}

/** An object of which something must be said: none of it would mean everything. */
export function someOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return inOrder(shape).refine((asked) => Object.keys(asked).some((name) => name !== 'limit'), {
    error: 'say which: an empty filter would mean all of them',
  })
}

import { hash } from 'node:crypto'
import type { z } from 'zod'
import type { CustomReading } from '../../config/config.ts'
import type { Undelivered } from '../../event.ts'
import { CUSTOMER_PROPERTIES, type Customer, type IdentifierName } from '../../message.ts'
import type { Scheme } from '../signature/scheme.ts'
import { type ParsedBody, parseBody } from './json.ts'
import { problemsOf } from './problems.ts'
import type { Setup } from './setup.ts'
import type { Split } from './split.ts'
import { instantOf } from './timestamp.ts'

/** One kind of sender: how its deliveries prove themselves and how they are read. A file each. */
export type Preset = {
  /** As its maker writes it. */
  title: string
  /** Null: the source's configuration says it (`custom`). */
  scheme: Scheme | null
  /**
   * Milliseconds: how long an event's key is remembered by default, and the least that may be configured. Longer than the sender tries again, or a late try would be a
   * new event.
   */
  dedupe: { forMs: number; leastMs: number }
  /** The headers that `read` needs, in lower case; kept with the event so that it can be read again. */
  headers: readonly string[]
  /** The event's id or type stands in a header that is not signed: the body's bytes are remembered too. */
  keyIsUnsigned: boolean
  /** What the sender calls an event, and our word for it. In order: the first that holds. */
  types: readonly TypeRule[]
  /** By which identifiers its events can name a customer. `advice`: what to set where those are ids that nobody else knows. */
  customer: { names: readonly IdentifierName[]; advice: string | null }
  /** Its ids are numbers of its own, which elsewhere are other people's: they are looked up in the source's own external source and in no other. */
  ownIds: boolean
  setup: Setup
  /** Whether a source says in its block `custom` how its events are read; `needed`: and how it proves itself. Absent: the preset knows all. */
  custom?: 'reading' | 'needed'
  /** The parts of a delivery that are an event each; absent: it is one. `path`: where the source's configuration says that they stand. */
  split?: (body: Buffer, path: readonly string[] | null) => Split
  /** Reads the bytes of one event. What cannot be read says everything that is wrong and quotes nothing. */
  read(part: Part): Fields | Unreadable
  /** What a sender wants to read in the answer, where an empty one does not do. */
  accepted?: (delivery: { body: Buffer; header(name: string): string | null }) => Accepted | null
  /** An unsigned request by which the sender only tries whether somebody is there: answered 200, and nothing is kept. */
  isPing?: (delivery: { body: Buffer; header(name: string): string | null }) => boolean
}

/** One event as it came. `id`: what Standard Webhooks signed, or where it is read again the key that it got. */
export type Part = {
  raw: Buffer
  id: string | null
  /** Name in lower case; null where there is none. */
  header(name: string): string | null
  /** What the source's configuration says of its form; null but for presets that ask for it. */
  custom: CustomReading | null
}

/** What a part holds. `key` null: the sender has none, and its bytes are the key. `occurredAt` null: it does not say. */
export type Fields = {
  key: string | null
  type: string
  senderType: string
  occurredAt: number | null
  subject: string | null
  customer: Customer
  isTest: boolean
  payload: unknown
  undelivered?: Undelivered
}

export type Unreadable = { reason: string }
export type Accepted = { contentType: string; body: string }

/** `when`: the condition in words, for the documentation. */
export type TypeRule = { sender: string; type: string; when?: string }

/** What a preset says of a body whose form is right; texts are trimmed, blank is none. */
export type Said<Body> = {
  key: unknown
  type: string
  at?: unknown
  subject?: unknown
  customer?: { [property in keyof Customer]?: unknown }
  isTest?: boolean
  undelivered?: Undelivered
  /** Where routes and templates see something else than the body as it came. */
  payload?: (body: Body) => unknown
}

/** A rule of one preset: `holds` decides where the sender's type alone does not. */
export type Rule<Body> = { sender: string; type: string; when?: string; holds?: (body: Body) => boolean }

/** Put together from the form of one event's body, what is said in it, and the sender's types. */
export function preset<Body>(
  options: Omit<Preset, 'read' | 'types' | 'keyIsUnsigned' | 'headers' | 'customer' | 'ownIds'> & {
    ownIds?: boolean
    headers?: readonly string[]
    keyIsUnsigned?: boolean
    customer?: Preset['customer']
    types: readonly Rule<Body>[]
    /** JSON by default. */
    parse?: (raw: Buffer) => ParsedBody
    /** What else it holds is passed over. */
    shape: z.ZodType<Body>
    read(body: Body, part: Part): Said<Body>
  },
): Preset {
  const { parse = parseBody, shape, read, types, ...rest } = options
  return {
    headers: [],
    keyIsUnsigned: false,
    customer: { names: ['externalId', 'email', 'phone'], advice: null },
    ownIds: true,
    ...rest,
    types,
    read(part) {
      const parsed = parse(part.raw)
      if (parsed.kind === 'unreadable') return parsed
      const body = shape.safeParse(parsed.value)
      if (!body.success) return { reason: problemsOf(body.error) }
      const said = read(body.data, part)
      const rule = types.find(({ sender, holds }) => sender === said.type && (holds?.(body.data) ?? true))
      return {
        key: textOf(said.key),
        type: rule?.type ?? said.type,
        senderType: said.type,
        occurredAt: instantOf(said.at),
        subject: textOf(said.subject),
        customer: customerIn(said.customer ?? {}),
        isTest: said.isTest ?? false,
        payload: said.payload ? said.payload(body.data) : parsed.value,
        ...(said.undelivered ? { undelivered: said.undelivered } : {}),
      }
    },
  }
}

export function customerIn(said: { [property in keyof Customer]?: unknown }): Customer {
  const customer: Customer = {}
  for (const property of CUSTOMER_PROPERTIES) {
    const text = textOf(said[property])
    if (text !== null) customer[property] = text
  }
  return customer
}

/** A value as text: numbers and truth values too; null where there is nothing to read. */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null
  const text = String(value).trim()
  return text === '' ? null : text
}

/** First and last name, where there is one of them. */
export function fullName(...names: readonly unknown[]): string | null {
  return textOf(names.flatMap((name) => textOf(name) ?? []).join(' '))
}

/** Where the sender says of an event only what it is: the same for the same bytes. */
export function keyOfBytes(raw: Buffer): string {
  return hash('sha256', raw, 'hex').slice(0, 32)
}

const DAY_MS = 24 * 3_600_000

/** Days that outlive a sender's retries twice over. */
export function dedupeFor(days: number, least: number): Preset['dedupe'] {
  return { forMs: days * DAY_MS, leastMs: least * DAY_MS }
}

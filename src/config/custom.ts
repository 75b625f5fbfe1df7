import { z } from 'zod'
import { CUSTOMER_PROPERTIES } from '../message.ts'
import type { Scheme, TokenPlace } from '../receive/signature/scheme.ts'
import type { Custom, CustomReading } from './config.ts'
import { headerName, path, readingCondition, readingField } from './reading.ts'
import { signedPartsOf } from './signed-parts.ts'
import { duration, text } from './values.ts'

/** The block `custom` of a source: how a sender that no preset knows proves itself, and where its events say what. */

const DEFAULT_TOLERANCE_MS = 300_000

const Signature = z
  .strictObject(
    {
      header: headerName,
      prefix: z.string('expected the text before the signature').default(''),
      algorithm: z.enum(['sha256', 'sha1', 'sha512'], 'expected sha256, sha1 or sha512').default('sha256'),
      encoding: z.enum(['hex', 'base64'], 'expected hex or base64').default('hex'),
      key: z.enum(['text', 'base64', 'hex'], 'expected text, base64 or hex').default('text'),
      // Not trimmed: a line break may be part of it.
      signed: z
        .string('expected what is signed, such as "{timestamp}.{body}"')
        .default('{body}')
        .transform((value, context) => {
          const read = signedPartsOf(value)
          if (read.kind === 'parts') return read.parts
          context.addIssue({ code: 'custom', message: read.reason, input: value })
          return z.NEVER
        }),
      timestamp: z
        .strictObject(
          {
            header: headerName,
            unit: z.enum(['s', 'ms', 'iso', 'http-date'], 'expected s, ms, iso or http-date').default('s'),
            tolerance: duration({ least: 1000 }).default(DEFAULT_TOLERANCE_MS),
          },
          'expected { header, unit, tolerance }',
        )
        .optional(),
    },
    'expected a block with header, encoding, signed, …',
  )
  .superRefine(({ signed, timestamp }, context) => {
    const isSigned = signed.includes('timestamp')
    if (isSigned === (timestamp !== undefined)) return
    const message = isSigned
      ? 'needed, since {timestamp} is signed: { header, unit, tolerance }'
      : 'belongs to signatures over {timestamp}: a time that is not signed proves nothing; add it to signed, or remove this'
    context.addIssue({ code: 'custom', path: ['timestamp'], message, input: timestamp })
  })

const TOKEN = 'expected { header }, { query } or { body } with its name, or basic or bearer'
const Token = z.union(
  [
    z.enum(['basic', 'bearer']).transform((place): TokenPlace => ({ in: place })),
    z
      .strictObject({ header: headerName })
      .transform(({ header }): TokenPlace => ({ in: 'header', name: header })),
    z
      .strictObject({ query: text('the name of a query parameter') })
      .transform(({ query }): TokenPlace => ({ in: 'query', name: query })),
    z.strictObject({ body: path }).transform(({ body }): TokenPlace => ({ in: 'body', path: body })),
  ],
  TOKEN,
)

const customerFields = Object.fromEntries(
  CUSTOMER_PROPERTIES.map((property) => [property, readingField.optional()]),
)

export const CustomBlock = z
  .strictObject(
    {
      signature: Signature.optional(),
      token: Token.optional(),
      /** A dot: the body is the list. */
      events: z
        .union(
          [z.literal('.').transform((): string[] => []), path],
          'expected . or a path such as data.items',
        )
        .optional(),
      type: readingField.optional(),
      key: readingField.optional(),
      occurredAt: readingField.optional(),
      subject: readingField.optional(),
      test: readingCondition.optional(),
      customer: z
        .strictObject(
          customerFields as Record<(typeof CUSTOMER_PROPERTIES)[number], z.ZodOptional<typeof readingField>>,
          'expected a block with externalId, email, phone, …',
        )
        .optional(),
      types: z
        .record(z.string(), text('a type such as cart.abandoned'), "expected the sender's types and ours")
        .default({}),
    },
    'expected a block with signature or token, type, key, …',
  )
  .superRefine(({ signature, token, type, key, occurredAt, subject }, context) => {
    const problem = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message, input: undefined })
    for (const [name, value] of [
      ['key', key],
      ['occurredAt', occurredAt],
      ['subject', subject],
    ] as const) {
      // What is no field has been told already, and has no text.
      if (typeof value?.text === 'string' && !value.text.includes('{{')) {
        problem(
          name,
          `the same for every event: expected a field such as "{{ payload.${name === 'key' ? 'id' : name} }}"`,
        )
      }
    }
    if (signature !== undefined && token !== undefined) {
      problem('token', 'excludes signature: a sender proves itself by one of them')
    }
    // Who says how a sender proves itself has a preset that knows nothing of it.
    if ((signature !== undefined || token !== undefined) && type === undefined) {
      problem('type', 'needed: where an event says what happened, such as "{{ payload.event }}"')
    }
  })
export type CustomBlock = z.output<typeof CustomBlock>

/** What the block says, as receiving uses it. */
export function customOf(block: CustomBlock): Custom {
  return { scheme: schemeOf(block), reading: readingOf(block) }
}

function schemeOf({ signature, token }: CustomBlock): Scheme | null {
  if (token !== undefined) return { kind: 'token', places: [token] }
  if (signature === undefined) return null
  const { header, prefix, algorithm, encoding, key, signed, timestamp } = signature
  return {
    kind: 'mac',
    header,
    grammar: { kind: 'one', prefix },
    algorithm,
    encoding,
    key,
    signed,
    timestamp: timestamp
      ? {
          in: { header: timestamp.header },
          units: [timestamp.unit],
          oldestMs: timestamp.tolerance,
          aheadMs: timestamp.tolerance,
        }
      : null,
  }
}

function readingOf({
  events,
  type,
  key,
  occurredAt,
  subject,
  test,
  customer,
  types,
}: CustomBlock): CustomReading {
  const said = [type, key, occurredAt, subject, test, ...Object.values(customer ?? {})]
  return {
    events: events ?? null,
    key: key ?? null,
    type: type ?? null,
    occurredAt: occurredAt ?? null,
    subject: subject ?? null,
    test: test ?? null,
    customer: customer ? given(customer) : null,
    headers: [...new Set(said.flatMap((one) => one?.headers ?? []))],
    types,
  }
}

function given<T extends object>(fields: T): { [key in keyof T]?: NonNullable<T[key]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as {
    [key in keyof T]?: NonNullable<T[key]>
  }
}

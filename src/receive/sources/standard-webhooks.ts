import { z } from 'zod'
import type { ReadEvent, UnreadableEvent } from '../../event.ts'
import { parseBody } from './json.ts'
import type { DeliveryMeta } from './preset.ts'
import { expected, isObject, kindOf, problemsOf } from './problems.ts'
import { instantOf } from './timestamp.ts'

/** Types are names, `ticket.resolved`; the longest of known senders have some 60 characters. */
const LONGEST_TYPE = 200

/**
 * Reads a body of `{ type, timestamp?, data }`. The payload is the body as parsed, with whatever else it holds; `occurredAt` is its
 * timestamp, or the time of receipt where it has none. What cannot be read says everything that is wrong and quotes nothing.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Payload structure".
 */
export function readStandardWebhook(raw: Buffer, meta: DeliveryMeta): ReadEvent | UnreadableEvent {
  const { source, key, receivedAt } = meta
  const unreadable = (reason: string): UnreadableEvent => ({ source, key, receivedAt, raw, reason })

  const body = parseBody(raw)
  if (body.kind === 'unreadable') return unreadable(body.reason)
  const shape = Body.safeParse(body.value)
  if (!shape.success) return unreadable(problemsOf(shape.error))

  const { type, timestamp } = shape.data
  return { source, type, key, occurredAt: timestamp ?? receivedAt, receivedAt, raw, payload: body.value }
}

const TYPE = `text of at most ${LONGEST_TYPE} characters`
const TIME = 'an ISO 8601 time, or seconds or milliseconds since 1970'

const Body = z.object(
  {
    type: z
      .string({ error: expected(TYPE) })
      .min(1, `expected ${TYPE}, got none`)
      .refine((type) => type.length <= LONGEST_TYPE, {
        error: ({ input }) => `expected ${TYPE}, got ${String(input).length}`,
      }),
    timestamp: z
      .unknown()
      .transform((value, context) => {
        if (value === undefined || value === null) return undefined
        const at = instantOf(value)
        if (at === null) context.addIssue(`expected ${TIME}, got ${kindOf(value)} that is none`)
        return at ?? undefined
      })
      .optional(),
    data: z.custom<object>(isObject, { error: expected('an object') }),
  },
  { error: expected('an object with type and data') },
)

import { z } from 'zod'
import type { ReadEvent, UnreadableEvent } from '../../event.ts'

/** Of the delivery, what the body does not say. */
export type DeliveryMeta = { source: string; key: string; receivedAt: number }

const LONGEST_TYPE = 200
/** Deeper than any CRM's payload; what walks it later may recurse. */
const DEEPEST = 64

const Body = z.object({
  type: z
    .string('expected text')
    .min(1, 'expected text, got none')
    .refine((type) => type.length <= LONGEST_TYPE, {
      error: (issue) => `expected at most ${LONGEST_TYPE} characters, got ${String(issue.input).length}`,
    }),
  timestamp: z
    .union([z.iso.datetime({ offset: true }), z.number().int().positive()], 'expected an ISO 8601 time')
    .optional(),
  data: z.record(z.string(), z.unknown(), 'expected an object'),
})

/** Reads `{ type, timestamp?, data }`; what cannot be read is kept with its reason. */
export function readStandardWebhook(raw: Buffer, meta: DeliveryMeta): ReadEvent | UnreadableEvent {
  const { source, key, receivedAt } = meta
  const unreadable = (reason: string): UnreadableEvent => ({ source, key, receivedAt, raw, reason })
  if (raw.length === 0) return unreadable('the body is empty')
  let payload: unknown
  try {
    payload = JSON.parse(raw.toString('utf8'))
  } catch {
    return unreadable('the body is not JSON')
  }
  if (deeperThan(DEEPEST, payload)) return unreadable(`the body is nested deeper than ${DEEPEST} levels`)
  const body = Body.safeParse(payload)
  if (!body.success) {
    const problems = body.error.issues.map(
      (issue) => `${issue.path.join('.') || 'the body'}: ${issue.message}`,
    )
    return unreadable(problems.join('; '))
  }
  const { type, timestamp } = body.data
  return { source, type, key, occurredAt: instantOf(timestamp) ?? receivedAt, receivedAt, raw, payload }
}

/** ISO 8601, or a number: senders that count in seconds are told from milliseconds by size (10^11 ms was in 1973). */
function instantOf(timestamp: string | number | undefined): number | null {
  if (timestamp === undefined) return null
  if (typeof timestamp === 'string') return Date.parse(timestamp)
  return timestamp < 1e11 ? timestamp * 1000 : timestamp
}

/** Without recursion: the depth is the sender's. */
function deeperThan(most: number, payload: unknown): boolean {
  let level: unknown[] = [payload]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null
        ? Object.values(value).filter((inner) => typeof inner === 'object' && inner !== null)
        : [],
    )
  }
  return false
}

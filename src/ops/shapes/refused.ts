import { z } from 'zod'
import type { RefusedKept } from '../../ledger/reads.ts'
import { Count, Id, isoTime, Time } from './values.ts'

/** A delivery that was refused for its signature and is kept, without what it holds. Keys are relied on by people's scripts. */
export const RefusedShape = z
  .strictObject({
    id: Id,
    source: z.string(),
    receivedAt: Time,
    reason: z.string(),
    bytes: Count,
    bodyKept: z.boolean(),
    acceptedAt: Time.nullable(),
  })
  .meta({
    id: 'Refused',
    description: 'A delivery that was refused for its signature, without what it holds.',
  })
export type RefusedJson = z.infer<typeof RefusedShape>

export function refusedJson({ receivedAt, acceptedAt, ...delivery }: RefusedKept): RefusedJson {
  const { id, source, reason, bytes, bodyKept } = delivery
  return {
    id,
    source,
    receivedAt: isoTime(receivedAt),
    reason,
    bytes,
    bodyKept,
    acceptedAt: isoTime(acceptedAt),
  }
}

/** What came of verifying refused deliveries once more. */
export const RecheckedShape = z
  .strictObject({
    source: z.string(),
    since: Time.nullable(),
    until: Time.nullable(),
    deliveries: Count,
    accepted: Count,
    acceptedBefore: Count,
    withoutBody: Count,
    refused: z.record(z.string(), Count),
    events: z.strictObject({ recorded: Count, known: Count, unreadable: Count, unplanned: Count }),
    messages: Count,
    expired: Count,
  })
  .meta({ id: 'Rechecked', description: 'What came of verifying refused deliveries once more.' })

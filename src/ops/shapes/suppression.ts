import { z } from 'zod'
import type { Suppression } from '../../ledger/reads.ts'
import { IDENTIFIERS } from '../../message.ts'
import { ChannelName } from './rendered.ts'
import { isoTime, Time } from './values.ts'

/** A name that must not be written to; whose it is nobody can tell who has not the name. */
export const SuppressionShape = z
  .strictObject({
    hash: z.string(),
    kind: z.enum([...IDENTIFIERS, '']),
    channel: ChannelName.nullable(),
    since: Time,
    by: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'Suppression', description: 'A customer who must not be written to, by the hash of a name.' })
export type SuppressionJson = z.infer<typeof SuppressionShape>

export function suppressionJson(suppression: Suppression): SuppressionJson {
  const { hash, kind, channel, since, by, reason } = suppression
  return { hash, kind, channel, since: isoTime(since), by, reason }
}

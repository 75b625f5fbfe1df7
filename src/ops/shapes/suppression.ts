import { z } from 'zod'
import type { Suppression, SuppressionPlace } from '../../ledger/reads.ts'
import { CHANNELS, IDENTIFIERS } from '../../message.ts'
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

/** Where a page of them ends, as text that nobody need understand. */
export function suppressionPlaceText(place: SuppressionPlace | null): string | null {
  return place && Buffer.from(`${place.since}.${place.hash}.${place.channel}`).toString('base64url')
}

const PLACE = new RegExp(`^(\\d{1,16})\\.([0-9a-f]{32})\\.(${CHANNELS.join('|')}|)$`)

/** What `suppressionPlaceText` made; null: it did not. */
export function suppressionPlaceIn(text: string): SuppressionPlace | null {
  const [, since, hash, channel] = PLACE.exec(Buffer.from(text, 'base64url').toString()) ?? []
  if (since === undefined || hash === undefined) return null
  return { since: Number(since), hash, channel: channel as SuppressionPlace['channel'] }
}

import type { Source } from '../../config/config.ts'
import type { Event, ReadEvent, UnreadableEvent } from '../../event.ts'
import { verifyStandardWebhook } from '../signature/standard-webhooks.ts'
import type { SignedRequest, Verdict } from '../signature/verdict.ts'
import { readStandardWebhook } from './standard-webhooks.ts'

/** How the deliveries of one kind of sender are verified and read. */
export type Preset = {
  verify(request: SignedRequest): Verdict
  read(raw: Buffer, meta: DeliveryMeta): ReadEvent | UnreadableEvent
}

/** What is known of an event besides its body. `key`: the sender's id of it; `receivedAt`: epoch milliseconds. */
export type DeliveryMeta = { source: string; key: string; receivedAt: number }

export const PRESETS: Readonly<Record<Source['preset'], Preset>> = {
  'standard-webhooks': { verify: verifyStandardWebhook, read: readStandardWebhook },
}

/** Reads the bodies of events as their sources do, for whoever renders them later; by the only preset where a source is gone. */
export function payloadOf(config: { sources: ReadonlyMap<string, Source> }) {
  return (event: Event) => {
    const { read } = PRESETS[config.sources.get(event.source)?.preset ?? 'standard-webhooks']
    const again = read(event.raw, event)
    return 'reason' in again
      ? { kind: 'unreadable' as const, reason: `The event's body cannot be read: ${again.reason}.` }
      : { kind: 'read' as const, payload: again.payload }
  }
}

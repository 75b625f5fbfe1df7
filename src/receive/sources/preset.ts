import type { Source } from '../../config/config.ts'
import type { Event, ReadEvent, UnreadableEvent } from '../../event.ts'
import { verifyStandardWebhook } from '../signature/standard-webhooks.ts'
import type { SignedRequest, Verdict } from '../signature/verdict.ts'
import { readGenesysUndelivered, UNDELIVERED, verifyGenesysUndelivered } from './genesys-undelivered.ts'
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
  'genesys-undelivered': { verify: verifyGenesysUndelivered, read: readGenesysUndelivered },
}

/** Reads the bodies of events as their sources do, for whoever renders them later. */
export function payloadOf(config: { sources: ReadonlyMap<string, Source> }) {
  return (event: Event) => {
    const { read } = PRESETS[presetOf(event, config)]
    const again = read(event.raw, event)
    return 'reason' in again
      ? { kind: 'unreadable' as const, reason: `The event's body cannot be read: ${again.reason}.` }
      : { kind: 'read' as const, payload: again.payload }
  }
}

/** What the source says; where it is gone what the event's type says. Events of `postrider send` (CLI_SOURCE) are written as Standard Webhooks. */
function presetOf(
  { source, type }: Pick<Event, 'source' | 'type'>,
  { sources }: { sources: ReadonlyMap<string, Source> },
): Source['preset'] {
  return sources.get(source)?.preset ?? (type === UNDELIVERED ? 'genesys-undelivered' : 'standard-webhooks')
}

import type { Source } from '../../config/config.ts'
import type { ReadEvent, UnreadableEvent } from '../../event.ts'
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

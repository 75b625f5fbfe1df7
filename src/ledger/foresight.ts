import type { Channel } from '../message.ts'

/** A message, and what is known without the ledger of each channel at which it may be claimed. */
export type Foreseeable = { id: number; ways: Partial<Record<Channel, Way>> }

/** `draft`: it would come to `open`, over this channel. `ends`: it would end before that. */
export type Way =
  | { kind: 'draft'; channel: Channel; mode: 'live' | 'shadow' }
  | { kind: 'ends'; state: 'failed' | 'skipped'; code: string; reason: string }

export type ForeseenOutcome = 'sent' | 'deferred' | 'paused' | 'skipped' | 'failed' | 'cancelled' | 'refused'

/**
 * What would become of one message. `sent`: a request would leave; what Genesys answers nobody can foresee. `refused`: it would not be re-triggered. `code`: of the state that it would
 * come to, of the pause, or why it is refused (`RefusedCode`); null where it would be sent.
 */
export type Foreseen = {
  id: number
  outcome: ForeseenOutcome
  code: string | null
  reason: string | null
}

/** `sent-before`: it needs force and a reason. `key-taken`: another message of its route holds the key (`once`). */
export type RefusedCode = 'missing' | 'scheduled' | 'sending' | 'sent-before' | 'key-taken'

/** First sends of a route, as its brake counts them. */
export type FirstOpens = { route: string; perMs: number; count: number }

/** `before`: what was foreseen already of the same plan, which its brakes count. */
export type ForeseeRequest = { force: boolean; reason: string | null; before: readonly FirstOpens[] }

/** In the order of what was asked. `opens`: of these messages alone. */
export type Foresight = { messages: readonly Foreseen[]; opens: readonly FirstOpens[] }

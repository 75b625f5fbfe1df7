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
 * come to, of the pause, why it is refused (`RefusedCode`), or what somebody should know of one that would be sent (`SpecialCode`); null where it would be sent as any other.
 */
export type Foreseen = {
  id: number
  outcome: ForeseenOutcome
  code: string | null
  reason: string | null
}

/**
 * `sent-before`: it needs force and a reason; in a run `unconfirmed` too, since nobody knows whether the customer has it. `expired`: its time is over, which a run must name (`late`). `key-taken`: another message of
 * its route holds the key (`once`). `removed`: its text and its customer are gone. `in-run`: it waits in another run. `changed`: it was tried since it was foreseen.
 */
export type RefusedCode =
  | 'missing'
  | 'scheduled'
  | 'sending'
  | 'sent-before'
  | 'unconfirmed'
  | 'expired'
  | 'key-taken'
  | 'removed'
  | 'in-run'
  | 'changed'

/** Of a message that would be sent: the customer has it already, may have it, somebody or an event cancelled it, or its time was over. The first that applies. */
export type SpecialCode = 'sent-before' | 'unconfirmed' | 'cancelled' | 'expired'

/** First sends of a route, as its brake counts them. */
export type FirstOpens = { route: string; perMs: number; count: number }

/**
 * `late`: also those whose time is over. `alone`: one message that is re-triggered by its number, which neither its time nor that it is unconfirmed forbids. `before`: what was foreseen already of the same plan, which
 * its brakes count.
 */
export type ForeseeRequest = {
  force: boolean
  late: boolean
  reason: string | null
  alone?: boolean
  before: readonly FirstOpens[]
}

/** In the order of what was asked. `opens`: of these messages alone. */
export type Foresight = { messages: readonly Foreseen[]; opens: readonly FirstOpens[] }

import type { Channel, MessageState } from '../message.ts'
import type { Summary } from './reads.ts'

/** What operators see first. Each is an index look-up or a small table, however much the ledger holds. */
export type Overview = {
  /** What needs a person, and what happens now. `since` bounds `failed`, `unplanned` and `unreadable`: epoch milliseconds, a day ago by default. */
  trouble(options?: { since?: number }): Promise<Trouble>
  /** What is due now, and since when the oldest of it is (epoch milliseconds), of each lane where something is. */
  backlog(): Promise<Backlog[]>
  /** What happened in each minute from `since` (epoch milliseconds) on. Minutes in which nothing did are left out; they are kept for two days. */
  tallies(since: number): Promise<Tally[]>
}

/** A count that reached `COUNTED_TO` goes no further: it is "that many or more". */
export type Trouble = Pick<
  Summary,
  'host' | 'lastEventAt' | 'expectedSince' | 'refused' | 'refusedHours' | 'recheckable'
> & {
  since: number
  /** Messages that failed since, whenever they were planned. */
  failed: number
  /** Events, of those received since. */
  unplanned: number
  unreadable: number
  /** Messages that wait for an operator's word, and those that are looked for still. */
  unconfirmed: { held: number; looking: number }
  /** Scheduled messages that are due now and wait for nobody's outcome, and since when the oldest is. */
  due: { count: number; oldestDueAt: number | null }
  /** All scheduled messages, the due ones too. */
  scheduled: number
}

export const COUNTED_TO = 10_000

/** `due`: as far as `COUNTED_TO`. */
export type Backlog = { route: string; source: string; channel: Channel; due: number; oldestDueAt: number }

/**
 * `received`: events of a source (`name`). `refused` is not here: it has counts of its own. A state of messages: how many came to it, by route. `calls`: of the rate budget of Genesys, without a name.
 * `minute`: epoch milliseconds of its beginning.
 */
export type Tally = { minute: number; kind: TallyKind; name: string; count: number }
export type TallyKind =
  | 'received'
  | 'calls'
  | Extract<MessageState, 'sent' | 'failed' | 'unconfirmed' | 'skipped'>

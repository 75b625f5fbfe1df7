import type { IdentifierName, MessageState, Pause } from '../message.ts'
import type { MessageFilter } from './reads.ts'

/** Many messages that are re-triggered together, one after another. Times: epoch milliseconds. */
export type Run = {
  id: number
  /** `preparing` while its messages are written down. What was re-triggered before it was `stopped` stays so. */
  state: RunState
  by: string
  reason: string | null
  /** Also those that were sent before, or of which nobody knows it. */
  force: boolean
  /** Also those whose time is over: it begins anew. */
  late: boolean
  filter: RunFilter
  createdAt: number
  endedAt: number | null
  /** How many messages; each is waiting, or was re-triggered or refused. */
  total: number
  waiting: number
  retried: number
  refused: number
}

export const RUN_STATES = ['preparing', 'running', 'stopped', 'done'] as const
export type RunState = (typeof RUN_STATES)[number]

/** What messages were chosen by. Of the customer only by which identifiers: the run outlives what is erased. */
export type RunFilter = Omit<MessageFilter, 'customer' | 'limit'> & {
  customer?: readonly IdentifierName[]
  limit?: number
}

/** A run and what has become of it so far. */
export type RunReport = Run & {
  /** Of those that were re-triggered: how many are in which state by now. */
  messages: Record<MessageState, number>
  /** The first of those that were refused, each with its reason. */
  refusals: readonly { messageId: number; reason: string }[]
  /** Pauses that keep messages of it from being re-triggered, as far as the first that wait tell. */
  waitsFor: readonly Pick<Pause, 'scope' | 'name' | 'reason'>[]
}

export type RunRequest = {
  by: string
  reason: string | null
  force: boolean
  late: boolean
  filter: RunFilter
  messageIds: readonly number[]
  /** How many attempts each had when it was foreseen: one that has another number by its turn is not what was seen, and is refused. Absent: as they are when the run is written down. */
  attempts?: readonly number[]
}

/** What became of an action on a run. */
export type RunActed = { kind: 'done'; run: Run } | { kind: 'refused'; reason: string }

/** One step of a run, the oldest that can go on: how many it re-triggered, and how many were refused. Neither, where nothing could go. `ended`: none is left. */
export type RunStep = { runId: number; retried: number; refused: number; ended: boolean }

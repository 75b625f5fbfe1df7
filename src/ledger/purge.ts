import type { Customer, IdentifierName } from '../message.ts'
import type { Mentions } from './mentions.ts'

/** Whom to erase. `names`: as `PlannedMessage.names` has them. `written`: every way in which the identifiers are written, each as a customer. */
export type Erasing = {
  names: readonly string[]
  written: readonly Pick<Customer, IdentifierName>[]
  mentions: Mentions
  by: string
}

/** What of a customer is in a ledger. `contactIds`: of Genesys Cloud, which has to erase them too. `alsoNamed`: by what else their messages name them. */
export type FoundOf = {
  messageIds: readonly number[]
  eventIds: readonly number[]
  contactIds: readonly string[]
  alsoNamed: readonly Pick<Customer, IdentifierName>[]
}

/** Where the customer is still named, and how often: a table (its rows), a file of the database (its bytes), or what the planner knows of a table (its columns). */
export type Left = { where: string; count: number }

/**
 * What an erasure came to. `sending`: messages whose request was on its way all the time, of which nothing was erased. `left`: empty is the proof that the identifiers are nowhere in what was searched, which is
 * every row, and of SQLite every byte of the files.
 */
export type Erased = {
  messages: number
  events: number
  cancelled: number
  others: number
  suppressed: number
  sending: readonly number[]
  /** How many bytes were searched. */
  searched: number
  left: readonly Left[]
}

/** What a row says whose customer was erased. */
export const ERASED_WORDS = 'The customer was erased (purge): the body, the texts and the addresses are gone.'

import type { Event } from '../event.ts'
import type { Message } from '../message.ts'
import type { AuditRecord } from './access.ts'
import type { EventFilter, MessageFilter } from './reads.ts'

/** What operators page through, newest first. The cost of a page does not grow with the ledger: a search that finds little stops early and says where it would go on. */
export type Pages = {
  /** `customer`: of the events that have messages to them. */
  eventPage(
    filter: Omit<EventFilter, 'limit'> & Pick<MessageFilter, 'customer'>,
    page: PageRequest,
  ): Promise<Page<EventLine>>
  messagePage(filter: Omit<MessageFilter, 'limit'>, page: PageRequest): Promise<Page<Message>>
  /** What has this id, newest first, fifty at most: a number of an event or a message, a sender's id of an event, Genesys' ids of a conversation, a message or a request, or a customer's identifier. */
  search(text: string): Promise<Hit[]>
  /** What operators did to a message or an event, oldest first. */
  auditOf(of: { message: number } | { event: number }): Promise<AuditRecord[]>
}

/** The place of a line in its list. `at`: when it was received or created, epoch milliseconds. */
export type Cursor = { at: number; id: number }
/** `before`: the cursor at which the page before ended. */
export type PageRequest = { before?: Cursor; limit: number }

/** `next` null: there is nothing older. It may stand behind a page that is not full, or empty: so far was looked, and no further yet. */
export type Page<T> = { items: readonly T[]; next: Cursor | null }

/** An event without what it carries. */
export type EventLine = Omit<Event, 'raw' | 'headers'>

export type Hit = { kind: 'event' | 'message'; id: number; by: HitBy }
export type HitBy =
  | 'number'
  | 'event-key'
  | 'conversation'
  | 'correlation'
  | 'genesys-message'
  | 'externalId'
  | 'email'
  | 'phone'

import {
  type Expression,
  type ExpressionBuilder,
  type Kysely,
  type RawBuilder,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely'
import { EVENT_STATES, type EventState } from '../event.ts'
import { MESSAGE_STATES, type MessageState } from '../message.ts'
import { identifierHashes } from './hashes.ts'
import type { EventFilter, MessageFilter } from './reads.ts'
import { BLOCK_SHIFT, type Schema } from './schema.ts'

type Events = ExpressionBuilder<Schema, 'events'>
type Messages = ExpressionBuilder<Schema, 'messages'>

export function eventStatesOf({ state }: Pick<EventFilter, 'state'>): readonly EventState[] {
  return state === undefined ? EVENT_STATES : [state]
}

export function messageStatesOf({ state }: Pick<MessageFilter, 'state'>): readonly MessageState[] {
  return state === undefined ? MESSAGE_STATES : [state]
}

/** The events that a filter selects, of all states; columns, order and limit are the caller's. */
export function eventsBy(
  db: Kysely<Schema>,
  { since, until, source, route, type, reason }: Omit<EventFilter, 'limit' | 'state'>,
) {
  return db
    .selectFrom('events')
    .$if(since !== undefined, (query) => query.where('received_at', '>=', since ?? 0))
    .$if(until !== undefined, (query) => query.where('received_at', '<=', until ?? 0))
    .$if(source !== undefined, (query) => query.where('source', '=', source ?? ''))
    .$if(type !== undefined, (query) => query.where((expression) => isOfType(expression, type ?? '')))
    .$if(reason !== undefined, (query) => query.where(contains('reason', reason ?? '')))
    .$if(route !== undefined, (query) =>
      query.where((expression) =>
        expression.or([
          isLike('notes', `*"route":${JSON.stringify(route)},*`),
          expression.exists(
            expression
              .selectFrom('messages')
              .select('messages.id')
              .whereRef('messages.event_id', '=', 'events.id')
              .where('messages.route', '=', route ?? ''),
          ),
        ]),
      ),
    )
}

/** The messages that a filter selects, of all states; columns, order and limit are the caller's. */
export function messagesBy(
  db: Kysely<Schema>,
  {
    since,
    until,
    source,
    route,
    type,
    reason,
    eventId,
    customer = {},
  }: Omit<MessageFilter, 'limit' | 'state'>,
) {
  return db
    .selectFrom('messages')
    .$if(since !== undefined, (query) => query.where('created_at', '>=', since ?? 0))
    .$if(until !== undefined, (query) => query.where('created_at', '<=', until ?? 0))
    .$if(eventId !== undefined, (query) => query.where('event_id', '=', eventId ?? 0))
    .$if(source !== undefined, (query) => query.where('source', '=', source ?? ''))
    .$if(route !== undefined, (query) => query.where('route', '=', route ?? ''))
    .$if(reason !== undefined, (query) =>
      query.where((expression) =>
        expression.or([expression('code', '=', reason ?? ''), contains('reason', reason ?? '')]),
      ),
    )
    .$if(type !== undefined, (query) => query.where((expression) => isOfEvent(expression, type ?? '')))
    .where((expression) => areOf(expression, identifierHashes(customer)))
}

/** Whether the filter names one event or one customer, so that few messages are left, which are then sorted. */
export function isNarrow({ eventId, customer = {} }: Pick<MessageFilter, 'eventId' | 'customer'>): boolean {
  return eventId !== undefined || identifierHashes(customer).length > 0
}

/** For a column whose index is not to be used: SQLite would take it for the narrower one. */
export function isOneOf(column: string, values: readonly string[]): Expression<SqlBool> {
  return sql<SqlBool>`coalesce(${sql.ref(column)}, '') in (${sql.join(values)})`
}

/** Events that have messages to the customer with all of these identifiers. */
export function haveMessagesTo(
  expression: Events,
  customer: NonNullable<MessageFilter['customer']>,
): Expression<SqlBool> {
  const events = expression
    .selectFrom('messages')
    .select('event_id')
    .where((messages) => areOf(messages, identifierHashes(customer)))
  return expression('events.id', 'in', events)
}

function isOfEvent(expression: Messages, type: string): Expression<SqlBool> {
  return expression.exists(
    expression
      .selectFrom('events')
      .select('events.id')
      .whereRef('events.id', '=', 'messages.event_id')
      .where((event) => isOfType(event, type)),
  )
}

/** By either name: the one that all senders share, or the sender's own. */
function isOfType(expression: Events, type: string): Expression<SqlBool> {
  return expression.or([isLike('events.type', type), isLike('events.sender_type', type)])
}

function areOf(expression: Messages, hashes: readonly Buffer[]): Expression<SqlBool> {
  const ids = (hash: Buffer) => sql<number>`(${identified(sql`message_id`, [hash])})`
  return expression.and(hashes.map((hash) => expression('messages.id', 'in', ids(hash))))
}

/** From `message_identifiers`, by hashes of identifiers: a look-up in each block, not a search through all customers. */
export function identified<Row>(columns: RawBuilder<unknown>, hashes: readonly Buffer[]): RawBuilder<Row> {
  // A cross join, because SQLite keeps its order.
  return sql<Row>`
    with recursive blocks (n) as (
      select (select min(id) from messages) >> ${sql.lit(BLOCK_SHIFT)}
      union all
      select n + 1 from blocks where n < (select max(id) from messages) >> ${sql.lit(BLOCK_SHIFT)}
    )
    select ${columns} from blocks cross join message_identifiers where block = n and hash in (${sql.join(hashes)})`
}

/** `*` matches any characters; without one it must be the whole text. */
function isLike(column: string, pattern: string): Expression<SqlBool> {
  if (!pattern.includes('*')) return sql<SqlBool>`${sql.ref(column)} = ${pattern}`
  return hasLike(column, pattern)
}

function contains(column: string, part: string): Expression<SqlBool> {
  return hasLike(column, `*${part}*`)
}

/** In whatever case, of ASCII: SQLite's LIKE minds none by itself, PostgreSQL's does; and lower() of what is no column goes by the database's language there. */
function hasLike(column: string, pattern: string): Expression<SqlBool> {
  const lowered = likeOf(pattern).replace(/[A-Z]+/g, (word) => word.toLowerCase())
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${lowered} escape '\\'`
}

function likeOf(pattern: string): string {
  return pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')
}

/** All of these lists as one; the order is the caller's. */
export function merged<Table extends keyof Schema, Row>(
  lists: readonly SelectQueryBuilder<Schema, Table, Row>[],
): SelectQueryBuilder<Schema, Table, Row> {
  const [first, ...others] = lists
  if (!first) throw new Error('there is no list to merge')
  return others.reduce((all, more) => all.unionAll(more), first)
}

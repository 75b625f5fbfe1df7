import {
  type Expression,
  type ExpressionBuilder,
  type Kysely,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely'
import type { Clock } from '../clock.ts'
import { EVENT_STATES } from '../event.ts'
import { MESSAGE_STATES } from '../message.ts'
import { createByIds } from './by-ids.ts'
import { identifierHashes } from './hashes.ts'
import { createHistory } from './history.ts'
import { createAccessReads } from './read-access.ts'
import type { EventFilter, MessageFilter, Reads } from './reads.ts'
import { createRefusedReads } from './refused-deliveries.ts'
import { attemptOf, eventOf, messageOf } from './rows.ts'
import { createRunReads } from './run-reads.ts'
import { BLOCK_SHIFT, type Schema } from './schema.ts'
import type { Names } from './sqlite/names.ts'
import { summarize } from './summary.ts'
import { createSuppressed } from './suppressed.ts'

/** What operators read, on any database that Kysely speaks to. `names`: hashes them with the ledger's key. */
export function createReads(db: Kysely<Schema>, clock: Clock, names: Names): Reads {
  return {
    async events(filter) {
      const states = filter.state === undefined ? EVENT_STATES : [filter.state]
      // A list in order of time for each state, merged: that is what the indexes hold. A filter by time alone would sort everything.
      const [first, ...others] = states.map((state) => eventsIn(db, state, filter))
      const rows = await others
        .reduce((all, more) => all.unionAll(more), first ?? eventsIn(db, 'planned', filter))
        .orderBy('received_at', 'desc')
        .orderBy('id', 'desc')
        .limit(filter.limit)
        .execute()
      return rows.map(eventOf)
    },
    async event(id) {
      const row = await db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirst()
      return row ? eventOf(row) : null
    },
    async messages(filter) {
      const states = filter.state === undefined ? MESSAGE_STATES : [filter.state]
      const [first, ...others] = isNarrow(filter)
        ? [matching(db, filter).where(isOneOf('state', states))]
        : states.map((state) => matching(db, filter).where('state', '=', state))
      const rows = await others
        .reduce((all, more) => all.unionAll(more), first ?? matching(db, filter))
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(filter.limit)
        .execute()
      return rows.map(messageOf)
    },
    async message(id) {
      const row = await db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirst()
      return row ? messageOf(row) : null
    },
    async messageIds(filter) {
      const states = filter.state === undefined ? MESSAGE_STATES : [filter.state]
      const found = isNarrow(filter)
        ? [matching(db, filter).where(isOneOf('state', states))]
        : states.map((state) => matching(db, filter).where('state', '=', state))
      return idsOf(
        found.map((query) => query.clearSelect().select('id')),
        filter.limit,
      )
    },
    async eventIds(filter) {
      const states = filter.state === undefined ? EVENT_STATES : [filter.state]
      const found = states.map((state) => eventsIn(db, state, filter))
      return idsOf(
        found.map((query) => query.clearSelect().select('id')),
        filter.limit,
      )
    },
    async attempts(messageId) {
      const rows = await db
        .selectFrom('attempts')
        .selectAll()
        .where('message_id', '=', messageId)
        .orderBy('number')
        .execute()
      return rows.map(attemptOf)
    },
    summary: (options = {}) => summarize(db, clock, options.since),
    ...createHistory(db, names),
    ...createSuppressed(db, names),
    ...createRefusedReads(db, clock),
    ...createAccessReads(db, clock),
    ...createByIds(db),
    ...createRunReads(db),
    close: () => db.destroy(),
  }
}

async function idsOf<Table extends keyof Schema>(
  found: readonly SelectQueryBuilder<Schema, Table, { id: number }>[],
  limit: number,
): Promise<number[]> {
  const [first, ...others] = found
  if (!first) return []
  const rows = await others
    .reduce((all, more) => all.unionAll(more), first)
    .orderBy(sql`id`)
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

function eventsIn(db: Kysely<Schema>, state: string, filter: EventFilter) {
  const { since, until, source, route, type, reason } = filter
  return db
    .selectFrom('events')
    .selectAll()
    .where('state', '=', state)
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

/** Whether the filter names one event or one customer, so that few messages are left, which are then sorted. */
function isNarrow({ eventId, customer = {} }: MessageFilter): boolean {
  return eventId !== undefined || identifierHashes(customer).length > 0
}

/** For a column whose index is not to be used: SQLite would take it for the narrower one. */
function isOneOf(column: string, values: readonly string[]): Expression<SqlBool> {
  return sql<SqlBool>`coalesce(${sql.ref(column)}, '') in (${sql.join(values)})`
}

function matching(db: Kysely<Schema>, filter: MessageFilter) {
  const { since, until, source, route, type, reason, eventId, customer = {} } = filter
  return db
    .selectFrom('messages')
    .selectAll()
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
    .where((expression) => expression.and(identifierHashes(customer).map((hash) => isOf(expression, hash))))
}

type Messages = ExpressionBuilder<Schema, 'messages'>

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
function isOfType(expression: ExpressionBuilder<Schema, 'events'>, type: string): Expression<SqlBool> {
  return expression.or([isLike('events.type', type), isLike('events.sender_type', type)])
}

/** By the hashed identifiers: a look-up in each block, not a search through all customers. */
function isOf(expression: Messages, hash: Buffer): Expression<SqlBool> {
  // A cross join, because SQLite keeps its order.
  const ids = sql<number>`(
    with recursive blocks (n) as (
      select (select min(id) from messages) >> ${sql.lit(BLOCK_SHIFT)}
      union all
      select n + 1 from blocks where n < (select max(id) from messages) >> ${sql.lit(BLOCK_SHIFT)}
    )
    select message_id from blocks cross join message_identifiers on block = n and hash = ${hash}
  )`
  return expression('messages.id', 'in', ids)
}

/** `*` matches any characters; without one it must be the whole text. */
function isLike(column: string, pattern: string): Expression<SqlBool> {
  if (!pattern.includes('*')) return sql<SqlBool>`${sql.ref(column)} = ${pattern}`
  return sql<SqlBool>`${sql.ref(column)} like ${likeOf(pattern)} escape '\\'`
}

function contains(column: string, part: string): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} like ${likeOf(`*${part}*`)} escape '\\'`
}

function likeOf(pattern: string): string {
  return pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')
}

import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import {
  eventStatesOf,
  eventsBy,
  haveMessagesTo,
  isNarrow,
  isOneOf,
  merged,
  messageStatesOf,
  messagesBy,
} from './filters.ts'
import type { Cursor, Page, PageRequest, Pages } from './pages.ts'
import { eventLineOf, messageOf } from './rows.ts'
import type { Schema } from './schema.ts'

/**
 * So many lines are looked at for one page, whatever a filter lets through. Measured among a million of them: a filter that matches nothing takes 5 ms, 10 ms where its
 * state is a rare one, 200 ms where those lie on a disk that is busy. A page of 50 is full where one line in forty matches.
 */
const LOOKED_AT = 2_000

/** Of an event, without its body and its headers. */
const LINE = [
  'id',
  'source',
  'type',
  'sender_type',
  'key',
  'subject',
  'occurred_at',
  'received_at',
  'state',
  'reason',
  'notes',
  'config_version',
  'removed',
] as const

/**
 * Pages by (time, id), newest first, of lists that are merged state by state, as the indexes (state, time) hold them. Those of one customer or one event are
 * found by them and sorted: they cost what these have.
 */
export function createPages(
  db: Kysely<Schema>,
  lookedAt = LOOKED_AT,
): Pick<Pages, 'eventPage' | 'messagePage'> {
  /** The last line that is looked at for a page; null: all of them are. Of index entries alone. */
  async function floorOf(
    table: 'events' | 'messages',
    time: Time,
    states: readonly string[],
    span: Span,
  ): Promise<Cursor | null> {
    const lists = states.map(
      (state) =>
        sql`select ${sql.ref(time)} as at, id from ${sql.table(table)} where state = ${state} and ${isWithin(time, span)}`,
    )
    const { rows } = await sql<Cursor>`
      ${sql.join(lists, sql` union all `)} order by at desc, id desc limit 1 offset ${lookedAt - 1}`.execute(
      db,
    )
    return rows[0] ?? null
  }

  return {
    async eventPage({ state, customer = {}, since, until, ...filter }, request) {
      const states = eventStatesOf(state === undefined ? {} : { state })
      const span = spanOf(since, until, request)
      const ofCustomer = isNarrow({ customer })
      const floor =
        isFiltered(filter) && !ofCustomer ? await floorOf('events', 'received_at', states, span) : null
      const lines = eventsBy(db, filter)
        .where(isWithin('received_at', { ...span, from: floor ?? span.from }))
        .select(LINE)
      const lists = ofCustomer
        ? [lines.where(isOneOf('state', states)).where((expression) => haveMessagesTo(expression, customer))]
        : states.map((one) => lines.where('state', '=', one))
      const rows = await merged(lists)
        .orderBy('received_at', 'desc')
        .orderBy('id', 'desc')
        .limit(request.limit + 1)
        .execute()
      return pageOf(rows.map(eventLineOf), request, floor, ({ receivedAt: at, id }) => ({ at, id }))
    },
    async messagePage({ state, since, until, ...filter }, request) {
      const states = messageStatesOf(state === undefined ? {} : { state })
      const span = spanOf(since, until, request)
      const floor =
        isFiltered(filter) && !isNarrow(filter) ? await floorOf('messages', 'created_at', states, span) : null
      const lines = messagesBy(db, filter)
        .where(isWithin('created_at', { ...span, from: floor ?? span.from }))
        .selectAll()
      const lists = isNarrow(filter)
        ? [lines.where(isOneOf('state', states))]
        : states.map((one) => lines.where('state', '=', one))
      const rows = await merged(lists)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(request.limit + 1)
        .execute()
      return pageOf(rows.map(messageOf), request, floor, ({ createdAt: at, id }) => ({ at, id }))
    },
  }
}

/** Whether a line of a state may be left out, so that it takes many to fill a page. */
function isFiltered(filter: { source?: string; route?: string; type?: string; reason?: string }): boolean {
  const { source, route, type, reason } = filter
  return [source, route, type, reason].some((one) => one !== undefined)
}

type Time = 'received_at' | 'created_at'
/** From one place to before another; null: without an end there. */
type Span = { from: Cursor | null; before: Cursor | null }

/** One end each: of two SQLite would take either for the index, and go through all that lies between them. */
function spanOf(since: number | undefined, until: number | undefined, request: PageRequest): Span {
  const before = request.before ?? null
  const end = until === undefined ? null : { at: until + 1, id: 0 }
  return {
    from: since === undefined ? null : { at: since, id: 0 },
    before: before === null || (end !== null && end.at <= before.at) ? end : before,
  }
}

function isWithin(time: Time, { from, before }: Span): Expression<SqlBool> {
  const place = sql`(${sql.ref(time)}, id)`
  const ends = [
    ...(from === null ? [] : [sql`${place} >= (${from.at}, ${from.id})`]),
    ...(before === null ? [] : [sql`${place} < (${before.at}, ${before.id})`]),
  ]
  return ends.length === 0 ? sql<SqlBool>`true` : sql<SqlBool>`${sql.join(ends, sql` and `)}`
}

/** `found`: one more than the page has, where there is one. */
function pageOf<T>(
  found: readonly T[],
  { limit }: PageRequest,
  floor: Cursor | null,
  placeOf: (item: T) => Cursor,
): Page<T> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last ? placeOf(last) : floor }
}

import { type Kysely, type SqlBool, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { EVENT_STATES } from '../event.ts'
import { MESSAGE_STATES } from '../message.ts'
import type { Summary } from './reads.ts'
import { recheckableIn } from './refused-deliveries.ts'
import { EXPECTS } from './rows.ts'
import type { Schema } from './schema.ts'

const DAY_MS = 86_400_000

/** Counts for the operators' first look, each from an index or a small table. `since`: epoch milliseconds, a day ago by default. */
export async function summarize(
  db: Kysely<Schema>,
  clock: Clock,
  since = clock.now() - DAY_MS,
): Promise<Summary> {
  const now = clock.now()
  const due = await waitsToBeSent(db, now)
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.min('due_at').as('oldest')])
    .executeTakeFirstOrThrow()
  const looking = await db
    .selectFrom('messages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(sql<SqlBool>`state = 'unconfirmed' and look_at is not null`)
    .executeTakeFirstOrThrow()
  const failed = await db
    .selectFrom('messages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(sql<SqlBool>`state = 'failed'`)
    .where('updated_at', '>=', since)
    .executeTakeFirstOrThrow()
  return {
    host: await hostIn(db),
    events: await eventCounts(db, 0),
    messages: await messageCounts(db, 0),
    recent: { since, events: await eventCounts(db, since), messages: await messageCounts(db, since) },
    failed: failed.count,
    due: { count: due.count, oldestDueAt: due.oldest },
    looking: looking.count,
    lastEventAt: await lastEventsIn(db),
    expectedSince: await expectedSinceIn(db),
    refused: await refusedIn(db, now),
    refusedHours: await refusedHoursIn(db, now),
    recheckable: await recheckableIn(db, now),
  }
}

/** The API host that this ledger sends to; null: none yet. */
export async function hostIn(db: Kysely<Schema>): Promise<string | null> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', 'host').executeTakeFirst()
  return row?.value ?? null
}

export async function lastEventsIn(db: Kysely<Schema>): Promise<Summary['lastEventAt']> {
  const sources = await db.selectFrom('sources').selectAll().orderBy('name').execute()
  return Object.fromEntries(sources.map(({ name, last_event_at }) => [name, last_event_at]))
}

/** By source: when a service that expects to hear of it was first started (`Ledger.expect`). */
export async function expectedSinceIn(db: Kysely<Schema>): Promise<Summary['expectedSince']> {
  const rows = await db
    .selectFrom('meta')
    .selectAll()
    .where('name', '>=', EXPECTS)
    .where('name', '<', `${EXPECTS}\u{10ffff}`)
    .orderBy('name')
    .execute()
  return Object.fromEntries(rows.map(({ name, value }) => [name.slice(EXPECTS.length), Number(value)]))
}

/** Scheduled messages that are due and wait for nobody's outcome; columns are the caller's. */
export function waitsToBeSent(db: Kysely<Schema>, now: number) {
  // Lane by lane and rank by rank, as the queue's index is ordered: only what is due is counted, not all that waits. A cross
  // join, because SQLite keeps its order (https://sqlite.org/optoverview.html#crossjoin).
  return (
    db
      .selectFrom('lanes')
      .crossJoin('messages')
      .whereRef('messages.lane', '=', 'lanes.id')
      // Written out, not a parameter: only then does the partial index apply.
      .where(sql<SqlBool>`messages.state = 'scheduled' and messages.waits_for is null`)
      .where('rank', 'in', [0, 1])
      .where('due_at', '<=', now)
  )
}

/** Refused deliveries of the last 24 hours. */
export async function refusedIn(db: Kysely<Schema>, now: number): Promise<Summary['refused']> {
  return await db
    .selectFrom('refused')
    .select(({ fn }) => [
      'source',
      'reason',
      fn.sum<number>('count').as('count'),
      fn.max('last_at').as('lastAt'),
    ])
    .where('hour', '>', now - DAY_MS)
    .groupBy(['source', 'reason'])
    .orderBy('source')
    .orderBy('reason')
    .execute()
}

/** The same hour by hour, the oldest first. */
export async function refusedHoursIn(db: Kysely<Schema>, now: number): Promise<Summary['refusedHours']> {
  return await db
    .selectFrom('refused')
    .select(['source', 'reason', 'count', 'first_at as firstAt', 'last_at as lastAt'])
    .where('hour', '>', now - DAY_MS)
    .orderBy('hour')
    .orderBy('source')
    .orderBy('reason')
    .execute()
}

async function eventCounts(db: Kysely<Schema>, since: number): Promise<Summary['events']> {
  const rows = await db
    .selectFrom('events')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('state', 'in', [...EVENT_STATES])
    .where('received_at', '>=', since)
    .groupBy('state')
    .execute()
  return countsOf(EVENT_STATES, rows)
}

async function messageCounts(db: Kysely<Schema>, since: number): Promise<Summary['messages']> {
  const rows = await db
    .selectFrom('messages')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('state', 'in', [...MESSAGE_STATES])
    .where('created_at', '>=', since)
    .groupBy('state')
    .execute()
  return countsOf(MESSAGE_STATES, rows)
}

function countsOf<State extends string>(
  states: readonly State[],
  rows: readonly { state: string; count: number }[],
): Record<State, number> {
  const counts = new Map(rows.map(({ state, count }) => [state, count]))
  return Object.fromEntries(states.map((state) => [state, counts.get(state) ?? 0])) as Record<State, number>
}

import { type Kysely, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Channel } from '../message.ts'
import { COUNTED_TO, type Overview, type TallyKind } from './overview.ts'
import { recheckableIn } from './refused-deliveries.ts'
import type { Schema } from './schema.ts'
import { expectedSinceIn, hostIn, lastEventsIn, refusedHoursIn, refusedIn, waitsToBeSent } from './summary.ts'

const DAY_MS = 86_400_000

/** No count goes further than `COUNTED_TO`: what lies beyond is the same to whoever looks, and costs more the more it is. */
export function createOverview(db: Kysely<Schema>, clock: Clock): Overview {
  const messages = (state: string) =>
    db
      .selectFrom('messages')
      .select(sql`1`.as('one'))
      .where(sql<SqlBool>`state = ${sql.lit(state)}`)
  const eventsSince = (state: string, since: number) =>
    db
      .selectFrom('events')
      .select(sql`1`.as('one'))
      .where('state', '=', state)
      .where('received_at', '>=', since)

  async function countOf<Table extends keyof Schema>(
    rows: SelectQueryBuilder<Schema, Table, { one: unknown }>,
  ): Promise<number> {
    const { count } = await db
      .selectFrom(rows.limit(COUNTED_TO).as('some'))
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  async function due(now: number): Promise<{ count: number; oldestDueAt: number | null }> {
    const count = await countOf(waitsToBeSent(db, now).select(sql`1`.as('one')))
    // The head of each lane and rank, not all that stand behind it.
    const heads = await db
      .selectFrom('lanes')
      .innerJoin(sql<{ rank: number }>`(select 0 as rank union all select 1)`.as('ranks'), (join) =>
        join.onTrue(),
      )
      .select(
        sql<number | null>`min((
          select due_at from messages
          where lane = lanes.id and messages.rank = ranks.rank and state = 'scheduled' and waits_for is null and due_at <= ${now}
          order by due_at limit 1
        ))`.as('oldest'),
      )
      .executeTakeFirst()
    return { count, oldestDueAt: heads?.oldest ?? null }
  }

  return {
    async trouble({ since = clock.now() - DAY_MS } = {}) {
      const now = clock.now()
      return {
        host: await hostIn(db),
        since,
        failed: await countOf(messages('failed').where('updated_at', '>=', since)),
        unplanned: await countOf(eventsSince('unplanned', since)),
        unreadable: await countOf(eventsSince('unreadable', since)),
        unconfirmed: {
          held: await countOf(messages('unconfirmed').where('look_at', 'is', null)),
          looking: await countOf(messages('unconfirmed').where('look_at', 'is not', null)),
        },
        due: await due(now),
        scheduled: await countOf(messages('scheduled')),
        lastEventAt: await lastEventsIn(db),
        expectedSince: await expectedSinceIn(db),
        refused: await refusedIn(db, now),
        refusedHours: await refusedHoursIn(db, now),
        recheckable: await recheckableIn(db, now),
      }
    },
    async backlog() {
      const now = clock.now()
      const isDue = sql`lane = lanes.id and state = 'scheduled' and waits_for is null and due_at <= ${now}`
      const oldest = (rank: number) =>
        sql`(select due_at from messages where rank = ${sql.lit(rank)} and ${isDue} order by due_at limit 1)`
      const rows = await db
        .selectFrom('lanes')
        .select(['route', 'source', 'channel'])
        .select([
          sql<number>`(
            select count(*) from (select 1 from messages where rank in (0, 1) and ${isDue} limit ${COUNTED_TO}) as few
          )`.as('due'),
          sql<number | null>`${oldest(0)}`.as('byHand'),
          sql<number | null>`${oldest(1)}`.as('automatic'),
        ])
        .orderBy('route')
        .orderBy('source')
        .orderBy('channel')
        .execute()
      return rows.flatMap(({ byHand, automatic, channel, ...lane }) => {
        const oldestDueAt = Math.min(
          byHand ?? Number.POSITIVE_INFINITY,
          automatic ?? Number.POSITIVE_INFINITY,
        )
        return lane.due === 0 ? [] : [{ ...lane, channel: channel as Channel, oldestDueAt }]
      })
    },
    async tallies(since) {
      const rows = await db
        .selectFrom('tallies')
        .selectAll()
        .where('minute', '>=', since)
        // A call of the budget may be promised for later.
        .where('minute', '<=', clock.now())
        .orderBy('minute')
        .orderBy('kind')
        .orderBy('name')
        .execute()
      return rows.map((row) => ({ ...row, kind: row.kind as TallyKind }))
    },
  }
}

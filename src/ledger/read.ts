import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { createByIds } from './by-ids.ts'
import { eventStatesOf, eventsBy, isNarrow, isOneOf, merged, messageStatesOf, messagesBy } from './filters.ts'
import { createHistory } from './history.ts'
import { instancesIn } from './instances.ts'
import type { Names } from './names.ts'
import { createAccessReads } from './read-access.ts'
import { createOverview } from './read-overview.ts'
import { createPages } from './read-pages.ts'
import type { MessageFilter, Reads } from './reads.ts'
import { createRefusedReads } from './refused-deliveries.ts'
import { attemptOf, eventOf, messageOf } from './rows.ts'
import { createRunReads } from './run-reads.ts'
import type { Schema } from './schema.ts'
import { createSearch } from './search.ts'
import { summarize } from './summary.ts'
import { createSuppressed } from './suppressed.ts'

/**
 * What operators read, on any database that Kysely speaks to. `names`: hashes them with the ledger's key. `long`: a connection apart for questions whose cost grows with the
 * ledger, so that a page does not wait for one.
 */
export function createReads(db: Kysely<Schema>, clock: Clock, names: Names, long = db): Reads {
  return {
    async events(filter) {
      // A list in order of time for each state, merged: that is what the indexes hold. A filter by time alone would sort everything.
      const rows = await merged(
        eventStatesOf(filter).map((state) => eventsBy(long, filter).selectAll().where('state', '=', state)),
      )
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
      const rows = await merged(messagesIn(filter).map((query) => query.selectAll()))
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
      return idsOf(
        messagesIn(filter).map((query) => query.select('id')),
        filter.limit,
      )
    },
    async eventIds(filter) {
      return idsOf(
        eventStatesOf(filter).map((state) => eventsBy(long, filter).select('id').where('state', '=', state)),
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
    instances: () => instancesIn(db, clock.now()),
    summary: (options = {}) => summarize(long, clock, options.since),
    ...createPages(db),
    ...createSearch(db, names),
    ...createOverview(db, clock),
    ...createHistory(long, names),
    ...createSuppressed(db, names),
    ...createRefusedReads(db, clock),
    ...createAccessReads(db, clock),
    ...createByIds(db),
    ...createRunReads(db, clock),
    async close() {
      await db.destroy()
      if (long !== db) await long.destroy()
    },
  }

  function messagesIn(filter: MessageFilter) {
    const states = messageStatesOf(filter)
    return isNarrow(filter)
      ? [messagesBy(db, filter).where(isOneOf('state', states))]
      : states.map((state) => messagesBy(long, filter).where('state', '=', state))
  }
}

async function idsOf<Table extends keyof Schema>(
  found: readonly SelectQueryBuilder<Schema, Table, { id: number }>[],
  limit: number,
): Promise<number[]> {
  const rows = await merged(found).orderBy(sql`id`).limit(limit).execute()
  return rows.map(({ id }) => id)
}

import type { Kysely } from 'kysely'
import { MESSAGE_STATES, type MessageState } from '../message.ts'
import type { Run, RunFilter, RunReport, RunState } from './run.ts'
import type { RunRow, Schema } from './schema.ts'

/** Runs, as operators read them. */
export type RunReads = {
  /** Newest first. */
  runs(filter: { state?: RunState; limit: number }): Promise<Run[]>
  run(id: number): Promise<RunReport | null>
}

/** So many of the refused are shown. */
const REFUSALS = 20

export function createRunReads(db: Kysely<Schema>): RunReads {
  return {
    async runs({ state, limit }) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .$if(state !== undefined, (query) => query.where('state', '=', state ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(runOf)
    },
    async run(id) {
      const row = await db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()
      if (!row) return null
      const counts = await db
        .selectFrom('run_messages')
        .innerJoin('messages', 'messages.id', 'run_messages.message_id')
        .select(({ fn }) => ['messages.state', fn.countAll<number>().as('count')])
        .where('run_id', '=', id)
        .where('run_messages.state', '=', 'retried')
        .groupBy('messages.state')
        .execute()
      const messages = Object.fromEntries(MESSAGE_STATES.map((state) => [state, 0])) as RunReport['messages']
      for (const { state, count } of counts) messages[state as MessageState] = Number(count)
      const refusals = await db
        .selectFrom('run_messages')
        .select(['message_id as messageId', 'reason'])
        .where('run_id', '=', id)
        .where('state', '=', 'refused')
        .orderBy('message_id')
        .limit(REFUSALS)
        .execute()
      return {
        ...runOf(row),
        messages,
        refusals: refusals.map(({ messageId, reason }) => ({ messageId, reason: reason ?? '' })),
      }
    },
  }
}

export function runOf(row: RunRow): Run {
  return {
    id: row.id,
    state: row.state as RunState,
    by: row.by,
    reason: row.reason,
    force: row.force === 1,
    filter: JSON.parse(row.filter) as RunFilter,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    total: row.total,
    waiting: row.total - row.retried - row.refused,
    retried: row.retried,
    refused: row.refused,
  }
}

import { type Kysely, type SqlBool, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { MESSAGE_STATES, type MessageState } from '../message.ts'
import { pauseOf, policiesOf, runOf } from './rows.ts'
import type { Run, RunReport, RunState } from './run.ts'
import type { RunRow, Schema } from './schema.ts'
import { covers, isOver, mayProbe } from './standing.ts'

/** Runs, as operators read them. */
export type RunReads = {
  /** Newest first. `before`: the id of the last one of the page before. */
  runs(filter: { state?: RunState; before?: number; limit: number }): Promise<Run[]>
  run(id: number): Promise<RunReport | null>
}

/** So many of the refused are shown. */
const REFUSALS = 20

/** Among so many of the waiting it is looked for what a pause covers. */
const LOOKED_AT = 1_000

export function createRunReads(db: Kysely<Schema>, clock: Pick<Clock, 'now'>): RunReads {
  /** The pauses that cover some of the first messages that a run would re-trigger. */
  async function waitsFor({ id, state }: RunRow): Promise<RunReport['waitsFor']> {
    if (state !== 'running') return []
    const now = clock.now()
    const pauses = await db
      .selectFrom('pauses')
      .selectAll()
      .where('ended_at', 'is', null)
      .orderBy('since')
      .orderBy('id')
      .execute()
    const standing = pauses.filter((pause) => !isOver(pause, now) && !mayProbe(pause, now))
    if (standing.length === 0) return []
    const lanes = await db
      .selectFrom((from) =>
        from
          .selectFrom('run_messages')
          .select('message_id')
          .where('run_id', '=', id)
          // Written out, not a parameter: only then does the partial index apply.
          .where(sql<SqlBool>`state = 'waiting'`)
          .orderBy('message_id')
          .limit(LOOKED_AT)
          .as('first'),
      )
      .innerJoin('messages', 'messages.id', 'first.message_id')
      .select(['route', 'source', 'channel', 'policies'])
      .execute()
    const covered = standing.filter((pause) =>
      lanes.some(({ policies, ...lane }) => {
        const [channel = lane.channel] = policiesOf(policies).channels
        return covers(pause, { ...lane, channel })
      }),
    )
    return covered.map(pauseOf).map(({ scope, name, reason }) => ({ scope, name, reason }))
  }

  return {
    async runs({ state, before, limit }) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .$if(state !== undefined, (query) => query.where('state', '=', state ?? ''))
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
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
        waitsFor: await waitsFor(row),
      }
    },
  }
}

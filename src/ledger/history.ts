import type { Kysely } from 'kysely'
import { EVENT_STATES, type Event } from '../event.ts'
import type { Channel, MessageState } from '../message.ts'
import type { Names } from './names.ts'
import { eventOf } from './rows.ts'
import type { Schema } from './schema.ts'

/** What was received, page by page, for whoever goes through all of it. Times: epoch milliseconds of receipt. */
export type History = {
  /** In the order of receipt, those after an event (null: from the beginning), received at `since` or later. */
  eventsAfter(
    after: Pick<Event, 'id' | 'receivedAt'> | null,
    filter: { since: number; limit: number },
  ): Promise<Event[]>
  /** How many were received from `since` to `until`. */
  countEvents(span: { since: number; until: number }): Promise<number>
  /** The messages of these events, as far as they have got. */
  messagesOf(eventIds: readonly number[]): Promise<MessageEnd[]>
  /** What the customers of these names, as `PlannedMessage.names` has them, refused and agreed to. */
  wishesOf(names: readonly string[]): Promise<CustomerWish[]>
}

/** A message's state without whom it is for. `isManual`: an operator re-triggered it. */
export type MessageEnd = {
  id: number
  eventId: number
  route: string
  state: MessageState
  code: string | null
  isManual: boolean
}

/** `channel` null: all. `until` null: it stands. `by`: the operator, `suppressOn` or `genesys`. `at`: when the newest word about marketing was said. */
export type CustomerWish = { name: string } & (
  | { kind: 'refusal'; channel: Channel | null; since: number; until: number | null; by: string }
  | { kind: 'consent'; given: boolean; at: number }
)

/** Parameters of one question; SQLite takes 32,766. */
const AT_ONCE = 10_000

/** `names`: hashes them with the ledger's key. */
export function createHistory(db: Kysely<Schema>, names: Names): History {
  /** In order of time for each state, which is what the index holds. */
  function eventsIn(state: string, after: Pick<Event, 'id' | 'receivedAt'> | null, since: number) {
    const from = Math.max(since, after?.receivedAt ?? since)
    return db
      .selectFrom('events')
      .selectAll()
      .where('state', '=', state)
      .where('received_at', '>=', from)
      .$if(after !== null, (query) =>
        query.where(({ eb, or }) =>
          or([eb('received_at', '>', after?.receivedAt ?? 0), eb('id', '>', after?.id ?? 0)]),
        ),
      )
  }

  return {
    async eventsAfter(after, { since, limit }) {
      const [first, ...others] = EVENT_STATES.map((state) => eventsIn(state, after, since))
      const rows = await others
        .reduce((all, more) => all.unionAll(more), first ?? eventsIn('planned', after, since))
        .orderBy('received_at')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(eventOf)
    },
    async countEvents({ since, until }) {
      const counts = await Promise.all(
        EVENT_STATES.map((state) =>
          db
            .selectFrom('events')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .where('state', '=', state)
            .where('received_at', '>=', since)
            .where('received_at', '<=', until)
            .executeTakeFirstOrThrow(),
        ),
      )
      return counts.reduce((sum, { count }) => sum + Number(count), 0)
    },
    async messagesOf(eventIds) {
      if (eventIds.length === 0) return []
      const rows = await db
        .selectFrom('messages')
        .select(['id', 'event_id', 'route', 'state', 'code', 'manual_by'])
        .where('event_id', 'in', eventIds)
        .execute()
      return rows.map(({ id, event_id, route, state, code, manual_by }) => ({
        id,
        eventId: event_id,
        route,
        state: state as MessageState,
        code,
        isManual: manual_by !== null,
      }))
    },
    async wishesOf(wanted) {
      const byHash = new Map(
        wanted.flatMap((name) => names.hashesOf([name]).map((hash) => [textOf(hash), name])),
      )
      const nameOf = (hash: Uint8Array) => byHash.get(textOf(hash)) ?? ''
      const hashes = [...byHash.keys()].map((hash) => Buffer.from(hash, 'hex'))
      const wishes: CustomerWish[] = []
      for (let from = 0; from < hashes.length; from += AT_ONCE) {
        const some = hashes.slice(from, from + AT_ONCE)
        const refusals = await db.selectFrom('suppressions').selectAll().where('hash', 'in', some).execute()
        for (const { hash, channel, since, lifted_at: until, by } of refusals) {
          const one = channel === '' ? null : (channel as Channel)
          wishes.push({ name: nameOf(hash), kind: 'refusal', channel: one, since, until, by })
        }
        const consents = await db.selectFrom('consents').selectAll().where('hash', 'in', some).execute()
        for (const { hash, given, at } of consents) {
          wishes.push({ name: nameOf(hash), kind: 'consent', given: given === 1, at })
        }
      }
      return wishes
    },
  }
}

function textOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}

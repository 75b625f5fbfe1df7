import type { Kysely } from 'kysely'
import type { Event } from '../event.ts'
import type { Message } from '../message.ts'
import { eventOf, messageOf } from './rows.ts'
import type { Schema } from './schema.ts'

/** Many at once, for whoever goes through what was selected. Those that do not exist are left out. */
export type ByIds = {
  /** Some thousand ids at most. */
  messagesById(ids: readonly number[]): Promise<Message[]>
  eventsById(ids: readonly number[]): Promise<Event[]>
  /** Whose each of these messages is: the same text where it is the same customer by the same names; empty where the event names nobody. */
  customersOf(ids: readonly number[]): Promise<{ id: number; customer: string }[]>
}

/** Parameters of one question; SQLite takes 32,766. */
const AT_ONCE = 10_000

export function createByIds(db: Kysely<Schema>): ByIds {
  return {
    async messagesById(ids) {
      const rows = await db.selectFrom('messages').selectAll().where('id', 'in', ids).execute()
      return rows.map(messageOf)
    },
    async eventsById(ids) {
      const rows = await db.selectFrom('events').selectAll().where('id', 'in', ids).execute()
      return rows.map(eventOf)
    },
    async customersOf(ids) {
      const found: { id: number; customer: string }[] = []
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const rows = await db
          .selectFrom('messages')
          .select(['id', 'names'])
          .where('id', 'in', ids.slice(from, from + AT_ONCE))
          .execute()
        for (const { id, names } of rows) {
          found.push({ id, customer: names === null ? '' : Buffer.from(names).toString('base64') })
        }
      }
      return found
    },
  }
}

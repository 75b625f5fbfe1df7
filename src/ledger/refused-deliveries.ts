import type { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Reads, RefusedKept, Summary } from './reads.ts'
import type { Schema } from './schema.ts'

/** For so long, and so many of a source: enough for a night in which a secret is wrong, and a bound to what a stranger can have us keep. */
export const KEPT_FOR_MS = 86_400_000
export const KEPT_PER_SOURCE = 1_000
/** Of one body. Events have 1 to 10 kB; batches and what is not of the sender may be longer. */
export const LARGEST_KEPT_BYTES = 64 * 1024

/** What was refused for its signature, as operators read it. What is too old is gone for them, whenever its row is deleted. */
export function createRefusedReads(
  db: Kysely<Schema>,
  clock: Clock,
): Pick<Reads, 'refusedDeliveries' | 'refusedDelivery'> {
  const kept = () => db.selectFrom('refused_deliveries').where('received_at', '>', clock.now() - KEPT_FOR_MS)
  return {
    async refusedDeliveries({ source, reason, since, until, before, limit }) {
      const rows = await kept()
        .select(['id', 'source', 'received_at', 'reason', 'bytes', 'accepted_at'])
        .select(({ eb }) => eb('body', 'is not', null).as('has_body'))
        .$if(source !== undefined, (query) => query.where('source', '=', source ?? ''))
        .$if(reason !== undefined, (query) => query.where('reason', '=', reason ?? ''))
        .$if(since !== undefined, (query) => query.where('received_at', '>=', since ?? 0))
        .$if(until !== undefined, (query) => query.where('received_at', '<=', until ?? 0))
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => keptOf(row, Boolean(row.has_body)))
    },
    async refusedDelivery(id) {
      const row = await kept().selectAll().where('id', '=', id).executeTakeFirst()
      if (!row) return null
      const { method, target, body } = row
      return {
        ...keptOf(row, body !== null),
        method,
        target,
        rawHeaders: JSON.parse(row.headers) as string[],
        body: body && Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      }
    },
  }
}

/** What could be verified again: kept with its body, and not taken in yet. */
export async function recheckableIn(db: Kysely<Schema>, now: number): Promise<Summary['recheckable']> {
  const rows = await db
    .selectFrom('refused_deliveries')
    .select(({ fn }) => [
      'source',
      'reason',
      fn.countAll<number>().as('count'),
      fn.min('received_at').as('since'),
    ])
    .where('received_at', '>', now - KEPT_FOR_MS)
    .where('accepted_at', 'is', null)
    .where('body', 'is not', null)
    .groupBy(['source', 'reason'])
    .orderBy('source')
    .orderBy('reason')
    .execute()
  return rows.map((row) => ({ ...row, count: Number(row.count) }))
}

type Row = {
  id: number
  source: string
  received_at: number
  reason: string
  bytes: number
  accepted_at: number | null
}

function keptOf(row: Row, bodyKept: boolean): RefusedKept {
  const { id, source, received_at: receivedAt, reason, bytes, accepted_at: acceptedAt } = row
  return { id, source, receivedAt, reason, bytes, bodyKept, acceptedAt }
}

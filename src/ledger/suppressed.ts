import { type Kysely, type SqlBool, sql } from 'kysely'
import type { Channel, IdentifierName } from '../message.ts'
import type { Reads, Suppression } from './reads.ts'
import type { Schema, SuppressionRow } from './schema.ts'
import type { Names } from './sqlite/names.ts'

/** Who must not be written to, as operators read it. Names are hashed here: the database has never seen one. */
export function createSuppressed(
  db: Kysely<Schema>,
  names: Names,
): Pick<Reads, 'suppressions' | 'suppressed'> {
  // Written out, not a parameter: only then does the partial index apply.
  const standing = db.selectFrom('suppressions').selectAll().where(sql<SqlBool>`lifted_at is null`)
  return {
    async suppressions({ limit }) {
      return (await standing.orderBy('since', 'desc').orderBy('hash', 'desc').limit(limit).execute()).map(
        suppressionOf,
      )
    },
    async suppressed(wanted) {
      if (wanted.length === 0) return []
      const rows = await standing
        .where('hash', 'in', names.hashesOf(wanted))
        .orderBy('since', 'desc')
        .orderBy('hash', 'desc')
        .execute()
      return rows.map(suppressionOf)
    },
  }
}

function suppressionOf({ hash, channel, kind, reason, by, since }: SuppressionRow): Suppression {
  return {
    kind: kind as IdentifierName | '',
    channel: channel === '' ? null : (channel as Channel),
    reason,
    by,
    since,
    hash: Buffer.from(hash).toString('hex').slice(0, 8),
  }
}

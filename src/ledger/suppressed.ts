import { type Kysely, type SqlBool, sql } from 'kysely'
import type { Channel, IdentifierName } from '../message.ts'
import type { Names } from './names.ts'
import type { Reads, Suppression, SuppressionPlace } from './reads.ts'
import type { Schema, SuppressionRow } from './schema.ts'

/** Who must not be written to, as operators read it. Names are hashed here: the database has never seen one. */
export function createSuppressed(
  db: Kysely<Schema>,
  names: Names,
): Pick<Reads, 'suppressions' | 'suppressionPage' | 'suppressed'> {
  const standing = db
    .selectFrom('suppressions')
    .selectAll()
    // Written out, not a parameter: only then does the partial index apply.
    .where(sql<SqlBool>`lifted_at is null`)
    .orderBy('since', 'desc')
    .orderBy('hash', 'desc')
    .orderBy('channel', 'desc')
  return {
    async suppressions({ limit }) {
      return (await standing.limit(limit).execute()).map(suppressionOf)
    },
    async suppressionPage({ limit, before }) {
      const rows = await (before === undefined ? standing : standing.where(isBefore(before)))
        .limit(limit + 1)
        .execute()
      const shown = rows.slice(0, limit)
      const last = rows.length > limit ? shown.at(-1) : undefined
      return { items: shown.map(suppressionOf), next: last ? placeOf(last) : null }
    },
    async suppressed(wanted) {
      if (wanted.length === 0) return []
      return (await standing.where('hash', 'in', names.hashesOf(wanted)).execute()).map(suppressionOf)
    },
  }
}

function isBefore({ since, hash, channel }: SuppressionPlace) {
  return sql<SqlBool>`(since, hash, channel) < (${since}, ${Buffer.from(hash, 'hex')}, ${channel})`
}

function placeOf({ since, hash, channel }: SuppressionRow): SuppressionPlace {
  return { since, hash: hexOf(hash), channel: channel as Channel | '' }
}

function suppressionOf({ hash, channel, kind, reason, by, since }: SuppressionRow): Suppression {
  return {
    kind: kind as IdentifierName | '',
    channel: channel === '' ? null : (channel as Channel),
    reason,
    by,
    since,
    hash: hexOf(hash).slice(0, 8),
  }
}

function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}

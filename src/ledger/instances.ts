import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** One process that receives and delivers. Times in epoch milliseconds. */
export type Instance = {
  /** The owner of its leases. */
  id: string
  /** The machine's name. */
  host: string
  pid: number
  /** Of the configuration it runs with: instances of one ledger should have the same. */
  configVersion: string
  startedAt: number
  seenAt: number
}

/** `atWork`: those that are, with the one that asks. */
export type Beat = { interrupted: number; atWork: number }

/** Instances say that they are at work. */
export type Instances = {
  /**
   * Says that this instance is at work. On PostgreSQL it also takes over what instances left behind that are gone: what they had leased is free again, and what they were sending is `unconfirmed`. Answers
   * how many messages that were, and how many instances are at work with it. Not forced to disk by itself.
   */
  beat(instance: Omit<Instance, 'seenAt'>): Promise<Beat>
  /** It is no more at work. */
  leave(id: string): Promise<void>
}

/** How often an instance says that it is at work. */
export const BEAT_MS = 3_000
/** Who has said nothing for so long is gone, or cannot reach the ledger. */
export const GONE_MS = 10_000

/** Those that are at work, the oldest first. `now`: epoch milliseconds. */
export async function instancesIn(db: Kysely<Schema>, now: number): Promise<Instance[]> {
  const rows = await db
    .selectFrom('instances')
    .selectAll()
    .where('seen_at', '>', now - GONE_MS)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    host: row.host,
    pid: row.pid,
    configVersion: row.config_version,
    startedAt: row.started_at,
    seenAt: row.seen_at,
  }))
}

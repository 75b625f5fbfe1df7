import type { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Operator, Role } from '../operator.ts'
import type { Access, AccessReads, AuditRecord } from './access.ts'
import type { Schema } from './schema.ts'
import { accountOf } from './verbs/access-operators.ts'
import { SEEN_MS } from './verbs/access-sessions.ts'
import { tokenOf } from './verbs/access-tokens.ts'

/** Who may look and act, and what was done, on any database that Kysely speaks to. */
export function createAccessReads(db: Kysely<Schema>, clock: Pick<Clock, 'now'>): AccessReads {
  const standing = db.selectFrom('operators').selectAll().where('removed_at', 'is', null)
  return {
    async operators() {
      return (await standing.orderBy('name').execute()).map(accountOf)
    },
    async credentials(name) {
      const row = await standing.where('name', '=', name).executeTakeFirst()
      return row ? { id: row.id, name: row.name, role: row.role as Role, password: row.password } : null
    },
    async sessions() {
      const rows = await db
        .selectFrom('sessions')
        .innerJoin('operators', 'operators.id', 'sessions.operator_id')
        .select(['operators.name', 'sessions.created_at', 'seen_at', 'expires_at'])
        .where('expires_at', '>', clock.now())
        .orderBy('sessions.created_at', 'desc')
        .execute()
      return rows.map(({ name, created_at, seen_at, expires_at }) => ({
        operator: name,
        createdAt: created_at,
        seenAt: seen_at,
        expiresAt: expires_at,
      }))
    },
    async tokens() {
      return (await db.selectFrom('api_tokens').selectAll().orderBy('id', 'desc').execute()).map(tokenOf)
    },
    async audit({ before, by, action, limit }) {
      const rows = await db
        .selectFrom('audit')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
        .$if(by !== undefined, (query) => query.where('by', '=', by ?? ''))
        .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ ...row, target: JSON.parse(row.target) as AuditRecord['target'] }))
    },
  }
}

/** `used`: writes that it was used, where the last time is longer ago than `SEEN_MS`. */
type Used = { session(hash: string): Promise<void>; token(hash: string): Promise<void> }

/** Whose session or token it is: read apart from the hot path, and written only where there is something to write. */
export function createSeeing(
  db: Kysely<Schema>,
  clock: Pick<Clock, 'now'>,
  used: Used,
): Pick<Access, 'seeSession' | 'seeToken'> {
  // Who may look may do so though the ledger cannot be written: it is then that one looks.
  const note = (use: Promise<void>) => use.catch(() => {})
  const isStale = (at: number | null, now: number) => at === null || now - at >= SEEN_MS
  return {
    async seeSession(hash, idleMs, isUse) {
      const now = clock.now()
      const row = await db
        .selectFrom('sessions')
        .innerJoin('operators', 'operators.id', 'sessions.operator_id')
        .select(['name', 'role', 'seen_at'])
        .where('hash', '=', Buffer.from(hash, 'hex'))
        .where('expires_at', '>', now)
        .where('seen_at', '>', now - idleMs)
        .where('removed_at', 'is', null)
        .executeTakeFirst()
      if (!row) return null
      if (isUse && isStale(row.seen_at, now)) await note(used.session(hash))
      return { name: row.name, role: row.role as Role, via: 'session' }
    },
    async seeToken(hash): Promise<Operator | null> {
      const now = clock.now()
      const row = await db
        .selectFrom('api_tokens')
        .select(['name', 'role', 'used_at'])
        .where('hash', '=', Buffer.from(hash, 'hex'))
        .where('revoked_at', 'is', null)
        .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .executeTakeFirst()
      if (!row) return null
      if (isStale(row.used_at, now)) await note(used.token(hash))
      return { name: `token ${row.name}`, role: row.role as Role, via: 'token' }
    },
  }
}

import type { Role } from '../../operator.ts'
import type { Access, ApiToken } from '../access.ts'
import type { ApiTokenRow } from '../schema.ts'
import { SEEN_MS } from './access-sessions.ts'
import type { Audit } from './audit.ts'
import type { Store } from './store.ts'

/** What programs come in with. One that was revoked is kept: the trail names it. */
export function createTokens({ prepare, clock }: Store, audit: Audit) {
  const standing = prepare<{ id: number }>(
    'SELECT id FROM api_tokens WHERE name = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)',
  )
  const insert = prepare<ApiTokenRow>(
    `INSERT INTO api_tokens (name, hash, role, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING *`,
  )
  const revoke = prepare<ApiTokenRow>(
    'UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING *',
  )
  const used = prepare(
    'UPDATE api_tokens SET used_at = ? WHERE hash = ? AND (used_at IS NULL OR used_at <= ?)',
  )

  return {
    add({ name, hash, role, forMs }: Parameters<Access['addToken']>[0], by: string) {
      const now = clock.now()
      const same = standing.get(name, now)
      if (same) {
        const reason = `There is a token ${name} already. Another name, or first: postrider tokens remove ${same.id}`
        return { kind: 'refused' as const, reason }
      }
      const expiresAt = forMs === null ? null : now + forMs
      const row = insert.get(name, Buffer.from(hash, 'hex'), role, now, by, expiresAt)
      if (!row) throw new Error('a token that was just written is gone')
      audit({ by, action: 'token.add', target: { token: row.id, name, role } }, now)
      return { kind: 'added' as const, token: tokenOf(row) }
    },
    revoke(id: number, by: string): boolean {
      const now = clock.now()
      const row = revoke.get(now, id)
      if (!row) return false
      audit({ by, action: 'token.remove', target: { token: id, name: row.name } }, now)
      return true
    },
    used(hash: string): void {
      const now = clock.now()
      used.run(now, Buffer.from(hash, 'hex'), now - SEEN_MS)
    },
  }
}

export function tokenOf(row: ApiTokenRow): ApiToken {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    revokedAt: row.revoked_at,
  }
}

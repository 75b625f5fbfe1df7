import type { Access } from '../access.ts'
import type { OperatorRow } from '../schema.ts'
import type { Logins } from './access-logins.ts'
import type { Audit } from './audit.ts'
import { ALL } from './statement.ts'
import type { Store } from './store.ts'

/** A use is written down no more often: each is a commit. */
export const SEEN_MS = 60_000

/** More browsers than one person has; whoever has more is let go of where it was longest ago. */
const MOST_SESSIONS = 20

export function createSessions({ prepare, clock }: Store, audit: Audit, logins: Logins) {
  const operator = prepare<Pick<OperatorRow, 'id' | 'name'>>(
    'SELECT id, name FROM operators WHERE id = ? AND password = ? AND removed_at IS NULL',
  )
  const forgetOver = prepare('DELETE FROM sessions WHERE expires_at <= ?')
  const forgetMost = prepare(
    `DELETE FROM sessions WHERE hash IN
       (SELECT hash FROM sessions WHERE operator_id = ? ORDER BY seen_at DESC LIMIT ${ALL} OFFSET ${MOST_SESSIONS - 1})`,
  )
  const insert = prepare(
    'INSERT INTO sessions (hash, operator_id, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?)',
  )
  const find = prepare<Pick<OperatorRow, 'id' | 'name'>>(
    'SELECT operators.id, operators.name FROM sessions JOIN operators ON operators.id = operator_id WHERE hash = ?',
  )
  const end = prepare('DELETE FROM sessions WHERE hash = ?')
  const seen = prepare('UPDATE sessions SET seen_at = ? WHERE hash = ? AND seen_at <= ?')

  return {
    open({ operator: asked, hash, forMs, keys }: Parameters<Access['openSession']>[0]): boolean {
      const found = operator.get(asked.id, asked.password)
      if (!found) return false
      const now = clock.now()
      forgetOver.run(now)
      forgetMost.run(found.id)
      insert.run(Buffer.from(hash, 'hex'), found.id, now, now, now + forMs)
      logins.takeBack(keys)
      audit({ by: found.name, action: 'login', target: { operator: found.id } }, now)
      return true
    },
    end(hash: string): boolean {
      const bytes = Buffer.from(hash, 'hex')
      const found = find.get(bytes)
      if (!found) return false
      end.run(bytes)
      audit({ by: found.name, action: 'logout', target: { operator: found.id } }, clock.now())
      return true
    },
    seen(hash: string): void {
      const now = clock.now()
      seen.run(now, Buffer.from(hash, 'hex'), now - SEEN_MS)
    },
  }
}

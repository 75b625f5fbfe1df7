import type { Role } from '../../operator.ts'
import type { OperatorAccount } from '../access.ts'
import type { OperatorRow } from '../schema.ts'
import type { Audit } from './audit.ts'
import type { Store } from './store.ts'

/** Who there is. A name is kept when its operator goes: the trail has it, and it must not become somebody else's unnoticed. */
export function createOperatorAccounts({ prepare, clock }: Store, audit: Audit) {
  const named = prepare<OperatorRow>('SELECT * FROM operators WHERE name = ?')
  const insert = prepare<OperatorRow>(
    `INSERT INTO operators (name, role, password, created_at, created_by) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password,
       created_at = excluded.created_at, created_by = excluded.created_by, removed_at = NULL
     RETURNING *`,
  )
  const setPassword = prepare('UPDATE operators SET password = ? WHERE id = ?')
  const setRole = prepare('UPDATE operators SET role = ? WHERE id = ?')
  const remove = prepare('UPDATE operators SET removed_at = ? WHERE id = ?')
  const endSessions = prepare('DELETE FROM sessions WHERE operator_id = ?')

  function standing(name: string): OperatorRow | null {
    const row = named.get(name)
    return row && row.removed_at === null ? row : null
  }

  return {
    add(account: { name: string; role: Role; password: string }, by: string) {
      const { name, role, password } = account
      if (standing(name)) {
        const reason = `There is an operator ${name} already. A new password: postrider operators password ${name}`
        return { kind: 'refused' as const, reason }
      }
      const now = clock.now()
      const row = insert.get(name, role, password, now, by)
      if (!row) throw new Error('an operator that was just written is gone')
      audit({ by, action: 'operator.add', target: { operator: row.id, name, role } }, now)
      return { kind: 'added' as const, operator: accountOf(row) }
    },
    change(name: string, { password, role }: { password?: string; role?: Role }, by: string): boolean {
      const row = standing(name)
      if (!row) return false
      const now = clock.now()
      const target = { operator: row.id, name }
      if (password !== undefined) {
        setPassword.run(password, row.id)
        const { changes } = endSessions.run(row.id)
        audit({ by, action: 'operator.password', target: { ...target, sessions: changes } }, now)
      }
      if (role !== undefined && role !== row.role) {
        setRole.run(role, row.id)
        audit({ by, action: 'operator.role', target: { ...target, from: row.role, to: role } }, now)
      }
      return true
    },
    remove(name: string, by: string): boolean {
      const row = standing(name)
      if (!row) return false
      const now = clock.now()
      remove.run(now, row.id)
      const { changes } = endSessions.run(row.id)
      audit({ by, action: 'operator.remove', target: { operator: row.id, name, sessions: changes } }, now)
      return true
    },
    endSessions(name: string, by: string): number {
      const row = standing(name)
      if (!row) return 0
      const { changes } = endSessions.run(row.id)
      const target = { operator: row.id, name, sessions: changes }
      if (changes > 0) audit({ by, action: 'operator.logout', target }, clock.now())
      return changes
    },
  }
}

export function accountOf({ id, name, role, created_at, created_by }: OperatorRow): OperatorAccount {
  return { id, name, role: role as Role, createdAt: created_at, createdBy: created_by }
}

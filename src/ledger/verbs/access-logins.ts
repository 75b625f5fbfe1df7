import type { LoginKey } from '../access.ts'
import type { FailedLoginRow, OperatorRow } from '../schema.ts'
import type { Audit } from './audit.ts'
import type { Store } from './store.ts'

export type Logins = ReturnType<typeof createLogins>

/** The wait doubles with each failure beyond the free ones, from a second to a quarter of an hour: 96 guesses a day, and nobody is locked out for good. */
const LONGEST_WAIT_MS = 15 * 60_000
/** A day without another failure, and it begins anew. */
const FORGET_MS = 86_400_000
/** Whoever has many addresses makes no table grow: the oldest is forgotten. */
const MOST_ROWS = 10_000
/** Nobody who is not let in may fill the trail, which is never shortened. */
const MOST_TOLD = 100
const TOLD_WITHIN_MS = 3_600_000

export function createLogins({ prepare, clock }: Store, audit: Audit) {
  const find = prepare<FailedLoginRow>('SELECT * FROM failed_logins WHERE hash = ? AND last_at > ?')
  const forgetOld = prepare('DELETE FROM failed_logins WHERE last_at <= ?')
  const count = prepare<{ rows: number }>('SELECT count(*) AS rows FROM failed_logins')
  const forgetOldest = prepare(
    'DELETE FROM failed_logins WHERE hash IN (SELECT hash FROM failed_logins ORDER BY last_at LIMIT ?)',
  )
  const add = prepare(
    `INSERT INTO failed_logins (hash, count, last_at) VALUES (?, 1, ?)
     ON CONFLICT (hash) DO UPDATE SET count = failed_logins.count + 1, last_at = excluded.last_at`,
  )
  const forget = prepare('DELETE FROM failed_logins WHERE hash = ?')
  const oneLess = prepare('UPDATE failed_logins SET count = max(count - 1, 0) WHERE hash = ?')
  const nameOf = prepare<Pick<OperatorRow, 'name'>>('SELECT name FROM operators WHERE id = ?')
  const told = prepare<{ rows: number }>(
    `SELECT count(*) AS rows FROM (SELECT 1 FROM audit WHERE action = 'login.failed' AND at > ? LIMIT ${MOST_TOLD}) AS few`,
  )

  function waitOf({ hash, free }: LoginKey, now: number): number {
    const row = find.get(Buffer.from(hash, 'hex'), now - FORGET_MS)
    if (!row || row.count < free) return 0
    const wait = Math.min(1000 * 2 ** Math.min(row.count - free, 20), LONGEST_WAIT_MS)
    return Math.max(0, row.last_at + wait - now)
  }

  return {
    count(keys: readonly LoginKey[]): number {
      const now = clock.now()
      const wait = Math.max(0, ...keys.map((key) => waitOf(key, now)))
      if (wait > 0) return wait
      forgetOld.run(now - FORGET_MS)
      for (const { hash } of keys) add.run(Buffer.from(hash, 'hex'), now)
      const over = (count.get()?.rows ?? 0) - MOST_ROWS
      if (over > 0) forgetOldest.run(over)
      return 0
    },
    failed(operatorId: number | null): void {
      const now = clock.now()
      if ((told.get(now - TOLD_WITHIN_MS)?.rows ?? 0) >= MOST_TOLD) return
      const by = operatorId === null ? 'nobody' : (nameOf.get(operatorId)?.name ?? 'nobody')
      // What was typed as the name is not kept: it may be a password.
      audit({ by, action: 'login.failed', target: operatorId === null ? {} : { operator: operatorId } }, now)
    },
    /** Who logs in from an address is no reason to let others guess on from there. */
    takeBack([own, ...others]: readonly LoginKey[]): void {
      if (own) forget.run(Buffer.from(own.hash, 'hex'))
      for (const { hash } of others) oneLess.run(Buffer.from(hash, 'hex'))
    },
  }
}

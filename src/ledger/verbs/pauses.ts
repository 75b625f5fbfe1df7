import type { Pause, PauseCode } from '../../message.ts'
import type { PauseRequest } from '../ledger.ts'
import { clean, pauseOf } from '../rows.ts'
import type { PauseRow } from '../schema.ts'
import { isOver } from '../standing.ts'
import type { Audit } from './audit.ts'
import type { Store } from './store.ts'

export type Pauses = {
  /** Those that are not over at `now`, oldest first. */
  standing(now: number): PauseRow[]
  pause(request: PauseRequest): Pause
  resume(pauseId: number, by: string): boolean
  /** Names the message as what probes for the pause until `until`, so that nobody else does. */
  probing(pauseId: number, messageId: number, until: number): void
  /** The lease of a message that probes was extended: so is its turn. */
  extendProbe(messageId: number, until: number): void
}

/** Who ends a pause when a probe got through. No operator may be called so. */
const ITSELF = 'postrider'

export function createPauses(store: Store, audit: Audit): Pauses {
  const { prepare, clock } = store
  const standing = prepare<PauseRow>(
    'SELECT * FROM pauses INDEXED BY pauses_standing WHERE ended_at IS NULL ORDER BY since, id',
  )
  const sameCause = prepare<PauseRow>(
    'SELECT * FROM pauses WHERE ended_at IS NULL AND scope = ? AND name = ? AND code = ?',
  )
  const find = prepare<PauseRow>('SELECT * FROM pauses WHERE id = ? AND ended_at IS NULL')
  const insert = prepare<PauseRow>(
    `INSERT INTO pauses (scope, name, code, reason, since, until, probes, "by")
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
  )
  const renew = prepare<PauseRow>(
    `UPDATE pauses SET reason = ?, until = ?, probes = ?, "by" = ?, probe_message = NULL WHERE id = ? RETURNING *`,
  )
  const end = prepare('UPDATE pauses SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL')
  const probing = prepare('UPDATE pauses SET probe_message = ?, until = ? WHERE id = ? AND ended_at IS NULL')
  const extendProbe = prepare(
    `UPDATE pauses INDEXED BY pauses_standing SET until = ?
     WHERE ended_at IS NULL AND probe_message = ? AND until < ?`,
  )
  const forgetOpens = prepare('DELETE FROM route_opens WHERE route = ?')

  function pause(request: PauseRequest): Pause {
    const now = clock.now()
    const name = request.name ?? ''
    const reason = clean(request.reason)
    const asked = request.forMs === null ? null : Math.min(now + request.forMs, LATEST)
    const same = sameCause.get(request.scope, name, request.code)
    if (request.forMs === 0) store.dueNow()
    if (same && !isOver(same, now)) {
      const until = laterOf(request.code, same.until, asked)
      return rowOf(renew.get(reason, until, request.probes, request.by, same.id))
    }
    if (same) end.later(same.until ?? now, same.by, same.id)
    return rowOf(
      insert.get(request.scope, name, request.code, reason, now, asked, request.probes, request.by),
    )
  }

  /** What an operator does; what Postrider itself pauses is in the log and among the pauses. */
  function byOperator(request: PauseRequest): Pause {
    const made = pause(request)
    if (request.code !== 'operator') return made
    const { by, reason, forMs } = request
    const target = { ...targetOf(made), ...(forMs === null ? {} : { forMs }) }
    audit({ by, action: 'pause', target, reason }, clock.now())
    return made
  }

  return {
    standing: (now) => standing.all().filter((row) => !isOver(row, now)),
    pause: byOperator,
    resume(pauseId, by) {
      const now = clock.now()
      const row = find.get(pauseId)
      if (!row || isOver(row, now)) return false
      end.later(now, by, pauseId)
      if (row.code === 'brake') forgetOpens.later(row.name)
      store.dueNow()
      if (by !== ITSELF) audit({ by, action: 'resume', target: targetOf(pauseOf(row)) }, now)
      return true
    },
    probing(pauseId, messageId, until) {
      probing.later(messageId, until, pauseId)
    },
    extendProbe(messageId, until) {
      extendProbe.later(until, messageId, until)
    },
  }
}

/** The end of the year 9999: what comes later has no time of four digits, and past 275760 none at all. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Of two waits that Genesys asked for, the longer holds: the answer to an earlier request says nothing about a later one's. */
function laterOf(code: PauseCode, standing: number | null, asked: number | null): number | null {
  if (code !== 'rate-limited' || standing === null || asked === null) return asked
  return Math.max(standing, asked)
}

function targetOf({ id, scope, name, code }: Pause): Record<string, number | string> {
  return { pause: id, scope, ...(name === null ? {} : { name }), code }
}

function rowOf(row: PauseRow | undefined): Pause {
  if (!row) throw new Error('a pause that was just written is gone')
  return pauseOf(row)
}

import { type Beat, GONE_MS, type Instance } from '../instances.ts'
import { clean } from '../rows.ts'
import type { Recover } from './recover.ts'
import type { Store } from './store.ts'

/** Rows of those that ended without a word are kept for so long, to be looked at. */
const KEPT_FOR_MS = 86_400_000

/** Who is at work. See `Instances`. */
export function createInstances({ prepare, clock, dialect }: Store, recover: Recover) {
  const say = prepare(
    `INSERT INTO instances (id, host, pid, config_version, started_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, config_version = excluded.config_version`,
  )
  const forget = prepare('DELETE FROM instances WHERE id = ? OR seen_at < ?')

  const count = prepare<{ at_work: number }>('SELECT count(*) AS at_work FROM instances WHERE seen_at > ?')

  const atWork = (): number => count.get(clock.now() - GONE_MS)?.at_work ?? 0

  return {
    /** Whether nobody is at work who has said so. */
    isAlone: (): boolean => atWork() === 0,
    beat({ id, host, pid, configVersion, startedAt }: Omit<Instance, 'seenAt'>): Beat {
      const now = clock.now()
      say.later(clean(id), clean(host), pid, configVersion, startedAt, now)
      const { interrupted } = dialect.isShared ? recover.ofTheGone() : { interrupted: 0 }
      return { interrupted, atWork: atWork() }
    },
    leave(id: string): void {
      forget.later(clean(id), clock.now() - KEPT_FOR_MS)
    },
  }
}

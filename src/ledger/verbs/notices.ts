import type { Notice, NoticeCause } from '../notices.ts'
import type { NoticeRow } from '../schema.ts'
import type { Store } from './store.ts'

const KEPT_FOR_MS = 30 * 86_400_000
const MOST_AT_ONCE = 50

/** Of what somebody is told. A cause stands once, by its unique index; one that comes back is another row. */
export function createNotices({ prepare, clock }: Store) {
  const standing = prepare<Pick<NoticeRow, 'id' | 'cause'>>(
    'SELECT id, cause FROM notices WHERE over_at IS NULL',
  )
  // A word that is the same writes nothing, so that whoever looks each minute costs no commit.
  const stand = prepare(
    `INSERT INTO notices (cause, kind, data, since) VALUES (?, ?, ?, ?)
     ON CONFLICT (cause) WHERE over_at IS NULL DO UPDATE SET data = excluded.data WHERE notices.data <> excluded.data`,
  )
  const end = prepare('UPDATE notices SET over_at = ? WHERE id = ? AND over_at IS NULL')
  const forgetOld = prepare('DELETE FROM notices WHERE over_at <= ?')
  const untold = prepare<NoticeRow>(
    `SELECT * FROM notices
     WHERE (told_at IS NULL AND over_at IS NULL) OR (over_at IS NOT NULL AND over_told_at IS NULL AND (told_at IS NOT NULL OR tried_at IS NOT NULL))
     ORDER BY id LIMIT ${MOST_AT_ONCE}`,
  )
  const toldBegun = prepare('UPDATE notices SET told_at = ? WHERE id = ? AND told_at IS NULL')
  const tried = prepare('UPDATE notices SET tried_at = ? WHERE id = ?')
  const toldOver = prepare('UPDATE notices SET over_told_at = ? WHERE id = ? AND over_told_at IS NULL')

  return {
    observe(causes: readonly NoticeCause[]): void {
      const now = clock.now()
      const present = new Set(causes.map(({ cause }) => cause))
      for (const { id, cause } of standing.all()) if (!present.has(cause)) end.run(now, id)
      for (const { cause, kind, data, since } of causes) stand.run(cause, kind, JSON.stringify(data), since)
      forgetOld.run(now - KEPT_FOR_MS)
    },
    untold: (): Notice[] => untold.all().map(noticeOf),
    told(id: number, what: Notice['what']): void {
      // One that was over before it was told is told to be over too.
      const told = what === 'began' ? toldBegun : toldOver
      told.run(clock.now(), id)
    },
    tried(id: number, mayHaveArrived: boolean): void {
      tried.run(mayHaveArrived ? clock.now() : null, id)
    },
  }
}

function noticeOf(row: NoticeRow): Notice {
  const { id, cause, kind, since, told_at: toldAt, over_at: overAt, tried_at: triedAt } = row
  const data = JSON.parse(row.data) as Notice['data']
  const what = toldAt === null && overAt === null ? 'began' : 'over'
  return { id, cause, kind, data, since, what, overAt, tried: triedAt !== null }
}

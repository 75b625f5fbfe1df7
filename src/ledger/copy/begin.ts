import { randomUUID } from 'node:crypto'
import { PostriderError } from '../../errors.ts'
import { COPY, type CopyMark, MARKS, MOVED, type MovedMark, whyUnusable } from './marks.ts'
import { type Side, textOf } from './side.ts'
import { TABLES } from './tables.ts'

type Marks = { copy: CopyMark | null; moved: MovedMark | null; why: string | null }

async function marksIn(side: Side): Promise<Marks> {
  const rows = (await side.all(MARKS)).map(([name, value]) => ({ name: String(name), value: String(value) }))
  const mark = <T>(wanted: string) => {
    const found = rows.find(({ name }) => name === wanted)
    return found ? (JSON.parse(found.value) as T) : null
  }
  return { copy: mark(COPY), moved: mark(MOVED), why: whyUnusable(rows, side.place) }
}

/** Where to the source was copied; null: nowhere. Rejects with LEDGER_UNAVAILABLE where it is itself a copy that is not finished. */
export async function movedFrom(source: Side): Promise<MovedMark | null> {
  const { copy, moved, why } = await marksIn(source)
  if (copy !== null) throw new PostriderError('LEDGER_UNAVAILABLE', why ?? '')
  return moved
}

/** How far the copy is that was begun of this source; a new one where there is none and the other ledger is empty. Rejects with REFUSED where it is neither. `moved`: what the source says. */
export async function markOf(source: Side, copy: Side, moved: MovedMark | null): Promise<CopyMark> {
  const { copy: mark } = await marksIn(copy)
  // What is whole is no copy any more that goes on.
  if (moved !== null && moved.id !== mark?.id) {
    throw new PostriderError('REFUSED', (await marksIn(source)).why ?? '')
  }
  const stamp = await stampOf(source)
  if (mark === null) return begin(source, copy, stamp)
  if (moved !== null || mark.stamp === stamp) return mark
  throw new PostriderError(
    'REFUSED',
    `${copy.place} holds a copy of ${mark.from} that was begun and not finished, and ${source.place} is not what that was then: it was used since, or it is another ledger. Empty ${copy.place} and do the same again, or name another.`,
  )
}

async function begin(source: Side, copy: Side, stamp: string): Promise<CopyMark> {
  const filled: string[] = []
  for (const { name, isEmptiedFirst } of TABLES) {
    if (isEmptiedFirst === true) continue
    if ((await copy.all(`SELECT 1 FROM ${name} LIMIT 1`)).length > 0) filled.push(name)
  }
  if (filled.length > 0) {
    throw new PostriderError(
      'REFUSED',
      `The ledger ${copy.place} is not empty (${filled.join(', ')}), and two ledgers cannot become one. Name an empty database, or a file that does not exist yet.`,
    )
  }
  const mark = { id: randomUUID(), from: source.place, stamp, at: null, rows: 0, isCompared: false }
  await copy.write(() => setMark(copy, COPY, mark), { durable: true })
  return mark
}

/** What changes when a ledger is used: the last of its events, messages and attempts, what operators did, what was asked of its budget, and of its health. */
async function stampOf(source: Side): Promise<string> {
  const last = ['events', 'messages', 'attempts', 'audit'].map((name) => `(SELECT max(id) FROM ${name})`)
  const [row = []] = await source.all(
    `SELECT ${last.join(', ')}, (SELECT tat FROM budget), (SELECT value FROM meta WHERE name = 'ping')`,
  )
  return textOf(row)
}

/** Within a transaction, as the next. */
export async function setMark(side: Side, name: string, mark: CopyMark | MovedMark): Promise<void> {
  await side.all('INSERT INTO meta (name, value) VALUES (?, ?)', name, JSON.stringify(mark))
}

export async function removeMark(side: Side, name: string): Promise<void> {
  await side.all('DELETE FROM meta WHERE name = ?', name)
}

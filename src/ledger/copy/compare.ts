import { createHash } from 'node:crypto'
import { PostriderError } from '../../errors.ts'
import { type Column, keyIn, type Row, rowsAfter, type Side, textOf } from './side.ts'
import { TABLES, type Table } from './tables.ts'

type Content = { rows: number; digest: string }

/** Reads every row of both sides, and throws REFUSED where a table does not hold the same. `progress`: how many rows of the source were read. */
export async function assertSame(source: Side, copy: Side, progress: (done: number) => void): Promise<void> {
  let done = 0
  const differing: string[] = []
  for (const table of TABLES) {
    const columns = await copy.columnsOf(table.name)
    const counted = (rows: number) => progress(done + rows)
    const [here, there] = await Promise.all([
      contentOf(source, table, columns, counted),
      contentOf(copy, table, columns, () => {}),
    ])
    done += here.rows
    if (here.digest !== there.digest) {
      differing.push(`${table.name} (rows: ${here.rows}, in the copy ${there.rows})`)
    }
  }
  if (differing.length === 0) return
  throw new PostriderError(
    'REFUSED',
    `The copy ${copy.place} does not hold what ${source.place} holds: ${differing.join(', ')}. One of them was written to since the copy was begun. Nothing was changed in ${source.place}; empty ${copy.place} and do the same again.`,
  )
}

/** All rows in the order of their keys, which is the same on both sides. */
async function contentOf(
  side: Side,
  table: Table,
  columns: readonly Column[],
  counted: (rows: number) => void,
): Promise<Content> {
  const hash = createHash('sha256')
  let rows = 0
  let after: Row | null = null
  for (;;) {
    const batch: readonly Row[] = await rowsAfter(side, table, columns, after)
    const last = batch.at(-1)
    if (last === undefined) return { rows, digest: hash.digest('hex') }
    hash.update(batch.map((row) => `${textOf(row)}\n`).join(''))
    rows += batch.length
    after = keyIn(table, columns, last)
    counted(rows)
  }
}

import { setImmediate } from 'node:timers/promises'
import { PostriderError } from '../../errors.ts'
import { COPY, type CopyMark } from './marks.ts'
import { keyIn, keyOfText, type Row, rowsAfter, type Side, textOf } from './side.ts'
import { TABLES } from './tables.ts'

/** Of one statement: bytes are written to PostgreSQL as twice as many characters, and it takes less than a GiB of them. */
const BATCH_BYTES = 32 * 1024 * 1024

/**
 * Copies the rows that are not there yet, table by table in the order of their keys. Each batch is one transaction with the mark that says how far it is, so that whoever goes on after a kill copies no row twice and passes
 * none over. Answers the last mark. `copied`: rows so far, after each batch that is committed.
 */
export async function copyRows(
  source: Side,
  copy: Side,
  begun: CopyMark,
  { copied, atOnce = Number.POSITIVE_INFINITY }: { copied(rows: number): void; atOnce: number | undefined },
): Promise<CopyMark> {
  let mark = begun
  const first = mark.at === null ? 0 : TABLES.findIndex(({ name }) => name === begun.at?.table)
  for (const whole of TABLES.slice(first)) {
    const table = { ...whole, atOnce: Math.min(whole.atOnce, atOnce) }
    const { name, isEmptiedFirst = false, where = 'true' } = table
    const columns = await copy.columnsOf(name)
    let after: Row | null = begun.at?.table === name ? keyOfText(begun.at.key) : null
    for (;;) {
      const rows = fitting(await rowsAfter(source, table, columns, after))
      const last = rows.at(-1)
      const isToEmpty = isEmptiedFirst && after === null
      if (last === undefined && !isToEmpty) break
      after = last === undefined ? after : keyIn(table, columns, last)
      const at = after === null ? mark.at : { table: name, key: textOf(after) }
      mark = { ...mark, at, rows: mark.rows + rows.length }
      await copy
        .write(
          async () => {
            if (isToEmpty) await copy.all(`DELETE FROM ${name} WHERE ${where}`)
            if (rows.length > 0) await copy.insert(name, columns, rows)
            await saveMark(copy, mark)
          },
          { durable: false },
        )
        .catch((error: unknown) => {
          throw named(error, `${name}, of the ${rows.length} rows up to ${mark.at?.key}`)
        })
      copied(mark.rows)
      if (last === undefined) break
      // SQLite answers at once: so that a progress bar is drawn, and a signal heard.
      await setImmediate()
    }
  }
  return mark
}

/** Within a transaction of the copy that has a mark. */
export async function saveMark(copy: Side, mark: CopyMark): Promise<void> {
  await copy.all('UPDATE meta SET value = ? WHERE name = ?', JSON.stringify(mark), COPY)
}

/** As many of the first rows as one statement takes; at least one. */
function fitting(rows: readonly Row[]): readonly Row[] {
  let bytes = 0
  const end = rows.findIndex((row, n) => {
    bytes += row.reduce<number>((sum, value) => sum + sizeOf(value), 0)
    return n > 0 && bytes > BATCH_BYTES
  })
  return end === -1 ? rows : rows.slice(0, end)
}

function sizeOf(value: Row[number]): number {
  return value === null || typeof value === 'number' ? 0 : value.length
}

/** What the other database does not take, such as a character, is to be found again. */
function named(error: unknown, where: string): unknown {
  if (!(error instanceof PostriderError) || error.code !== 'REFUSED') return error
  const words = `${error.message} (table ${where}). Nothing is lost: mend that row in the source, empty the copy, and do the same again.`
  return new PostriderError('REFUSED', words, { cause: error })
}

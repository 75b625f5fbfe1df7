import type { Table } from './tables.ts'

export type Value = string | number | Uint8Array | null
/** In the order of the columns that were asked for. */
export type Row = readonly Value[]
export type Column = { name: string; type: string }

/** One of the two databases of a copy. What is asked of it is the same SQL for both kinds. Everything rejects with PostriderError. */
export type Side = {
  /** Its file, or its server and database. */
  place: string
  all(sql: string, ...values: Value[]): Promise<Row[]>
  /** In one transaction. One that is not durable may be lost when the machine fails, but never without those after it; a durable one takes all before it to the disk. */
  write(work: () => Promise<void>, options: { durable: boolean }): Promise<void>
  columnsOf(table: string): Promise<Column[]>
  insert(table: string, columns: readonly Column[], rows: readonly Row[]): Promise<void>
  /** What is to be done when all rows are there: ids go on after the highest. */
  numberOn(tables: readonly Table[]): Promise<void>
  /** Has the database look at what it holds, so that it knows how to search it. */
  analyze(): Promise<void>
  close(): Promise<void>
}

/** Names in SQL: some are its own words. */
export const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ')

/** The rows of a table that come after a key, in its order; all from the beginning where it is null. */
export function rowsAfter(
  side: Side,
  { name, key, atOnce, where, instead = {} }: Table,
  columns: readonly Column[],
  after: Row | null,
): Promise<Row[]> {
  const wanted = columns.map((column) =>
    column.name in instead ? `${instead[column.name]} AS "${column.name}"` : `"${column.name}"`,
  )
  const conditions = [
    ...(where === undefined ? [] : [where]),
    ...(after === null ? [] : [`(${quoted(key)}) > (${after.map(() => '?').join(', ')})`]),
  ]
  return side.all(
    `SELECT ${wanted.join(', ')} FROM ${name}
     ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`} ORDER BY ${quoted(key)} LIMIT ${atOnce}`,
    ...(after ?? []),
  )
}

/** The key of a row. */
export function keyIn({ key }: Table, columns: readonly Column[], row: Row): Row {
  return key.map((name) => row[columns.findIndex((column) => column.name === name)] ?? null)
}

/** One value as JSON has it. */
const written = (value: Value) =>
  value instanceof Uint8Array
    ? { hex: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') }
    : value

/** The same text for the same values, whichever database they come from. */
export function textOf(row: Row): string {
  return JSON.stringify(row.map(written))
}

/** What `textOf` made of a key. */
export function keyOfText(text: string): Row {
  const values = JSON.parse(text) as (string | number | null | { hex: string })[]
  return values.map((value) =>
    typeof value === 'object' && value !== null ? Buffer.from(value.hex, 'hex') : value,
  )
}

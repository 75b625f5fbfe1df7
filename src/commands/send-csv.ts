import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { messageOf, PostriderError } from '../errors.ts'
import { type Customer, IDENTIFIERS } from '../message.ts'
import { type Data, nameFault, noData, pathOf, put } from './send-data.ts'

/** One customer of a campaign. `data`: what else the file says of them, for the template. */
export type Row = {
  /** Where the row begins in the file; null: the customer was named by options. */
  line: number | null
  customer: Customer
  data: Data
}

/** Two million customers are some 150 MB; a longer file is better sent in parts than kept in memory. */
const MOST_BYTES = 200 * 1024 * 1024

/**
 * Reads a CSV file of customers: a header, then a row for each. Columns are separated by comma, semicolon or tab, as the header has them; values
 * are without blanks around them, and an empty one is absent. Throws NOT_FOUND, or REFUSED with what is wrong and on which line; quotes nothing of the rows.
 */
export function readCustomers(file: string): Row[] {
  const text = textOf(file)
  const lines = linesOf(text, file)
  const [header, ...rest] = lines
  if (header === undefined) throw refused(file, 'is empty')
  const columns = columnsOf(header.cells, file)
  const uneven = rest.filter(({ cells }) => cells.length !== columns.length)
  if (uneven.length > 0) {
    const named = uneven.slice(0, SHOWN).map(({ line, cells }) => `line ${line} has ${cells.length}`)
    const more = uneven.length > SHOWN ? `, and ${uneven.length - SHOWN} more` : ''
    throw refused(
      file,
      `has ${columns.length} columns, but not on every line: ${named.join(', ')}${more}. Put a value that holds a separator between double quotes`,
    )
  }
  return rest.map(({ line, cells }) => rowOf(line, cells, columns))
}

const SHOWN = 10

function textOf(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new PostriderError('NOT_FOUND', `--csv: ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
  if (bytes.length > MOST_BYTES) {
    throw refused(file, `has more than ${MOST_BYTES / 1024 / 1024} MiB; split it, each part with the header`)
  }
  // Read all the same, foreign letters would become U+FFFD in what customers are told.
  if (!isUtf8(bytes)) throw refused(file, 'is not UTF-8; save it as CSV in UTF-8')
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}

type Line = { line: number; cells: readonly string[] }

function linesOf(text: string, file: string): Line[] {
  const lines: Line[] = []
  let ended = 0
  try {
    parse(text, {
      delimiter: delimiterOf(text),
      // Each row's own line is said where one is too short or too long, for all of them at once.
      relax_column_count: true,
      skip_empty_lines: true,
      on_record(cells: string[], { lines: end }) {
        ended = end
        lines.push({ line: end - breaksIn(cells), cells: cells.map((cell) => cell.trim()) })
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // An unclosed quote is found at the file's end only; it was opened behind the last good row.
    const where = error.code === 'CSV_QUOTE_NOT_CLOSED' ? `line ${ended + 1} or after` : `line ${error.lines}`
    throw refused(file, `is not CSV, ${where}: ${FAULTS[error.code] ?? 'it cannot be read'}`)
  }
  return lines
}

/** By the parser's codes; its own words quote the row. */
const FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a double quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE:
    'a double quote ends before its value does; inside a value each is written twice',
  INVALID_OPENING_QUOTE: 'a double quote stands inside a value that does not begin with one',
}

/** Of a file of Excel it depends on the country. */
function delimiterOf(text: string): string {
  const header = text.trimStart().split(/\r?\n/, 1)[0] ?? ''
  const counts = [',', ';', '\t'].map((one) => ({ one, count: header.split(one).length }))
  return counts.sort((a, b) => b.count - a.count)[0]?.one ?? ','
}

function breaksIn(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0)
}

type Column = { property: keyof Customer } | { path: readonly string[] }

const PROPERTIES = ['externalId', 'email', 'phone', 'name', 'locale', 'timezone'] as const
const IDENTIFYING: readonly string[] = IDENTIFIERS

function columnsOf(header: readonly string[], file: string): Column[] {
  const columns = header.map((name): Column => {
    const property = PROPERTIES.find((one) => one.toLowerCase() === name.toLowerCase().replace(/[\s_-]/g, ''))
    return property === undefined ? { path: pathOf(name) } : { property }
  })
  if (!columns.some((one) => 'property' in one && IDENTIFYING.includes(one.property))) {
    throw refused(
      file,
      'names no customers: its first line must name the columns, and one of them must be externalId, email or phone',
    )
  }
  const names = columns.map((one) => ('property' in one ? one.property : one.path.join('.')))
  const fault = columns.map((column, at) => faultOf(column, at, names)).find((one) => one !== null)
  if (fault !== undefined) throw refused(file, `line 1: ${fault}`)
  return columns
}

/** What is wrong with a column's name; null: nothing. */
function faultOf(column: Column, at: number, names: readonly string[]): string | null {
  const name = names[at] ?? ''
  if (name === '') return `column ${at + 1} has no name`
  if (names.indexOf(name) < at) return `the column ${name} stands there twice`
  return 'property' in column ? null : nameFault(name, names)
}

function rowOf(line: number, cells: readonly string[], columns: readonly Column[]): Row {
  const customer: Customer = {}
  const data = noData()
  for (const [at, column] of columns.entries()) {
    const value = cells[at] ?? ''
    if (value === '') continue
    if ('property' in column) customer[column.property] = value
    else put(data, column.path, value)
  }
  return { line, customer, data }
}

function refused(file: string, what: string): PostriderError {
  return new PostriderError('REFUSED', `--csv: ${file} ${what}. Nothing was planned.`)
}

import type { PostriderError } from '../errors.ts'
import { type Customer, IDENTIFIERS } from '../message.ts'
import { readCsv, refusedCsv } from './csv.ts'
import { type Data, nameFault, noData, pathOf, put } from './send-data.ts'

/** One customer of a campaign. `data`: what else the file says of them, for the template. */
export type Row = {
  /** Where the row begins in the file; null: the customer was named by options. */
  line: number | null
  customer: Customer
  data: Data
}

/**
 * Reads a CSV file of customers: a header, then a row for each. Columns are separated by comma, semicolon or tab, as the header has them; values
 * are without blanks around them, and an empty one is absent. Throws NOT_FOUND, or REFUSED with what is wrong and on which line; quotes nothing of the rows.
 */
export function readCustomers(file: string): Row[] {
  const [header, ...rest] = readCsv(file, AS)
  if (header === undefined) throw refused(file, 'is empty')
  const columns = columnsOf(header.cells, file)
  return rest.map(({ line, cells }) => rowOf(line, cells, columns))
}

const AS = { named: '--csv: ', otherwise: 'Nothing was planned.' }

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
  return refusedCsv(file, what, AS)
}

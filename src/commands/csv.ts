import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { messageOf, PostriderError } from '../errors.ts'

/** What is said before the file's name where it cannot be read, and what became of the command then. */
type As = { named: string; otherwise: string }

/** Two million customers are some 150 MB; a longer file is better sent in parts than kept in memory. */
const MOST_BYTES = 200 * 1024 * 1024

/**
 * Reads a CSV file: the header, then a row for each customer, all of one length. Columns are separated by comma, semicolon or tab, as the header has them. Throws
 * NOT_FOUND, or REFUSED with what is wrong and on which line; quotes nothing of the rows.
 */
export function readCsv(file: string, as: As): Line[] {
  const lines = linesOf(textOf(file, as), file, as)
  const width = lines[0]?.cells.length ?? 0
  const uneven = lines.filter(({ cells }) => cells.length !== width)
  if (uneven.length === 0) return lines
  const named = uneven.slice(0, SHOWN).map(({ line, cells }) => `line ${line} has ${cells.length}`)
  const more = uneven.length > SHOWN ? `, and ${uneven.length - SHOWN} more` : ''
  throw refusedCsv(
    file,
    `has ${width} columns, but not on every line: ${named.join(', ')}${more}. Put a value that holds a separator between double quotes`,
    as,
  )
}

export function refusedCsv(file: string, what: string, { named, otherwise }: As): PostriderError {
  return new PostriderError('REFUSED', `${named}${file} ${what}. ${otherwise}`)
}

const SHOWN = 10

function textOf(file: string, as: As): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new PostriderError('NOT_FOUND', `${as.named}${file} cannot be read: ${wordsOf(cause)}`, { cause })
  }
  if (bytes.length > MOST_BYTES) {
    throw refusedCsv(
      file,
      `has more than ${MOST_BYTES / 1024 / 1024} MiB; split it, each part with the header`,
      as,
    )
  }
  // Read all the same, foreign letters would become U+FFFD in what customers are told.
  if (!isUtf8(bytes)) throw refusedCsv(file, 'is not UTF-8; save it as CSV in UTF-8', as)
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}

function wordsOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return UNREADABLE[code] ?? messageOf(cause)
}

/** By the system's codes. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file. A name without / is looked for in the folder where the command runs',
  ENOTDIR: 'there is no such file: a part of its path is no folder',
  EISDIR: 'it is a folder; name a file in it',
  EACCES: 'this user may not read it',
}

/** Where a row begins in the file, from 1, and its values without blanks around them. */
export type Line = { line: number; cells: readonly string[] }

/** What Excel reads a file's separator from, and may write: `sep=;` alone on the first line. */
const SEPARATOR = /^"?sep=([^"\r\n])"?[,;\t]*(?=\r?\n|$)/i

function linesOf(whole: string, file: string, as: As): Line[] {
  const said = SEPARATOR.exec(whole)
  // The line stays, empty, so that the others keep their numbers.
  const text = said ? whole.slice(said[0].length) : whole
  const lines: Line[] = []
  let ended = 0
  try {
    parse(text, {
      delimiter: said?.[1] ?? delimiterOf(text),
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
    throw refusedCsv(file, `is not CSV, ${where}: ${FAULTS[error.code] ?? 'it cannot be read'}`, as)
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

import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { Variables } from '../environment.ts'
import { visible } from '../visible.ts'

/** Where a command prints: results on `out`, everything about them on `err`. */
export type Terminal = { out: Out; err: Out }
type Out = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }

/** What every command is given; `exitCode` is its answer. */
export type Run = { variables: Variables; terminal: Terminal; exitCode: number }

export type Colour = 'green' | 'red' | 'yellow' | 'dim'

/** One line. Whatever it quotes stays on that line: a reason or a name may come from a stranger. */
export function print(terminal: Terminal, line: string, colour?: Colour): void {
  const text = visible(line)
  terminal.out.write(`${colour ? coloured(terminal, colour, text) : text}\n`)
}

/** A text of several lines, such as a message or a body. */
export function printText(terminal: Terminal, text: string): void {
  terminal.out.write(`${visibleLines(text)}\n`)
}

/** Without what would move the cursor: line breaks and tabs alone are kept. */
export function visibleLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.split('\t').map(visible).join('\t'))
    .join('\n')
}

/** Control characters as JSON escapes them, also those that JSON itself lets pass and a terminal obeys (C1, marks that reorder). */
export function printJson(terminal: Terminal, data: unknown): void {
  const json = JSON.stringify(data, null, 2).replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  terminal.out.write(`${json}\n`)
}

export type Cell = string | number | null | undefined | { text: string; colour: Colour }

/** Rows under headings, as wide as they need to be; `empty` is said instead of a table without rows. */
export function printTable(
  terminal: Terminal,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  empty: string,
): void {
  if (rows.length === 0) {
    print(terminal, empty)
    return
  }
  const last = lastWidth(terminal, headings, rows)
  const table = new Table({
    head: [...headings],
    chars: BARE,
    style: { 'padding-left': 0, 'padding-right': GAP, head: terminal.out.isTTY ? ['bold'] : [], border: [] },
    ...(last === null ? {} : { colWidths: [...headings.slice(1).map(() => null), last], wordWrap: true }),
  })
  table.push(
    ...rows.map((row) =>
      row.map((cell) =>
        typeof cell === 'object' && cell !== null
          ? coloured(terminal, cell.colour, textOf(cell))
          : textOf(cell),
      ),
    ),
  )
  const lines = table.toString().split('\n')
  terminal.out.write(`${lines.map((line) => line.trimEnd()).join('\n')}\n`)
}

const GAP = 2
/** A column of words narrower than this is harder to read than one that the terminal breaks. */
const NARROWEST = 20

/** What a terminal's width leaves for the last column, which holds the reasons; null where nothing needs to wrap. */
function lastWidth(
  { out }: Terminal,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
): number | null {
  if (!out.isTTY || out.columns === undefined) return null
  const widths = headings.map(
    (heading, n) => Math.max(heading.length, ...rows.map((row) => textOf(row[n]).length)) + GAP,
  )
  const last = widths.pop() ?? 0
  const room = out.columns - widths.reduce((sum, width) => sum + width, 0)
  return last <= room || room < NARROWEST ? null : room
}

function textOf(cell: Cell): string {
  return visible(String((typeof cell === 'object' ? cell?.text : cell) ?? ''))
}

const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
}

/** Colours only where a person looks, and has not set NO_COLOR. */
function coloured(terminal: Terminal, colour: Colour, text: string): string {
  return terminal.out.isTTY ? styleText(colour, text, { stream: terminal.out }) : text
}

/** `2026-11-23 10:02:11` in the terminal's own zone. */
export function localTime(at: number | null): string {
  if (at === null) return ''
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return date.toISOString().slice(0, 19).replace('T', ' ')
}

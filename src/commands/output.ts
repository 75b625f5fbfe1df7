import { styleText } from 'node:util'
import Table from 'cli-table3'
import { visible } from '../visible.ts'

/** Where a command prints: results on `out`, everything about them on `err`. */
export type Terminal = {
  out: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  err: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
}

export function print(terminal: Terminal, text: string): void {
  terminal.out.write(`${text}\n`)
}

export function printJson(terminal: Terminal, data: unknown): void {
  print(terminal, JSON.stringify(data, null, 2))
}

/** Rows under headings, as wide as they need to be; `empty` is said instead of a table without rows. */
export function printTable(
  terminal: Terminal,
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
  empty: string,
): void {
  if (rows.length === 0) {
    print(terminal, empty)
    return
  }
  const table = new Table({
    head: [...headings],
    chars: BARE,
    style: { 'padding-left': 0, 'padding-right': 2, head: terminal.out.isTTY ? ['bold'] : [], border: [] },
  })
  table.push(...rows.map((row) => row.map((cell) => visible(String(cell ?? '')))))
  const lines = table.toString().split('\n')
  print(terminal, lines.map((line) => line.trimEnd()).join('\n'))
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

/** Colours only where a person looks. */
export function coloured(
  terminal: Terminal,
  colour: 'green' | 'red' | 'yellow' | 'dim',
  text: string,
): string {
  return terminal.out.isTTY ? styleText(colour, text, { validateStream: false }) : text
}

/** `2026-11-23 10:02:11` in the terminal's own zone. */
export function localTime(at: number | null): string {
  if (at === null) return ''
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return date.toISOString().slice(0, 19).replace('T', ' ')
}

export function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

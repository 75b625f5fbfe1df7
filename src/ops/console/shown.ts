import { visible } from '../../visible.ts'

/** Longer texts are cut where they are shown: a page has to stay one that a browser can lay out. */
const LONGEST = 400
const LONGEST_LINES = 20_000

/** Somebody else's text on one line: without what reorders it or moves a cursor, and no longer than a line should be. */
export function shown(text: unknown): string {
  if (text === null || text === undefined) return ''
  return cut(visible(String(text)), LONGEST)
}

/** A text of several lines, such as a body or a message. */
export function shownLines(text: unknown): string {
  if (text === null || text === undefined) return ''
  const lines = cut(String(text), LONGEST_LINES).replaceAll('\r\n', '\n').split('\n')
  return lines.map((line) => line.split('\t').map(visible).join('\t')).join('\n')
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  // Not through the middle of a character.
  const end = /[\uD800-\uDBFF]$/.test(text.slice(0, longest)) ? longest - 1 : longest
  return `${text.slice(0, end)} … (${(text.length - end).toLocaleString('en')} characters more)`
}

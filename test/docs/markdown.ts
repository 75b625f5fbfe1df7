import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { ROOT } from '../run-postrider.ts'
import { slugOf } from './slug.ts'

export type Block = {
  language: string
  text: string
  /** A `text` block behind a block of commands, under the same heading: what they print. */
  prints: string | null
}

export type Page = {
  /** Its path from the root. */
  file: string
  text: string
  blocks: readonly Block[]
  /** What stands between backticks, outside of blocks. */
  spans: readonly string[]
  /** Targets of links, without those that lead elsewhere. */
  links: readonly string[]
  /** As links name them. */
  anchors: readonly string[]
  /** Of each table: its headings, and the cells of its rows. */
  tables: readonly { headings: readonly string[]; rows: readonly (readonly string[])[] }[]
}

/** The pages that people read to use Postrider: their commands are run. */
export function userPages(): Page[] {
  return [
    'README.md',
    ...readdirSync(join(ROOT, 'docs'))
      .sort()
      .map((name) => `docs/${name}`),
  ].map(readPage)
}

/** All pages. */
export function allPages(): Page[] {
  const decisions = readdirSync(join(ROOT, 'decisions')).sort()
  return [
    ...userPages(),
    ...['CONTRIBUTING.md', 'SECURITY.md', ...decisions.map((name) => `decisions/${name}`)].map(readPage),
  ]
}

/** The file that a link of a page leads to, from the root. */
export function targetOf(page: Page, link: string): string {
  return relative(ROOT, join(ROOT, dirname(page.file), link.split('#')[0] ?? ''))
}

/** The code spans of a text. */
export function spansOf(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
}

export function readPage(file: string): Page {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const { blocks, prose } = parted(text)
  const headings = prose.filter((line) => /^#+ /.test(line))
  // A span may be broken over two lines.
  const joined = prose.join('\n').replace(/(\S)\n +(?=\S)|(\S)\n(?=\S)/g, '$1$2 ')
  return {
    file,
    text,
    blocks,
    spans: spansOf(joined),
    links: [...joined.matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !/^https?:/.test(link)),
    anchors: headings.map(slugOf),
    tables: tablesOf(prose),
  }
}

/** Fenced blocks, also those that are indented in a list, and the lines outside of them. */
function parted(text: string): { blocks: Block[]; prose: string[] } {
  const blocks: Block[] = []
  const prose: string[] = []
  let open: { language: string; indent: number; lines: string[] } | null = null
  let commands: Block | null = null
  for (const line of text.split('\n')) {
    const fence = /^( *)```(\w*)$/.exec(line)
    if (!fence) {
      if (open) open.lines.push(line.slice(open.indent))
      else prose.push(line)
      if (!open && /^#/.test(line)) commands = null
      continue
    }
    if (!open) {
      open = { language: fence[2] ?? '', indent: fence[1]?.length ?? 0, lines: [] }
      continue
    }
    const block: Block = { language: open.language, text: open.lines.join('\n'), prints: null }
    if (block.language === 'text' && commands) commands.prints = block.text
    commands = block.language === 'sh' ? block : null
    blocks.push(block)
    open = null
  }
  return { blocks, prose }
}

function tablesOf(prose: readonly string[]): Page['tables'] {
  const tables: { headings: string[]; rows: string[][] }[] = []
  let inTable = false
  for (const line of prose) {
    const isRow = /^ *\|/.test(line)
    const cells = line
      .trim()
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
    if (isRow && !inTable) tables.push({ headings: cells, rows: [] })
    else if (isRow && !/^[ |:-]+$/.test(line)) tables.at(-1)?.rows.push(cells)
    inTable = isRow
  }
  return tables
}

import { formatDuration } from '../../../src/config/duration.ts'
import type { Scheme } from '../../../src/receive/signature/scheme.ts'
import { schemeWords, weakness } from '../../../src/receive/signature/words.ts'
import type { Preset } from '../../../src/receive/sources/preset.ts'
import { ALIASES, PRESETS } from '../../../src/receive/sources/presets.ts'
import { slugOf } from '../../docs/slug.ts'

/** What stands above it on docs/sources.md is written by hand, what comes after by `sourcesSections`. */
export const MARKER =
  '<!-- What follows is written by `npm run docs`, from the presets in src/receive/sources/. -->'

/** The page with the sections of the presets as they are now. Throws where it has no marker. */
export function sourcesPage(page: string): string {
  const [introduction, after] = page.split(MARKER)
  if (introduction === undefined || after === undefined) throw new Error(`no line ${MARKER}`)
  return `${introduction}${MARKER}\n\n${sourcesSections()}`
}

export function sourcesSections(): string {
  const presets = Object.entries(PRESETS) as [string, Preset][]
  const all = presets.map(([name, { title, scheme, split }]) => [
    `[${title}](#${slugOf(`## ${title}`)})`,
    `\`${name}\``,
    shortProof(scheme),
    split === undefined ? 'one' : 'one or many',
  ])
  const index = table(['sender', 'preset', 'proves itself by', 'events a delivery'], all)
  return `${['## Senders', index, ...presets.map(([name, preset]) => section(name, preset))].join('\n\n')}\n`
}

function section(
  name: string,
  { title, scheme, keyIsUnsigned, dedupe, types, customer, setup }: Preset,
): string {
  const { steps, secret, body, test, retries, on503, revive, missed } = setup
  const others = Object.entries(ALIASES).flatMap(([alias, of]) => (of === name ? [`\`${alias}\``] : []))
  const weak = scheme && weakness(scheme, keyIsUnsigned)
  const { names, advice } = customer
  const told = [
    ['Preset', [`\`${name}\``, ...others].join(' or ')],
    ['Proves itself by', scheme ? schemeWords(scheme) : 'what its block `custom` says'],
    ['What that leaves open', weak],
    ['Secret', secret],
    ['Its test', test],
    ['Tries again', retries],
    ['On our 503', on503],
    ['Turned on again', revive],
    ['What was missed', missed],
    ['Customers', [namesWords(names), ...(advice === null ? [] : [advice])].join(' ')],
    [
      'Keys are remembered',
      `for \`${formatDuration(dedupe.forMs)}\`; \`dedupeFor\` may say another, of at least \`${formatDuration(dedupe.leastMs)}\`.`,
    ],
  ].flatMap(([what, said]) => (said ? [`- **${what}**: ${said}`] : []))
  return [
    `### ${title}`,
    told.join('\n'),
    'Set up:',
    steps.map((step, n) => `${n + 1}. ${step}`).join('\n'),
    ...(body === null ? [] : ['The body to paste:', `\`\`\`json\n${body}\n\`\`\``]),
    types.length === 0 ? 'Types stay as the sender names them.' : typesTable(types),
  ].join('\n\n')
}

function typesTable(types: Preset['types']): string {
  return table(
    ["the sender's type", 'our word', 'when'],
    types.map(({ sender, type, when }) => [`\`${sender}\``, `\`${type}\``, when ?? 'always']),
  )
}

function namesWords(names: Preset['customer']['names']): string {
  return names.length === 0
    ? 'its events name nobody.'
    : `named by ${names.map((one) => `\`${one}\``).join(', ')}.`
}

function shortProof(scheme: Scheme | null): string {
  if (scheme === null) return 'what its configuration says'
  if (scheme.kind === 'token') return 'a secret that comes along: nothing is signed'
  return weakness(scheme, true) === null
    ? 'a signature over body and time'
    : 'a signature over the body, no time'
}

/** Padded, to be read as text too. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, n) => Math.max(...all.map((row) => row[n]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`
  const [first = [], ...others] = all
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n')
}

import type { Block, Page } from './markdown.ts'

export type Command = { page: string; text: string; prints: string | null; way: Way }
/** How a command of the docs is tested: run by itself, or started as a service, or not at all. */
export type Way = { kind: 'run'; exitCode: number } | { kind: 'service' } | { kind: 'not-run'; why: string }

/** Started by the test as services. */
const SERVICES = ['npm ci && npm run demo', 'npm start', 'npx postrider start --sandbox']

/** Not run here, each for its reason. */
const NOT_RUN: readonly [RegExp, string][] = [
  [/^npm ci$/, 'the test runs in what it installed'],
  [/^npm test$/, 'would run itself'],
  [/^npm run check$/, 'runs beside the tests'],
  [/^npm run bench /, 'takes minutes, and wants the machine to itself'],
  [/^docker compose /, 'needs Docker'],
  [/^git /, 'needs a remote repository'],
  [/^npx postrider copy /, 'needs PostgreSQL'],
  [/^npx postrider notify /, 'the example tells nobody'],
]

const RUN: readonly [RegExp, number][] = [
  // The example has what needs a person.
  [/^(DATABASE_URL=\S+ )?npx postrider status\b/, 1],
  // Each runs on a ledger of its own, in which nobody is suppressed.
  [/^npx postrider suppress remove\b/, 1],
  // What the example has was changed on the way, and stays refused.
  [/^npx postrider refused recheck\b/, 1],
  [
    /^(\w+=\S+ )?npx postrider (check|preview|doctor|sources|replay|send|events|messages|pause|resume|suppress|refused|runs|simulate|operators|tokens|audit|purge|backup|migrate)\b/,
    0,
  ],
  [/^(node|node_modules\/\.bin\/node) /, 0],
  [/^cp /, 0],
]

/** Every command in the `sh` blocks of a page, one a line. A command of a kind that is not known is an error: it has to be tested, or listed. */
export function commandsOf(page: Page): Command[] {
  return page.blocks.filter(({ language }) => language === 'sh').flatMap((block) => ofBlock(page, block))
}

function ofBlock(page: Page, block: Block): Command[] {
  const lines = block.text
    .split('\n')
    .map((line) => line.replace(/ +# .*$/, '').trim())
    .filter((line) => line !== '')
  return lines.map((text) => ({
    page: page.file,
    text,
    prints: lines.length === 1 ? block.prints : null,
    way: wayOf(text, page.file),
  }))
}

function wayOf(text: string, page: string): Way {
  if (SERVICES.includes(text)) return { kind: 'service' }
  const reason = NOT_RUN.find(([pattern]) => pattern.test(text))
  if (reason) return { kind: 'not-run', why: reason[1] }
  const run = RUN.find(([pattern]) => pattern.test(text))
  if (run) return { kind: 'run', exitCode: run[1] }
  throw new Error(`${page}: "${text}" is neither run by this test nor listed as not run`)
}

/** Lines of `expected` that `printed` has not. Runs of blanks and ports may differ, and `…` stands for anything. */
export function missingLines(expected: string, printed: string): string[] {
  const plain = (text: string) =>
    text
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
      .replace(/ +/g, ' ')
      .trim()
  const lines = printed.split('\n').map(plain)
  return expected.split('\n').filter((line) => {
    const parts = plain(line)
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    const pattern = new RegExp(`^${parts.join('.*')}$`)
    return !lines.some((one) => pattern.test(one))
  })
}

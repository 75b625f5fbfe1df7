import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, it } from 'node:test'

const SRC = join(import.meta.dirname, '../src')

type Import = { specifier: string; typesOnly: boolean }
/** `to`: a file of src without its ending, or a folder with its slash. `types`: nothing of it at run time. */
type Allowed = { to: string; types: boolean }

const value = (...to: string[]): Allowed[] => to.map((one) => ({ to: one, types: false }))
const types = (...to: string[]): Allowed[] => to.map((one) => ({ to: one, types: true }))

/** What travels between rooms, and what every room may lean on. */
const WORDS = value('event', 'message', 'operator', 'scope', 'errors', 'clock', 'log', 'redact')
/** What is counted on the way of an event, as who counts sees it. */
const COUNTS = types('metrics')
const CONFIG = types('config/')
/** The store as a room sees it: the interface, and the shapes of what it answers to operators. */
const LEDGER_CONTRACT = types(
  'ledger/ledger',
  'ledger/reads',
  'ledger/foresight',
  'ledger/run',
  'ledger/access',
  'ledger/pages',
  'ledger/overview',
  'ledger/idempotency',
  'ledger/notices',
  'ledger/retention',
  'ledger/instances',
)

/**
 * Who may import whom inside src; a room may always import itself. A file or folder without a row is an error, so that a new one is placed
 * on purpose.
 */
const DIRECTIONS: Readonly<Record<string, readonly Allowed[] | 'anything'>> = {
  main: 'anything',
  cli: 'anything',
  // The command line's rooms: thin calls into all others.
  'commands/': 'anything',
  // What main and the commands read before they start anything.
  settings: value('config/', 'environment', 'errors'),
  // What main puts the receiving half together with.
  server: [
    ...WORDS,
    ...COUNTS,
    ...CONFIG,
    ...LEDGER_CONTRACT,
    ...value('app', 'listen', 'receive/', 'plan/', 'ops/'),
  ],
  app: value('errors', 'log'),
  listen: value('clock', 'errors', 'log'),
  'receive/': [...WORDS, ...COUNTS, ...CONFIG, ...LEDGER_CONTRACT, ...value('plan/')],
  // Pure: neither a clock nor a log. The ledger's Plan is what planning makes; the shape lives in the contract, so its type alone may come from there.
  'plan/': [
    ...value('event', 'message', 'scope', 'errors', 'names', 'consent', 'quiet-hours'),
    ...CONFIG,
    ...types('ledger/ledger'),
  ],
  'deliver/': [
    ...WORDS,
    ...COUNTS,
    ...CONFIG,
    ...LEDGER_CONTRACT,
    ...value('address', 'quiet-hours', 'untrusted'),
    ...types('genesys/genesys'),
  ],
  'genesys/': WORDS,
  // What an event's consent means is asked once more when its message is opened.
  'ledger/': [...WORDS, ...value('consent', 'key', 'private')],
  // Shows what the other rooms know, and asks them for what operators want done.
  'ops/': [
    ...WORDS,
    ...CONFIG,
    ...LEDGER_CONTRACT,
    ...value(
      'deliver/foresee',
      'plan/',
      'receive/',
      'metrics',
      'names',
      'address',
      'local-time',
      'private',
      'settings',
      'visible',
      'config/duration',
      'config/fixtures',
      'ledger/run',
      'ledger/words',
      'ledger/overview',
      'ledger/retention',
      'ledger/instances',
    ),
  ],
  // Knows nobody: it stands for somebody else's system.
  'sandbox/': value('clock', 'errors'),
  // What a source may say depends on who sends: the presets are the data that it is checked against.
  'config/': [
    ...value('event', 'message', 'scope', 'errors', 'environment', 'untrusted'),
    ...value('receive/sources/presets', 'receive/signature/token'),
    ...types('receive/sources/preset', 'receive/signature/scheme'),
  ],
  environment: value('errors', 'key'),
  key: [],
  // Facts about customers that several rooms need: pure, and of nobody else's making.
  address: types('message'),
  names: [...value('address'), ...types('message')],
  consent: [],
  'quiet-hours': [...value('local-time'), ...types('message')],
  'local-time': [],
  untrusted: [],
  event: types('message'),
  message: [],
  operator: [],
  scope: types('event', 'message'),
  errors: [],
  clock: [],
  log: value('redact'),
  redact: value('visible'),
  metrics: [...value('message'), ...types('event')],
  visible: [],
  private: value('redact'),
}

/** Whom nothing imports, but those who are named. */
const IMPORTED_BY: Readonly<Record<string, readonly string[]>> = {
  cli: [],
  main: ['cli', 'commands/'],
  'commands/': ['cli', 'commands/'],
  settings: ['main', 'commands/'],
}

/** Packages that one room keeps to itself. */
const PACKAGE_OF: Readonly<Record<string, readonly string[]>> = {
  'purecloud-platform-client-v2': ['genesys/'],
  // Its ways with local times are not ours: decisions/0019.
  'prom-client': ['metrics', 'ops/'],
  luxon: ['local-time', 'quiet-hours', 'config/'],
}

const STATEMENT =
  /^(?:import|export)\s+(type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|[\w$]+(?:\s*,\s*(?:\{[^}]*\}|\*\s+as\s+[\w$]+))?|\{[^}]*\})\s*from\s*['"]([^'"]+)['"]/gm
const OTHERS = [
  /^import\s+['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"`]([^'"`]+)['"`]/g,
  /\brequire\(\s*['"`]([^'"`]+)['"`]/g,
  // Worker threads are started by address.
  /\bnew URL\(\s*['"]([^'"]+\.ts)['"],\s*import\.meta\.url/g,
]

/** What a file imports, in whatever form. `import { type X }` still loads the file, so only `import type` counts as types. */
function importsOf(source: string): Import[] {
  const statements = [...source.matchAll(STATEMENT)].map(([, type, specifier = '']) => ({
    specifier,
    typesOnly: type !== undefined,
  }))
  const others = OTHERS.flatMap((form) => [...source.matchAll(form)])
  return [...statements, ...others.map(([, specifier = '']) => ({ specifier, typesOnly: false }))]
}

/** The row of the table that a file belongs to: itself, or its top folder. */
function roomOf(file: string): string {
  const [top = '', ...rest] = file.split('/')
  return rest.length === 0 ? top : `${top}/`
}

/** Why a file, named within src and without its ending, may not import this; null where it may. */
function violation(file: string, { specifier, typesOnly }: Import): string | null {
  const room = roomOf(file)
  const rule = DIRECTIONS[room]
  if (rule === undefined) return `${file}: no direction is set for ${room}`
  if (!specifier.startsWith('.')) {
    const [owner] = Object.entries(PACKAGE_OF).filter(
      ([name]) => specifier === name || specifier.startsWith(`${name}/`),
    )
    return owner && !owner[1].includes(room)
      ? `${file} → ${specifier}: only ${owner[1].join(' and ')} may`
      : null
  }
  const target = posix.join(posix.dirname(file), specifier).replace(/\.ts$/, '')
  const targetRoom = roomOf(target)
  if (target.startsWith('..')) return `${file} → ${specifier}: leaves src`
  if (targetRoom === room) return null
  const importers = IMPORTED_BY[targetRoom]
  if (importers && !importers.includes(room)) {
    return `${file} → ${target}: ${importers.length > 0 ? `only ${importers.join(' and ')} may` : 'nothing may'}`
  }
  if (rule === 'anything') return null
  const allowed = rule.filter(({ to }) => to === target || to === targetRoom)
  if (allowed.length === 0) return `${file} → ${target}: ${room} may not`
  return typesOnly || allowed.some((one) => !one.types) ? null : `${file} → ${target}: types only`
}

/** Whether a file reads the environment of the process. */
function readsEnvironment(source: string): boolean {
  return /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[|\benv\b[^\n]*from 'node:process'|=\s*process\s*$/m.test(
    source,
  )
}

const FILES = globSync('**/*.ts', { cwd: SRC })
  .sort()
  .map((name) => {
    const source = readFileSync(join(SRC, name), 'utf8')
    return { file: name.replaceAll('\\', '/').replace(/\.ts$/, ''), source, imports: importsOf(source) }
  })

describe('the directions between the rooms', () => {
  it('are kept by every import', () => {
    assert.ok(FILES.length > 50)
    assert.deepEqual(
      FILES.flatMap(({ file, imports }) => imports.map((one) => violation(file, one))).filter(
        (one) => one !== null,
      ),
      [],
    )
  })

  it('are set for what exists, and nothing else', () => {
    const rooms = new Set(FILES.map(({ file }) => roomOf(file)))
    assert.deepEqual([...rooms].sort(), Object.keys(DIRECTIONS).sort())
    const names = new Set([...FILES.map(({ file }) => file), ...rooms])
    const targets = Object.values(DIRECTIONS).flatMap((rule) => (rule === 'anything' ? [] : rule))
    assert.deepEqual(
      targets.filter(({ to }) => !names.has(to)),
      [],
    )
  })

  it('one file reads the environment', () => {
    const readers = FILES.filter(({ source }) => readsEnvironment(source)).map(({ file }) => file)
    assert.deepEqual(readers, ['environment'])
  })
})

describe('this test itself', () => {
  it('reads every import that ends a line of every file', () => {
    for (const { file, source, imports } of FILES) {
      const ends = [...source.matchAll(/^(?:\} |(?:import|export)\b.* )from '([^']+)'$/gm)].map(
        ([, name]) => name,
      )
      const read = imports.map(({ specifier }) => specifier)
      assert.deepEqual(
        ends.filter((name) => !read.includes(name ?? '')),
        [],
        file,
      )
    }
  })

  it('reads every form of an import', () => {
    const source = `import express, { type Router } from 'express'
import type { Config } from '../config/config.ts'
import {
  a,
  type B,
} from './many.ts'
import * as all from "./all.ts"
import './effect.ts'
export type Plain = number
export { b } from './b.ts'
export type { C } from './c.ts'
export * from './d.ts'
const late = await import('./late.ts')
const old = require('./old.cjs')
const worker = new Worker(new URL('./worker.ts', import.meta.url))
`
    assert.deepEqual(
      importsOf(source).map(({ specifier, typesOnly }) => `${specifier}${typesOnly ? ' types' : ''}`),
      [
        'express',
        '../config/config.ts types',
        './many.ts',
        './all.ts',
        './b.ts',
        './c.ts types',
        './d.ts',
        './effect.ts',
        './late.ts',
        './old.cjs',
        './worker.ts',
      ],
    )
  })

  const FORBIDDEN: readonly [file: string, specifier: string, typesOnly: boolean, why: RegExp][] = [
    ['receive/http', '../main.ts', true, /only cli and commands\/ may/],
    ['commands/start', '../cli.ts', false, /nothing may/],
    ['main', './commands/start.ts', false, /only cli and commands\/ may/],
    ['deliver/worker', '../settings.ts', true, /only main and commands\/ may/],
    ['receive/receive', '../deliver/deliver.ts', true, /receive\/ may not/],
    ['receive/receive', '../ledger/sqlite.ts', true, /receive\/ may not/],
    ['receive/receive', '../ledger/ledger.ts', false, /types only/],
    ['receive/sources/preset', '../../config/load.ts', false, /types only/],
    ['receive/sources/preset', '../../genesys/client.ts', false, /receive\/ may not/],
    ['plan/plan', '../clock.ts', true, /plan\/ may not/],
    ['plan/plan', '../config/liquid.ts', false, /types only/],
    ['plan/plan', '../ledger/ledger.ts', false, /types only/],
    ['plan/plan', '../receive/receive.ts', true, /plan\/ may not/],
    ['deliver/deliver', '../genesys/client.ts', true, /deliver\/ may not/],
    ['deliver/deliver', '../genesys/genesys.ts', false, /types only/],
    ['deliver/deliver', '../plan/plan.ts', false, /deliver\/ may not/],
    ['genesys/client', '../ledger/ledger.ts', true, /genesys\/ may not/],
    ['genesys/client', '../sandbox/sandbox.ts', false, /genesys\/ may not/],
    ['ledger/verbs/claim', '../../config/config.ts', true, /ledger\/ may not/],
    ['ops/health', '../deliver/worker.ts', true, /ops\/ may not/],
    ['ops/health', '../ledger/open.ts', false, /ops\/ may not/],
    ['sandbox/api', '../genesys/genesys.ts', true, /sandbox\/ may not/],
    ['sandbox/page', '../message.ts', true, /sandbox\/ may not/],
    ['message', './ledger/ledger.ts', true, /message may not/],
    ['event', './message.ts', false, /types only/],
    ['config/load', '../receive/receive.ts', true, /config\/ may not/],
    ['config/load', '../receive/sources/preset.ts', false, /types only/],
    ['utils/strings', './more.ts', false, /no direction is set for utils\//],
    ['deliver/deliver', '../../test/manual-clock.ts', false, /leaves src/],
    ['deliver/deliver', 'purecloud-platform-client-v2', true, /only genesys\/ may/],
    ['plan/plan', 'luxon', false, /only local-time and quiet-hours and config\/ may/],
    ['names', './ledger/ledger.ts', true, /names may not/],
    ['ledger/names', '../names.ts', true, /ledger\/ may not/],
    ['commands/doctor', 'purecloud-platform-client-v2/dist/x.js', false, /only genesys\/ may/],
  ]
  for (const [file, specifier, typesOnly, why] of FORBIDDEN) {
    it(`finds that ${file} must not import ${typesOnly ? 'even types of ' : ''}${specifier}`, () => {
      assert.match(violation(file, { specifier, typesOnly }) ?? 'allowed', why)
    })
  }

  it('lets pass what is right', () => {
    for (const [file, specifier, typesOnly] of [
      ['cli', './commands/start.ts', false],
      ['commands/start', '../main.ts', false],
      ['main', './sandbox/sandbox.ts', false],
      ['receive/receive', '../plan/plan.ts', false],
      ['deliver/deliver', '../genesys/genesys.ts', true],
      ['genesys/sdk', 'purecloud-platform-client-v2', false],
      ['ledger/verbs/claim', '../ledger.ts', false],
    ] as const) {
      assert.equal(violation(file, { specifier, typesOnly }), null)
    }
  })

  it('finds who reads the environment', () => {
    for (const line of [
      'const port = process.env.PORT',
      'const { PORT } = process.env',
      "const port = process['env'].PORT",
      'process?.env',
      "import { env } from 'node:process'",
      'const { env } = process',
    ]) {
      assert.ok(readsEnvironment(line), line)
    }
    assert.ok(
      !readsEnvironment("import type { Environment } from './environment.ts'\nprocess.once('SIGTERM', end)"),
    )
  })
})

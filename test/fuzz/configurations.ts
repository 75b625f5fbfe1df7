import assert from 'node:assert/strict'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { loadConfig } from '../../src/config/load.ts'
import { assertUnpolluted, inTime } from './bounds.ts'

const ROOT = join(import.meta.dirname, '../..')

const FILES = ['config/postrider.yaml', 'examples/demo/postrider.yaml', 'examples/sources/postrider.yaml']
const TEXTS = FILES.map((file) => readFileSync(join(ROOT, file), 'utf8'))
const LINES = TEXTS.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '')
const TEMPLATES = globSync('{config,examples/*}/templates/*.liquid', { cwd: ROOT }).map((file) =>
  readFileSync(join(ROOT, file), 'utf8'),
)

/** What YAML, durations, patterns and Liquid were seen to trip over. */
const PIECES: readonly string[] = [
  '*',
  '&a ',
  '*a',
  '!!js/function ',
  '!!binary ',
  '<<: ',
  '? ',
  '- ',
  ': ',
  '| ',
  '>- ',
  '{{',
  '}}',
  '{%',
  '%}',
  '"',
  "'",
  '#',
  '\t',
  '\0',
  '\ud800',
  '\u2028',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  `\${`,
  `\${CRM_WEBHOOK_SECRET}`,
  `\${__proto__}`,
  `\${A\${B}}`,
  '__proto__',
  '__proto__: { polluted: true }',
  'constructor: { prototype: { polluted: true } }',
  'toString: 1',
  '[',
  ']',
  '{',
  '}',
  '{ a: { b: { c: 1 } } }',
  'null',
  '~',
  'yes',
  '0x10',
  '1e999',
  '-1',
  '9999999999999999999d',
  '0s',
  '99999999h',
  '1.5h',
  '.inf',
  '2026-02-30',
  '12:30:45',
  '0o17',
  '[]',
  '{}',
  'a'.repeat(5_000),
  '{% assign x = 1 %}',
  '{{ data | map: "a" }}',
  '{{ "a" | append: "b" }}',
  '{% for i in (1..9999999) %}x{% endfor %}',
  '((((((a))))))',
  'crm/*',
  '*/*',
  `crm/${'*a'.repeat(30)}`,
  '../../etc/passwd',
  'file:///etc/passwd',
  'http://user:password@example.com/',
  'x: '.repeat(300),
  `${'['.repeat(500)}`,
  `${'- '.repeat(200)}`,
  `${'{a: '.repeat(200)}`,
]

type Change = { what: string; at: number; by: number; text: string }
export type Written = { which: number; changes: readonly Change[]; template: readonly Change[] }

const CHANGES: Readonly<Record<string, (text: string, change: Change) => string>> = {
  piece: (text, { at, text: put }) => spliced(text, at, 0, put),
  'a value': (text, { at, text: put }) =>
    inLines(text, at, (line) => line.replace(/(: ).*$/, (_, colon: string) => colon + put)),
  'a key': (text, { at, text: put }) =>
    inLines(text, at, (line) => line.replace(/^(\s*)[^:]+/, (_, indent: string) => indent + put)),
  'cut out': (text, { at, by }) => spliced(text, at, 1 + (by % 60), ''),
  'cut off': (text, { at }) => text.slice(0, at % (text.length + 1)),
  'a line dropped': (text, { at }) => inLines(text, at, () => null),
  'a line twice': (text, { at }) => inLines(text, at, (line) => `${line}\n${line}`),
  "another's line": (text, { at, by }) => inLines(text, at, (line) => `${line}\n${LINES[by % LINES.length]}`),
  'another indent': (text, { at, by }) =>
    inLines(text, at, (line) => `${' '.repeat(by % 8)}${line.trimStart()}`),
  'a letter': (text, { at, by }) => spliced(text, at, 1, String.fromCharCode(by % 0x250)),
}

function spliced(text: string, at: number, count: number, put: string): string {
  const place = at % (text.length + 1)
  return text.slice(0, place) + put + text.slice(place + count)
}

function inLines(text: string, at: number, change: (line: string) => string | null): string {
  const lines = text.split('\n')
  const n = at % lines.length
  return lines.flatMap((line, here) => (here === n ? (change(line) ?? []) : line)).join('\n')
}

const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom(...Object.keys(CHANGES)),
  at: fc.nat(),
  by: fc.nat(),
  text: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  ),
})

/** A configuration of the repository as somebody edited it, and sometimes a template beside it. */
export function configurations(): fc.Arbitrary<Written> {
  return fc.record({
    which: fc.nat(),
    changes: fc.array(change, { minLength: 1, maxLength: 4, size: 'max' }),
    template: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Change[]>([]) },
      { weight: 1, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) },
    ),
  })
}

function after(text: string, changes: readonly Change[]): string {
  return changes.reduce((one, change) => CHANGES[change.what]?.(one, change) ?? one, text)
}

const ENV = { CRM_WEBHOOK_SECRET: `whsec_${Buffer.from('the secret of a configuration').toString('base64')}` }

/** Loads what was written, in a folder that `close` removes. */
export function createLoading(tally: Map<string, number>) {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-fuzz-'))
  const [file, changedTemplate] = [
    join(folder, 'postrider.yaml'),
    join(folder, 'templates/ticket-resolved.liquid'),
  ]
  cpSync(join(ROOT, 'config/templates'), join(folder, 'templates'), { recursive: true })
  const usual = readFileSync(changedTemplate)
  return {
    /** Throws where it is anything else than loaded, or invalid with its reasons. */
    async judge({ which, changes, template }: Written): Promise<void> {
      writeFileSync(file, after(TEXTS[which % TEXTS.length] ?? '', changes))
      if (template.length > 0)
        writeFileSync(changedTemplate, after(TEMPLATES[which % TEMPLATES.length] ?? '', template))
      try {
        const result = await inTime('a configuration', () =>
          loadConfig({ file, env: ENV, unsetVariables: which % 2 === 0 ? 'warn' : 'error' }),
        )
        tally.set(result.kind, (tally.get(result.kind) ?? 0) + 1)
        if (result.kind === 'invalid') {
          assert.ok(result.problems.length > 0, 'invalid without a reason')
          for (const { message } of result.problems)
            assert.ok(
              message.trim() !== '' && !message.includes(ENV.CRM_WEBHOOK_SECRET),
              `a reason that says too little or too much: ${message}`,
            )
        }
        assertUnpolluted()
      } finally {
        if (template.length > 0) writeFileSync(changedTemplate, usual)
      }
    },
    close: () => rmSync(folder, { recursive: true }),
  }
}

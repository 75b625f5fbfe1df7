import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../src/clock.ts'
import { VARIABLE_NAMES } from '../src/environment.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { OPERATIONS } from '../src/ops/api/operations.ts'
import { PROBLEMS } from '../src/ops/api/problem.ts'
import { eventJson } from '../src/ops/shapes/event.ts'
import { messageJson } from '../src/ops/shapes/message.ts'
import { type Command, commandsOf, missingLines } from './docs/commands.ts'
import { createExample, type Example } from './docs/example.ts'
import { helpOf } from './docs/help.ts'
import { configurationKeys } from './docs/keys.ts'
import { allPages, type Page, readPage, spansOf, targetOf, userPages } from './docs/markdown.ts'
import { ROOT } from './run-postrider.ts'

const pages = userPages()
const commands = [...pages, readPage('CONTRIBUTING.md')].flatMap(commandsOf)
const source = (file: string) => readFileSync(join(ROOT, file), 'utf8')

describe('the commands of the docs', () => {
  let example: Example

  before(async () => {
    example = await createExample(scripts())
  })
  after(() => example.close())

  it('services print what the docs show', () => {
    for (const { text, prints, way } of commands) {
      if (way.kind !== 'service' || prints === null) continue
      assert.deepEqual(missingLines(prints, example.printed.get(text) ?? ''), [], text)
    }
  })

  for (const command of distinct(commands)) {
    const { text, prints, way } = command
    if (way.kind !== 'run') continue
    it(`${command.page}: ${text}`, async () => {
      const { code, out, err } = await example.run(text)
      assert.equal(code, way.exitCode, `${out}${err}`)
      assert.doesNotMatch(err, /^\s+at .*:\d+/m, 'no stack trace')
      if (prints !== null) assert.deepEqual(missingLines(prints, out), [])
      if (text.startsWith('node send-event.mjs')) assert.equal(out, '200 recorded\n')
    })
  }

  it('--json prints the keys that docs/operations.md names', async () => {
    const ledger = await openLedger({
      url: `sqlite:${example.ledger}`,
      clock: systemClock,
      log: silentLog,
      owner: false,
    })
    try {
      const [event] = await ledger.reads.events({ limit: 1 })
      const [message] = await ledger.reads.messages({ limit: 1 })
      assert.ok(event && message)
      const documented = (command: string) => {
        const row = rowsOf(readPage('docs/operations.md'), 'command').find(
          ([cell]) => cell === `\`${command}\``,
        )
        return spansOf(row?.[1] ?? '')
      }
      const undocumented = (printed: object, command: string) =>
        Object.keys(printed).filter((key) => !documented(command).includes(key))
      assert.deepEqual(undocumented(eventJson(event), 'events list'), [])
      assert.deepEqual(undocumented(messageJson(message), 'messages list'), [])
    } finally {
      await ledger.close()
    }
  })
})

describe('what the docs name', () => {
  it('links lead to files and headings that exist', () => {
    for (const page of allPages()) {
      for (const link of page.links) {
        const file = link.startsWith('#') ? page.file : targetOf(page, link)
        assert.ok(existsSync(join(ROOT, file)), `${page.file}: ${link}`)
        const anchor = link.split('#')[1]
        if (anchor) assert.ok(readPage(file).anchors.includes(anchor), `${page.file}: ${link}`)
      }
    }
  })

  it('files exist', () => {
    const roots = /^(src|test|docs|config|fixtures|examples|decisions|bench|bin|\.ci)\/[\w./-]*$/
    for (const page of allPages()) {
      for (const file of page.spans.filter((span) => roots.test(span))) {
        assert.ok(existsSync(join(ROOT, file)), `${page.file}: ${file}`)
      }
    }
  })

  it('keys of postrider.yaml are those of the code, and those that are refused too', () => {
    const page = readPage('docs/configuration.md')
    const { honoured, refused } = configurationKeys()
    const named = (heading: string) => new Set(rowsOf(page, heading).flatMap(([cell]) => spansOf(cell ?? '')))
    // The block itself has a row beside its fields.
    const documented = named('key')
    documented.delete('routes.NAME.customer')
    assert.deepEqual([...documented].sort(), [...honoured].sort())
    assert.deepEqual([...named('not supported yet')].sort(), [...refused].sort())
  })

  it('variables of the environment are those of the code and of the configuration', () => {
    const inConfiguration = [...source('config/postrider.yaml').matchAll(/"\$\{([A-Z_]+)\}"/g)].map(
      (match) => match[1] ?? '',
    )
    const known = [...VARIABLE_NAMES, ...inConfiguration].sort()
    const example = [...source('.env.example').matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1] ?? '')
    assert.deepEqual(example.sort(), known, '.env.example')

    const rows = rowsOf(readPage('docs/configuration.md'), 'variable')
    assert.deepEqual(rows.flatMap(([cell]) => spansOf(cell ?? '')).sort(), [...VARIABLE_NAMES].sort())
    for (const page of pages) {
      const spans = page.spans.filter((span) => /^[A-Z]+(_[A-Z]+)+$/.test(span))
      const set = [...page.text.matchAll(/(?:^|[ `])([A-Z_]{4,})=|process\.env\.([A-Z_]+)/gm)]
      for (const name of [...spans, ...set.map((match) => match[1] ?? match[2] ?? '')]) {
        assert.ok(known.includes(name) || name === 'NAME_FILE', `${page.file}: ${name}`)
      }
    }
  })

  it('commands and options are those of --help', async () => {
    const help = await helpOf()
    const text = pages.map((page) => page.text).join('\n')
    for (const used of [...text.matchAll(/(?:npx|bin\/) ?postrider ([^`#\n|]*)/g)]) {
      const words = (used[1] ?? '').trim().split(/\s+/)
      const named = words.filter((word) => !word.startsWith('--'))
      const command = [named.slice(0, 2).join(' '), named[0] ?? ''].find((name) => help.has(name))
      assert.ok(command !== undefined, `there is no command ${words.join(' ')}`)
      for (const option of words.filter((word) => word.startsWith('--') && word !== '--help')) {
        assert.ok(help.get(command)?.has(option), `${command} has no ${option}`)
      }
    }
    const spans = pages.flatMap((page) => page.spans)
    for (const span of spans.filter((one) => /^(messages|events) [a-z]/.test(one))) {
      assert.ok(help.has(span.split(' ').slice(0, 2).join(' ')), span)
    }
    const options = new Set([...help.values()].flatMap((its) => [...its]))
    for (const option of spans.flatMap((one) => one.match(/(?<= |^)--[a-z-]+/g) ?? [])) {
      assert.ok(options.has(option), option)
    }
    const missing = [...help.keys(), ...options].filter((name) => name !== '' && !text.includes(name))
    assert.deepEqual(missing, [], 'not in the docs')
  })

  it('operations of the API and its problems are those of the code', () => {
    const page = readPage('docs/api.md')
    assert.deepEqual(
      rowsOf(page, 'operation'),
      OPERATIONS.map(({ method, path, action, summary }) => [
        `\`${method} ${path}\``,
        `\`${action}\``,
        summary,
      ]),
    )
    assert.deepEqual(
      rowsOf(page, 'problem').map(([type, status]) => [type, status]),
      Object.entries(PROBLEMS).map(([name, { status }]) => [`\`/problems/${name}\``, String(status)]),
    )
  })

  it('codes, reasons of refusal and fields of the log are those of the code', () => {
    const operations = readPage('docs/operations.md')
    const code = [
      'deliver/outcomes',
      'deliver/deliver',
      'deliver/find',
      'deliver/look',
      'deliver/put-off',
      'deliver/settlement',
      'deliver/worker',
      'plan/plan',
      'config/templates',
    ]
      .concat(
        [
          'cancellations',
          'insert-messages',
          'open-attempt',
          'operators',
          'pass-key',
          'purge-rows',
          'recover',
          'replace',
          'settle-look',
          'undelivered',
          'withdraw',
        ].map((name) => `ledger/verbs/${name}`),
      )
      .map((name) => source(`src/${name}.ts`))
      .concat(source('src/message.ts'))
      .join('\n')
    for (const name of rowsOf(operations, 'code').flatMap(([cell]) => spansOf(cell ?? ''))) {
      assert.ok(code.includes(`'${name}'`), `no code ${name}`)
    }
    const fields = /LogFields = Partial<\{([\s\S]*?)\}>/.exec(source('src/log.ts'))?.[1] ?? ''
    for (const [, field = ''] of fields.matchAll(/^ {2}(\w+):/gm)) {
      const name = field === 'message' ? 'messageId' : field
      assert.ok(operations.spans.includes(name), `the log's field ${name} is not in the docs`)
    }
    const refusals =
      /SignatureRefusal =((?:\s*\|\s*'[a-z-]+')+)/.exec(source('src/receive/signature/verdict.ts'))?.[1] ?? ''
    const webhooks = readPage('docs/webhooks.md')
    assert.match(refusals, /'wrong-url'/)
    for (const [, reason = ''] of refusals.matchAll(/'([a-z0-9-]+)'/g)) {
      assert.ok(webhooks.spans.includes(reason), `the refusal ${reason} is not in the docs`)
    }
  })
})

/** The rows of all tables of a page whose first heading is this. */
function rowsOf(page: Page, heading: string): (readonly string[])[] {
  return page.tables.filter(({ headings }) => headings[0] === heading).flatMap(({ rows }) => [...rows])
}

/** The scripts in the docs, by the name in their first line. */
function scripts(): Record<string, string> {
  const blocks = pages.flatMap((page) => page.blocks.filter(({ language }) => language === 'js'))
  return Object.fromEntries(
    blocks.map(({ text }) => [/^\/\/ (\S+)/.exec(text)?.[1] ?? 'without-a-name.mjs', text]),
  )
}

function distinct(all: readonly Command[]): Command[] {
  return all.filter((one, at) => all.findIndex(({ text }) => text === one.text) === at)
}

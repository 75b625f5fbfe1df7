import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPage, spansOf } from '../docs/markdown.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readPage('docs/security.md')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const rowsOf = (heading: string) =>
  page.tables.filter(({ headings }) => headings[0] === heading).flatMap(({ rows }) => [...rows])

test('every promise names tests that there are', () => {
  const promises = rowsOf('promise')
  assert.ok(promises.length > 20, `${promises.length} promises`)
  for (const [promise, , shownBy = ''] of promises) {
    const files = spansOf(shownBy)
    assert.ok(files.length > 0, `${promise}: by nothing`)
    for (const file of files)
      assert.match(read(file), /^\s*(test|it|describe|compare|contract)\w*\(|^killAt|^\w+\(/m, file)
  }
})

test('what lives longer than a request is listed with its bound, and is still there', () => {
  const rows = rowsOf('file')
  const listed = rows.flatMap(([file = '']) => spansOf(file))
  for (const [n, file] of listed.entries()) {
    assert.ok(rows[n]?.[2], `${file}: without a bound`)
    assert.match(read(file), /new (Map|Set|WeakMap|LRUCache|Liquid|Registry)\b|= \[\]|= ''|unanswered/, file)
  }
  // Of a module, or a cache: what is never a constant.
  const lasting =
    /^(?:const|let) \w+(?:: Map<[^=]*)? = new (?:Map|Set|LRUCache|WeakMap)<|new LRUCache|new WeakMap/m
  const found = globSync('src/**/*.ts', { cwd: ROOT }).filter(
    (file) => !/^src\/(sandbox|commands)\//.test(file) && lasting.test(read(file)),
  )
  assert.deepEqual(
    found.filter((file) => !listed.includes(file)),
    [],
    'not in docs/security.md',
  )
})

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { filesOf } from './all-of.ts'
import { ROOT } from './run-postrider.ts'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const found = (pattern: string) => globSync(pattern, { cwd: ROOT })

/** Of a file in test/all/: the test files that it runs. */
function together(file: string): string[] {
  const folders = [...read(file).matchAll(/^await allOf\('(.+)'\)$/gm)].map(([, folder]) => folder ?? '')
  return folders.flatMap(filesOf).map((one) => `test/${one}`)
}

test('npm test runs every test file once', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { test: string } }
  const patterns = [...scripts.test.matchAll(/'([^']+)'/g)].map(([, pattern]) => pattern ?? '')
  const run = patterns
    .flatMap(found)
    .flatMap((file) => (file.startsWith('test/all/') ? together(file) : [file]))
  assert.deepEqual(run.sort(), found('test/**/*.test.ts').sort())
})

test('files that share a process leave alone what they share', () => {
  // Outside of a `describe`, `beforeEach` would be of all files, and `before` too late to be waited for.
  const shared = /^(before|beforeEach)\(|mock\.timers|process\.chdir|process\.env\.\w+ =[^=]/m
  const bad = found('test/all/*.ts')
    .flatMap(together)
    .filter((file) => shared.test(read(file)))
  assert.deepEqual(bad, [])
})

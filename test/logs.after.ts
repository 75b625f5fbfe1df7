import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { LOG_FOLDER } from './test-log.ts'

/** What no line may hold: the suite's customers, their words, and anything that lets somebody in. */
const FORBIDDEN: readonly [string, RegExp][] = [
  ['a webhook secret', /whsec_(?!\[redacted\])/],
  ['a token or a Basic secret', /\b(Bearer|Basic) (?!\[redacted\])[\w+/=.-]{6,}/],
  ['the sandbox’s client secret', /sandbox-secret|not-a-secret/i],
  ['a signature', /v1,[\w+/]{30,}=/],
  ['an email address', /[\w.+-]+@[\w-]+\.[a-z]{2,}/i],
  ['a phone number', /\+\d[\d ().-]{7,}/],
  ['a customer’s name', /\b(Ada|Bruno|Chie|Dora) (Example|Beispiel|Sample|Ejemplo)\b/],
  ['a text that was sent', /is resolved\./],
  ['a body', /"customer":|\\"customer\\":/],
]

it('nothing that the suite logged names a customer or a secret', () => {
  const files = readdirSync(LOG_FOLDER)
  const lines = files.flatMap((file) => readFileSync(join(LOG_FOLDER, file), 'utf8').split('\n'))
  assert.ok(lines.length > 200, `the suite logged ${lines.length} lines: too few to mean anything`)
  for (const [what, pattern] of FORBIDDEN) {
    const found = lines.find((line) => pattern.test(line))
    assert.equal(found, undefined, `${what} is in the log`)
  }
})

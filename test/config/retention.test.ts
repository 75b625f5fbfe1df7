import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changed, loaded, problemsOf } from './written.ts'

const DAY_MS = 86_400_000
const inFile = (line: string) => changed('genesys:\n', `${line}\ngenesys:\n`)

describe('retention', () => {
  test('is 30 days for what was said, and a year for that anything was', () => {
    assert.deepEqual(loaded().retention, { payloadMs: 30 * DAY_MS, rowsMs: 365 * DAY_MS })
  })

  test('is what the file says, and the default where it says one of the two', () => {
    const both = loaded({ yaml: inFile('retention: { payload: 7d, rows: 90d }') })
    assert.deepEqual(both.retention, { payloadMs: 7 * DAY_MS, rowsMs: 90 * DAY_MS })
    const one = loaded({ yaml: inFile('retention: { rows: 3650d }') })
    assert.deepEqual(one.retention, { payloadMs: 30 * DAY_MS, rowsMs: 3650 * DAY_MS })
  })

  for (const [line, problem] of [
    ['retention: { payload: 12h }', 'retention.payload: expected at least 1d'],
    ['retention: { rows: 7d }', 'retention: rows is shorter than payload: a payload cannot outlive its row'],
    ['retention: 30d', 'retention: expected { payload, rows }, such as { payload: 30d, rows: 365d }'],
    ['retention:', 'retention: expected { payload, rows }, such as { payload: 30d, rows: 365d }'],
  ] as const) {
    test(`refuses ${line}`, () => {
      assert.deepEqual(problemsOf({ yaml: inFile(line) }), [`postrider.yaml:1 ${problem}`])
    })
  }
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { describeIssues } from '../../src/config/issues.ts'
import { quietHours } from '../../src/config/quiet-hours.ts'
import { readYaml } from '../../src/config/yaml.ts'

const Route = z.strictObject({ quietHours: quietHours.optional() })

/** What a route's `quietHours` come to, as the file has them: the value, or what an operator reads. */
function read(written: string) {
  const yaml = readYaml('postrider.yaml', `quietHours: ${written}\n`, () => undefined)
  assert.deepEqual(yaml.problems, [])
  const { success, data, error } = Route.safeParse(yaml.data)
  return success
    ? { quietHours: data.quietHours }
    : { problems: describeIssues(error.issues, 'postrider.yaml', yaml, Route).map(({ message }) => message) }
}

const ALL = [1, 2, 3, 4, 5, 6, 7]

describe('what is read', () => {
  test('everything that can be said', () =>
    assert.deepEqual(read('{ from: "21:00", to: "08:30", timezone: Europe/Berlin, days: mon-fri }'), {
      quietHours: { fromMinute: 1_260, toMinute: 510, timezone: 'Europe/Berlin', days: [1, 2, 3, 4, 5] },
    }))

  test('the least: every day, in nobody’s zone', () =>
    assert.deepEqual(read('{ from: "00:00", to: "23:59" }'), {
      quietHours: { fromMinute: 0, toMinute: 1_439, timezone: null, days: ALL },
    }))

  test('times without quotes', () =>
    assert.deepEqual(read('{ from: 21:00, to: 08:00 }'), {
      quietHours: { fromMinute: 1_260, toMinute: 480, timezone: null, days: ALL },
    }))

  test('none', () => assert.deepEqual(read('none'), { quietHours: 'none' }))

  const days: [string, number[]][] = [
    ['mon-fri', [1, 2, 3, 4, 5]],
    ['mon-sun', ALL],
    ['fri-mon', [1, 5, 6, 7]],
    ['sun-sat', ALL],
    ['tue-mon', ALL],
    ['wed', [3]],
    ['wed-wed', [3]],
    ['"sat,sun"', [6, 7]],
    ['"sun, sat"', [6, 7]],
    ['"mon-wed, tue , fri - sat"', [1, 2, 3, 5, 6]],
  ]
  for (const [written, expected] of days) {
    test(`days: ${written}`, () =>
      assert.deepEqual(read(`{ from: "21:00", to: "08:00", days: ${written} }`), {
        quietHours: { fromMinute: 1_260, toMinute: 480, timezone: null, days: expected },
      }))
  }
})

describe('what is refused, in words that say what to write', () => {
  const TIME = /: expected a time of day in quotes, "00:00" to "23:59", such as "21:00"$/
  const DAYS =
    /^quietHours\.days: expected days such as mon-fri, sat or "sat,sun" \(a comma in quotes\), of mon, tue, wed, thu, fri, sat, sun$/
  const ZONE = /^quietHours\.timezone: expected a time zone as IANA names it, such as Europe\/Berlin$/
  const BLOCK = /^quietHours: expected \{ from, to, timezone, days \}, such as \{ .* \}, or none$/
  const refused: [written: string, ...expected: RegExp[]][] = [
    ...['"24:00"', '"8:00"', '"08:60"', '"0800"', '8', '1260', '"08:00:00"', '" 08:00"', '"٠٨:٠٠"'].map(
      (time): [string, RegExp] => [`{ from: "21:00", to: ${time} }`, TIME],
    ),
    ['{ from: 1260, to: "8" }', /^quietHours\.from/, /^quietHours\.to/],
    ['{ from: "21:00" }', /^quietHours\.to: expected a time of day/],
    ['{ from: "08:00", to: "08:00" }', /^quietHours\.to: expected another time than from/],
    ...['', 'fri-', '-fri', 'monday', 'Mon', 'mon-fri-sun', 'mon,', 'mon;tue', '1-5'].map(
      (days): [string, RegExp] => [`{ from: "21:00", to: "08:00", days: "${days}" }`, DAYS],
    ),
    ['{ from: "21:00", to: "08:00", days: [sat, sun] }', DAYS],
    ...['Middle/Earth', '"+01:00"', '"-05"', '""', '1', 'Berlin', 'local'].map((zone): [string, RegExp] => [
      `{ from: "21:00", to: "08:00", timezone: ${zone} }`,
      ZONE,
    ]),
    ['{ from: "21:00", to: "08:00", zone: UTC }', /^quietHours\.zone: there is no such key/],
    ['{ from: "21:00", to: "08:00", timezon: UTC }', /^quietHours\.timezon: .*; did you mean timezone\?$/],
    ['night', BLOCK],
    ['"21:00-08:00"', BLOCK],
    ['[]', BLOCK],
    ['', BLOCK],
  ]
  for (const [written, ...expected] of refused) {
    test(written || 'nothing', () => {
      const { problems = [] } = read(written)
      assert.equal(problems.length, expected.length, problems.join('\n'))
      for (const [at, words] of expected.entries()) assert.match(problems[at] ?? '', words)
    })
  }
})

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Fixture, fixtureFiles, readFixture } from '../../src/config/fixtures.ts'

const NOW = new Date('2026-11-23T08:00:00.000Z')

describe('a fixture', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-fixtures-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  function written(content: unknown): string {
    const file = join(folder, 'fixture.json')
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }
  function read(content: unknown): Fixture {
    const result = readFixture(written(content))
    assert.ok(result.kind === 'read', result.kind === 'invalid' ? result.reason : '')
    return result.fixture
  }
  function whyInvalid(content: unknown): string {
    const result = readFixture(written(content))
    assert.ok(result.kind === 'invalid', 'it was read')
    return result.reason
  }

  test('has a source and a body; nothing is expected and it happens now', () => {
    const fixture = read({ source: 'crm', body: { a: 1 } })
    assert.equal(fixture.source, 'crm')
    assert.equal(fixture.headers, undefined)
    assert.equal(fixture.expect, null)
    assert.deepEqual(fixture.at(NOW), NOW)
    assert.equal(fixture.bytes(NOW).toString(), '{"a":1}')
  })

  test('expects what it says, or that nothing comes of it', () => {
    const expect = [{ route: 'a', state: 'failed', reason: 'no-contact', channel: 'email', text: 'Hello' }]
    assert.deepEqual(read({ source: 'crm', body: {}, expect, note: 'why' }).expect, expect)
    assert.deepEqual(read({ source: 'crm', body: {}, expect: [] }).expect, [])
  })

  test('a body that is text is sent as it stands, JSON or not', () => {
    assert.equal(read({ source: 'crm', body: '{"type": 42, [' }).bytes(NOW).toString(), '{"type": 42, [')
    assert.equal(read({ source: 'crm', body: null }).bytes(NOW).toString(), 'null')
    assert.equal(read({ source: 'crm', body: 'ü' }).bytes(NOW).length, 2)
  })

  const times: [string, string][] = [
    ['now', '2026-11-23T08:00:00.000Z'],
    ['-10m', '2026-11-23T07:50:00.000Z'],
    ['+1h', '2026-11-23T09:00:00.000Z'],
    ['2d', '2026-11-25T08:00:00.000Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T02:00:00.5+02:00', '2026-01-01T00:00:00.500Z'],
  ]
  for (const [at, expected] of times) {
    test(`at ${at}`, () => {
      const fixture = read({ source: 'crm', body: { first: '{{ now }}', again: ['{{ now }}'] }, at })
      assert.equal(fixture.at(NOW).toISOString(), expected)
      assert.equal(fixture.bytes(NOW).toString(), `{"first":"${expected}","again":["${expected}"]}`)
    })
  }

  // JavaScript takes some of these for a time in 2001, or in this machine's zone.
  for (const at of [
    '-1',
    '-10min',
    'yesterday',
    '10',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-13-01T00:00:00Z',
    '',
  ]) {
    test(`at ${at} is no time`, () =>
      assert.equal(
        whyInvalid({ source: 'crm', body: {}, at }),
        `at: expected now, a shift such as -10m, or a time; got ${at}`,
      ))
  }

  const wrong: [string, unknown, RegExp][] = [
    ['no JSON', '{"source"', /^not a fixture: /],
    ['no object', [], /^the file: /],
    ['no source', { body: {} }, /^source: expected the name of a source$/],
    ['no body', { source: 'crm' }, /^body: expected the body of the delivery$/],
    ['a key that there is not', { source: 'crm', body: {}, expects: [] }, /"expects"/],
    [
      'a state that there is not',
      { source: 'crm', body: {}, expect: [{ route: 'a', state: 'lost' }] },
      /^expect\.0\.state: /,
    ],
    [
      'an expectation without a route',
      { source: 'crm', body: {}, expect: [{ state: 'sent' }] },
      /^expect\.0\.route: /,
    ],
    ['headers that are no texts', { source: 'crm', body: {}, headers: { a: 1 } }, /^headers\.a: /],
    ['all at once', { at: 1, expect: 1 }, /^source: .*; body: .*; at: .*; expect: /],
  ]
  for (const [name, content, reason] of wrong) test(name, () => assert.match(whyInvalid(content), reason))

  test('a file that is not there', () => assert.equal(readFixture(join(folder, 'none.json')).kind, 'invalid'))

  test('all below a folder, sorted, whatever their depth', () => {
    const root = join(folder, 'all')
    for (const path of ['b/x.json', 'a/deep/y.json', 'a/b.json', 'README.md']) {
      mkdirSync(join(root, path, '..'), { recursive: true })
      writeFileSync(join(root, path), '{}')
    }
    assert.deepEqual(
      fixtureFiles(root),
      ['a/b.json', 'a/deep/y.json', 'b/x.json'].map((path) => join(root, path)),
    )
  })
})

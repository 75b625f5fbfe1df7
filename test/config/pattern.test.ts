import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parsePattern } from '../../src/config/pattern.ts'

function matches(pattern: string, event: string): boolean {
  const parsed = parsePattern(pattern)
  assert.ok(parsed, `${pattern} is a pattern`)
  const slash = event.indexOf('/')
  return parsed.matches(event.slice(0, slash), event.slice(slash + 1))
}

describe('what matches', () => {
  const cases: [string, string, boolean][] = [
    ['crm/ticket.resolved', 'crm/ticket.resolved', true],
    ['crm/ticket.resolved', 'crm/ticket.resolved2', false],
    ['crm/ticket.resolved', 'crm/xticket.resolved', false],
    ['crm/ticket.resolved', 'crm/ticketXresolved', false],
    ['crm/ticket.resolved', 'CRM/ticket.resolved', false],
    ['crm/ticket.*', 'crm/ticket.resolved', true],
    ['crm/ticket.*', 'crm/ticket.', true],
    ['crm/ticket.*', 'crm/ticket', false],
    ['crm/*.resolved', 'crm/ticket.sub.resolved', true],
    ['crm/*', 'crm/', true],
    ['*/customer.erased', 'shop/customer.erased', true],
    ['*/*', 'shop/anything', true],
    ['shop-*/a', 'shop-eu/a', true],
    ['shop-*/a', 'shop/a', false],
    // Both ends are anchored, and they may not share characters.
    ['crm/ab*ba', 'crm/aba', false],
    ['crm/ab*ba', 'crm/abba', true],
    ['crm/*ab*', 'crm/xaab', true],
    ['crm/a*b*c', 'crm/acb', false],
    // A type may have a slash; a source has none.
    ['crm/a/b', 'crm/a/b', true],
    ['crm/a*', 'crm/a/b', true],
    // What means something to a regular expression means itself.
    ['crm/a+(b)[c]?$', 'crm/a+(b)[c]?$', true],
    ['crm/.*', 'crm/x', false],
    ['crm/*', 'crm/two\nlines', true],
  ]
  for (const [pattern, event, expected] of cases) {
    test(`${pattern} ${expected ? 'takes' : 'leaves'} ${JSON.stringify(event)}`, () =>
      assert.equal(matches(pattern, event), expected))
  }

  test('as a regular expression would, for every pattern and text', () => {
    // A small alphabet, so that they meet often.
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 })
    const oracle = (pattern: string) =>
      new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 's')
    fc.assert(
      fc.property(piece, piece, text, text, (source, type, ofSource, ofType) => {
        const expected = oracle(source).test(ofSource) && oracle(type).test(ofType)
        assert.equal(parsePattern(`${source}/${type}`)?.matches(ofSource, ofType), expected)
        assert.equal(parsePattern(`${source}/${type}`)?.listensTo(ofSource), oracle(source).test(ofSource))
      }),
      { numRuns: 2_000 },
    )
  })

  test('a pattern made to be slow costs no more than its text is long', () => {
    const pattern = parsePattern(`crm/${'*a'.repeat(5_000)}*b`)
    const started = process.cpuUsage()
    assert.equal(pattern?.matches('crm', 'a'.repeat(100_000)), false)
    // Backtracking would take longer than the universe has.
    const { user, system } = process.cpuUsage(started)
    assert.ok(user + system < 1_000_000, `${user + system} µs`)
  })
})

describe('what is no pattern', () => {
  for (const text of ['', '*', 'crm', 'ticket.resolved', '/', '/ticket', 'crm/']) {
    test(JSON.stringify(text), () => assert.equal(parsePattern(text), null))
  }
})

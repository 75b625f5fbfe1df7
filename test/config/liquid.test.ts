import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileCondition, compileField } from '../../src/config/liquid.ts'
import { scopeWith } from './scope.ts'

const DATA = {
  channel: 'web',
  count: 5,
  tags: ['vip', 'new'],
  customer: { id: 'C-1' },
  no: false,
  zero: 0,
  none: null,
}

function holds(text: string, data: unknown = DATA): boolean {
  const result = compileCondition(text)
  assert.ok(result.kind === 'compiled', result.kind === 'broken' ? result.reason : '')
  return result.value.holds(scopeWith(data))
}
function value(text: string, data: unknown = DATA): string | undefined {
  const result = compileField(text)
  assert.ok(result.kind === 'compiled', result.kind === 'broken' ? result.reason : '')
  return result.value.value(scopeWith(data, { externalId: 'C-1' }))
}
function whyBroken(compile: typeof compileCondition | typeof compileField, text: string): string {
  const result = compile(text)
  assert.ok(result.kind === 'broken', `${text} was compiled`)
  return result.reason
}

describe('a condition', () => {
  const cases: [string, boolean][] = [
    ['data.channel == "web"', true],
    ["data.channel == 'sms'", false],
    ['data.channel != "sms"', true],
    ['data.count > 4 and data.count <= 5', true],
    ['data.count > 5 or data.channel == "web"', true],
    ['not data.no', true],
    ['data.tags contains "vip"', true],
    ['data.tags.size == 2', true],
    ['data.tags[0] == "vip"', true],
    ['payload.type == event.type', true],
    ['event.source == "crm"', true],
    ['true', true],
    ['false', false],
    ['data.zero', true],
    ['data.no', false],
    // Lenient: absent is false, however deep.
    ['data.none', false],
    ['data.absent', false],
    ['data.absent.deeper.still == "x"', false],
    ['data.absent > 4', false],
    ['data.absent contains "x"', false],
    ['absent', false],
    ['data.absent == nil', true],
    // Nothing of JavaScript is reached.
    ['data.constructor', false],
    ['data.channel.constructor', false],
    ['data.tags.constructor', false],
    ['data.toString', false],
    ['data.__proto__', false],
    ['data.hasOwnProperty', false],
  ]
  for (const [text, expected] of cases)
    test(`${text}: ${expected}`, () => assert.equal(holds(text), expected))

  test('stands on any payload', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        assert.equal(typeof holds('data.a.b == "x" or data[0] contains "y"', data), 'boolean')
      }),
    )
  })

  const broken = [
    '',
    '{{ data.channel }} == "web"',
    'true %}{% endif %}{% if true',
    'data.channel = "web"',
    'data.channel === "web"',
    'data.channel == "web" && data.count == 5',
    'data.channel == "web" || data.count == 5',
    '!data.no',
    '(data.count == 5)',
    'data.channel | nosuchfilter',
    // liquidjs would read each of these as its beginning, and most would hold for every event.
    'data.channel eq "web"',
    'data.channel in "web"',
    'data.channel is "web"',
    'data.count data.channel',
    'data.channel == "web" xor data.no',
    'data.channel == "web',
    'data.channel == "web", data.no',
    'data.channel == "web") or false',
    'data.channel ==',
    '== "web"',
  ]
  for (const text of broken) {
    test(`not one: ${text}`, () => assert.ok(whyBroken(compileCondition, text).length > 0))
  }

  test('what stands between two values without an operator is named in its order', () =>
    assert.match(
      whyBroken(compileCondition, 'data.count > 4 also data.no'),
      /no operator between two values \(data\.count > 4 also data\.no\)/,
    ))
})

describe('a field', () => {
  const cases: [string, string | undefined][] = [
    ['{{ data.customer.id }}', 'C-1'],
    ['{{ data["customer"]["id"] }}', 'C-1'],
    ['crm-{{ data.customer.id }}-{{ data.count }}', 'crm-C-1-5'],
    ['{{ customer.externalId }}', 'C-1'],
    ['  {{ data.channel }}\n', 'web'],
    ['{{ data.channel | upcase }}', 'WEB'],
    ['{{ data.absent | default: "x" }}', 'x'],
    ['{% if data.no %}a{% else %}b{% endif %}', 'b'],
    ['always', 'always'],
    ['{{ event.occurredAt }}', '2026-11-23T08:00:00.000Z'],
    // Absent, null, blank, and what is no text: none.
    ['{{ data.absent }}', undefined],
    ['{{ data.absent.deeper }}', undefined],
    ['{{ data.none }}', undefined],
    ['{{ "  " }}', undefined],
    ['{{ data.customer }}', undefined],
    ['{{ data.tags }}', undefined],
    ['{% for tag in data.absent %}{{ tag }}{% endfor %}', undefined],
    ['{{ data.constructor }}', undefined],
    ['{{ data.channel.constructor.name }}', undefined],
    ['{{ data.tags.__proto__ }}', undefined],
  ]
  for (const [text, expected] of cases) {
    test(`${JSON.stringify(text)}: ${expected}`, () => assert.equal(value(text), expected))
  }

  for (const text of [
    '{{ data.customer.id',
    '{{ }}',
    '{{ data.a | nosuchfilter }}',
    '{{ data.a || data.b }}',
    '{{ data.a data.b }}',
    '{{ data.a, data.b }}',
    '{{ data.a | default: "x }}',
    '{% if data.a eq "x" %}y{% endif %}',
    '{% nosuchtag %}',
    '{% include "x" %}',
  ]) {
    test(`not one: ${text}`, () => assert.ok(whyBroken(compileField, text).length > 0))
  }

  test('one event leaves nothing behind for the next', () => {
    const result = compileField('{% increment n %}{{ seen }}{% assign seen = data.id %}')
    assert.ok(result.kind === 'compiled')
    const scope = scopeWith({ id: 'x' })
    const before = structuredClone(scope)
    assert.equal(result.value.value(scope), '0')
    assert.equal(result.value.value(scope), '0')
    assert.deepEqual(scope, before)
  })
})

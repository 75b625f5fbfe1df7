import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readYaml } from '../../src/config/yaml.ts'
import { BASE, changed, load, NEXT_LINE, problemsOf, withRoute } from './written.ts'

describe('what YAML makes of what people write', () => {
  const cases: [string, string, RegExp][] = [
    [
      'a pattern that begins with *',
      changed('on: crm/ticket.resolved', 'on: */customer.erased'),
      /^postrider\.yaml:9 .*Put patterns with \* in quotes/,
    ],
    [
      'a pattern that is *',
      changed('on: crm/ticket.resolved', 'on: *'),
      /^postrider\.yaml:9 .*Put patterns with \* in quotes/,
    ],
    [
      'a pattern that begins with *, in a list',
      changed('on: crm/ticket.resolved', 'on: [crm/a, */b]'),
      /^postrider\.yaml:9 .*Put patterns with \* in quotes/,
    ],
    ['Liquid alone', withRoute('once: {{ data.ticket.id }}'), /^postrider\.yaml:12 .*Put Liquid in quotes/],
    ['Liquid and more', withRoute('once: {{ data.a }}-x'), /^postrider\.yaml:12 .*Put Liquid in quotes/],
    [
      'Liquid in a block',
      withRoute('customer:', '  email: {{ data.customer.email }}'),
      /^postrider\.yaml:13 .*Put Liquid in quotes/,
    ],
    [
      'a condition in braces',
      withRoute('when: {{ data.a }}'),
      /^postrider\.yaml:12 .*a condition \(when\) is written without \{\{ \}\}/,
    ],
    [
      'a leading quote',
      withRoute('when: "web" == data.channel'),
      /^postrider\.yaml:12 .*put the whole of it in the other quotes/,
    ],
    [
      'a leading single quote',
      withRoute("when: 'web' == data.channel"),
      /^postrider\.yaml:12 .*put the whole of it in the other quotes/,
    ],
    [
      'a filter with a colon',
      withRoute('when: data.a | default: "x" == "y"'),
      /^postrider\.yaml:12 .*Put a value that has ": " in it in quotes/,
    ],
    [
      'a value that begins with !',
      withRoute('when: !data.a'),
      /^postrider\.yaml:12 a value that begins with ! is YAML for a type\. Put it in quotes/,
    ],
    [
      'a tab',
      changed('    template', '\ttemplate'),
      /^postrider\.yaml:10 .*indented with spaces, not with tabs/,
    ],
    ['a key that stands twice', withRoute('template: other'), /^postrider\.yaml:12 .*twice/],
    ['two documents', `${BASE}---\na: 1\n`, /^postrider\.yaml:12 .*one document/],
    ['a name of prototypes', `${BASE}  __proto__: {}\n`, /^postrider\.yaml:12 .*no such key/],
  ]
  for (const [name, yaml, expected] of cases) {
    test(`${name}: one problem, its line and what to do`, () => {
      const problems = problemsOf({ yaml })
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0] ?? '', expected)
    })
  }

  test('what YAML misread does not hide what is wrong on other lines', () => {
    const yaml = changed('template: greet', 'template: other', withRoute('once: {{ data.a }}'))
    const lines = problemsOf({ yaml }).map((problem) => problem.split(' ')[0])
    assert.deepEqual(lines, ['postrider.yaml:10', `postrider.yaml:${NEXT_LINE}`])
  })

  test('what is no block of settings', () => {
    for (const yaml of ['', '# nothing', '- a', 'text', '5']) {
      assert.match(problemsOf({ yaml })[0] ?? '', /the file: expected genesys, sources and routes/)
    }
  })

  test('windows line ends, a byte order mark and comments', () => {
    assert.equal(load({ yaml: `\uFEFF# ours\n${BASE}`.replaceAll('\n', '\r\n') }).kind, 'loaded')
  })
})

describe('readYaml', () => {
  const text = 'a:\n  b:\n    - x\n    - y: 1\nc: 2\n'
  const yaml = readYaml('f.yaml', text, () => undefined)

  test('tells where a value stands by its key, and an item of a list by itself', () => {
    assert.deepEqual(yaml.data, { a: { b: ['x', { y: 1 }] }, c: 2 })
    assert.equal(yaml.lineOf(['a']), 1)
    assert.equal(yaml.lineOf(['a', 'b']), 2)
    assert.equal(yaml.lineOf(['a', 'b', 1]), 4)
    assert.equal(yaml.lineOf(['a', 'b', 1, 'y']), 4)
    assert.equal(yaml.lineOf(['c']), 5)
  })

  test('what does not exist stands where the nearest part above it does', () => {
    assert.equal(yaml.lineOf(['a', 'b', 7]), 2)
    assert.equal(yaml.lineOf(['a', 'nothing', 'deeper']), 1)
    assert.equal(yaml.lineOf(['nothing']), 1)
    assert.equal(yaml.lineOfKey([], 'c'), 5)
    assert.equal(yaml.lineOfKey(['a'], 'nothing'), null)
  })

  test('aliases cannot make much of little', () => {
    const bomb = `a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n`
    const { problems } = readYaml('f.yaml', bomb, () => undefined)
    assert.deepEqual(
      problems.map(({ line }) => line),
      [2, 3],
    )
  })
})

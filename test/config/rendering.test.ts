import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileText, liquidWords } from '../../src/config/liquid.ts'
import { scopeWith } from './scope.ts'
import { loaded, withRoute } from './written.ts'

const DATA = {
  name: 'Ann',
  none: null,
  empty: '',
  blank: ' \n',
  no: false,
  zero: 0,
  list: ['a', 'b'],
  object: { a: 1 },
  markup: '<i>&"\'</i>',
  personal: 'ann.personal@example.com',
}

function render(text: string, { html = false, data = DATA as unknown } = {}): string {
  const result = compileText(text, { html })
  assert.ok(result.kind === 'compiled', result.kind === 'broken' ? result.reason : '')
  return result.value.render(scopeWith(data))
}
function failure(text: string, data: unknown = DATA): string {
  try {
    return `rendered ${render(text, { data })}`
  } catch (error) {
    return liquidWords(error)
  }
}

describe('an output must come to something, else it fails and names the variable', () => {
  const cases: [string, string][] = [
    ['Hello {{ data.absent }}', 'undefined variable: data.absent'],
    ['{{ data.absent.deeper }}', 'undefined variable: data.absent.deeper'],
    ['{{ absent }}', 'undefined variable: absent'],
    ['{{ data.none }}', '{{ data.none }} has no value'],
    ['{{ data.none.deeper }}', '{{ data.none.deeper }} has no value'],
    ['{{ data.empty }}', '{{ data.empty }} is empty'],
    ['{{ data.blank }}', '{{ data.blank }} is empty'],
    ['{{ data.object }}', '{{ data.object }} is an object, not a text'],
    ['{{ data.list }}', '{{ data.list }} is a list, not a text'],
    ['{{ data.zero | divided_by: 0 }}', '{{ data.zero | divided_by: 0 }} is not a number'],
    ['{{ data.none | upcase }}', '{{ data.none | upcase }} is empty'],
    ['{{ data.absent | default: "" }}', '{{ data.absent | default: "" }} is empty'],
    ['{{ data.name | append: data.absent }}', 'undefined variable: data.absent'],
    ['{{\n  data.none\n}}', '{{ data.none }} has no value'],
    ['{%- echo data.none -%}', '{%- echo data.none -%} has no value'],
    ['{% liquid\n  echo data.none\n%}', 'echo data.none has no value'],
    ['{% assign x = data.none %}{{ x }}', '{{ x }} has no value'],
    // However deep in tags.
    ['{% if true %}{{ data.none }}{% endif %}', '{{ data.none }} has no value'],
    ['{% if data.no %}{% elsif true %}{{ data.none }}{% endif %}', '{{ data.none }} has no value'],
    ['{% if data.no %}{% else %}{{ data.none }}{% endif %}', '{{ data.none }} has no value'],
    ['{% unless data.no %}{{ data.none }}{% endunless %}', '{{ data.none }} has no value'],
    ['{% case data.name %}{% when "Ann" %}{{ data.none }}{% endcase %}', '{{ data.none }} has no value'],
    ['{% case data.name %}{% else %}{{ data.none }}{% endcase %}', '{{ data.none }} has no value'],
    [
      '{% for x in data.list %}{% if true %}{{ data.none }}{% endif %}{% endfor %}',
      '{{ data.none }} has no value',
    ],
    ['{% tablerow x in data.list %}{{ data.none }}{% endtablerow %}', '{{ data.none }} has no value'],
    ['{% capture x %}{{ data.none }}{% endcapture %}', '{{ data.none }} has no value'],
    ['{% for x in data.absent %}{{ x }}{% endfor %}', 'undefined variable: data.absent'],
    // Nothing of JavaScript is reached.
    ['{{ data.constructor }}', 'undefined variable: data.constructor'],
    ['{{ data.name.constructor }}', 'undefined variable: data.name.constructor'],
    ['{{ data.__proto__ }}', 'undefined variable: data.__proto__'],
    ['{{ data.list.map }}', 'undefined variable: data.list.map'],
  ]
  for (const [text, expected] of cases) test(text, () => assert.equal(failure(text), expected))

  test('false and 0 are something', () => assert.equal(render('{{ data.no }} {{ data.zero }}'), 'false 0'))

  test('no reason quotes what the event says', () => {
    for (const text of [
      '{{ data.list[data.personal] }}',
      '{{ data[data.personal] }}',
      '{{ data.object[data.personal].x }}',
      '{{ data.personal | split: "@" }}',
      '{% for x in data[data.personal] %}{% endfor %}',
    ]) {
      assert.doesNotMatch(failure(text), /personal@|^rendered/, text)
    }
  })
})

describe('default, if and their kin are lenient', () => {
  const cases: [string, string][] = [
    ['{{ data.absent | default: "there" }}', 'there'],
    ['{{ data.absent.deeper | default: "there" }}', 'there'],
    ['{{ data.none | default: data.name }}', 'Ann'],
    ['{{ data.empty | default: "there" }}', 'there'],
    ['{{ data.absent | default: "a" | upcase }}', 'A'],
    ['{% if data.absent %}a{% else %}b{% endif %}', 'b'],
    ['{% if data.absent.deeper == "x" %}a{% else %}b{% endif %}', 'b'],
    ['{% if data.name and data.absent %}a{% else %}b{% endif %}', 'b'],
    ['{% if data.no %}a{% elsif data.absent %}b{% else %}c{% endif %}', 'c'],
    ['{% unless data.absent %}a{% endunless %}', 'a'],
  ]
  for (const [text, expected] of cases) test(text, () => assert.equal(render(text), expected))

  test('what is not rendered need not be there', () =>
    assert.equal(render('{% if data.absent %}{{ data.absent }}{% endif %}.'), '.'))
})

describe('HTML', () => {
  const escaped = '&lt;i&gt;&amp;&quot;&#39;&lt;/i&gt;'
  const cases: [string, string][] = [
    ['<p>{{ data.markup }}</p>', `<p>${escaped}</p>`],
    ['{% echo data.markup %}', escaped],
    ['{% if true %}{{ data.markup }}{% endif %}', escaped],
    ['{% for x in data.list %}{{ data.markup }}{% endfor %}', escaped + escaped],
    ['{% liquid\n  echo data.markup\n%}', escaped],
    ['{% assign x = data.markup %}{{ x }}', escaped],
    [
      '{{ data.markup | raw | upcase }}',
      escaped.replaceAll('i', 'I').replace(/&[a-z#]+|39/gi, (e) => e.toLowerCase()),
    ],
    ['{{ data.absent | default: data.markup }}', escaped],
    ['{{ data.markup | raw }}', DATA.markup],
  ]
  for (const [text, expected] of cases) test(text, () => assert.equal(render(text, { html: true }), expected))

  test('whatever the event says, it opens no tag and ends no attribute', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '\u2028'), minLength: 1 }),
        (value) => {
          const html = render('{{ data.value }}', { html: true, data: { value: `a${value}` } })
          assert.doesNotMatch(html, /[<>"']|&(?!(amp|lt|gt|quot|#39);)/)
        },
      ),
    )
  })

  test('cycle, which would print past all this, is not available', () => {
    const result = compileText('{% cycle data.markup, "b" %}', { html: true })
    assert.equal(result.kind === 'broken' && result.reason, '{% cycle %} is not available')
  })
})

describe('a template reaches no file', () => {
  for (const text of [
    '{% include "x" %}',
    '{% render "x" %}',
    '{% layout "x" %}',
    '{% block x %}{% endblock %}',
    '{% if true %}{% render "x" %}{% endif %}',
  ]) {
    test(text, () => {
      const result = compileText(text, { html: false })
      assert.match(result.kind === 'broken' ? result.reason : 'compiled', /^\{% \w+ %\} is not available$/)
    })
  }
})

describe('limits', () => {
  const megabyte = { text: 'a'.repeat(1_000_000), words: 'a '.repeat(500_000) }
  const chains = [
    `{{ data.text${' | upcase | downcase'.repeat(500)} }}`,
    `{{ data.words | split: " "${' | reverse'.repeat(200)} | join: "-" }}`,
    `{{ data.text${' | append: data.text'.repeat(200)} }}`,
    '{% for i in (1..1000000) %}{{ data.text }}{% endfor %}',
    '{% for i in (1..1000000000) %}x{% endfor %}',
    '{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}{% assign x = i %}{% endfor %}{% endfor %}{% endfor %}',
  ]
  for (const text of chains) {
    test(`stopped quickly: ${text.slice(0, 60)}`, () => {
      const started = process.threadCpuUsage()
      // A fast machine comes to the longest string that there is before the time is over.
      assert.match(failure(text, megabyte), /limit exceeded|Invalid string length/)
      const { user, system } = process.threadCpuUsage(started)
      // Measured at 10 to 120 ms; without the limits seconds, or the whole memory.
      assert.ok(user + system < 1_000_000, `${user + system} µs`)
    })
  }

  test('what a message may be is far within them', () => {
    assert.equal(render('{{ data.text | upcase }}', { data: megabyte }).length, 1_000_000)
  })

  test('one render that was stopped leaves the next alone', () => {
    assert.match(failure(chains[0] ?? '', megabyte), /limit exceeded/)
    assert.equal(render('{{ data.name }}'), 'Ann')
  })
})

describe('what a channel carries', () => {
  const { templates } = loaded({
    yaml: withRoute('mode: shadow'),
    templates: { 'greet.liquid': '---\nsubject: S\n---\n{{ data.text }}\n' },
  })
  const sized = (length: number) => scopeWith({ text: 'x'.repeat(length) })

  test('webmessaging: 2000 characters', () => {
    assert.equal(templates.render('greet', 'webmessaging', sized(2000)).kind, 'rendered')
    assert.deepEqual(templates.render('greet', 'webmessaging', sized(2001)), {
      kind: 'unrenderable',
      code: 'text-too-long',
      reason: 'greet.liquid comes to 2001 characters; webmessaging carries 2000.',
    })
  })

  test('sms: 765', () => {
    assert.equal(templates.render('greet', 'sms', sized(765)).kind, 'rendered')
    assert.equal(templates.render('greet', 'sms', sized(766)).kind, 'unrenderable')
  })

  test('open: 2000', () => {
    assert.equal(templates.render('greet', 'open', sized(2000)).kind, 'rendered')
    assert.equal(templates.render('greet', 'open', sized(2001)).kind, 'unrenderable')
  })

  test('email: as long as it is', () =>
    assert.equal(templates.render('greet', 'email', sized(500_000)).kind, 'rendered'))

  test('nothing at all is no message', () => {
    const { templates } = loaded({ templates: { 'greet.liquid': '{% if data.absent %}x{% endif %}\n' } })
    assert.deepEqual(templates.render('greet', 'webmessaging', sized(1)), {
      kind: 'unrenderable',
      code: 'template-error',
      reason: 'greet.liquid comes to an empty text.',
    })
  })

  test('a failure says which file, which variable and what to do', () => {
    assert.deepEqual(templates.render('greet', 'webmessaging', scopeWith({})), {
      kind: 'unrenderable',
      code: 'template-error',
      reason: 'greet.liquid: undefined variable: data.text. Mend the template or the event, then re-trigger.',
    })
  })
})

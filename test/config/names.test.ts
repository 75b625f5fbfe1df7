import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileCondition, compileField, compileText, liquidWords } from '../../src/config/liquid.ts'
import type { Customer } from '../../src/message.ts'
import { scopeWith } from './scope.ts'
import { loaded } from './written.ts'

const TYPED = 'Ann <b>B</b>\nhttps://evil.example/win'

function rendered(text: string, customer: Customer = { name: TYPED }, html = false): string {
  const result = compileText(text, { html })
  assert.ok(result.kind === 'compiled', result.kind === 'broken' ? result.reason : '')
  try {
    return result.value.render(scopeWith({ customer: { name: TYPED } }, customer))
  } catch (error) {
    return liquidWords(error)
  }
}

describe('a customer’s name in a template', () => {
  const cases: [string, string][] = [
    ['{{ customer.name }}', 'Ann <b>B</b>'],
    ['{{ customer["name"] | upcase }}', 'ANN <B>B</B>'],
    ['{{ customer.name | default: "there" }}', 'Ann <b>B</b>'],
    ['{{ "Dear " | append: customer.name }}', 'Dear Ann <b>B</b>'],
    ['{% assign who = customer.name %}{{ who }}', 'Ann <b>B</b>'],
    ['{% capture who %}{{ customer.name }}{% endcapture %}{{ who | raw }}', 'Ann <b>B</b>'],
    ['{% assign who = customer %}{{ who.name | raw }}', 'Ann <b>B</b>'],
    ['{% if customer.name contains "evil" %}yes{% else %}no{% endif %}', 'no'],
    ['{% for field in customer %}{{ field | join: "=" }}{% endfor %}', 'name=Ann <b>B</b>'],
    ['{% for n in (1..2) %}{% echo customer.name %}{% endfor %}', 'Ann <b>B</b>Ann <b>B</b>'],
    // As it came where the output ends so, there alone.
    ['{{ customer.name | raw }}', TYPED],
    ['{% echo customer.name | raw %}', TYPED],
    ['{{ customer.name | upcase | raw }}', TYPED.toUpperCase()],
    ['{{ customer.name | raw | upcase }}', 'ANN <B>B</B>'],
    ['{{ customer.name | raw }}/{{ customer.name }}', `${TYPED}/Ann <b>B</b>`],
    ['{% if true %}{{ customer.name | raw }}{% endif %}{{ customer.name }}', `${TYPED}Ann <b>B</b>`],
    ['{% assign x = "mine" %}{{ x | raw }}', 'mine'],
    ['{{ data.absent | raw }}', 'undefined variable: data.absent'],
  ]
  for (const [text, expected] of cases) test(text, () => assert.equal(rendered(text), expected))

  test('is cut at 80 characters', () => {
    assert.equal(rendered('{{ customer.name }}', { name: 'x'.repeat(90) }), 'x'.repeat(80))
    assert.equal(rendered('{{ customer.name | raw }}', { name: 'x'.repeat(90) }), 'x'.repeat(90))
  })

  test('is escaped in HTML, and not where the output ends in raw', () => {
    assert.equal(rendered('{{ customer.name }}', undefined, true), 'Ann &lt;b&gt;B&lt;/b&gt;')
    assert.equal(rendered('{{ customer.name | raw }}', undefined, true), TYPED)
  })

  test('counts as absent where nothing is left of it', () => {
    const customer = { name: 'https://evil.example', email: 'ann@example.com' }
    assert.equal(rendered('{{ customer.name | default: "there" }}', customer), 'there')
    assert.equal(rendered('{% if customer.name %}yes{% else %}no{% endif %}', customer), 'no')
    assert.equal(rendered('{{ customer.name }}', customer), 'undefined variable: customer.name')
    assert.equal(rendered('{{ customer.name | raw }}', customer), 'https://evil.example')
    assert.equal(rendered('{{ customer.email }}', customer), 'ann@example.com')
  })

  test('is the same in subjects, HTML and the parameters of whatsapp', () => {
    const { templates } = loaded({
      templates: {
        'greet.liquid': 'Hello',
        'greet.email.liquid': '---\nsubject: "Dear {{ customer.name }}"\n---\nHello {{ customer.name }}',
        'greet.email.html.liquid': '<p>{{ customer.name }}</p>',
        'greet.whatsapp.liquid':
          '---\nwhatsapp: { responseId: r, header: ["{{ customer.name }}"], body: ["{{ customer.name | raw }}"] }\n---\n',
      },
    })
    const scope = scopeWith({}, { name: TYPED })
    const email = templates.render('greet', 'email', scope)
    const whatsapp = templates.render('greet', 'whatsapp', scope)
    assert.ok(email.kind === 'rendered' && whatsapp.kind === 'rendered')
    const { subject, text, html } = email.rendered
    assert.deepEqual(
      [subject, text, html],
      ['Dear Ann <b>B</b>', 'Hello Ann <b>B</b>', '<p>Ann &lt;b&gt;B&lt;/b&gt;</p>'],
    )
    const { header, body } = whatsapp.rendered.whatsapp ?? {}
    assert.deepEqual(
      [header?.[0]?.value, body?.[0]?.value],
      ['Ann <b>B</b>', 'Ann <b>B</b> https://evil.example/win'],
    )
  })

  test('leaves the scope that it was given, and the next render, as they are', () => {
    const result = compileText('{{ customer.name | raw }}{{ customer.name }}', { html: false })
    assert.ok(result.kind === 'compiled')
    const scope = scopeWith({}, { name: TYPED })
    const before = structuredClone(scope)
    assert.equal(result.value.render(scope), result.value.render(scope))
    assert.deepEqual(scope, before)
  })

  test('is what the event says in a condition and in a field', () => {
    const scope = scopeWith({}, { name: TYPED })
    const condition = compileCondition('customer.name contains "evil"')
    const field = compileField('{{ customer.name }}')
    assert.ok(condition.kind === 'compiled' && field.kind === 'compiled')
    assert.equal(condition.value.holds(scope), true)
    assert.equal(field.value.value(scope), TYPED)
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changed, loaded, problemsOf } from './written.ts'

describe('what the parts of the file say about each other', () => {
  const email = { 'greet.liquid': 'Hello', 'greet.email.liquid': '---\nsubject: Hi\n---\nHello' }
  const toEmail = changed('[webmessaging]', '[webmessaging, email]')
  const cases: [string, Parameters<typeof problemsOf>[0], string][] = [
    [
      'a source that there is not',
      { yaml: changed('crm/ticket', 'shop/ticket') },
      ':9 routes.greet.on: there is no source shop; there is crm',
    ],
    [
      'one of several patterns',
      { yaml: changed('crm/ticket.resolved', '[crm/a, shop/b]') },
      ':9 routes.greet.on: there is no source shop; there is crm',
    ],
    [
      'a pattern that no source can match',
      { yaml: changed('crm/ticket.resolved', '"shop-*/ticket"') },
      ':9 routes.greet.on: there is no source shop-*; there is crm',
    ],
    [
      'a template that there is not',
      { yaml: changed('template: greet', 'template: bye') },
      ':10 routes.greet.template: there is no template bye; there is greet in templates/',
    ],
    [
      'no templates at all',
      { templates: {} },
      ':10 routes.greet.template: there is no template greet; there are none in templates/',
    ],
    [
      'a template for another channel',
      { templates: { 'greet.email.liquid': 'Hello' } },
      ':10 routes.greet.template: greet has no file for webmessaging: add greet.liquid or greet.webmessaging.liquid',
    ],
    [
      'HTML is no text',
      { yaml: changed('[webmessaging]', '[email]'), templates: { 'greet.email.html.liquid': 'Hello' } },
      ':10 routes.greet.template: greet has no file for email: add greet.liquid or greet.email.liquid',
    ],
    [
      'an email without a subject',
      { yaml: toEmail },
      ':10 routes.greet.template: greet has no subject for email: give greet.email.liquid a front matter with subject',
    ],
    [
      'an email without a subject in one of its languages',
      { yaml: toEmail, templates: { ...email, 'greet.email.de.liquid': 'Hallo' } },
      ':10 routes.greet.template: greet has no subject for email',
    ],
    [
      'an email with a subject only where the language has one',
      {
        yaml: toEmail,
        templates: { 'greet.liquid': 'Hello', 'greet.email.de.liquid': email['greet.email.liquid'] },
      },
      ':10 routes.greet.template: greet has no subject for email',
    ],
    [
      'a channel that Genesys is not told how to use',
      { yaml: changed('  email: { from: { email: care@example.com } }\n', '', toEmail), templates: email },
      ':10 routes.greet.channels: email needs genesys.email',
    ],
    [
      'a channel that Genesys is not told how to use, the other',
      { yaml: changed('  webmessaging: { deploymentId: deployment-1 }\n', '') },
      ':10 routes.greet.channels: webmessaging needs genesys.webmessaging',
    ],
  ]
  for (const [name, written, expected] of cases) {
    test(name, () => {
      const problems = problemsOf(written)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.ok(problems[0]?.startsWith(`postrider.yaml${expected}`), problems[0])
    })
  }

  test('a template may be named as a channel', () => {
    const yaml = changed('template: greet', 'template: email')
    assert.equal(loaded({ yaml, templates: { 'email.liquid': 'Hello' } }).routes[0]?.template, 'email')
  })

  test('a template that is broken is not missing too', () => {
    for (const templates of [
      { 'greet.liquid': '{{ a' },
      { 'greet.liquid': '{{ a', 'greet.email.liquid': 'Hello' },
    ]) {
      assert.deepEqual(problemsOf({ templates }), ['templates/greet.liquid:1 output "{{ a" not closed'])
    }
  })

  test('a source that waits for its secret is noted', () => {
    const { warnings, sources } = loaded({ yaml: changed(`["\${CRM_WEBHOOK_SECRET}"]`, '[]') })
    assert.deepEqual(
      warnings.map(({ line, message }) => [line, message]),
      [[6, 'sources.crm.secrets: no secret yet; every delivery is refused until there is one']],
    )
    assert.deepEqual(sources.get('crm')?.secrets, [])
  })

  test('an externalId that cannot be looked up is noted; one of the two number spaces is enough', () => {
    const none = changed('  externalSource: { id: space-1, name: CRM }\n', '')
    const own = changed('secrets:', 'externalSource: { id: s, name: S }, secrets:', none)
    assert.match(
      loaded({ yaml: none }).warnings[0]?.message ?? '',
      /^routes\.greet\.findBy: .*events of crm: neither/,
    )
    assert.deepEqual(loaded({ yaml: own }).warnings, [])
    assert.deepEqual(loaded({ yaml: `${none}    findBy: [email]\n` }).warnings, [])
  })
})

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { RenderResult } from '../../src/config/config.ts'
import { loadTemplates } from '../../src/config/templates.ts'
import type { Channel, Customer } from '../../src/message.ts'
import { scopeWith } from './scope.ts'

/** The templates of a folder that holds these files; a name that ends in / is a folder of its own. */
function folderOf(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-templates-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      if (name.endsWith('/')) mkdirSync(join(folder, name))
      else writeFileSync(join(folder, name), content)
    }
    return loadTemplates(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function render(
  files: Readonly<Record<string, string>>,
  channel: Channel = 'webmessaging',
  customer: Customer = {},
  data: unknown = {},
): RenderResult {
  const { templates, problems } = folderOf(files)
  assert.deepEqual(problems, [])
  return templates.render('hi', channel, scopeWith(data, customer))
}

function textOf(result: RenderResult): string {
  assert.ok(result.kind === 'rendered', result.kind === 'unrenderable' ? result.reason : '')
  return result.rendered.text
}

describe('the most specific file wins', () => {
  const mail = (text: string) => `---\nsubject: S ${text}\n---\n${text}`
  const all = {
    'hi.liquid': 'any',
    'hi.de.liquid': 'any de',
    'hi.de-AT.liquid': 'any de-AT',
    'hi.webmessaging.liquid': 'chat',
    'hi.webmessaging.de.liquid': 'chat de',
    'hi.email.liquid': mail('mail'),
    'hi.email.de.liquid': mail('mail de'),
    'hi.email.de-AT.liquid': mail('mail de-AT'),
    'other.webmessaging.de-AT.liquid': 'another template',
  }
  const cases: [Channel, string | undefined, string][] = [
    ['webmessaging', undefined, 'chat'],
    ['webmessaging', 'fr', 'chat'],
    ['webmessaging', 'de', 'chat de'],
    // The channel before the locale: chat in German before any channel in Austrian.
    ['webmessaging', 'de-AT', 'chat de'],
    ['email', 'de-AT', 'mail de-AT'],
    ['email', 'de_at', 'mail de-AT'],
    ['email', 'DE-at', 'mail de-AT'],
    ['email', 'de-CH', 'mail de'],
    ['email', 'de-AT-1996', 'mail de-AT'],
    ['email', 'den', 'mail'],
    ['email', '', 'mail'],
    ['email', '-', 'mail'],
    ['sms', 'de-AT', 'any de-AT'],
    ['sms', 'de', 'any de'],
    ['sms', 'en', 'any'],
  ]
  for (const [channel, locale, expected] of cases) {
    test(`${channel} in ${locale}: ${expected}`, () =>
      assert.equal(textOf(render(all, channel, locale === undefined ? {} : { locale })), expected))
  }

  test('the version names the file and changes with its content', () => {
    const versionOf = (files: Record<string, string>) => {
      const result = render(files, 'webmessaging', { locale: 'de' })
      return result.kind === 'rendered' ? result.rendered.templateVersion : ''
    }
    assert.match(versionOf(all), /^hi\.webmessaging\.de\.liquid@[0-9a-f]{8}$/)
    assert.equal(versionOf(all), versionOf({ ...all, 'hi.liquid': 'changed' }))
    assert.notEqual(versionOf(all), versionOf({ ...all, 'hi.webmessaging.de.liquid': 'chat de!' }))
  })

  test('where none serves, it says what to add', () => {
    const result = render({ 'hi.de.liquid': 'Hallo', 'hi.email.liquid': mail('x') }, 'webmessaging', {
      locale: 'fr',
    })
    assert.deepEqual(result, {
      kind: 'unrenderable',
      code: 'no-template',
      reason: 'There is no template hi for webmessaging. Add hi.liquid to the templates.',
    })
  })
})

describe('an email', () => {
  const html = '<p>{{ data.name }}</p>'
  const files = {
    'hi.email.liquid': '---\nsubject: "For {{ data.name }}"\n---\nHello {{ data.name }}',
    'hi.email.html.liquid': html,
    'hi.email.de.html.liquid': `<div>${html}</div>`,
  }

  test('has a subject, a text and HTML, which is escaped and the others are not', () => {
    const result = render(files, 'email', {}, { name: `<b>O'Neill & "Co"</b>` })
    assert.ok(result.kind === 'rendered')
    const { templateVersion, ...rest } = result.rendered
    assert.match(templateVersion, /^hi\.email\.liquid@/)
    assert.deepEqual(rest, {
      channel: 'email',
      text: `Hello <b>O'Neill & "Co"</b>`,
      subject: `For <b>O'Neill & "Co"</b>`,
      html: '<p>&lt;b&gt;O&#39;Neill &amp; &quot;Co&quot;&lt;/b&gt;</p>',
    })
  })

  test('has HTML of its language', () => {
    const result = render(files, 'email', { locale: 'de-AT' }, { name: 'Ann' })
    assert.equal(result.kind === 'rendered' && result.rendered.html, '<div><p>Ann</p></div>')
  })

  test('needs no HTML', () => {
    const result = render({ 'hi.email.liquid': files['hi.email.liquid'] }, 'email', {}, { name: 'Ann' })
    assert.ok(result.kind === 'rendered' && !('html' in result.rendered))
  })

  test('has its subject on one line, whatever the event says', () => {
    const result = render(files, 'email', {}, { name: 'Ann\r\nBcc: all@example.com\tx' })
    assert.equal(result.kind === 'rendered' && result.rendered.subject, 'For Ann Bcc: all@example.com x')
  })

  test('a subject that comes to nothing is none', () => {
    const empty = { 'hi.liquid': '---\nsubject: "{% if data.x %}x{% endif %}"\n---\nHello' }
    assert.deepEqual(render(empty, 'email'), {
      kind: 'unrenderable',
      code: 'template-error',
      reason: 'hi.liquid comes to an empty subject.',
    })
  })

  test('without a subject says where it belongs', () => {
    const result = render({ 'hi.liquid': 'Hello' }, 'email')
    assert.match(
      result.kind === 'unrenderable' ? result.reason : '',
      /^hi\.liquid has no subject: in its front matter/,
    )
  })
})

describe('whatsapp', () => {
  const front = (lines: string, body = '') => `---\nwhatsapp:\n${lines}\n---\n${body}`
  const ID = '  responseId: 5d3c-9a'
  const shown = (content: string, data: unknown = {}) => {
    const result = render({ 'hi.whatsapp.liquid': content }, 'whatsapp', { name: 'Ann' }, data)
    assert.ok(result.kind === 'rendered', result.kind === 'unrenderable' ? result.reason : '')
    return result.rendered
  }
  const whyNot = (content: string, data: unknown = {}) => {
    const result = render({ 'hi.whatsapp.liquid': content }, 'whatsapp', {}, data)
    return result.kind === 'unrenderable' ? [result.code, result.reason] : 'rendered'
  }

  test('takes a response and its parameters, by their place or by their name', () => {
    const content = front(
      `${ID}\n  header: ["{{ data.ticket }}"]\n  body:\n    - "{{ customer.name }}"\n    - { id: link, value: "https://x/{{ data.ticket }}" }\n    - Bye`,
    )
    const { templateVersion, ...rest } = shown(content, { ticket: 'T-1' })
    assert.match(templateVersion, /^hi\.whatsapp\.liquid@[0-9a-f]{8}$/)
    assert.deepEqual(rest, {
      channel: 'whatsapp',
      text: 'Response 5d3c-9a\nheader 1: T-1\n1: Ann\nlink: https://x/T-1\n3: Bye',
      whatsapp: {
        responseId: '5d3c-9a',
        header: [{ id: '1', value: 'T-1' }],
        body: [
          { id: '1', value: 'Ann' },
          { id: 'link', value: 'https://x/T-1' },
          { id: '3', value: 'Bye' },
        ],
      },
    })
  })

  test('needs no parameters', () => {
    const { text, whatsapp } = shown(front(ID))
    assert.deepEqual([text, whatsapp], ['Response 5d3c-9a', { responseId: '5d3c-9a', header: [], body: [] }])
  })

  test('a text is what operators see, of any length', () => {
    const data = { text: 'x'.repeat(5000) }
    assert.equal(shown(front(ID, 'Hello {{ data.text }}\n'), data).text, `Hello ${data.text}`)
    assert.equal(shown(front(ID, '{% if data.absent %}x{% endif %}\n')).text, 'Response 5d3c-9a')
  })

  test('a parameter is on one line, whatever the event says', () =>
    assert.deepEqual(
      shown(front(`${ID}\n  body: ["{{ data.a }}"]`), { a: ' two\r\n\tlines     wide ' }).whatsapp,
      {
        responseId: '5d3c-9a',
        header: [],
        body: [{ id: '1', value: 'two lines wide' }],
      },
    ))

  test('a parameter must come to something, and is named', () => {
    const again = 'Mend the template or the event, then re-trigger.'
    const cases: [string, string][] = [
      ['body: ["{{ data.absent }}"]', `undefined variable: data.absent. ${again}`],
      ['header: [a, "{{ data.none }}"]', `{{ data.none }} has no value. ${again}`],
      ['body: [{ id: x, value: "{{ data }}" }]', `{{ data }} is an object, not a text. ${again}`],
      [`body: [a, "{% if data.absent %}x{% endif %}"]`, `whatsapp.body 2 comes to nothing. ${again}`],
      [
        `header: [{ id: x, value: "{% if data.absent %}x{% endif %}" }]`,
        `whatsapp.header x comes to nothing. ${again}`,
      ],
    ]
    for (const [line, reason] of cases) {
      assert.deepEqual(whyNot(front(`${ID}\n  ${line}`), { none: null }), [
        'template-error',
        `hi.whatsapp.liquid: ${reason}`,
      ])
    }
  })

  test('takes the file of its language, and the general one where it has none of its own', () => {
    const files = {
      'hi.liquid': front('  responseId: general', 'Hello'),
      'hi.whatsapp.liquid': front('  responseId: own'),
      'hi.whatsapp.de.liquid': front('  responseId: eigene'),
    }
    const responseIn = (locale: string, from: Record<string, string> = files) => {
      const result = render(from, 'whatsapp', { locale })
      return result.kind === 'rendered' ? result.rendered.whatsapp?.responseId : result.reason
    }
    assert.deepEqual([responseIn('de-AT'), responseIn('fr')], ['eigene', 'own'])
    assert.equal(responseIn('de', { 'hi.liquid': files['hi.liquid'] }), 'general')
    const overSms = render(files, 'sms')
    assert.equal(textOf(overSms), 'Hello')
    assert.ok(overSms.kind === 'rendered' && !('whatsapp' in overSms.rendered))
  })

  test('a general file without a response says where it belongs', () => {
    const result = render({ 'hi.liquid': 'Hello' }, 'whatsapp')
    assert.deepEqual(result, {
      kind: 'unrenderable',
      code: 'template-error',
      reason:
        'hi.liquid has no response: in its front matter, as whatsapp needs: whatsapp: { responseId, body: [..] }.',
    })
  })

  test('hasResponse asks of every file that could be chosen', () => {
    const has = (files: Record<string, string>) => folderOf(files).templates.hasResponse('hi')
    const own = { 'hi.whatsapp.liquid': front(ID) }
    assert.ok(has(own))
    assert.ok(has({ ...own, 'hi.liquid': 'Hello', 'hi.de.liquid': 'Hallo' }))
    assert.ok(has({ 'hi.liquid': front(ID) }))
    assert.ok(!has({ 'hi.liquid': 'Hello', 'hi.whatsapp.de.liquid': front(ID) }))
    assert.ok(!has({ 'hi.liquid': front(ID), 'hi.de.liquid': 'Hallo' }))
  })
})

describe('front matter', () => {
  const body = (content: string) => textOf(render({ 'hi.liquid': content }))

  test('is no part of the text', () => {
    for (const content of [
      '---\nsubject: S\n---\nHello',
      '---\r\nsubject: S\r\n---\r\nHello\r\n',
      '\uFEFF---\nsubject: S\n---\nHello',
      '--- \nsubject: S\n---  \nHello',
      '---\n---\nHello',
      'Hello\n',
      '\uFEFFHello',
    ]) {
      assert.equal(body(content), 'Hello')
    }
  })

  test('only the first two lines --- are it', () => {
    assert.equal(body('---\nsubject: S\n---\nOne\n---\nTwo'), 'One\n---\nTwo')
    assert.equal(body('One\n---\nsubject: S\n---\nTwo'), 'One\n---\nsubject: S\n---\nTwo')
  })

  const cases: [string, string, string, string][] = [
    [
      'an unknown key',
      'hi.liquid',
      '---\n# note\nsubjet: S\n---\nHello',
      '3 subjet: there is no such key; did you mean subject?',
    ],
    [
      'a subject that is no text',
      'hi.liquid',
      '---\nsubject: 5\n---\nHello',
      '2 subject: expected the subject of an email',
    ],
    [
      'an empty subject',
      'hi.liquid',
      '---\nsubject: ""\n---\nHello',
      '2 subject: expected the subject of an email, got an empty text',
    ],
    [
      'a subject that is no Liquid',
      'hi.liquid',
      '---\n\nsubject: "{{ a"\n---\nHello',
      '3 subject: output "{{ a" not closed',
    ],
    [
      'unquoted Liquid',
      'hi.liquid',
      '---\nsubject: {{ data.a }}\n---\nHello',
      '2 { } within { } is YAML for a block. Put Liquid in quotes',
    ],
    [
      'a key that stands twice',
      'hi.liquid',
      '---\nsubject: a\nsubject: b\n---\nHello',
      '3 this key stands in its block twice',
    ],
    [
      'no end',
      'hi.liquid',
      '---\nsubject: a\nHello',
      '1 the front matter begins with --- and has no line --- at its end',
    ],
    ['a list', 'hi.liquid', '---\n- subject\n---\nHello', '2 the file: expected settings such as subject:'],
    [
      'a subject in the HTML',
      'hi.email.de.html.liquid',
      '---\nsubject: a\n---\nHello',
      "2 subject: an email's subject stands in its text, hi.email.de.liquid",
    ],
    [
      'a subject in a file of a channel that has none',
      'hi.sms.liquid',
      '---\n# note\nsubject: a\n---\nHello',
      '3 subject: sms has none, only an email has',
    ],
    [
      'a response in a file of another channel',
      'hi.email.liquid',
      '---\nsubject: a\nwhatsapp: { responseId: x }\n---\nHello',
      '3 whatsapp: a file for email is never sent over whatsapp',
    ],
    [
      'a response in the HTML',
      'hi.email.html.liquid',
      '---\nwhatsapp: { responseId: x }\n---\nHello',
      '2 whatsapp: a file for email is never sent over whatsapp',
    ],
    [
      'a file of whatsapp without a response',
      'hi.whatsapp.de.liquid',
      'Hello',
      '1 whatsapp needs a front matter with whatsapp: { responseId',
    ],
    [
      'a subject in a file of whatsapp',
      'hi.whatsapp.liquid',
      '---\nsubject: a\n---\nHello',
      '2 subject: whatsapp has none, only an email has',
    ],
    [
      'no response',
      'hi.liquid',
      '---\nwhatsapp: x\n---\nHello',
      '2 whatsapp: expected { responseId, body, header }',
    ],
    [
      'a response without its id',
      'hi.liquid',
      '---\nwhatsapp:\n  body: [a]\n---\nHello',
      '2 whatsapp.responseId: expected the id of a canned response',
    ],
    ...['{{ data.id }}', `\${RESPONSE}`, 'two words'].map((id): [string, string, string, string] => [
      `a response whose id is ${id}`,
      'hi.liquid',
      `---\nwhatsapp:\n  responseId: "${id}"\n---\nHello`,
      '3 whatsapp.responseId: expected the id of a canned response in Genesys Cloud, as it stands there; neither',
    ]),
    [
      'an unknown key of a response',
      'hi.liquid',
      '---\nwhatsapp:\n  responseId: x\n  boddy: [a]\n---\nHello',
      '4 whatsapp.boddy: there is no such key; did you mean body?',
    ],
    [
      'an unknown key of a parameter',
      'hi.liquid',
      '---\nwhatsapp:\n  responseId: x\n  body:\n    - a\n    - { id: b, value: c, valeu: d }\n---\nHello',
      '6 whatsapp.body.1.valeu: there is no such key; did you mean value?',
    ],
    [
      'parameters that are no list',
      'hi.liquid',
      '---\nwhatsapp:\n  responseId: x\n  header: a\n---\nHello',
      '4 whatsapp.header: expected a list of texts',
    ],
    [
      'a parameter that is no text',
      'hi.liquid',
      '---\nwhatsapp:\n  responseId: x\n  body: [a, 5]\n---\nHello',
      '4 whatsapp.body.1: expected a text such as "{{ customer.name }}", or { id, value }',
    ],
    [
      'two parameters of one id',
      'hi.liquid',
      '---\nwhatsapp:\n  responseId: x\n  body: [{ id: "2", value: a }, b]\n---\nHello',
      '4 whatsapp.body: two parameters have one id',
    ],
    [
      'a parameter that is no Liquid',
      'hi.liquid',
      '---\nwhatsapp:\n  responseId: x\n  body:\n    - a\n    - "{{ b"\n---\nHello',
      '6 whatsapp.body.1: output "{{ b" not closed',
    ],
    [
      'a body that is no Liquid',
      'hi.liquid',
      '---\nsubject: a\n---\n\n\nHello {{ data.a',
      '6 output "{{ data.a" not closed',
    ],
    [
      'a body without front matter',
      'hi.liquid',
      'Hello\n{% if data.a eq "b" %}x{% endif %}',
      '2 there is no operator between two values (data.a eq "b")',
    ],
  ]
  for (const [name, file, content, expected] of cases) {
    test(`wrong: ${name}`, () => {
      const { problems } = folderOf({ [file]: content })
      assert.equal(problems.length, 1)
      const { file: path, line, message } = problems[0] ?? assert.fail('a problem')
      assert.ok(path.endsWith(`/${file}`))
      assert.ok(`${line} ${message}`.startsWith(expected), `${line} ${message}`)
    })
  }
})

test('every fault of a front matter is named', () => {
  const content = `---
subject: "{{ a"
whatsapp:
  responseId: x
  header: ["{{ b"]
  body: [c, { id: d, value: "{% if %}" }]
---
Hello`
  const { problems } = folderOf({ 'hi.liquid': content })
  assert.deepEqual(
    problems.map(({ line, message }) => `${line} ${message.split(':')[0]}`),
    ['2 subject', '5 whatsapp.header.0', '6 whatsapp.body.1'],
  )
})

describe('the names of files', () => {
  for (const name of [
    'Hi.liquid',
    'hi there.liquid',
    '-hi.liquid',
    'hi.fax.de.liquid',
    'hi.html.liquid',
    'hi.webmessaging.html.liquid',
    'hi.email.de.fr.liquid',
    'hi.email.html.de.liquid',
    '.liquid',
  ]) {
    test(`none: ${name}`, () => {
      const { problems, templates } = folderOf({ [name]: 'Hello' })
      assert.equal(problems.length, 1)
      assert.deepEqual(templates.names, [])
    })
  }

  test('names and files are sorted; other files are none of them', () => {
    const { templates, problems } = folderOf({
      'b.liquid': 'x',
      'a.de.liquid': 'x',
      'a.liquid': 'x',
      'README.md': '{{',
    })
    assert.deepEqual(problems, [])
    assert.deepEqual(templates.names, ['a', 'b'])
    assert.deepEqual(templates.files('a'), ['a.de.liquid', 'a.liquid'])
    assert.deepEqual(templates.files('c'), [])
  })

  test('what cannot be read is a problem, and the others are read', () => {
    const { problems, templates } = folderOf({ 'a.liquid/': '', 'b.liquid': 'x' })
    assert.match(problems[0]?.message ?? '', /^cannot be read/)
    assert.deepEqual(templates.names, ['b'])
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changed, load, loaded, problemsOf, withRoute } from './written.ts'

const inGenesys = (line: string) => changed('genesys:\n', `genesys:\n  ${line}\n`)
const inSource = (keys: string) => changed('secrets:', `${keys}, secrets:`)
const inFile = (line: string) => changed('genesys:\n', `${line}\ngenesys:\n`)

function only(yaml: string): string {
  const problems = problemsOf({ yaml })
  assert.equal(problems.length, 1, problems.join('\n'))
  return problems[0] ?? ''
}

describe('a key that does not exist, and the one that was meant', () => {
  const cases: [string, string, string][] = [
    [inFile('route: {}'), 'route', 'routes'],
    [inGenesys('ratelimitPerMinutes: 3'), 'genesys.ratelimitPerMinutes', 'rateLimitPerMinute'],
    [changed('{ id: space-1, name', '{ id: space-1, nmae: x, name'), 'genesys.externalSource.nmae', 'name'],
    [
      changed('{ deploymentId', '{ deploymentID: x, deploymentId'),
      'genesys.webmessaging.deploymentID',
      'deploymentId',
    ],
    [
      changed('{ from: {', '{ replyto: { email: a@example.com }, from: {'),
      'genesys.email.replyto',
      'replyTo',
    ],
    [changed('{ email: care', '{ naem: x, email: care'), 'genesys.email.from.naem', 'name'],
    [inSource('dedupefor: 3d'), 'sources.crm.dedupefor', 'dedupeFor'],
    [inGenesys('sms: { from: "+13175550100", form: x }'), 'genesys.sms.form', 'from'],
    [
      inGenesys('whatsapp: { integrationID: x, integrationId: x }'),
      'genesys.whatsapp.integrationID',
      'integrationId',
    ],
    [inGenesys('deliveryShar: 0.1'), 'genesys.deliveryShar', 'deliveryShare'],
    [withRoute('requireSesion: 30d'), 'routes.greet.requireSesion', 'requireSession'],
    [withRoute('onUndeliverd: none'), 'routes.greet.onUndeliverd', 'onUndelivered'],
    [withRoute('chanels: [email]'), 'routes.greet.chanels', 'channels'],
    [withRoute('mdoe: live'), 'routes.greet.mdoe', 'mode'],
    [withRoute('customer: { emial: "{{ a }}", phone: "{{ b }}" }'), 'routes.greet.customer.emial', 'email'],
    [withRoute('brake: { messages: 3, per: 1h, pre: 1h }'), 'routes.greet.brake.pre', 'per'],
  ]
  for (const [yaml, key, meant] of cases) {
    test(`${key} → ${meant}`, () => {
      const problem = only(yaml)
      assert.ok(problem.endsWith(`${key}: there is no such key; did you mean ${meant}?`), problem)
    })
  }

  test('nothing is suggested that is far or stands elsewhere', () => {
    for (const line of ['unrelated: 1', 'to: x', 'if: x', 'secrets: []', 'notify: x']) {
      assert.match(only(withRoute(line)), /: there is no such key$/)
    }
    assert.match(only(withRoute('brake: { messages: 3, per: 1h, one: 1 }')), /: there is no such key$/)
  })
})

describe('a value that is not what was expected', () => {
  const cases: [string, string][] = [
    [
      inGenesys('rateLimitPerMinute: fast'),
      ':2 genesys.rateLimitPerMinute: expected a number of calls a minute',
    ],
    [inGenesys('rateLimitPerMinute: 0'), ':2 genesys.rateLimitPerMinute: expected at least 1'],
    [inGenesys('rateLimitPerMinute: 1.5'), ':2 genesys.rateLimitPerMinute: expected a whole number'],
    [inGenesys('onlyTo: ann@example.com'), ':2 genesys.onlyTo: expected a list'],
    // Without quotes YAML reads a number.
    ...[
      '+13175550100',
      '"13175550100"',
      '"+1 317 555 0100"',
      '"+1317555"',
      '"+999123456"',
      '"+"',
      '""',
      'x',
    ].map((from): [string, string] => [
      inGenesys(`sms: { from: ${from} }`),
      ':2 genesys.sms.from: expected a phone number as E.164 has it, in quotes',
    ]),
    [inGenesys('sms: "+13175550100"'), ':2 genesys.sms: expected { from }'],
    [inGenesys('sms:'), ':2 genesys.sms: expected { from }'],
    [inGenesys('whatsapp: {}'), ':2 genesys.whatsapp.integrationId: expected the id of a messaging'],
    [
      inGenesys('open: { integrationId: "" }'),
      ':2 genesys.open.integrationId: expected the id of a messaging',
    ],
    ...['de', 'XX', 'Germany', '49', '""'].map((country): [string, string] => [
      inGenesys(`defaultCountry: ${country}`),
      ':2 genesys.defaultCountry: expected a country as ISO 3166 has it: two capital letters, such as DE',
    ]),
    ...['-0.1', '1.01', '5%', '"0.5"'].map((share): [string, string] => [
      inGenesys(`deliveryShare: ${share}`),
      ':2 genesys.deliveryShare: expected a share from 0 to 1, such as 0.05',
    ]),
    [changed('care@example.com', 'care'), ':4 genesys.email.from.email: expected an email address'],
    [changed('deployment-1', '""'), ':3 genesys.webmessaging.deploymentId: expected the id of a Messenger'],
    [changed(`["\${CRM_WEBHOOK_SECRET}"]`, 'x'), ':6 sources.crm.secrets: expected a list of secrets'],
    [
      changed('on: crm/ticket.resolved', 'on: "*/ticket.resolved"', changed('  crm:', '  C R M:')),
      ':6 sources.C R M: a name has lower-case letters, digits and hyphens',
    ],
    [
      changed('on: crm/ticket.resolved', 'on: "*/ticket.resolved"', changed('  crm:', '  cli:')),
      ':6 sources.cli: the name cli is kept for what postrider send plans',
    ],
    [changed('  greet:', '  send:'), ':8 routes.send: the name send is kept for what postrider send plans'],
    [changed('on: crm/ticket.resolved', 'on: ticket.resolved'), ':9 routes.greet.on: expected source/type'],
    [changed('on: crm/ticket.resolved', 'on: [crm/a, b]'), ':9 routes.greet.on.1: expected source/type'],
    [changed('on: crm/ticket.resolved', 'on: []'), ':9 routes.greet.on: expected at least one pattern'],
    [
      changed('    on: crm/ticket.resolved\n', ''),
      ':8 routes.greet.on: expected source/type, or a list of them',
    ],
    [changed('[webmessaging]', '[]'), ':11 routes.greet.channels: expected a list of webmessaging'],
    [
      changed('[webmessaging]', '[webmessaging, fax]'),
      ':11 routes.greet.channels.1: expected one of webmessaging',
    ],
    [
      changed('[webmessaging]', '[webmessaging, webmessaging]'),
      ':11 routes.greet.channels: each may stand there once',
    ],
    [withRoute('mode: on'), ':12 routes.greet.mode: expected live, shadow or off'],
    [withRoute('findBy: [name]'), ':12 routes.greet.findBy.0: expected externalId, email, phone'],
    [withRoute('when: data.a = "b"'), ':12 routes.greet.when: not a Liquid condition (compare with =='],
    [withRoute('when: 5'), ':12 routes.greet.when: expected a condition'],
    [withRoute('once: ""'), ':12 routes.greet.once: expected a text such as'],
    [withRoute('once: "{{ data.a"'), ':12 routes.greet.once: not Liquid: output "{{ data.a" not closed'],
    [
      withRoute('customer: { name: "{{ a }}" }'),
      ':12 routes.greet.customer: expected at least one of externalId',
    ],
    [withRoute('purpose: ads'), ':12 routes.greet.purpose: expected service or marketing'],
    [withRoute('once: "{{ data.a }}"', 'oncePer: 999ms'), ':13 routes.greet.oncePer: expected a duration'],
    [withRoute('once: "{{ data.a }}"', 'oncePer: 0s'), ':13 routes.greet.oncePer: expected at least 1s'],
    [withRoute('onRepeat: move'), ':12 routes.greet.onRepeat: expected keep or replace'],
    [withRoute('cancelOn: crm/a'), ':12 routes.greet.cancelOn: expected a list of { on, match, equals }'],
    [withRoute('cancelOn: [crm/a]'), ':12 routes.greet.cancelOn.0: expected { on, match, equals }'],
    [withRoute('cancelOn: [{ on: crm/a }]'), ':12 routes.greet.cancelOn.0.match: expected a text such as'],
    [
      withRoute('cancelOn: [{ on: a, match: "{{ b }}" }]'),
      ':12 routes.greet.cancelOn.0.on: expected source/',
    ],
    [
      withRoute('cancelOn: [{ on: crm/a, match: "{{ b", equals: "{{ c }}" }]'),
      ':12 routes.greet.cancelOn.0.match: not Liquid: output "{{ b" not closed',
    ],
    [
      withRoute('cancelOn: [{ on: crm/a, match: "{{ b }}", equal: "{{ c }}" }]'),
      ':12 routes.greet.cancelOn.0.equal: there is no such key; did you mean equals?',
    ],
    [withRoute('quietHours: night'), ':12 routes.greet.quietHours: expected { from, to, timezone, days }'],
    [
      withRoute('quietHours: { from: "21:00", to: "8:00", timezone: UTC }'),
      ':12 routes.greet.quietHours.to: expected a time of day in quotes',
    ],
    [withRoute('cap: 3'), ':12 routes.greet.cap: expected { messages, per, group }, such as'],
    [withRoute('cap:'), ':12 routes.greet.cap: expected { messages, per, group }, such as'],
    [withRoute('cap: { messages: 0, per: 7d }'), ':12 routes.greet.cap.messages: expected at least 1'],
    [withRoute('cap: { messages: 3 }'), ':12 routes.greet.cap.per: expected a duration such as 30m'],
    [withRoute('cap: { messages: 3, per: 367d }'), ':12 routes.greet.cap.per: expected at most 366d'],
    [
      withRoute('cap: { messages: 3, per: 7d, group: All of it }'),
      ':12 routes.greet.cap.group: a name has lower-case letters, digits and hyphens',
    ],
    [
      withRoute('cap: { messages: 3, per: 7d }', 'onCap: drop'),
      ':13 routes.greet.onCap: expected skip or defer',
    ],
    [inFile('suppressOn: "*/customer.erased"'), ':1 suppressOn: expected a list of { on }, such as'],
    [inFile('suppressOn: ["*/customer.erased"]'), ':1 suppressOn.0: expected { on }'],
    [
      inFile('suppressOn: [{ on: "*/customer.erased", channels: [fax] }]'),
      ':1 suppressOn.0.channels.0: expected one of webmessaging',
    ],
    [
      inFile('suppressOn: [{ on: "*/customer.erased", channels: [] }]'),
      ':1 suppressOn.0.channels: expected a list of channels, got an empty list',
    ],
    [withRoute('delay: 30'), ':12 routes.greet.delay: expected a duration such as 30m'],
    [withRoute('requireSession: 59s'), ':12 routes.greet.requireSession: expected at least 1m'],
    [withRoute('requireSession: 366d'), ':12 routes.greet.requireSession: expected at most 365d'],
    [withRoute('requireSession: true'), ':12 routes.greet.requireSession: expected a duration such as 30m'],
    [withRoute('activeConversation: skip'), ':12 routes.greet.activeConversation: expected wait or join'],
    [withRoute('onUnconfirmed: resend'), ':12 routes.greet.onUnconfirmed: expected hold or resend-if-absent'],
    [withRoute('onUndelivered: email'), ':12 routes.greet.onUndelivered: expected none or next-channel'],
    [
      withRoute('delay: 30 minutes'),
      ':12 routes.greet.delay: expected a duration: a whole number and s, m, h or d',
    ],
    [withRoute('expireAfter: 0s'), ':12 routes.greet.expireAfter: expected at least 1s'],
    [withRoute('expireAfter: 999999999d'), ':12 routes.greet.expireAfter: expected at most 36500d'],
    [withRoute('brake: off'), ':12 routes.greet.brake: expected { messages, per }'],
    [withRoute('brake: { messages: 0, per: 1h }'), ':12 routes.greet.brake.messages: expected at least 1'],
    [withRoute('brake: { messages: 5, per: hour }'), ':12 routes.greet.brake.per: expected a duration'],
    [withRoute('maxAttempts: 101'), ':12 routes.greet.maxAttempts: expected at most 100'],
    [changed('template: greet', 'template: 7'), ':10 routes.greet.template: expected the name of a template'],
  ]
  for (const [yaml, expected] of cases) {
    test(expected.replace(/^:\d+ /, ''), () => {
      const problem = only(yaml)
      assert.ok(problem.startsWith(`postrider.yaml${expected}`), problem)
    })
  }

  test('a key forgotten earlier than its sender gives up would let a redelivery in again', () => {
    assert.match(only(inSource('dedupeFor: 47h')), /:6 sources\.crm\.dedupeFor: expected at least 2d/)
    assert.equal(load({ yaml: inSource('dedupeFor: 48h') }).kind, 'loaded')
  })
})

describe('what any source may say', () => {
  const cases: [string, RegExp][] = [
    ['publicUrl: hooks.example.com', /publicUrl: expected the address that senders call/],
    ['publicUrl: "https://hooks.example.com/?a=b"', /publicUrl: expected the address that senders call/],
    ['publicUrl: ftp://hooks.example.com', /publicUrl: expected the address that senders call/],
    ['acceptTests: "yes"', /acceptTests: expected true or false/],
    ['expectEvery: 59s', /expectEvery: expected at least 1m/],
    ['custom: { type: "{{ payload.a }}" }', /custom: belongs to the presets custom and github-style/],
  ]
  for (const [line, expected] of cases) {
    test(line, () => assert.match(only(inSource(line)), expected))
  }

  test('and what it comes to', () => {
    const yaml = inSource('publicUrl: https://hooks.example.com/in/, acceptTests: true, expectEvery: 1h')
    const source = loaded({ yaml }).sources.get('crm')
    assert.equal(source?.publicUrl, 'https://hooks.example.com/in')
    assert.equal(source?.acceptTests, true)
    assert.equal(source?.expectEveryMs, 3_600_000)
  })

  test('the secret that Zendesk signs its first tests with is none, since everybody knows it', () => {
    const secret = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=='
    const yaml = changed('preset: standard-webhooks', 'preset: zendesk')
    const [problem = '', ...others] = problemsOf({ yaml, env: { CRM_WEBHOOK_SECRET: secret } })
    assert.deepEqual(others, [])
    assert.match(problem, /:6 sources\.crm\.secrets\.0: this secret is public/)
    assert.ok(!problem.includes(secret))
  })

  test('a secret that can be guessed is warned of', () => {
    const yaml = changed('preset: standard-webhooks', 'preset: shopify')
    const { warnings } = loaded({ yaml, env: { CRM_WEBHOOK_SECRET: 'hush' } })
    assert.ok(
      warnings.some(({ message }) => /secrets: this secret has 4 bytes and can be guessed/.test(message)),
    )
  })
})

describe('what a preset makes of its source', () => {
  const undelivered = (rest: string) =>
    changed(
      `preset: standard-webhooks, secrets: ["\${CRM_WEBHOOK_SECRET}"]`,
      `preset: genesys-undelivered, ${rest}`,
    )

  test('a token of genesys-undelivered is any text of 16 characters', () => {
    const secretsOf = (secret: string) =>
      loaded({ yaml: undelivered(`secrets: ["\${TOKEN}"]`), env: { TOKEN: secret } }).sources.get('crm')
        ?.secrets
    for (const token of ['0123456789abcdef', 'mit Leerzeichen und ü', `whsec_${'x'.repeat(20)}`]) {
      assert.deepEqual(secretsOf(token), [token])
    }
  })

  const tokens: [string, RegExp][] = [
    ['0123456789abcde', /expected a token, any text of at least 16 characters, got 15$/],
    ['whsec_c2hv', /at least 16 characters, got 10$/],
    [' 0123456789abcdef', /expected a token as it is sent in a header: without blanks around it/],
    ['0123456789abcdef\n', /without line breaks$/],
    ['01234567\r\n89abcdef', /without line breaks$/],
  ]
  for (const [token, expected] of tokens) {
    test(`no token: ${JSON.stringify(token)}`, () => {
      const problems = problemsOf({ yaml: undelivered(`secrets: ["\${TOKEN}"]`), env: { TOKEN: token } })
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0] ?? '', /^postrider\.yaml:6 sources\.crm\.secrets\.0: /)
      assert.match(problems[0] ?? '', expected)
      assert.ok(!problems[0]?.includes(token.trim()))
    })
  }

  test('keys of other presets are errors there', () => {
    assert.equal(
      only(undelivered('secrets: [], externalSource: { id: a, name: b }')),
      'postrider.yaml:6 sources.crm.externalSource: belongs to other presets: events of genesys-undelivered name no externalId; remove it',
    )
    assert.equal(load({ yaml: undelivered('secrets: [], dedupeFor: 7d') }).kind, 'loaded')
  })

  test('its problems stand beside those of other keys', () => {
    const yaml = undelivered('secrets: [short], dedupeFor: 1h, externalSource: { id: a }, notify: x')
    assert.deepEqual(
      problemsOf({ yaml }).map((problem) => problem.replace(/^(\S+ [^:]+): .*/, '$1')),
      ['externalSource.name', 'notify', 'secrets.0', 'dedupeFor', 'externalSource'].map(
        (key) => `postrider.yaml:6 sources.crm.${key}`,
      ),
    )
  })

  test('an unknown preset is one problem, whatever its secrets', () => {
    const yaml = undelivered('secrets: [short]').replace('genesys-undelivered', 'genesys')
    assert.match(only(yaml), /:6 sources\.crm\.preset: expected one of standard-webhooks, .*shopify, .*svix$/)
  })

  test('a token that is not set is none, in check', () => {
    const yaml = undelivered(`secrets: ["\${OLD}", "\${TOKEN}"]`)
    const config = loaded({ yaml, env: { TOKEN: '0123456789abcdef' }, unsetVariables: 'warn' })
    assert.deepEqual(config.sources.get('crm')?.secrets, ['0123456789abcdef'])
  })
})

test('every problem is named at once, in the order of the file, then those of the templates', () => {
  const yaml = `genesys:
  rateLimitPerMinute: many
  webmesaging: { deploymentId: x }
sources:
  crm: { preset: standard-webhooks, secrets: ["\${MISSING}"], dedupeFor: 1h }
  genesys: { preset: genesys-undelivered, secrets: ["\${MISSING}", short], externalSource: { id: a, name: b }, expectEvery: 1s }
routes:
  one:
    on: shop/a
    template: nothing
    channels: [webmessaging]
    delay: soon
  two:
    on: crm/b
    template: greet
    channels: [fax]
    cap: { messages: 0, per: 1d }
    oncePer: 7d
    cancelOn: [{ on: shop/paid, match: x }]
suppressOn: [{ on: shop/erased }]
`
  const templates = { 'greet.liquid': '{{ broken', 'Bad Name.liquid': '' }
  assert.deepEqual(
    problemsOf({ yaml, templates, env: {} }).map((problem) =>
      problem.replace(/^(postrider\S+ [^:]+).*/s, '$1'),
    ),
    [
      'postrider.yaml:2 genesys.rateLimitPerMinute',
      'postrider.yaml:3 genesys.webmesaging',
      `postrider.yaml:5 \${MISSING} is not set in the environment`,
      'postrider.yaml:5 sources.crm.dedupeFor',
      `postrider.yaml:6 \${MISSING} is not set in the environment`,
      'postrider.yaml:6 sources.genesys.expectEvery',
      'postrider.yaml:6 sources.genesys.secrets.1',
      'postrider.yaml:6 sources.genesys.externalSource',
      'postrider.yaml:9 routes.one.on',
      'postrider.yaml:10 routes.one.template',
      'postrider.yaml:11 routes.one.channels',
      'postrider.yaml:12 routes.one.delay',
      'postrider.yaml:16 routes.two.channels.0',
      'postrider.yaml:17 routes.two.cap.messages',
      'postrider.yaml:18 routes.two.oncePer',
      'postrider.yaml:19 routes.two.cancelOn.0.on',
      'postrider.yaml:20 suppressOn.0.on',
      'templates/Bad Name.liquid:null a template is named NAME[.CHANNEL][.LOCALE].liquid, such as ticket-resolved.email.de.liquid',
      'templates/greet.liquid:1 output "{{ broken" not closed',
    ],
  )
})

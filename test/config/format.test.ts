import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changed, load, NEXT_LINE, problemsOf, withRoute } from './written.ts'

const inGenesys = (line: string) => changed('genesys:\n', `genesys:\n  ${line}\n`)
const inSource = (keys: string) => changed('secrets:', `${keys}, secrets:`)
const inFile = (line: string) => changed('genesys:\n', `${line}\ngenesys:\n`)

function only(yaml: string): string {
  const problems = problemsOf({ yaml })
  assert.equal(problems.length, 1, problems.join('\n'))
  return problems[0] ?? ''
}

describe('what the format has and this version does not is refused, whatever its value', () => {
  const cases: [string, string, number][] = [
    ['genesys.sms', inGenesys('sms: { from: "+13175550100" }'), 2],
    ['genesys.whatsapp', inGenesys('whatsapp: { integrationId: x }'), 2],
    ['genesys.open', inGenesys('open: { integrationId: x }'), 2],
    ['genesys.defaultCountry', inGenesys('defaultCountry: DE'), 2],
    ['sources.crm.publicUrl', inSource('publicUrl: https://hooks.example.com'), 6],
    ['sources.crm.acceptTests', inSource('acceptTests: false'), 6],
    ['sources.crm.expectEvery', inSource('expectEvery: 1h'), 6],
    ...[
      'purpose: service',
      'requireSession: 30d',
      'oncePer: 7d',
      'onRepeat: keep',
      'cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]',
      'quietHours: { from: "21:00", to: "08:00" }',
      'quietHours: none',
      'cap: { messages: 3, per: 7d }',
      'onCap: skip',
      'activeConversation: wait',
      'onUndelivered: none',
    ].map((line): [string, string, number] => [
      `routes.greet.${line.split(':')[0]}`,
      withRoute(line),
      NEXT_LINE,
    ]),
    ['suppressOn', inFile('suppressOn: [{ on: "*/customer.erased" }]'), 1],
    ['retention', inFile('retention: { payload: 30d }'), 1],
    ['notify', inFile('notify: { url: "https://ops.example.com" }'), 1],
    // A key without a value is a key all the same.
    ['genesys.sms', inGenesys('sms:'), 2],
    ['routes.greet.cap', withRoute('cap:'), NEXT_LINE],
    ['notify', inFile('notify:'), 1],
  ]
  for (const [key, yaml, line] of cases) {
    test(key, () =>
      assert.equal(only(yaml), `postrider.yaml:${line} ${key}: not supported yet by this version; remove it`),
    )
  }

  test('onUnconfirmed: resend-if-absent; hold is', () => {
    assert.match(
      only(withRoute('onUnconfirmed: resend-if-absent')),
      /:12 routes\.greet\.onUnconfirmed: .*not supported yet/,
    )
    assert.equal(load({ yaml: withRoute('onUnconfirmed: hold') }).kind, 'loaded')
  })

  for (const channel of ['sms', 'whatsapp', 'open']) {
    test(`the channel ${channel}`, () =>
      assert.match(
        only(changed('[webmessaging]', `[webmessaging, ${channel}]`)),
        new RegExp(
          `:11 routes\\.greet\\.channels\\.1: the channel ${channel} is not supported yet by this version`,
        ),
      ))
  }

  test('another preset', () =>
    assert.match(
      only(changed('standard-webhooks', 'hubspot')),
      /:6 sources\.crm\.preset: .*not supported yet/,
    ))
})

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

  test('nothing is suggested that is far, that stands elsewhere or that is not supported yet', () => {
    for (const line of ['unrelated: 1', 'to: x', 'if: x', 'secrets: []', 'quietHour: none', 'purpos: x']) {
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
    [changed('care@example.com', 'care'), ':4 genesys.email.from.email: expected an email address'],
    [changed('deployment-1', '""'), ':3 genesys.webmessaging.deploymentId: expected the id of a Messenger'],
    [changed(`["\${CRM_WEBHOOK_SECRET}"]`, 'x'), ':6 sources.crm.secrets: expected a list of secrets'],
    [
      changed('on: crm/ticket.resolved', 'on: "*/ticket.resolved"', changed('  crm:', '  C R M:')),
      ':6 sources.C R M: a name has lower-case letters, digits and hyphens',
    ],
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
    [withRoute('delay: 30'), ':12 routes.greet.delay: expected a duration such as 30m'],
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

test('every problem is named at once, in the order of the file, then those of the templates', () => {
  const yaml = `genesys:
  rateLimitPerMinute: many
  webmesaging: { deploymentId: x }
sources:
  crm: { preset: standard-webhooks, secrets: ["\${MISSING}"], dedupeFor: 1h }
routes:
  one:
    on: shop/a
    template: nothing
    channels: [webmessaging]
    delay: soon
  two:
    on: crm/b
    template: greet
    channels: [sms]
    cap: { messages: 1, per: 1d }
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
      'postrider.yaml:8 routes.one.on',
      'postrider.yaml:9 routes.one.template',
      'postrider.yaml:10 routes.one.channels',
      'postrider.yaml:11 routes.one.delay',
      'postrider.yaml:15 routes.two.channels.0',
      'postrider.yaml:16 routes.two.cap',
      'templates/Bad Name.liquid:null a template is named NAME[.CHANNEL][.LOCALE].liquid, such as ticket-resolved.email.de.liquid',
      'templates/greet.liquid:1 output "{{ broken" not closed',
    ],
  )
})

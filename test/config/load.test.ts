import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { BASE, changed, ENV, loaded, problemsOf, SECRET, withRoute } from './written.ts'

/** A source that has none of the keys that most do without. */
const SAYS_NO_MORE = { ownIds: false, publicUrl: null, acceptTests: false, expectEveryMs: null, custom: null }

describe('what is loaded', () => {
  test('defaults, every one', () => {
    const { genesys, sources, routes, suppressOn, warnings } = loaded()
    assert.equal(genesys.rateLimitPerMinute, 300)
    assert.deepEqual(genesys.onlyTo, [])
    assert.deepEqual(genesys.email, { from: { email: 'care@example.com' }, replyTo: null })
    assert.deepEqual([genesys.sms, genesys.whatsapp, genesys.open], [null, null, null])
    assert.deepEqual([genesys.defaultCountry, genesys.deliveryShare], [null, 0.05])
    assert.deepEqual(sources.get('crm'), {
      name: 'crm',
      preset: 'standard-webhooks',
      secrets: [SECRET],
      dedupeForMs: 30 * 86_400_000,
      externalSource: null,
      ...SAYS_NO_MORE,
    })
    const [route, ...others] = routes
    assert.deepEqual(others, [])
    const { on, ...rest } = route ?? assert.fail('a route')
    assert.deepEqual(
      on.map(({ text }) => text),
      ['crm/ticket.resolved'],
    )
    assert.deepEqual(rest, {
      name: 'greet',
      mode: 'live',
      when: null,
      customer: null,
      findBy: ['externalId', 'email', 'phone'],
      template: 'greet',
      channels: ['webmessaging'],
      once: null,
      delayMs: 0,
      expireAfterMs: 86_400_000,
      brake: { messages: 500, perMs: 3_600_000 },
      maxAttempts: 8,
      onUnconfirmed: 'hold',
      requireSessionMs: null,
      activeConversation: 'wait',
      onUndelivered: 'none',
      purpose: 'service',
      oncePerMs: null,
      onRepeat: 'keep',
      cancelOn: [],
      quietHours: null,
      cap: null,
      onCap: 'skip',
    })
    assert.deepEqual(suppressOn, [])
    assert.deepEqual(warnings, [])
  })

  test('everything that can be said', () => {
    const yaml = `genesys:
  rateLimitPerMinute: 120
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
  email:
    from: { email: care@example.com, name: Care }
    replyTo: { email: answers@example.com, name: Answers }
  sms: { from: "+13175550100" }
  whatsapp: { integrationId: integration-1 }
  open: { integrationId: integration-2 }
  defaultCountry: NO
  deliveryShare: 0
  onlyTo: [ann@example.com, "+4930123456", C-1]
sources:
  crm:
    preset: svix
    secrets: ["\${CRM_WEBHOOK_SECRET}", "\${CRM_WEBHOOK_SECRET}"]
    dedupeFor: 7d
    externalSource: { id: space-2, name: Shop }
  genesys:
    preset: genesys-undelivered
    secrets: [0123456789abcdef]
    dedupeFor: 2d
routes:
  greet:
    on: ["crm/*", crm/a]
    mode: shadow
    when: data.a == "b"
    customer:
      externalId: "{{ data.id }}"
      email: "{{ data.email }}"
      phone: "{{ data.phone }}"
      name: "{{ data.name }}"
      locale: "{{ data.locale }}"
      timezone: "{{ data.timezone }}"
      consent: "{{ data.consent }}"
    findBy: [phone, externalId]
    template: greet
    channels: [whatsapp, open, sms, email, webmessaging]
    once: "{{ data.ticket }}"
    delay: 30m
    expireAfter: 2h
    brake: none
    maxAttempts: 3
    onUnconfirmed: resend-if-absent
    requireSession: 365d
    activeConversation: join
    onUndelivered: next-channel
    purpose: marketing
    oncePer: 7d
    onRepeat: replace
    cancelOn:
      - { on: crm/a, match: "{{ data.ticket }}" }
      - { on: ["crm/b", "*/c"], match: "{{ data.of }}", equals: "{{ data.ticket }}" }
    quietHours: { from: "21:00", to: "08:00", timezone: Europe/Berlin, days: mon-fri }
    cap: { messages: 3, per: 7d, group: reminders }
    onCap: defer
suppressOn:
  - { on: "*/customer.erased" }
  - { on: [crm/a, crm/b], channels: [sms, email] }
`
    const greet = '---\nsubject: Hi\nwhatsapp: { responseId: response-1 }\n---\nHello'
    const config = loaded({ yaml, templates: { 'greet.liquid': greet } })
    assert.deepEqual(config.genesys, {
      rateLimitPerMinute: 120,
      externalSource: { id: 'space-1', name: 'CRM' },
      webmessaging: { deploymentId: 'deployment-1' },
      email: {
        from: { email: 'care@example.com', name: 'Care' },
        replyTo: { email: 'answers@example.com', name: 'Answers' },
      },
      sms: { from: '+13175550100' },
      whatsapp: { integrationId: 'integration-1' },
      open: { integrationId: 'integration-2' },
      defaultCountry: 'NO',
      deliveryShare: 0,
      onlyTo: ['ann@example.com', '+4930123456', 'C-1'],
    })
    assert.deepEqual(config.sources.get('genesys'), {
      name: 'genesys',
      preset: 'genesys-undelivered',
      secrets: ['0123456789abcdef'],
      dedupeForMs: 2 * 86_400_000,
      externalSource: null,
      ...SAYS_NO_MORE,
    })
    assert.deepEqual(config.sources.get('crm'), {
      name: 'crm',
      preset: 'standard-webhooks',
      secrets: [SECRET, SECRET],
      dedupeForMs: 7 * 86_400_000,
      externalSource: { id: 'space-2', name: 'Shop' },
      ...SAYS_NO_MORE,
    })
    const { on, when, customer, once, cancelOn, ...rest } = config.routes[0] ?? assert.fail('a route')
    assert.deepEqual([on.length, when?.text, once?.text], [2, 'data.a == "b"', '{{ data.ticket }}'])
    assert.deepEqual(Object.keys(customer ?? {}), [
      'externalId',
      'email',
      'phone',
      'name',
      'locale',
      'timezone',
      'consent',
    ])
    assert.deepEqual(rest, {
      name: 'greet',
      mode: 'shadow',
      findBy: ['phone', 'externalId'],
      template: 'greet',
      channels: ['whatsapp', 'open', 'sms', 'email', 'webmessaging'],
      delayMs: 1_800_000,
      expireAfterMs: 7_200_000,
      brake: null,
      maxAttempts: 3,
      onUnconfirmed: 'resend-if-absent',
      requireSessionMs: 365 * 86_400_000,
      activeConversation: 'join',
      onUndelivered: 'next-channel',
      purpose: 'marketing',
      oncePerMs: 7 * 86_400_000,
      onRepeat: 'replace',
      quietHours: { fromMinute: 1_260, toMinute: 480, timezone: 'Europe/Berlin', days: [1, 2, 3, 4, 5] },
      cap: { messages: 3, perMs: 7 * 86_400_000, group: 'reminders' },
      onCap: 'defer',
    })
    assert.deepEqual(
      cancelOn.map((one) => [one.on.map(({ text }) => text), one.match.text, one.equals.text]),
      [
        [['crm/a'], '{{ data.ticket }}', '{{ data.ticket }}'],
        [['crm/b', '*/c'], '{{ data.of }}', '{{ data.ticket }}'],
      ],
    )
    assert.deepEqual(
      config.suppressOn.map((one) => [one.on.map(({ text }) => text), one.channels]),
      [
        [['*/customer.erased'], null],
        [
          ['crm/a', 'crm/b'],
          ['sms', 'email'],
        ],
      ],
    )
  })

  test('a cap is one over all routes, where it names no group', () => {
    const { cap } = loaded({ yaml: withRoute('cap: { messages: 3, per: 7d }') }).routes[0] ?? assert.fail()
    assert.deepEqual(cap, { messages: 3, perMs: 7 * 86_400_000, group: 'all' })
  })

  test('an entry of cancelOn is the same one for as long as it says the same, wherever it stands', () => {
    const idsOf = (...entries: string[]) =>
      loaded({ yaml: withRoute(`cancelOn: [${entries.join(', ')}]`) }).routes[0]?.cancelOn.map(({ id }) => id)
    const one = '{ on: crm/a, match: "{{ data.x }}" }'
    const two = '{ on: crm/a, match: "{{ data.x }}", equals: "{{ data.y }}" }'
    const [first, second] = idsOf(one, two) ?? []
    assert.deepEqual(idsOf(two, one), [second, first])
    assert.notEqual(first, second)
    assert.deepEqual(idsOf('{ on: [crm/a], match: "{{ data.x }}", equals: "{{ data.x }}" }'), [first])
    assert.notDeepEqual(idsOf('{ on: crm/b, match: "{{ data.x }}" }'), [first])
  })

  test('routes stay in the order of the file', () => {
    const more = ['zebra', 'apple', 'mango']
      .map((name) => `  ${name}: { on: crm/x, template: greet, channels: [webmessaging] }\n`)
      .join('')
    assert.deepEqual(
      loaded({ yaml: BASE + more }).routes.map(({ name }) => name),
      ['greet', 'zebra', 'apple', 'mango'],
    )
  })

  test('a file that is not there says how it is named', () => {
    const result = loadConfig({ file: '/nowhere/postrider.yaml', env: {}, unsetVariables: 'error' })
    assert.ok(result.kind === 'invalid')
    assert.match(
      result.problems[0]?.message ?? '',
      /^cannot be read: .*POSTRIDER_CONFIG names the configuration/,
    )
  })
})

describe('the version', () => {
  const yaml = changed('deployment-1', `"\${DEPLOYMENT}"`, changed('space-1', `"\${SPACE}"`))
  const env = { ...ENV, DEPLOYMENT: 'one', SPACE: 'two' }
  const templates = { 'greet.liquid': 'Hello' }
  const base = { yaml, env, templates }
  const version = loaded(base).version

  test('is the beginning of a hash, and the same for the same', () => {
    assert.match(version, /^[0-9a-f]{12}$/)
    assert.equal(loaded(base).version, version)
  })

  const changes: [string, Parameters<typeof loaded>[0]][] = [
    ['a key of the file', { ...base, yaml: `${yaml}    delay: 5m\n` }],
    ['a comment of the file', { ...base, yaml: `# approved\n${yaml}` }],
    ['what a variable comes to', { ...base, env: { ...env, DEPLOYMENT: 'three' } }],
    ['two variables that trade places', { ...base, env: { ...env, DEPLOYMENT: 'two', SPACE: 'one' } }],
    ['the text of a template', { ...base, templates: { 'greet.liquid': 'Hallo' } }],
    ['one more template', { ...base, templates: { ...templates, 'greet.de.liquid': 'Hello' } }],
    ['the name of a template', { ...base, templates: { ...templates, 'greet.fr.liquid': 'Hello' } }],
    [
      'text that moves from one template to the next',
      { ...base, templates: { 'greet.liquid': 'Hell', 'greet.de.liquid': 'o' } },
    ],
    ['one secret more', { ...base, yaml: changed(']', `, "\${CRM_WEBHOOK_SECRET}"]`, yaml) }],
  ]
  test('changes with each of these, and each is another', () => {
    const versions = changes.map(([, written]) => loaded(written).version)
    assert.deepEqual(
      changes.filter((_, n) => versions[n] === version).map(([name]) => name),
      [],
    )
    assert.equal(new Set(versions).size, changes.length)
  })

  test('stays while a secret is rotated', () => {
    const rotated = `whsec_${Buffer.from('another secret, for the next year').toString('base64')}`
    assert.equal(loaded({ ...base, env: { ...env, CRM_WEBHOOK_SECRET: rotated } }).version, version)
  })

  test('a route or a source that is named secrets counts like any other', () => {
    const named = changed('  greet:', '  secrets:', changed('greet\n', `"\${TEMPLATE}"\n`))
    const two = { 'a.liquid': 'Hello', 'b.liquid': 'Hello' }
    const of = (TEMPLATE: string) =>
      loaded({ yaml: named, templates: two, env: { ...ENV, TEMPLATE } }).version
    assert.notEqual(of('a'), of('b'))
  })
})

test('a secret has the form that its sender gives it', () => {
  const of = (secret: string) => problemsOf({ env: { CRM_WEBHOOK_SECRET: secret } })[0] ?? ''
  assert.match(of('hunter2'), /:6 sources\.crm\.secrets\.0: expected a secret that begins with whsec_/)
  assert.match(of('whsec_not base64!'), /:6 sources\.crm\.secrets\.0: expected base64 after whsec_/)
  assert.match(of('whsec_c2hvcnQ='), /:6 sources\.crm\.secrets\.0: expected at least 8 bytes .*, got 5/)
  assert.match(of(' '), /:6 sources\.crm\.secrets\.0: expected a secret that begins with whsec_/)
  assert.equal(loaded({ yaml: withRoute('mode: off') }).routes[0]?.mode, 'off')
})

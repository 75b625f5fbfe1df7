import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ROOT } from '../run-postrider.ts'
import { command, DEMO_CONFIG, FIXTURES, jsonOf, SECRET, temporaryFolder } from './run.ts'

type Checked = {
  ok: boolean
  problems: { file: string; line: number; message: string }[]
  warnings: { message: string }[]
  genesys: unknown
  sources: unknown
  routes: Record<string, unknown>[]
  suppressOn: unknown
  fixtures: { file: string; differences: string[] }[]
  unchecked: { file: string; why: string }[]
}

const USUAL = { dedupeFor: '30d', publicUrl: null, acceptTests: false, expectEvery: null }

describe('check', () => {
  const folder = temporaryFolder()
  after(() => folder[Symbol.dispose]())

  it('needs no secret: what is not set is noted, and every fixture of the starting point is as expected', async () => {
    const variables = { POSTRIDER_CONFIG: join(ROOT, 'config/postrider.yaml') }
    const said = await command(['check', '--fixtures', FIXTURES, '--json'], variables)
    const checked = jsonOf<Checked>(said)
    assert.equal(said.code, 0, said.out)
    assert.equal(checked.ok, true)
    assert.ok(checked.warnings.some(({ message }) => message.includes('CRM_WEBHOOK_SECRET')))
    assert.equal(checked.fixtures.length, 8)
    assert.deepEqual(checked.sources, [{ ...USUAL, name: 'crm', preset: 'standard-webhooks', secrets: 0 }])
    const { out } = await command(['check', '--fixtures', FIXTURES], variables)
    assert.match(
      out,
      /^sources\n {2}crm +standard-webhooks · no secret here: every delivery would be refused · keys for 30d$/m,
    )
  })

  it('shows how Genesys is used, as far as it is not by default, and what the sources are', async () => {
    const file = folder.write(
      'set-up.yaml',
      [
        'genesys:',
        '  sms: { from: "+13175550100" }',
        '  open: { integrationId: an-integration }',
        '  defaultCountry: DE',
        '  deliveryShare: 0.1',
        'sources:',
        `  crm: { preset: svix, secrets: [${SECRET}, ${SECRET}] }`,
        '  genesys: { preset: genesys-undelivered, secrets: [a-token-of-the-tests], dedupeFor: 7d, acceptTests: true, expectEvery: 60m }',
        'routes: {}',
      ].join('\n'),
    )
    const noFixtures = dirname(folder.write('none/readme.txt', ''))
    const args = ['check', '--config', file, '--fixtures', noFixtures]
    const said = await command(args, {})
    assert.equal(said.code, 0, said.out)
    assert.match(
      said.out,
      /^genesys\n {2}channels +open, sms\n {2}defaultCountry +DE\n {2}deliveryShare +0\.1\n\n/m,
    )
    assert.match(
      said.out,
      /^sources\n {2}crm +standard-webhooks · 2 secrets · keys for 30d\n {2}genesys +genesys-undelivered · 1 secret · keys for 7d · test events count · expected every 1h\n\n/m,
    )
    const usual = await command(['check', '--fixtures', FIXTURES], { POSTRIDER_CONFIG: DEMO_CONFIG })
    assert.match(usual.out, /^genesys\n {2}channels +webmessaging, email\n\n/m)
    const json = await command([...args, '--json'], {})
    const { genesys, sources } = jsonOf<Checked>(json)
    assert.deepEqual(genesys, { channels: ['open', 'sms'], defaultCountry: 'DE', deliveryShare: 0.1 })
    assert.deepEqual(sources, [
      { ...USUAL, name: 'crm', preset: 'standard-webhooks', secrets: 2 },
      {
        name: 'genesys',
        preset: 'genesys-undelivered',
        secrets: 1,
        dedupeFor: '7d',
        publicUrl: null,
        acceptTests: true,
        expectEvery: '1h',
      },
    ])
    for (const { out } of [said, json]) assert.doesNotMatch(out, /whsec_|a-token/)
  })

  it('shows every route with what is in effect, defaults too', async () => {
    const { code, out } = await command(['check', '--fixtures', FIXTURES], { POSTRIDER_CONFIG: DEMO_CONFIG })
    assert.equal(code, 0, out)
    const route = /^ticket-resolved {2}LIVE\n((?: {2}.*\n)+)/m.exec(out)?.[1] ?? ''
    for (const line of [
      /on +crm\/ticket\.resolved/,
      /when +data\.ticket\.channel == "web"/,
      /findBy +externalId, email, phone/,
      /template +ticket-resolved .*ticket-resolved\.de\.liquid/,
      /channels +webmessaging, email/,
      /once +\{\{ data\.ticket\.id \}\}/,
      /delay +0s/,
      /expireAfter +1d/,
      /brake +500 per 1h/,
      /maxAttempts +8/,
      /onUnconfirmed +hold/,
    ]) {
      assert.match(route, line)
    }
  })

  it('shows what a route says of the right moment, and who says no', async () => {
    folder.write('moment/templates/hello.liquid', 'Hello')
    const file = folder.write(
      'moment/postrider.yaml',
      [
        'genesys: { sms: { from: "+13175550100" } }',
        'sources:',
        `  crm: { preset: svix, secrets: [${SECRET}] }`,
        'routes:',
        '  usual: { on: crm/a, template: hello, channels: [sms] }',
        '  careful:',
        '    on: crm/cart.changed',
        '    purpose: marketing',
        '    template: hello',
        '    channels: [sms]',
        '    once: "{{ event.subject }}"',
        '    oncePer: 48h',
        '    onRepeat: replace',
        '    delay: 1h',
        '    cancelOn:',
        '      - { on: [crm/paid, crm/left], match: "{{ data.cart }}" }',
        '      - { on: crm/order, match: "{{ data.of }}", equals: "{{ data.cart }}" }',
        '    quietHours: { from: "21:00", to: "08:30", timezone: Europe/Berlin, days: mon-wed }',
        '    cap: { messages: 3, per: 7d }',
        '    onCap: defer',
        'suppressOn:',
        '  - { on: "*/customer.erased" }',
        '  - { on: [crm/stop, crm/end], channels: [sms, email] }',
      ].join('\n'),
    )
    const args = ['check', '--config', file, '--fixtures', dirname(file)]
    const { code, out } = await command(args, {})
    assert.equal(code, 0, out)
    const linesOf = (name: string) =>
      (new RegExp(`^${name}\\b.*\\n((?: {2}.*\\n)+)`, 'm').exec(out)?.[1] ?? '')
        .split('\n')
        .map((line) => line.trim().replace(/ {2,}/, ': '))
    for (const line of ['purpose: service', 'cancelOn: none', 'quietHours: none', 'cap: none']) {
      assert.ok(linesOf('usual').includes(line), line)
    }
    assert.ok(!linesOf('usual').some((line) => /^(oncePer|onRepeat)/.test(line)))
    for (const line of [
      'purpose: marketing',
      'oncePer: 2d',
      'onRepeat: replace',
      'cancelOn: crm/paid, crm/left · {{ data.cart }} there is {{ data.cart }} here',
      'cancelOn: crm/order · {{ data.of }} there is {{ data.cart }} here',
      "quietHours: 21:00-08:30, mon, tue, wed, by the customer's clock, else Europe/Berlin",
      'cap: 3 per 7d of all · defer',
    ]) {
      assert.ok(linesOf('careful').includes(line), `${line}\n${out}`)
    }
    assert.deepEqual(linesOf('suppressOn').slice(0, 2), [
      'every channel: */customer.erased',
      'sms, email: crm/stop, crm/end',
    ])

    const { routes, suppressOn } = jsonOf<Checked>(await command([...args, '--json'], {}))
    const [usual, careful] = routes
    assert.deepEqual(
      [usual?.purpose, usual?.oncePer, usual?.onRepeat, usual?.cancelOn, usual?.quietHours, usual?.cap],
      ['service', null, 'keep', [], 'none', 'none'],
    )
    assert.deepEqual(careful?.cancelOn, [
      { on: ['crm/paid', 'crm/left'], match: '{{ data.cart }}', equals: '{{ data.cart }}' },
      { on: ['crm/order'], match: '{{ data.of }}', equals: '{{ data.cart }}' },
    ])
    assert.deepEqual(
      [careful?.purpose, careful?.oncePer, careful?.onRepeat, careful?.cap, careful?.onCap],
      ['marketing', '2d', 'replace', '3 per 7d of all', 'defer'],
    )
    assert.deepEqual(suppressOn, [
      { on: ['*/customer.erased'], channels: null },
      { on: ['crm/stop', 'crm/end'], channels: ['sms', 'email'] },
    ])
  })

  it('lists every problem with file and line, and ends with 1', async () => {
    const file = folder.write(
      'broken.yaml',
      [
        'genesys: { rateLimitPerMinut: 3 }',
        'sources:',
        '  crm: { preset: standard-webhooks, secrets: [an-open-secret] }',
        'routes:',
        '  a: { on: crm/x, template: none, channels: [fax], delay: soon }',
      ].join('\n'),
    )
    const { code, out } = await command(['check', '--config', file], {})
    assert.equal(code, 1)
    for (const line of [
      /broken\.yaml:1 .*rateLimitPerMinute/,
      /broken\.yaml:3 .*whsec_/,
      /broken\.yaml:5 .*delay/,
    ]) {
      assert.match(out, line)
    }
    assert.doesNotMatch(out, /an-open-secret/)
    const json = jsonOf<Checked>(await command(['check', '--config', file, '--json'], {}))
    assert.equal(json.ok, false)
    assert.ok(json.problems.length >= 4)
  })

  it('ends with 1 where a fixture comes out otherwise, and says how; what it cannot check it names', async () => {
    const body = { type: 'invoice.archived', timestamp: '{{ now }}', data: {} }
    folder.write(
      'fixtures/differs.json',
      JSON.stringify({ source: 'crm', body, expect: [{ route: 'order-placed', state: 'sent' }] }),
    )
    folder.write('fixtures/elsewhere.json', JSON.stringify({ source: 'shop', body, expect: [] }))
    folder.write('fixtures/silent.json', JSON.stringify({ source: 'crm', body }))
    const args = ['check', '--fixtures', join(folder.path, 'fixtures')]
    const { code, out } = await command(args, { POSTRIDER_CONFIG: DEMO_CONFIG })
    assert.equal(code, 1)
    assert.match(out, /FAIL .*differs\.json\n +order-placed: expected a message, none is planned/)
    const json = jsonOf<Checked>(await command([...args, '--json'], { POSTRIDER_CONFIG: DEMO_CONFIG }))
    assert.deepEqual(
      json.unchecked.map(({ why }) => why),
      ['the configuration has no source shop', 'it expects nothing'],
    )
  })

  it('fixtures that are not checked for the same reason are one line', async () => {
    const others = temporaryFolder()
    const fixture = JSON.stringify({ source: 'shop', body: {} })
    const only = join(others.path, 'fixtures')
    others.write('fixtures/one.json', fixture)
    const said = () => command(['check', '--fixtures', only], { POSTRIDER_CONFIG: DEMO_CONFIG })
    const one = await said()
    assert.match(one.out, /^-- +\S+one\.json {2}not checked: the configuration has no source shop$/m)
    others.write('fixtures/two.json', fixture)
    others.write('fixtures/three.json', JSON.stringify({ source: 'crm', body: {} }))
    const { out } = await said()
    others[Symbol.dispose]()
    assert.match(out, /^-- +2 fixtures {2}not checked: the configuration has no source shop$/m)
    assert.match(out, /^-- +\S+three\.json {2}not checked: it expects nothing$/m)
    assert.equal(out.match(/^--/gm)?.length, 2)
  })

  describe('of senders', () => {
    /** The warnings of a configuration with this source, by its line, and one route on it. */
    async function warningsOf(source: string, route = 'channels: [webmessaging]'): Promise<string[]> {
      const file = folder.write(
        'senders.yaml',
        [
          'genesys: { webmessaging: { deploymentId: a-deployment }, email: { from: { email: care@example.com } } }',
          `sources: { one: { ${source} } }`,
          `routes: { told: { on: one/ticket.resolved, template: told, ${route} } }`,
        ].join('\n'),
      )
      folder.write('templates/told.liquid', '---\nsubject: Told\n---\nHello.')
      const noFixtures = dirname(folder.write('none/readme.txt', ''))
      const said = await command(['check', '--config', file, '--fixtures', noFixtures, '--json'], {})
      assert.equal(said.code, 0, said.out)
      return jsonOf<Checked>(said).warnings.map(({ message }) => message)
    }
    const TOKEN = 'secrets: [a-token-of-the-tests]'
    const KNOWN = 'externalSource: { id: an-id, name: One }'

    for (const [sender, source, place] of [
      ['by a header', `preset: freshdesk, ${TOKEN}`, /the header x-postrider-token or authorization/],
      ['by the query', `preset: salesforce, ${TOKEN}`, /the query parameter token/],
      ['by Basic', 'preset: pipedrive, secrets: ["tea:a-password-of-tests"]', /authorization \(Basic\)/],
      [
        'by its body',
        `preset: custom, ${TOKEN}, custom: { token: { body: auth.token }, type: "{{ payload.type }}" }`,
        /the field auth\.token of the body/,
      ],
    ] as const) {
      it(`one that proves itself ${sender} signs nothing`, async () => {
        const weak = (await warningsOf(`${source}, ${KNOWN}`)).filter((one) => /signs nothing/.test(one))
        assert.equal(weak.length, 1)
        assert.match(weak[0] ?? '', place)
        assert.doesNotMatch(weak[0] ?? '', /a-token|a-password/)
      })
    }

    it('one that signs is not warned of', async () => {
      const source = `preset: intercom, secrets: [a-client-secret-of-tests], ${KNOWN}`
      assert.deepEqual(await warningsOf(source), [])
    })

    it('one that signs its URL needs to be told which', async () => {
      const source = `preset: hubspot, secrets: [a-client-secret-of-tests], ${KNOWN}`
      const wanted = (messages: string[]) => messages.filter((one) => /set publicUrl/.test(one))
      assert.equal(wanted(await warningsOf(source)).length, 1)
      assert.deepEqual(wanted(await warningsOf(`${source}, publicUrl: https://hooks.example.com`)), [])
    })

    it('a secret that can be guessed', async () => {
      const of = (secret: string) => warningsOf(`preset: shopify, secrets: [${secret}], ${KNOWN}`)
      const short = await of('"1234567"')
      assert.match(short.join(), /this secret has 7 bytes and can be guessed/)
      assert.doesNotMatch(short.join(), /1234567/)
      assert.deepEqual(await of('"12345678"'), [])
    })

    it('one whose events carry ids and no addresses', async () => {
      const missing = async (...of: Parameters<typeof warningsOf>) =>
        (await warningsOf(...of)).filter((one) => /may name no customer that can be found/.test(one))
      const source = 'preset: zendesk, secrets: [a-signing-secret-of-tests]'
      const [advice] = await missing(source)
      assert.match(advice ?? '', /events of one .*externalSource/)
      assert.deepEqual(await missing(`${source}, ${KNOWN}`), [], 'looked up in its own number space')
      const named = 'channels: [email], customer: { email: "{{ data.email }}" }'
      assert.deepEqual(await missing(source, named), [], 'the route says where the address stands')
      const hubspot =
        'preset: hubspot, secrets: [a-client-secret-of-tests], publicUrl: https://hooks.example.com'
      assert.equal((await missing(`${hubspot}, ${KNOWN}`, 'channels: [email]')).length, 1)
    })
  })

  it('a folder of fixtures that is none is no success', async () => {
    const { code, err } = await command(['check', '--fixtures', join(folder.path, 'nowhere')], {
      POSTRIDER_CONFIG: DEMO_CONFIG,
    })
    assert.equal(code, 2)
    assert.match(err, /no folder .*nowhere/)
  })
})

describe('preview', () => {
  const own = temporaryFolder()
  after(() => own[Symbol.dispose]())
  const variables = { POSTRIDER_CONFIG: DEMO_CONFIG }
  const fixture = (name: string) => ['--fixture', join(FIXTURES, `${name}.json`)]

  it('shows the text, its template and the customer', async () => {
    const { code, out } = await command(
      ['preview', 'ticket-resolved', ...fixture('ticket-resolved')],
      variables,
    )
    assert.equal(code, 0)
    assert.match(out, /^ticket-resolved {2}webmessaging {2}sent$/m)
    assert.match(out, /^to +externalId C-1001 · /m)
    assert.match(out, /^template +ticket-resolved\.liquid@/m)
    assert.match(out, /^Hello Ada Example, your ticket “Cannot log in” is resolved\./m)
  })

  it('in another locale and on another channel; a channel that the route has not is noted', async () => {
    const about = ['preview', 'ticket-resolved', ...fixture('ticket-resolved')]
    const german = await command([...about, '--locale', 'de-AT'], variables)
    assert.match(german.out, /^Hallo Ada Example/m)
    const mail = await command([...about, '--channel', 'email', '--json'], variables)
    assert.equal(jsonOf<{ foreseen: { channel: string } }>(mail).foreseen.channel, 'email')
    const text = await command([...about, '--channel', 'sms'], variables)
    assert.match(text.out, /does not use sms/)
  })

  const failures: [string, readonly string[], number, RegExp][] = [
    [
      'an unknown route',
      ['nope', ...fixture('ticket-resolved')],
      1,
      /no route nope\. There are: ticket-resolved/,
    ],
    ['nothing to preview', ['ticket-resolved'], 2, /--fixture FILE or --event ID/],
    [
      'two events at once',
      ['ticket-resolved', ...fixture('malformed'), '--event', '1'],
      2,
      /--fixture FILE or --event ID/,
    ],
    [
      'an unknown channel',
      ['ticket-resolved', ...fixture('ticket-resolved'), '--channel', 'pigeon'],
      2,
      /webmessaging/,
    ],
    ['no such file', ['ticket-resolved', '--fixture', 'nowhere.json'], 1, /no file nowhere\.json/],
    ['a body that cannot be read', ['ticket-resolved', ...fixture('malformed')], 1, /cannot be read: .*JSON/],
    ['an event by its name', ['ticket-resolved', '--event', 'first'], 2, /whole number/],
  ]
  for (const [name, args, code, words] of failures) {
    it(`${name}: ${code}`, async () => {
      const said = await command(['preview', ...args], variables)
      assert.equal(said.code, code, said.out)
      assert.match(said.err, words)
    })
  }

  describe('of a batch', () => {
    const of = { POSTRIDER_CONFIG: join(ROOT, 'examples/sources/postrider.yaml') }
    const batch = ['--fixture', join(ROOT, 'fixtures/custom/batch.json')]

    for (const [route, text] of [
      ['custom-cart-abandoned', 'Hello, you left something in your cart.'],
      ['custom-order-placed', 'Thank you, Ada Example: your order is placed.'],
    ] as const) {
      it(`shows the first event that ${route} says something about`, async () => {
        const { code, out } = await command(['preview', route, ...batch], of)
        assert.equal(code, 0, out)
        assert.ok(out.includes(`\n${text}\n`), out)
      })
    }

    it('says why it says nothing about the first where it says nothing about any', async () => {
      const { code, out } = await command(['preview', 'stripe-order-placed', ...batch], of)
      assert.equal(code, 1)
      assert.equal(out, 'No message: this route does not listen to custom/cart.abandoned\n')
    })

    it('without an event there is nothing to show', async () => {
      const fixture = { source: 'hubspot', body: [] }
      const file = own.write('empty.json', JSON.stringify(fixture))
      const { code, err } = await command(['preview', 'hubspot-welcome', '--fixture', file], of)
      assert.equal(code, 1)
      assert.match(err, /empty\.json holds no event/)
    })
  })

  describe('of whatsapp', () => {
    const folder = temporaryFolder()
    after(() => folder[Symbol.dispose]())
    const config = folder.write(
      'postrider.yaml',
      [
        'genesys: { whatsapp: { integrationId: an-integration } }',
        `sources: { crm: { preset: standard-webhooks, secrets: [${SECRET}] } }`,
        'routes:',
        '  told: { on: crm/ticket.resolved, template: told, channels: [whatsapp] }',
        '  bare: { on: crm/ticket.resolved, template: bare, channels: [whatsapp] }',
      ].join('\n'),
    )
    const response =
      '---\nwhatsapp: { responseId: response-7, header: ["{{ customer.name }}"], body: ["{{ data.ticket.subject }}", "{{ data.ticket.id }}"] }\n---\n'
    folder.write('templates/told.liquid', `${response}Hello {{ customer.name }}.`)
    folder.write('templates/bare.liquid', response)
    const shown = (route: string) =>
      command(['preview', route, ...fixture('ticket-resolved')], { POSTRIDER_CONFIG: config })

    it('shows the response and what is filled in, then the text for operators', async () => {
      const { code, out } = await shown('told')
      assert.equal(code, 0, out)
      assert.match(
        out,
        /^response {2}response-7\nheader {4}\S+: Ada Example\nbody {6}\S+: Cannot log in\nbody {6}\S+: T-\S+\n\nHello Ada Example\.\n$/m,
      )
    })

    it('says it once where there is no such text', async () => {
      const { code, out } = await shown('bare')
      assert.equal(code, 0, out)
      assert.equal(out.split('response-7').length, 2, out)
      assert.equal(out.split('Cannot log in').length, 2, out)
    })
  })

  it('says why a route plans nothing for an event, and ends with 1', async () => {
    const { code, out } = await command(['preview', 'order-placed', ...fixture('ticket-resolved')], variables)
    assert.equal(code, 1)
    assert.match(out, /^No message: /)
  })
})

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
  fixtures: { file: string; differences: string[] }[]
  unchecked: { file: string; why: string }[]
}

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
    assert.deepEqual(checked.sources, [{ name: 'crm', preset: 'standard-webhooks', secrets: 0 }])
    const { out } = await command(['check', '--fixtures', FIXTURES], variables)
    assert.match(
      out,
      /^sources\n {2}crm +standard-webhooks · no secret here: every delivery would be refused$/m,
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
        '  genesys: { preset: genesys-undelivered, secrets: [a-token-of-the-tests] }',
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
      /^sources\n {2}crm +standard-webhooks · 2 secrets\n {2}genesys +genesys-undelivered · 1 secret\n\n/m,
    )
    const usual = await command(['check', '--fixtures', FIXTURES], { POSTRIDER_CONFIG: DEMO_CONFIG })
    assert.match(usual.out, /^genesys\n {2}channels +webmessaging, email\n\n/m)
    const json = await command([...args, '--json'], {})
    const { genesys, sources } = jsonOf<Checked>(json)
    assert.deepEqual(genesys, { channels: ['open', 'sms'], defaultCountry: 'DE', deliveryShare: 0.1 })
    assert.deepEqual(sources, [
      { name: 'crm', preset: 'standard-webhooks', secrets: 2 },
      { name: 'genesys', preset: 'genesys-undelivered', secrets: 1 },
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

  it('a folder of fixtures that is none is no success', async () => {
    const { code, err } = await command(['check', '--fixtures', join(folder.path, 'nowhere')], {
      POSTRIDER_CONFIG: DEMO_CONFIG,
    })
    assert.equal(code, 2)
    assert.match(err, /no folder .*nowhere/)
  })
})

describe('preview', () => {
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

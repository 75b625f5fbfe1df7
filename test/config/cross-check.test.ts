import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changed, ENV, loaded, problemsOf } from './written.ts'

const RESPONSE = '---\nsubject: Hi\nwhatsapp: { responseId: response-1 }\n---\nHello'

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
  const withLine = (...lines: string[]) =>
    changed('[webmessaging]', `[webmessaging]\n    ${lines.join('\n    ')}`)
  cases.push(
    [
      'a cancelling event of a source that there is not',
      { yaml: withLine('cancelOn: [{ on: [crm/a, shop/b], match: "{{ data.id }}" }]') },
      ':12 routes.greet.cancelOn.0.on: there is no source shop; there is crm',
    ],
    [
      'an event by which customers say no, of a source that there is not',
      { yaml: `suppressOn: [{ on: shop/erased }, { on: "*/erased" }]\n${withLine()}` },
      ':1 suppressOn.0.on: there is no source shop; there is crm',
    ],
    [
      'how long a key holds, where there is none',
      { yaml: withLine('oncePer: 7d') },
      ':12 routes.greet.oncePer: needs once, the key that it is counted by',
    ],
    [
      'what takes the place of what has the same key, where there is none',
      { yaml: withLine('onRepeat: replace') },
      ':12 routes.greet.onRepeat: replace needs once',
    ],
    [
      'what happens at a cap that there is not',
      { yaml: withLine('onCap: defer') },
      ':12 routes.greet.onCap: needs cap',
    ],
    [
      'one key for everybody, where braces are forgotten',
      { yaml: withLine('once: data.ticket.id') },
      ':12 routes.greet.once: is the same text for every event, so that one customer gets a message and nobody after: quote {{ }} with what tells events apart, such as "{{ data.ticket.id }}"',
    ],
    [
      'one key for everybody',
      { yaml: withLine('once: welcome') },
      ':12 routes.greet.once: is the same text for every event',
    ],
    [
      'one key for everybody, in braces',
      { yaml: withLine(`once: "{{ 'data.ticket.id' }}"`) },
      ':12 routes.greet.once: is the same text for every event',
    ],
    [
      'a key that there never is',
      { yaml: withLine('once: "greet-{{ event.id }}"') },
      ':12 routes.greet.once: event.id is empty while an event is planned, so that every message fails: take event.key, such as "{{ event.key }}"',
    ],
  )
  /** The channel alone, with all blocks but its own. */
  const ALL_BLOCKS = `  sms: { from: "+13175550100" }
  whatsapp: { integrationId: integration-1 }
  open: { integrationId: integration-2 }
`
  const BLOCKS = changed('sources:\n', `${ALL_BLOCKS}sources:\n`)
  for (const channel of ['sms', 'whatsapp', 'open']) {
    const block = ALL_BLOCKS.split('\n').find((line) => line.includes(`  ${channel}:`)) ?? ''
    cases.push([
      `a channel that Genesys is not told how to use: ${channel}`,
      {
        yaml: changed('[webmessaging]', `[${channel}]`, changed(`${block}\n`, '', BLOCKS)),
        templates: { 'greet.liquid': RESPONSE },
      },
      `:13 routes.greet.channels: ${channel} needs genesys.${channel}`,
    ])
  }
  const onAll = (channels: string, ...lines: string[]) =>
    changed('[webmessaging]', `[${channels}]`, BLOCKS) + lines.map((line) => `    ${line}\n`).join('')
  const all = { 'greet.liquid': RESPONSE }
  cases.push(
    [
      'whatsapp over a file that names no response',
      { yaml: onAll('whatsapp') },
      ':13 routes.greet.template: greet has no response for whatsapp: give greet.whatsapp.liquid a front matter with whatsapp: { responseId',
    ],
    [
      'whatsapp over a file that names no response, in one of its languages',
      { yaml: onAll('whatsapp'), templates: { ...all, 'greet.de.liquid': 'Hallo' } },
      ':13 routes.greet.template: greet has no response for whatsapp',
    ],
    [
      'whatsapp over a file of another channel',
      { yaml: onAll('whatsapp'), templates: { 'greet.sms.liquid': 'Hello' } },
      ':13 routes.greet.template: greet has no file for whatsapp: add greet.liquid or greet.whatsapp.liquid',
    ],
    [
      'a customer without what sms needs',
      { yaml: onAll('sms', 'customer: { email: "{{ data.email }}" }'), templates: all },
      ':14 routes.greet.channels: sms needs customer.phone',
    ],
    [
      'a customer without what whatsapp needs',
      { yaml: onAll('whatsapp', 'customer: { email: "{{ data.email }}" }'), templates: all },
      ':14 routes.greet.channels: whatsapp needs customer.phone',
    ],
    [
      'a customer without what open needs',
      { yaml: onAll('open', 'customer: { email: "{{ data.email }}" }'), templates: all },
      ':14 routes.greet.channels: open needs customer.externalId',
    ],
    [
      'a customer without what email needs',
      { yaml: onAll('email', 'customer: { phone: "{{ data.phone }}" }'), templates: all },
      ':14 routes.greet.channels: email needs customer.email',
    ],
    [
      'a customer without what webmessaging finds the contact by',
      {
        yaml: onAll('webmessaging', 'findBy: [phone, email]', 'customer: { externalId: "{{ data.id }}" }'),
        templates: all,
      },
      ':14 routes.greet.channels: webmessaging needs customer.phone or customer.email',
    ],
    [
      'a customer without what a session is found by',
      {
        yaml: onAll(
          'sms',
          'findBy: [externalId]',
          'customer: { phone: "{{ data.phone }}" }',
          'requireSession: 30d',
        ),
        templates: all,
      },
      ':17 routes.greet.requireSession: needs customer.externalId: sessions are those of a contact',
    ],
  )
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
      /^routes\.greet\.findBy: .*events of crm: the source has no externalSource of its own, and genesys has none/,
    )
    assert.deepEqual(loaded({ yaml: own }).warnings, [])
    assert.deepEqual(loaded({ yaml: `${none}    findBy: [email]\n` }).warnings, [])
  })

  test('a session is found by its contact: an externalId that cannot be looked up is noted on any channel', () => {
    const none = changed('  externalSource: { id: space-1, name: CRM }\n', '', onAll('sms'))
    assert.deepEqual(loaded({ yaml: none }).warnings, [])
    const [warning, ...others] = loaded({ yaml: `${none}    requireSession: 30d\n` }).warnings
    assert.match(
      warning?.message ?? '',
      /^routes\.greet\.findBy: externalId cannot be looked up for events of crm/,
    )
    assert.deepEqual(others, [])
  })

  test('events of genesys-undelivered name no externalId to look up', () => {
    const none = changed('  externalSource: { id: space-1, name: CRM }\n', '')
    const yaml = changed('standard-webhooks', 'genesys-undelivered', none)
    const { warnings } = loaded({ yaml, env: { CRM_WEBHOOK_SECRET: '0123456789abcdef' } })
    assert.deepEqual(warnings, [])
  })

  test('without a customer block the source names the customer, and nothing is missing', () => {
    const yaml = onAll('webmessaging, open, sms, whatsapp, email', 'requireSession: 30d')
    assert.deepEqual(loaded({ yaml, templates: all }).warnings, [])
  })

  test('a block that names nobody at all is one problem, whatever the channels', () => {
    const yaml = onAll('sms, email', 'customer: { name: "{{ data.name }}" }')
    assert.equal(problemsOf({ yaml, templates: all }).length, 1)
  })

  const undelivered = changed(
    'sources:\n',
    'sources:\n  genesys: { preset: genesys-undelivered, secrets: [0123456789abcdef] }\n',
    BLOCKS,
  )
  const warned: [string, string, string[]][] = [
    [
      'join',
      onAll('webmessaging', 'activeConversation: join'),
      [
        "15 routes.greet.activeConversation: join: a bot in the conversation may take the text for the customer's own words",
      ],
    ],
    ['join, over email alone', onAll('email', 'activeConversation: join'), []],
    ['resend-if-absent, over webmessaging', onAll('webmessaging', 'onUnconfirmed: resend-if-absent'), []],
    [
      'resend-if-absent, over others',
      onAll('webmessaging, sms, email', 'onUnconfirmed: resend-if-absent'),
      [
        '15 routes.greet.onUnconfirmed: resend-if-absent: absence can be known over webmessaging only; over sms, email the message is held',
      ],
    ],
    [
      'next-channel, which there is, and a source that reports',
      `${changed('[webmessaging]', '[webmessaging, email]', undelivered)}    onUndelivered: next-channel\n`,
      [],
    ],
    [
      'next-channel, which there is not',
      `${undelivered}    onUndelivered: next-channel\n`,
      ['16 routes.greet.onUndelivered: next-channel: there is no next channel, channels has one entry'],
    ],
    [
      'next-channel, of which nobody tells',
      onAll('webmessaging, email', 'onUndelivered: next-channel'),
      [
        '15 routes.greet.onUndelivered: next-channel: no source has the preset genesys-undelivered, and nothing else reports what a customer did not see',
      ],
    ],
    [
      'a channel that the customer block leaves out of reach, beside one that it does not',
      onAll('webmessaging, sms', 'customer: { email: "{{ data.email }}" }'),
      ['14 routes.greet.channels: sms needs customer.phone'],
    ],
    [
      'quiet hours by nobody’s clock',
      onAll('sms', 'quietHours: { from: "21:00", to: "08:00" }'),
      [
        '15 routes.greet.quietHours: no timezone: customers whose own nobody knows (no timezone in the event, no phone of a country with one time) are written to at any hour',
      ],
    ],
    ['quiet hours', onAll('sms', 'quietHours: { from: "21:00", to: "08:00", timezone: UTC }'), []],
    ['no quiet hours', onAll('sms', 'quietHours: none'), []],
    [
      'a cancelling event that is every one of its type',
      onAll('sms', 'cancelOn: [{ on: crm/a, match: data.id }]'),
      [
        '15 routes.greet.cancelOn: match and equals are the same text for every event: quote {{ }} with what the two share, such as "{{ data.ticket.id }}"',
      ],
    ],
    [
      'a cancelling event that says yes, of what is about the same',
      onAll('sms', 'cancelOn: [{ on: crm/a, match: "{{ data.of }}", equals: T-1 }]'),
      [],
    ],
    [
      'a cancelling event whose braces are forgotten on one side',
      onAll(
        'sms',
        'cancelOn: [{ on: crm/a, match: "{{ data.of }}", equals: data.of }, { on: crm/a, match: " event.subject ", equals: "{{ event.subject }}" }]',
      ),
      [
        '15 routes.greet.cancelOn: equals is a path without {{ }}, so that its name is compared and not its value: write "{{ data.of }}"',
        '15 routes.greet.cancelOn: match is a path without {{ }}, so that its name is compared and not its value: write "{{ event.subject }}"',
      ],
    ],
    [
      'a cancelling event by the id of its row',
      onAll('sms', 'cancelOn: [{ on: crm/a, match: "{{ data.of }}", equals: "{{ event.id }}" }]'),
      [
        '15 routes.greet.cancelOn: equals: event.id is empty while an event is planned, and cancels nothing: take what both events name',
      ],
    ],
    [
      'a cancelling event by the id of its row, on both sides',
      onAll('sms', 'cancelOn: [{ on: crm/a, match: "{{ event.id }}" }]'),
      [
        '15 routes.greet.cancelOn: match: event.id is empty while an event is planned, and cancels nothing: take what both events name',
      ],
    ],
    [
      'a key to which the id of a row adds nothing',
      onAll('sms', 'once: "{{ event.id }}-{{ data.a }}"'),
      [
        '15 routes.greet.once: event.id is empty while an event is planned and adds nothing to the key: take event.key',
      ],
    ],
    ['a key of several parts', onAll('sms', 'once: "greet-{{ data.a }}-{{ customer.email }}"'), []],
    [
      'a key that a tag makes',
      onAll('sms', 'once: "{% if data.a %}a-{{ data.a }}{% else %}{{ event.key }}{% endif %}"'),
      [],
    ],
    [
      'a key that is free before its message is sent',
      onAll('sms', 'once: "{{ data.a }}"', 'oncePer: 10m', 'delay: 30m'),
      [
        '16 routes.greet.oncePer: is shorter than delay (30m): its key is free again before the message is sent, and the next event makes another; make it longer',
      ],
    ],
    ['a key that is not', onAll('sms', 'once: "{{ data.a }}"', 'oncePer: 30m', 'delay: 30m'), []],
    [
      'a cap for which nothing waits long enough',
      onAll('sms', 'cap: { messages: 3, per: 7d }', 'onCap: defer'),
      [
        '16 routes.greet.onCap: defer: there may be no room for as long as cap.per (7d), and expireAfter (1d) is shorter: what is above the cap is mostly skipped; make expireAfter longer',
      ],
    ],
    [
      'a cap for which it does',
      onAll('sms', 'cap: { messages: 3, per: 7d }', 'onCap: defer', 'expireAfter: 7d'),
      [],
    ],
    ['a cap that skips', onAll('sms', 'cap: { messages: 3, per: 7d }', 'onCap: skip'), []],
    [
      'a night that nothing outlives',
      onAll('sms', 'quietHours: { from: "21:00", to: "08:00", timezone: UTC }', 'expireAfter: 10h'),
      [
        '15 routes.greet.quietHours: it is quiet for longer (11h) than expireAfter (10h): what is due when it begins has expired when it ends; make expireAfter longer',
      ],
    ],
    [
      'a night that just ends',
      onAll('sms', 'quietHours: { from: "21:00", to: "08:00", timezone: UTC }', 'expireAfter: 11h'),
      [],
    ],
    ['a group that no other route has', onAll('sms', 'cap: { messages: 1, per: 1d, group: mine }'), []],
    ['a delay that is longer than expireAfter', onAll('sms', 'delay: 2d', 'expireAfter: 1h'), []],
    ['marketing, of a source that can say yes', onAll('sms', 'purpose: marketing'), []],
    [
      'the defaults',
      onAll('webmessaging, sms', 'activeConversation: wait', 'onUndelivered: none', 'onRepeat: keep'),
      [],
    ],
  ]
  for (const [name, yaml, expected] of warned) {
    test(`warned of: ${name}`, () => {
      const { warnings } = loaded({ yaml, templates: all })
      assert.deepEqual(
        warnings.map(({ line, message }) => `${line} ${message}`),
        expected,
      )
      for (const { file } of warnings) assert.match(file, /postrider\.yaml$/)
    })
  }

  test('what is not set says nothing of the route', () => {
    const yaml = onAll(
      'sms',
      `once: "\${ONCE}"`,
      `oncePer: "\${PER}"`,
      'delay: 30m',
      `expireAfter: "\${EXPIRE}"`,
      'cap: { messages: 1, per: 7d }',
      'onCap: defer',
      `cancelOn: [{ on: crm/a, match: "\${MATCH}" }]`,
    )
    const { warnings } = loaded({ yaml, templates: all, unsetVariables: 'warn' })
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ['ONCE', 'PER', 'EXPIRE', 'MATCH'].map((name) => `\${${name}} is not set in the environment`),
    )
  })

  describe('marketing', () => {
    const said = (presets: readonly string[], ...lines: string[]) => {
      const sources = presets.map((one, n) => `  ${n === 0 ? 'crm' : `more-${n}`}: { ${one} }\n`).join('')
      const yaml = onAll('email', 'purpose: marketing', ...lines).replace(/ {2}crm: .*\n/, () => sources)
      const { warnings } = loaded({ yaml, templates: all })
      return warnings.map(({ message }) => message).filter((one) => one.startsWith('routes.greet.purpose'))
    }
    const bare = 'secrets: [an-example-of-a-secret]'
    const custom = (more: string) =>
      `preset: custom, secrets: [], custom: { token: bearer, type: "{{ payload.type }}", ${more} }`
    const able = ['shopify', 'stripe', 'klaviyo', 'intercom'].map((preset) => `preset: ${preset}, ${bare}`)
    const consent = 'customer: { email: "{{ payload.mail }}", consent: "{{ payload.yes }}" }'

    for (const source of [...able, custom(consent), custom('types: { in: customer.consent_given }')]) {
      test(`can be sent where this source says yes: ${source}`, () => assert.deepEqual(said([source]), []))
      test(`and where another source does: ${source}`, () =>
        assert.deepEqual(said([`preset: segment, ${bare}`, source]), []))
    }
    const unable = ['segment', 'woocommerce', 'hubspot', 'salesforce', 'github-style']
    for (const source of [
      ...unable.map((preset) => `preset: ${preset}, ${bare}`),
      custom('customer: { email: x }'),
    ]) {
      test(`is warned of where nobody ever says yes: ${source}`, () => {
        const [warning = '', ...others] = said([source])
        assert.match(
          warning,
          /^routes\.greet\.purpose: marketing: nothing here says that a customer agrees, /,
        )
        assert.deepEqual(others, [])
        const own = 'customer: { email: "{{ data.mail }}", consent: "{{ data.yes }}" }'
        assert.deepEqual(said([source], own), [])
      })
    }
  })

  describe('a reminder of a cart', () => {
    const said = (source: string, on: string, ...lines: string[]) => {
      const yaml = onAll('sms', ...lines)
        .replace(
          / {2}crm: .*\n/,
          () => `  crm: { ${source} }\n  mail: { preset: standard-webhooks, secrets: [] }\n`,
        )
        .replace('on: crm/ticket.resolved', () => `on: ${on}`)
      const { warnings } = loaded({ yaml, templates: all })
      return warnings.map(({ message }) => message).filter((one) => one.startsWith('routes.greet.on'))
    }
    const bare = (preset: string) => `preset: ${preset}, secrets: [an-example-of-a-secret]`
    const ours = 'preset: standard-webhooks, secrets: []'
    const custom = (types: string) =>
      `preset: custom, secrets: [], custom: { token: bearer, type: "{{ payload.type }}", customer: { phone: x }, types: { ${types} } }`
    const warning =
      'routes.greet.on: checkout.updated: nothing ends it, so that who has ordered is reminded of the cart; add cancelOn, such as [{ on: crm/order.placed, match: "{{ event.subject }}" }]'

    const reminders: [source: string, on: string][] = [
      [ours, 'crm/checkout.updated'],
      [ours, '[mail/ticket.resolved, "c*/checkout.*"]'],
      ...['shopify', 'woocommerce', 'segment'].flatMap((preset): [string, string][] => [
        [bare(preset), 'crm/checkout.updated'],
        [bare(preset), '"crm/*"'],
      ]),
      [bare('shopify'), 'crm/checkouts/update'],
      [bare('shopify'), '"crm/checkouts/*"'],
      [custom('Changed: checkout.updated, Paid: order.placed'), '"*/*"'],
      [custom('Changed: checkout.updated, Paid: order.placed'), 'crm/Changed'],
    ]
    for (const [source, on] of reminders) {
      test(`that nothing ends is warned of: ${on} of ${source}`, () =>
        assert.deepEqual(said(source, on), [warning]))
    }

    test('that an order ends is not', () => {
      const line = 'cancelOn: [{ on: crm/order.placed, match: "{{ event.subject }}" }]'
      for (const [source, on] of reminders) assert.deepEqual(said(source, on, line), [])
      assert.deepEqual(said(ours, 'crm/checkout.updated', 'cancelOn: []'), [warning])
    })

    const others: [source: string, on: string][] = [
      [ours, '"*/*"'],
      [ours, 'crm/cart.abandoned'],
      [bare('stripe'), '"crm/*"'],
      [bare('shopify'), 'mail/ticket.resolved'],
      [bare('shopify'), '[crm/order.placed, "crm/orders/*"]'],
      [bare('woocommerce'), 'crm/order.updated'],
      [custom('Changed: cart.updated'), '"crm/*"'],
    ]
    for (const [source, on] of others) {
      test(`is no other route: ${on} of ${source}`, () => assert.deepEqual(said(source, on), []))
    }
  })

  test('who says no by an event that names nobody is not kept from anything, which is noted', () => {
    const custom = (more: string) =>
      `preset: custom, secrets: [], custom: { token: bearer, type: "{{ payload.type }}"${more} }`
    const saidOf = (source: string, on: string) =>
      loaded({
        yaml: `suppressOn: [{ on: ${on} }]\n${BLOCKS.replace('sources:\n', () => `sources:\n  other: { ${source} }\n`)}`,
      })
        .warnings.map(({ message }) => message)
        .filter((one) => one.startsWith('suppressOn'))
    const nobody =
      'suppressOn.0.on: events of other name no customer, so that nobody is kept from messages: set sources.other.custom.customer'
    assert.deepEqual(saidOf(custom(''), 'other/left'), [nobody])
    assert.deepEqual(saidOf(custom(''), '[crm/left, other/left]'), [nobody])
    assert.deepEqual(saidOf(custom(', customer: { email: x }'), 'other/left'), [])
    assert.deepEqual(saidOf(custom(''), '["*/left"]'), [])
    assert.deepEqual(saidOf(custom(''), 'crm/left'), [])
    assert.deepEqual(saidOf('preset: genesys-undelivered, secrets: []', 'other/left'), [
      'suppressOn.0.on: events of other name no customer, so that nobody is kept from messages',
    ])
  })

  test('words that come from the environment are quoted nowhere', () => {
    const yaml = onAll(
      `"\${LEAK}", sms`,
      `findBy: ["\${LEAK}"]`,
      'customer: { email: x }',
      'onUnconfirmed: resend-if-absent',
      `once: "data.\${LEAK}"`,
      `cancelOn: [{ on: crm/a, match: "data.\${LEAK}", equals: "{{ data.a }}" }]`,
    )
    const templates = { 'greet.sms.liquid': 'Hello' }
    const problems = problemsOf({ yaml, templates, env: { ...ENV, LEAK: 'hunter2' } })
    assert.ok(problems.some((problem) => problem.includes('sms needs customer.phone')))
    assert.doesNotMatch(problems.join('\n'), /hunter2/)
  })
})

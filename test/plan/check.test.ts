import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { type Fixture, readFixture } from '../../src/config/fixtures.ts'
import { checkFixture, type FixtureCheck, previewRoute } from '../../src/plan/check.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'
import { AT, configWith, eventWith, TICKET } from './house.ts'

const NOW = new Date(AT)

const TEMPLATES = {
  'greet.liquid':
    '---\nsubject: "Ticket {{ data.ticket.id }}"\n---\nHello {{ customer.name | default: "there" }}',
  'greet.de.liquid': '---\nsubject: "Anliegen {{ data.ticket.id }}"\n---\nHallo',
  'greet.email.html.liquid': '<p>Hello</p>',
  'strict.liquid': 'Ticket {{ data.ticket.number }}',
  'long.liquid': '{{ data.text }}',
  'time.liquid': '{{ event.occurredAt }}',
  'all.liquid': '---\nsubject: S\nwhatsapp: { responseId: r-1, body: ["{{ data.ticket.id }}"] }\n---\nHello',
  'bare.whatsapp.liquid': '---\nwhatsapp: { responseId: r-1, body: ["{{ data.ticket.id }}"] }\n---\n',
}

describe('a fixture against a configuration', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-check-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  function fixture(content: object): Fixture {
    const file = join(folder, 'fixture.json')
    const body = { type: 'ticket.resolved', timestamp: '{{ now }}', data: TICKET }
    writeFileSync(file, JSON.stringify({ source: 'crm', body, ...content }))
    const result = readFixture(file)
    assert.ok(result.kind === 'read', result.kind === 'invalid' ? result.reason : '')
    return result.fixture
  }
  function check(config: Config, content: object): FixtureCheck {
    return checkFixture(fixture(content), config, readDelivery, NOW)
  }
  /** What differs where one route of these lines is expected to do this. */
  function differences(lines: string[], ...expect: object[]): readonly string[] {
    return check(configWith({ greet: lines }, TEMPLATES), { expect }).differences
  }

  test('all as expected: nothing to say, and what is foreseen', () => {
    const expect = [{ route: 'greet', state: 'sent', channel: 'webmessaging', text: 'Hello there' }]
    const { foreseen, differences } = check(configWith({ greet: [] }, TEMPLATES), { expect })
    assert.deepEqual(differences, [])
    assert.deepEqual(foreseen, [
      {
        route: 'greet',
        state: 'sent',
        code: null,
        reason: null,
        channel: 'webmessaging',
        text: 'Hello there',
      },
    ])
  })

  test('without expectations nothing differs', () =>
    assert.deepEqual(check(configWith({ greet: ['template: strict'] }, TEMPLATES), {}).differences, []))

  const cases: [string, string[], object[], string[]][] = [
    ['none was expected', [], [], ['greet: a message is planned that was not expected (sent)']],
    [
      'one was expected',
      ['mode: off'],
      [{ route: 'greet', state: 'sent' }],
      ['greet: expected a message, none is planned'],
    ],
    [
      'another route was expected',
      [],
      [{ route: 'bye', state: 'sent' }],
      [
        'bye: expected a message, none is planned',
        'greet: a message is planned that was not expected (sent)',
      ],
    ],
    [
      'another text, channel and state, each a line',
      [],
      [{ route: 'greet', state: 'failed', channel: 'email', text: 'Hello  there' }],
      [
        'greet: state: expected failed, got sent',
        'greet: channel: expected email, got webmessaging',
        'greet: text: expected "Hello  there", got "Hello there"',
      ],
    ],
    [
      'a no to marketing, which the event says',
      ['purpose: marketing', 'customer: { email: "{{ data.customer.email }}", consent: "no" }'],
      [{ route: 'greet', state: 'sent' }],
      ['greet: state: expected sent, got skipped (no marketing consent: the event says no)'],
    ],
    [
      'a no that is expected',
      ['purpose: marketing', 'customer: { email: "{{ data.customer.email }}", consent: "no" }'],
      [{ route: 'greet', state: 'skipped', reason: 'no-consent' }],
      [],
    ],
    [
      'a yes to marketing',
      ['purpose: marketing', 'customer: { email: "{{ data.customer.email }}", consent: "yes" }'],
      [{ route: 'greet', state: 'sent' }],
      [],
    ],
    [
      'a no to marketing, of service',
      ['customer: { email: "{{ data.customer.email }}", consent: "no" }'],
      [{ route: 'greet', state: 'sent' }],
      [],
    ],
    ...['no-consent', 'suppressed', 'cap'].map((reason): [string, string[], object[], string[]] => [
      `what other events decide: ${reason}`,
      ['purpose: marketing'],
      [{ route: 'greet', state: 'skipped', reason }],
      [],
    ]),
    ['what a later event cancels', [], [{ route: 'greet', state: 'cancelled' }], []],
    [
      'what other events decide, where the text does not render',
      ['template: strict'],
      [{ route: 'greet', state: 'cancelled' }],
      [
        'greet: state: expected cancelled, got failed (strict.liquid: undefined variable: data.ticket.number. Mend the template or the event, then re-trigger.)',
      ],
    ],
    [
      'a template that fails, with why',
      ['template: strict'],
      [{ route: 'greet', state: 'sent' }],
      [
        'greet: state: expected sent, got failed (strict.liquid: undefined variable: data.ticket.number. Mend the template or the event, then re-trigger.)',
      ],
    ],
    [
      'a failure that is expected, by its code',
      ['template: strict'],
      [{ route: 'greet', state: 'failed', reason: 'template-error' }],
      [],
    ],
    [
      'a failure that is expected, by its words',
      ['template: strict'],
      [{ route: 'greet', state: 'failed', reason: 'ticket.number' }],
      [],
    ],
    [
      'a failure for another reason',
      ['once: "{{ data.absent }}"'],
      [{ route: 'greet', state: 'failed', reason: 'no-customer' }],
      [
        'greet: reason: expected no-customer, got once ({{ data.absent }}) comes to nothing for this event, so that it cannot be told from others. Mend the route or the event, then re-trigger.',
      ],
    ],
    // What only Genesys can answer is not foreseen, and no difference.
    ['nobody has the contact', [], [{ route: 'greet', state: 'failed', reason: 'no-contact' }], []],
    ['no session', ['requireSession: 30d'], [{ route: 'greet', state: 'skipped', reason: 'no-session' }], []],
    ...['active-conversation', 'not-found', 'rejected', 'destination-rejected'].map(
      (reason): [string, string[], object[], string[]] => [
        `answered ${reason}`,
        [],
        [{ route: 'greet', state: 'failed', reason }],
        [],
      ],
    ),
    [
      'a reason that Genesys does not give',
      [],
      [{ route: 'greet', state: 'failed', reason: 'no-customer' }],
      ['greet: state: expected failed, got sent', 'greet: reason: expected no-customer, got none'],
    ],
    ['unconfirmed', [], [{ route: 'greet', state: 'unconfirmed' }], []],
    ['scheduled', ['delay: 30m'], [{ route: 'greet', state: 'scheduled' }], []],
    // A fixture keeps its expectations while its route is tried out; but shadow may be expected too.
    ['sent, in shadow', ['mode: shadow'], [{ route: 'greet', state: 'sent', text: 'Hello there' }], []],
    ['shadow, in shadow', ['mode: shadow'], [{ route: 'greet', state: 'skipped', reason: 'shadow' }], []],
    [
      'shadow, live',
      [],
      [{ route: 'greet', state: 'skipped', reason: 'shadow' }],
      ['greet: state: expected skipped, got sent', 'greet: reason: expected shadow, got none'],
    ],
    [
      'shadow does not hide a template that fails',
      ['mode: shadow', 'template: strict'],
      [{ route: 'greet', state: 'sent' }],
      [
        'greet: state: expected sent, got failed (strict.liquid: undefined variable: data.ticket.number. Mend the template or the event, then re-trigger.)',
      ],
    ],
  ]
  for (const [name, lines, expect, expected] of cases) {
    test(name, () => assert.deepEqual(differences(lines, ...expect), expected))
  }

  test('text longer than the channel carries is shown', () => {
    const body = { type: 'ticket.resolved', data: { ...TICKET, text: 'x'.repeat(2001) } }
    const expect = [{ route: 'greet', state: 'sent' }]
    const { differences } = check(configWith({ greet: ['template: long'] }, TEMPLATES), { body, expect })
    assert.match(
      differences[0] ?? '',
      /got failed \(long\.liquid comes to 2001 characters; webmessaging carries 2000\.\)/,
    )
  })

  test('the first channel on which the customer could be reached is foreseen', () => {
    const config = configWith({ greet: ['channels: [email, webmessaging]'] }, TEMPLATES)
    const channelFor = (customer: object) => {
      const body = { type: 'ticket.resolved', data: { customer, ticket: { id: 'T-1' } } }
      return check(config, { body }).foreseen[0]?.channel
    }
    assert.equal(channelFor({ id: 'C-1', email: 'ann@example.com' }), 'email')
    assert.equal(channelFor({ id: 'C-1' }), 'webmessaging')
  })

  test('each channel by what it needs', () => {
    const channels = ['whatsapp', 'open', 'sms', 'email', 'webmessaging']
    const cases: [string[], object, string][] = [
      [channels, { phone: '+4930123456', id: 'C-1' }, 'whatsapp'],
      [channels, { id: 'C-1', email: 'ann@example.com' }, 'open'],
      [['sms', 'email'], { phone: '+4930123456', email: 'ann@example.com' }, 'sms'],
      [['sms', 'email'], { email: 'ann@example.com' }, 'email'],
      [['open', 'webmessaging'], { email: 'ann@example.com' }, 'webmessaging'],
      [['sms', 'webmessaging'], { id: 'C-1' }, 'webmessaging'],
      // Nobody: the first, which is what an operator would mend.
      [['sms', 'whatsapp'], { id: 'C-1' }, 'sms'],
    ]
    for (const [order, customer, expected] of cases) {
      const config = configWith({ greet: [`channels: [${order.join(', ')}]`, 'template: all'] }, TEMPLATES)
      const body = { type: 'ticket.resolved', data: { customer, ticket: { id: 'T-1' } } }
      assert.equal(check(config, { body }).foreseen[0]?.channel, expected, order.join())
    }
  })

  test('a response is foreseen as operators see it', () => {
    const lines = ['channels: [whatsapp]', 'template: bare', 'customer: { phone: "+4930123456" }']
    const text = 'Response r-1\n1: T-1'
    assert.deepEqual(differences(lines, { route: 'greet', state: 'sent', channel: 'whatsapp', text }), [])
  })

  test('a body that cannot be read plans nothing; expected otherwise, it says why', () => {
    const config = configWith({ greet: [] }, TEMPLATES)
    const body = '{"type":'
    assert.deepEqual(check(config, { body, expect: [] }).differences, [])
    assert.deepEqual(check(config, { body, expect: [{ route: 'greet', state: 'sent' }] }).differences, [
      'unreadable: the body is not JSON',
      'greet: expected a message, none is planned',
    ])
  })

  test('a source that the configuration has not', () =>
    assert.deepEqual(check(configWith({ greet: [] }), { source: 'erp', expect: [] }).differences, [
      'the configuration has no source erp',
    ]))

  test('it happens when the fixture says, where its body does not', () => {
    const config = configWith({ greet: ['template: time'] }, TEMPLATES)
    const body = { type: 'ticket.resolved', data: TICKET }
    const textAt = (at: string) => check(config, { body, at }).foreseen[0]?.text
    assert.equal(textAt('2026-01-01T00:00:00Z'), '2026-01-01T00:00:00.000Z')
    assert.equal(textAt('-10m'), '2026-11-23T07:50:00.000Z')
  })
})

describe('a preview', () => {
  const config = configWith(
    {
      greet: ['channels: [webmessaging, email]', 'when: data.ticket.id'],
      off: ['mode: off', 'template: strict'],
    },
    TEMPLATES,
  )

  test('shows what would be said, and to whom', () => {
    const shown = previewRoute(config, 'greet', eventWith(TICKET), {})
    assert.ok(shown.kind === 'shown')
    assert.deepEqual(shown.customer, { externalId: 'C-1', email: 'ann@example.com' })
    assert.deepEqual(
      [shown.foreseen.channel, shown.foreseen.text, shown.subject],
      ['webmessaging', 'Hello there', null],
    )
    assert.match(shown.templateVersion ?? '', /^greet\.liquid@/)
  })

  test('in another language and on another channel', () => {
    const shown = previewRoute(config, 'greet', eventWith(TICKET), { locale: 'de', channel: 'email' })
    assert.ok(shown.kind === 'shown')
    assert.deepEqual(
      [shown.foreseen.channel, shown.foreseen.text, shown.subject, shown.html],
      ['email', 'Hallo', 'Anliegen T-1', '<p>Hello</p>'],
    )
  })

  test('of a response, with what fills it in', () => {
    const all = configWith({ greet: ['channels: [whatsapp, sms]', 'template: all'] }, TEMPLATES)
    const event = eventWith({ ticket: { id: 'T-1' }, customer: { phone: '+4930123456' } })
    const over = (channel?: 'sms') => {
      const shown = previewRoute(all, 'greet', event, { channel })
      assert.ok(shown.kind === 'shown')
      return [shown.foreseen.text, shown.whatsapp]
    }
    assert.deepEqual(over(), ['Hello', { responseId: 'r-1', header: [], body: [{ id: '1', value: 'T-1' }] }])
    assert.deepEqual(over('sms'), ['Hello', null])
  })

  test('of a route that is off, and of one whose template fails', () => {
    const shown = previewRoute(config, 'off', eventWith(TICKET), {})
    assert.ok(shown.kind === 'shown')
    assert.deepEqual(
      [shown.foreseen.state, shown.foreseen.code, shown.templateVersion],
      ['failed', 'template-error', null],
    )
  })

  test('says why there is none', () => {
    assert.deepEqual(previewRoute(config, 'greet', eventWith({}), {}), {
      kind: 'not-planned',
      reason: 'greet: the condition data.ticket.id is false',
    })
    assert.deepEqual(previewRoute(config, 'greet', eventWith(TICKET, { source: 'shop' }), {}), {
      kind: 'not-planned',
      reason: 'this route does not listen to shop/ticket.resolved',
    })
    assert.deepEqual(previewRoute(config, 'bye', eventWith(TICKET), {}), {
      kind: 'not-planned',
      reason: 'there is no route bye; there are greet, off',
    })
  })
})

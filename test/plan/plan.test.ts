import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Config, Route } from '../../src/config/config.ts'
import { CHANNELS, IDENTIFIERS } from '../../src/message.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { AT, configWith, DAY, eventWith, MINUTE, onlyMessage, planWith, TICKET } from './house.ts'

describe('what an event calls for', () => {
  test('a message with all that its route said, and the version of the configuration', () => {
    const config = configWith({
      greet: [
        'channels: [webmessaging, email]',
        'findBy: [email]',
        'once: "{{ data.ticket.id }}"',
        'delay: 30m',
        'expireAfter: 2h',
        'brake: { messages: 5, per: 1m }',
        'maxAttempts: 3',
        'onUnconfirmed: resend-if-absent',
        'requireSession: 30d',
        'activeConversation: join',
        'onUndelivered: next-channel',
        'purpose: marketing',
        'oncePer: 7d',
        'onRepeat: replace',
        'cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]',
        'quietHours: { from: "00:00", to: "06:00", timezone: Europe/Berlin }',
        'cap: { messages: 3, per: 7d, group: tickets }',
        'onCap: defer',
      ],
    })
    assert.deepEqual(planEvent(eventWith(TICKET), config), {
      state: 'planned',
      reason: null,
      configVersion: config.version,
      notes: [{ route: 'greet', outcome: 'planned', reason: 'a message is planned' }],
      messages: [
        {
          route: 'greet',
          state: 'scheduled',
          code: null,
          reason: null,
          customer: { externalId: 'C-1', email: 'ann@example.com' },
          policies: {
            mode: 'live',
            findBy: ['email'],
            externalSource: { id: 'space-1', name: 'CRM' },
            template: 'greet',
            channels: ['webmessaging', 'email'],
            once: 'T-1',
            expireAfterMs: 120 * MINUTE,
            brake: { messages: 5, perMs: MINUTE },
            maxAttempts: 3,
            onUnconfirmed: 'resend-if-absent',
            requireSessionMs: 30 * DAY,
            activeConversation: 'join',
            onUndelivered: 'next-channel',
            purpose: 'marketing',
            oncePerMs: 7 * DAY,
            onRepeat: 'replace',
            quietHours: {
              fromMinute: 0,
              toMinute: 360,
              timezone: 'Europe/Berlin',
              days: [1, 2, 3, 4, 5, 6, 7],
            },
            cap: { messages: 3, perMs: 7 * DAY, group: 'tickets' },
            onCap: 'defer',
            countsIn: ['tickets'],
          },
          dueAt: AT + 30 * MINUTE,
          expireAt: AT + 150 * MINUTE,
          names: ['externalId:space-1:C-1', 'email:ann@example.com'],
          cancelKeys: [['greet', config.routes[0]?.cancelOn[0]?.id, 'T-1'].join('\0')],
        },
      ],
      cancels: [],
      names: ['externalId:space-1:C-1', 'email:ann@example.com'],
      consent: null,
      suppress: null,
    })
  })

  test('policies that are made once for a route, but for the key of once', () => {
    const config = configWith({ greet: [], once: ['once: "{{ data.ticket.id }}"'] })
    const plans = ['T-1', 'T-2'].map((id) =>
      planEvent(eventWith({ ...TICKET, ticket: { id } }), config).messages.map(({ policies }) => policies),
    )
    const [shared, first, again, second] = plans.flat()
    assert.equal(again, shared)
    assert.deepEqual([shared?.once, first?.once, second?.once], [null, 'T-1', 'T-2'])
    assert.deepEqual({ ...first, once: 'T-2' }, second)
  })

  test('a message of every route that listens, in the order of the file', () => {
    const config = configWith({
      one: ['on: crm/*'],
      two: ['on: shop/ticket.resolved'],
      three: ['on: ["shop/a", "*/ticket.resolved"]'],
    })
    const { messages, notes } = planEvent(eventWith(TICKET), config)
    assert.deepEqual(
      messages.map(({ route }) => route),
      ['one', 'three'],
    )
    assert.equal(notes.length, 2)
  })

  test('a route that listens with several patterns plans once', () => {
    onlyMessage(planWith(['on: ["crm/*", "*/*", crm/ticket.resolved]']))
  })

  test('externalIds are looked up where the source has them, else where Genesys does', () => {
    const lines = ['on: "*/ticket.resolved"']
    const spaceOf = (source: string) =>
      onlyMessage(planWith(lines, eventWith(TICKET, { source }))).policies.externalSource?.id
    assert.equal(spaceOf('crm'), 'space-1')
    assert.equal(spaceOf('shop'), 'space-2')
  })

  test('what a route does not say is the careful way', () => {
    const { policies } = onlyMessage(planWith([]))
    assert.deepEqual(
      [
        policies.onUnconfirmed,
        policies.requireSessionMs,
        policies.activeConversation,
        policies.onUndelivered,
        policies.purpose,
        policies.onRepeat,
        policies.quietHours,
        policies.cap,
        policies.countsIn,
      ],
      ['hold', null, 'wait', 'none', 'service', 'keep', null, null, []],
    )
  })

  test('shadow is planned like any other, and says so', () => {
    const { state, policies } = onlyMessage(planWith(['mode: shadow']))
    assert.deepEqual([state, policies.mode], ['scheduled', 'shadow'])
  })
})

describe('what calls for nothing has its reason', () => {
  test('no route listens', () => {
    const plan = planWith(['on: crm/other'])
    assert.deepEqual(
      [plan.state, plan.reason, plan.notes],
      ['unrouted', 'no route listens to crm/ticket.resolved', []],
    )
  })

  test('the route is off, and its condition is not asked', () => {
    const plan = planWith(['mode: off', 'when: data.absent'])
    assert.deepEqual(plan.notes, [{ route: 'greet', outcome: 'off', reason: 'the route is off' }])
    assert.deepEqual([plan.state, plan.reason], ['unrouted', 'greet: the route is off'])
  })

  test('the condition is false', () => {
    const plan = planWith(['when: data.ticket.channel == "web"'])
    assert.deepEqual(plan.notes, [
      {
        route: 'greet',
        outcome: 'condition-false',
        reason: 'the condition data.ticket.channel == "web" is false',
      },
    ])
    assert.equal(plan.state, 'unrouted')
  })

  test('every route with its own; one message is enough to be planned', () => {
    const routes = { a: ['mode: off'], b: ['when: data.absent'] }
    const unrouted = planEvent(eventWith(TICKET), configWith(routes))
    assert.deepEqual(
      [unrouted.state, unrouted.reason],
      ['unrouted', 'a: the route is off; b: the condition data.absent is false'],
    )
    const planned = planEvent(eventWith(TICKET), configWith({ ...routes, c: [] }))
    assert.deepEqual([planned.state, planned.reason], ['planned', null])
    assert.deepEqual(
      planned.notes.map(({ outcome }) => outcome),
      ['off', 'condition-false', 'planned'],
    )
  })

  test('a condition sees event, payload and data, of a body with data and of one without', () => {
    const lines = ['when: event.key == "msg_1" and payload.type and data.ticket.id == "T-1"']
    onlyMessage(planWith(lines))
    const bare = eventWith({}, { payload: { type: 'x', ...TICKET } })
    onlyMessage(planWith(lines, bare))
  })
})

describe('a route that throws', () => {
  /** A condition that costs more than it may. */
  const dear = `when: '"x" == data.text${' | append: data.text'.repeat(50)}'`
  const event = eventWith({ ...TICKET, text: 'x'.repeat(500_000) })

  test('leaves the event unplanned, and its neighbours planned', () => {
    const plan = planEvent(event, configWith({ before: [], dear: [dear], off: ['mode: off'], after: [] }))
    assert.equal(plan.state, 'unplanned')
    assert.deepEqual(
      plan.messages.map(({ route }) => route),
      ['before', 'after'],
    )
    assert.deepEqual(
      plan.notes.map(({ route, outcome }) => [route, outcome]),
      [
        ['before', 'planned'],
        ['dear', 'failed'],
        ['off', 'off'],
        ['after', 'planned'],
      ],
    )
    assert.match(
      plan.reason ?? '',
      /^dear: could not be planned: memory alloc limit exceeded.*postrider events replan$/,
    )
    assert.doesNotMatch(plan.reason ?? '', /\n|xxx/)
  })

  test('whatever it is that throws, and wherever', () => {
    const config = configWith({ before: [], broken: [], after: [] })
    const fail = (): never => {
      throw new TypeError('first line\nsecond line')
    }
    const broken: Partial<Route>[] = [
      { when: { text: 'x', holds: fail } },
      { customer: { externalId: { text: 'x', value: fail } } },
      { once: { text: 'x', value: fail } },
    ]
    for (const part of broken) {
      const routes = config.routes.map((route) => (route.name === 'broken' ? { ...route, ...part } : route))
      const plan = planEvent(event, { ...config, routes })
      assert.equal(plan.state, 'unplanned')
      assert.equal(plan.messages.length, 2)
      assert.match(plan.reason ?? '', /^broken: could not be planned: first line\. Mend the route/)
    }
  })
})

describe('a message that cannot be sent begins failed', () => {
  test('once that comes to nothing', () => {
    const message = onlyMessage(planWith(['once: "{{ data.ticket.number }}"']))
    assert.deepEqual([message.state, message.code, message.policies.once], ['failed', 'once-key-empty', null])
    assert.match(
      message.reason ?? '',
      /^once \(\{\{ data\.ticket\.number \}\}\) comes to nothing for this event/,
    )
  })

  test('its reason stands with the event too, which is planned', () => {
    const plan = planWith(['once: "{{ data.absent }}"'])
    assert.equal(plan.state, 'planned')
    assert.equal(plan.notes[0]?.reason, onlyMessage(plan).reason)
  })

  test('once may be made of the customer', () => {
    const lines = ['once: "{{ customer.externalId }}/{{ data.ticket.id }}"']
    assert.equal(onlyMessage(planWith(lines)).policies.once, 'C-1/T-1')
  })

  const nobody: [string, string[], object, boolean][] = [
    ['nobody is named', [], {}, false],
    ['a name finds nobody', [], { name: 'Ann' }, false],
    ['an externalId', [], { id: 'C-1' }, true],
    ['a phone', [], { phone: '+4930123456' }, true],
    ['an identifier that findBy leaves out', ['findBy: [email, phone]'], { id: 'C-1' }, false],
    ['an address for email', ['channels: [email]'], { email: 'ann@example.com' }, true],
    ['no address for email', ['channels: [email]'], { id: 'C-1' }, false],
    [
      'an address that findBy leaves out, for email',
      ['channels: [email]', 'findBy: [phone]'],
      { email: 'ann@example.com' },
      true,
    ],
    ['a phone for sms', ['channels: [sms]'], { phone: '030 123456' }, true],
    ['no phone for sms', ['channels: [sms]'], { id: 'C-1', email: 'ann@example.com' }, false],
    ['a phone for whatsapp', ['channels: [whatsapp]'], { phone: '+4930123456' }, true],
    ['no phone for whatsapp', ['channels: [whatsapp]'], { id: 'C-1', email: 'ann@example.com' }, false],
    ['an externalId for open', ['channels: [open]'], { id: 'C-1' }, true],
    [
      'no externalId for open',
      ['channels: [open]'],
      { phone: '+4930123456', email: 'ann@example.com' },
      false,
    ],
    [
      'an externalId that findBy leaves out, for open',
      ['channels: [open]', 'findBy: [email]'],
      { id: 'C-1' },
      true,
    ],
    ['a phone for the last of three', ['channels: [email, open, sms]'], { phone: '+4930123456' }, true],
    [
      'a phone, and nothing to find a session by',
      ['channels: [sms]', 'findBy: [externalId, email]', 'requireSession: 30d'],
      { phone: '+4930123456' },
      false,
    ],
    [
      'a phone, which the session is found by too',
      ['channels: [sms]', 'requireSession: 30d'],
      { phone: '+4930123456' },
      true,
    ],
    [
      'what a session is found by, and no phone for sms',
      ['channels: [sms]', 'requireSession: 30d'],
      { id: 'C-1' },
      false,
    ],
    [
      'the second channel alone',
      ['channels: [webmessaging, email]', 'findBy: [externalId]'],
      { email: 'ann@example.com' },
      true,
    ],
  ]
  for (const [name, lines, customer, reachable] of nobody) {
    test(`${name}: ${reachable ? 'scheduled' : 'no-customer'}`, () => {
      const message = onlyMessage(planWith(lines, eventWith({ customer })))
      assert.equal(message.code, reachable ? null : 'no-customer')
      if (!reachable)
        assert.match(
          message.reason ?? '',
          /^The event names no customer who.* \(looked for .*\)\. Mend the customer/,
        )
    })
  }

  test('its reason names what each channel looked for, once', () => {
    const reasonOf = (lines: string[], customer: object) =>
      onlyMessage(planWith(lines, eventWith({ customer }))).reason?.split(' Mend')[0]
    assert.equal(
      reasonOf(['channels: [sms, whatsapp]'], { id: 'C-1' }),
      'The event names no customer whom sms or whatsapp could reach (looked for phone).',
    )
    assert.equal(
      reasonOf(['channels: [email, webmessaging]', 'findBy: [externalId, email]'], { phone: '1' }),
      'The event names no customer whom email or webmessaging could reach (looked for email, externalId).',
    )
    assert.equal(
      reasonOf(['channels: [open]', 'findBy: [phone]', 'requireSession: 1h'], { id: 'C-1' }),
      'The event names no customer whose contact could be found, and requireSession needs one (looked for phone).',
    )
  })

  test('what a customer block may not name for a channel is what planning would miss', () => {
    const properties = { externalId: 'id', email: 'email', phone: 'phone' } as const
    for (const channel of CHANNELS) {
      for (const identifier of IDENTIFIERS) {
        const route = [`channels: [${channel}]`, 'findBy: [email, phone]']
        const customer = { [properties[identifier]]: 'x' }
        const missed = onlyMessage(planWith(route, eventWith({ customer }))).code === 'no-customer'
        const block = `customer: { ${identifier}: "{{ data.x }}" }`
        const refused = lacksCustomer(() => configWith({ greet: [...route, block] }))
        assert.equal(refused, missed, `${channel} by ${identifier}`)
      }
    }
  })
})

describe('planning is pure', () => {
  const CONFIG: Config = configWith({
    one: ['when: data.a != 1', 'once: "{{ data.ticket.id }}{{ event.key }}"'],
    two: ['customer: { externalId: "{% assign data = 5 %}{{ customer.id }}{{ data.customer.id }}" }'],
    three: ['channels: [email, webmessaging]', 'delay: 5m'],
  })

  test('the same event comes to the same, and is not touched, whatever is in it', () => {
    const parts = { ticket: fc.jsonValue(), customer: fc.jsonValue(), a: fc.jsonValue() }
    const data = fc
      .oneof(fc.jsonValue(), fc.record(parts))
      .map((value): unknown => JSON.parse(JSON.stringify(value)))
    fc.assert(
      fc.property(data, (anything) => {
        const event = eventWith(anything)
        const before = structuredClone(event.payload)
        const first = planEvent(event, CONFIG)
        assert.deepEqual(planEvent(event, CONFIG), first)
        assert.deepEqual(event.payload, before)
        assert.equal(first.notes.length, 3)
        assert.notEqual(first.state, 'unplanned', first.reason ?? '')
      }),
    )
  })
})

/** Whether a configuration is refused because its customer block does not name what is needed. */
function lacksCustomer(load: () => unknown): boolean {
  try {
    load()
    return false
  } catch (error) {
    assert.match(String(error), /needs customer\./)
    return true
  }
}

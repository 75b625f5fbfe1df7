import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReadEvent } from '../../src/event.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { configWith, eventWith, onlyMessage, TICKET } from './house.ts'

const REOPENED: Partial<ReadEvent> = { type: 'ticket.reopened' }
const ON_REOPENED = 'cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]'

/** The keys of what is planned for `ours`, and those of what `later` cancels. */
function keysOf(lines: readonly string[], ours: unknown, later: unknown, of: Partial<ReadEvent> = REOPENED) {
  const config = configWith({ greet: lines })
  return {
    expected: onlyMessage(planEvent(eventWith(ours), config)).cancelKeys,
    said: planEvent(eventWith(later, of), config).cancels,
  }
}

describe('a later event cancels', () => {
  const { ticket, ...anybody } = TICKET

  test('what is about the same: both sides come to one key', () => {
    const { expected, said } = keysOf([ON_REOPENED], TICKET, { ticket })
    assert.equal(expected.length, 1)
    assert.deepEqual(said, expected)
  })

  test('what it has another name for, by equals', () => {
    const line = 'cancelOn: [{ on: crm/paid, match: "{{ data.order.cart }}", equals: "{{ data.cart.id }}" }]'
    const cart = { cart: { id: 'K-1' }, ...anybody }
    const { expected, said } = keysOf([line], cart, { order: { cart: 'K-1' } }, { type: 'paid' })
    assert.equal(expected.length, 1)
    assert.deepEqual(said, expected)
    const other = keysOf([line], cart, { order: { cart: 'K-2' }, cart: { id: 'K-1' } }, { type: 'paid' })
    assert.notDeepEqual(other.said, other.expected)
  })

  test('nothing of another ticket, and numbers are their text', () => {
    const { expected, said } = keysOf([ON_REOPENED], TICKET, { ticket: { id: 'T-2' } })
    assert.equal(said.length, 1)
    assert.notDeepEqual(said, expected)
    const numbers = keysOf([ON_REOPENED], { ...TICKET, ticket: { id: 7 } }, { ticket: { id: '7' } })
    assert.deepEqual(numbers.said, numbers.expected)
  })

  for (const id of [undefined, null, '', '  ']) {
    test(`nothing where the key comes to nothing: ${JSON.stringify(id)}`, () => {
      const nothing = keysOf([ON_REOPENED], { ...TICKET, ticket: { id } }, { ticket: { id } })
      assert.deepEqual(nothing, { expected: [], said: [] })
    })
  }

  test('by every entry that it is meant by, each on its own', () => {
    const lines = [
      'cancelOn:',
      '  - { on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }',
      '  - { on: "crm/ticket.*", match: "{{ customer.email }}" }',
      '  - { on: [crm/left, shop/ticket.reopened], match: "{{ customer.externalId }}" }',
    ]
    const { expected, said } = keysOf(lines, TICKET, TICKET)
    assert.equal(new Set(expected).size, 3)
    assert.deepEqual(said, expected.slice(0, 2))
    const ofShop = keysOf(lines, TICKET, TICKET, { ...REOPENED, source: 'shop' })
    assert.deepEqual(ofShop.said, expected.slice(2))
    assert.deepEqual(keysOf(lines, TICKET, TICKET, { type: 'left' }).said, expected.slice(2))
  })

  test('by the sender’s own word too', () => {
    const line = 'cancelOn: [{ on: crm/orders/create, match: "{{ data.ticket.id }}" }]'
    const of = { type: 'order.placed', senderType: 'orders/create' }
    const { expected, said } = keysOf([line], TICKET, TICKET, of)
    assert.deepEqual(said, expected)
  })

  test('the customer of a message is the route’s, that of the event which cancels as its source names them', () => {
    const lines = [
      'customer: { email: "{{ data.mail }}" }',
      'cancelOn: [{ on: crm/ticket.reopened, match: "{{ customer.email }}" }]',
    ]
    const ours = { mail: 'ann@example.com' }
    const { expected, said } = keysOf(lines, ours, { customer: { email: 'ann@example.com' } })
    assert.equal(expected.length, 1)
    assert.deepEqual(said, expected)
    assert.deepEqual(keysOf(lines, ours, ours).said, [])
  })

  test('of each route its own messages, by one text', () => {
    const config = configWith({ one: [ON_REOPENED], two: [ON_REOPENED] })
    const [one, two, ...others] = planEvent(eventWith(TICKET, REOPENED), config).cancels
    assert.deepEqual(others, [])
    const planned = planEvent(eventWith(TICKET), config).messages
    assert.deepEqual(
      planned.map(({ cancelKeys }) => cancelKeys),
      [[one], [two]],
    )
    assert.notEqual(one, two)
  })

  test('also what a route planned before it was set off, or tried out', () => {
    const ofMode = (mode: string) =>
      planEvent(eventWith(TICKET, REOPENED), configWith({ greet: [`mode: ${mode}`, ON_REOPENED] })).cancels
    assert.equal(ofMode('live').length, 1)
    assert.deepEqual(ofMode('off'), ofMode('live'))
    assert.deepEqual(ofMode('shadow'), ofMode('live'))
  })

  test('nothing where it is a test, unless its source accepts tests', () => {
    const config = configWith({ greet: [ON_REOPENED] })
    const { cancels, reason } = planEvent(eventWith(TICKET, { ...REOPENED, isTest: true }), config)
    assert.deepEqual(cancels, [])
    assert.equal(
      reason,
      'no route listens to crm/ticket.reopened, only cancelOn of greet; its sender calls it a test, which cancels nothing. To have tests count: acceptTests: true at the source',
    )
    const crm = config.sources.get('crm')
    assert.ok(crm)
    const accepting = { ...config, sources: new Map([['crm', { ...crm, acceptTests: true }]]) }
    const accepted = planEvent(eventWith(TICKET, { ...REOPENED, isTest: true }), accepting)
    assert.deepEqual(accepted, planEvent(eventWith(TICKET, REOPENED), config))
    assert.equal(accepted.cancels.length, 1)
  })

  test('and no condition of the route is asked', () => {
    const { said } = keysOf(['when: event.type == "ticket.resolved"', ON_REOPENED], TICKET, TICKET)
    assert.equal(said.length, 1)
  })
})

describe('what the event’s page says of it', () => {
  test('no route listens, but one looks out for it', () => {
    const { state, reason } = planEvent(
      eventWith(TICKET, REOPENED),
      configWith({ a: [ON_REOPENED], b: [], c: [ON_REOPENED] }),
    )
    assert.deepEqual(
      [state, reason],
      ['unrouted', 'no route listens to crm/ticket.reopened, only cancelOn of a, c'],
    )
  })

  test('a route that throws leaves it unplanned, and its neighbours cancel and plan', () => {
    const dear = `{{ data.text${' | append: data.text'.repeat(50)} }}`
    const config = configWith({
      before: [ON_REOPENED],
      dear: [`cancelOn: [{ on: crm/ticket.reopened, match: "${dear}" }]`],
      after: [ON_REOPENED],
      listening: ['on: crm/ticket.reopened'],
    })
    const plan = planEvent(eventWith({ ...TICKET, text: 'x'.repeat(500_000) }, REOPENED), config)
    assert.equal(plan.cancels.length, 2)
    assert.deepEqual(
      plan.messages.map(({ route }) => route),
      ['listening'],
    )
    assert.equal(plan.state, 'unplanned')
    assert.match(
      plan.reason ?? '',
      /^dear: cancelOn could not be looked at: memory alloc limit exceeded.*postrider events replan$/,
    )
    assert.deepEqual(
      plan.notes.map(({ route, outcome }) => [route, outcome]),
      [
        ['listening', 'planned'],
        ['dear', 'failed'],
      ],
    )
  })
})

describe('the groups of caps in which a message counts', () => {
  const cap = (group: string) => `cap: { messages: 3, per: 7d, group: ${group} }`
  const groupsOf = (routes: Readonly<Record<string, readonly string[]>>, name: string) =>
    planEvent(eventWith(TICKET), configWith(routes)).messages.find(({ route }) => route === name)?.policies
      .countsIn

  test('none where no route asks', () => assert.deepEqual(groupsOf({ a: [], b: [] }, 'a'), []))
  test('all, where any route asks', () => {
    assert.deepEqual(groupsOf({ a: [], b: [cap('all')] }, 'a'), ['all'])
    assert.deepEqual(groupsOf({ a: [], b: [cap('all')] }, 'b'), ['all'])
  })
  test('its own, and nobody else’s', () => {
    const routes = { a: [cap('x')], b: [cap('y')], c: [] }
    assert.deepEqual(groupsOf(routes, 'a'), ['x'])
    assert.deepEqual(groupsOf(routes, 'b'), ['y'])
    assert.deepEqual(groupsOf(routes, 'c'), [])
  })
  test('both', () => assert.deepEqual(groupsOf({ a: [cap('x')], b: [cap('all')] }, 'a'), ['all', 'x']))
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { leadOf, walk } from '../../src/commands/simulate-walk.ts'
import { channelsFrom } from '../../src/deliver/find.ts'
import { putOffByQuiet } from '../../src/deliver/put-off.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { silentLog } from '../../src/log.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { createSimulation } from '../../src/plan/simulate.ts'
import { createQueue } from '../../src/plan/simulate-queue.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'
import { loaded } from '../config/written.ts'
import { draft, SENT } from '../ledger/contract/build.ts'
import { type SqliteHarness, sqliteHarness } from '../ledger/sqlite-harness.ts'
import { type Chance, chanceFrom } from '../model/random.ts'
import { AT, configWith, eventWith, TICKET } from './house.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Every rule, on routes that share their customers. */
const CONFIG = loaded({
  yaml: `genesys:
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
  email: { from: { email: care@example.com } }
  sms: { from: "+13175550100" }
  defaultCountry: DE
sources:
  crm: { preset: standard-webhooks, secrets: [] }
routes:
  resolved:
    on: crm/ticket.resolved
    template: greet
    channels: [webmessaging, email]
    once: "{{ data.thing }}"
    oncePer: 3h
    delay: 30m
    cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.thing }}" }]
    cap: { messages: 3, per: 1d, group: all }
    expireAfter: 12h
    quietHours: { from: "21:00", to: "08:00", timezone: Europe/Berlin }
  cart:
    on: crm/cart.updated
    template: greet
    channels: [sms, email]
    once: "{{ data.thing }}"
    onRepeat: replace
    delay: 1h
    cancelOn:
      - { on: crm/order.placed, match: "{{ data.thing }}" }
      - { on: crm/cart.updated, match: "{{ data.part }}" }
    cap: { messages: 1, per: 5h, group: carts }
    onCap: defer
    expireAfter: 6h
  news:
    on: [crm/news, crm/cart.updated]
    template: greet
    channels: [sms]
    purpose: marketing
    cap: { messages: 2, per: 2d, group: carts }
    brake: none
  watched:
    on: crm/ticket.*
    mode: shadow
    template: greet
    channels: [webmessaging]
    brake: { messages: 12, per: 2h }
suppressOn:
  - { on: crm/customer.erased }
  - { on: crm/sms.stop, channels: [sms] }
`,
  templates: { 'greet.liquid': '---\nsubject: Hello\n---\nHello {{ customer.name }}, {{ data.thing }}' },
})

const TYPES = [
  'ticket.resolved',
  'ticket.resolved',
  'ticket.reopened',
  'cart.updated',
  'cart.updated',
  'order.placed',
  'news',
  'customer.consent_given',
  'customer.consent_withdrawn',
]
const SELDOM = ['customer.erased', 'sms.stop']

function eventOf(chance: Chance, id: number, now: number) {
  const person = 1 + chance.below(14)
  const type = chance.is(0.03) ? chance.pick(SELDOM) : chance.pick(TYPES)
  const maybe = (value: string) => (chance.is(0.7) ? value : undefined)
  const occurredAt = now - chance.pick([0, 0, 0, MINUTE, 40 * MINUTE, 3 * HOUR])
  const body = {
    type,
    timestamp: new Date(occurredAt).toISOString(),
    data: {
      thing: chance.is(0.95) ? `T-${chance.below(25)}` : undefined,
      part: maybe(`P-${chance.below(60)}`),
      customer: {
        id: maybe(`C-${person}`),
        email: maybe(`p${person}@example.com`),
        phone: maybe(`+49 30 ${1_234_500 + person}`),
        // Without a name the text does not render.
        name: chance.is(0.97) ? 'Ann' : undefined,
        timezone: chance.is(0.2) ? 'America/New_York' : undefined,
        consent: chance.is(0.2) ? chance.pick(['yes', 'no']) : undefined,
      },
    },
  }
  return read(body, id, now)
}

function read(body: object, id: number, receivedAt: number) {
  const source = CONFIG.sources.get('crm')
  assert.ok(source)
  const delivery = { body: Buffer.from(JSON.stringify(body)), rawHeaders: [], receivedAt }
  return readDelivery(source, delivery, `msg_${id}`)
}

async function record(ledger: Ledger, events: ReturnType<typeof read>): Promise<void> {
  for (const event of events) {
    assert.ok(!('reason' in event))
    await ledger.record([{ kind: 'event', event, plan: planEvent(event, CONFIG), keepKeyForMs: 1e10 }])
  }
}

/** Sends what is due as the service does, by a Genesys that takes everything at once. */
async function deliverDue(ledger: Ledger, { clock }: SqliteHarness): Promise<void> {
  for (;;) {
    const { messages } = await ledger.claim({ owner: 'test', limit: 1, leaseMs: HOUR })
    const [claimed] = messages
    if (!claimed) return
    const { lease, message, event } = claimed
    if (message.expireAt < clock.now()) {
      await ledger.postpone(lease, { inMs: 0, code: null, reason: null })
      continue
    }
    if (await putOffByQuiet(claimed, { ledger, config: CONFIG, clock, log: silentLog })) continue
    const channels = channelsFrom(message)
    const has = { sms: message.customer.phone, email: message.customer.email, webmessaging: 'always' }
    const channel = channels.find((one) => has[one as keyof typeof has] !== undefined) ?? 'email'
    const payload = JSON.parse(event.raw.toString())
    const scope = { event: {} as never, payload, data: payload.data, customer: message.customer }
    const result = CONFIG.templates.render('greet', channel, scope)
    if (result.kind === 'unrenderable') {
      await ledger.conclude(lease, { state: 'failed', code: result.code, reason: result.reason })
      continue
    }
    const opened = await ledger.open(
      lease,
      draft({ channel, rendered: result.rendered, mode: message.policies.mode }),
    )
    if (opened.kind === 'open') await ledger.settle(opened.attempt.id, SENT)
  }
}

/** Moves time to whatever comes due up to `until`, delivers it then, and ends at `until`. */
async function liveUntil(ledger: Ledger, harness: SqliteHarness, until: number): Promise<void> {
  const { clock } = harness
  const nextDue = harness.raw().prepare(
    `SELECT min(due_at) AS at FROM messages WHERE state = 'scheduled' AND due_at > ? AND due_at < ?
       AND route NOT IN (SELECT name FROM pauses WHERE ended_at IS NULL)`,
  )
  await deliverDue(ledger, harness)
  for (;;) {
    const at = nextDue.get(clock.now(), until)?.at
    if (typeof at !== 'number') break
    clock.advance(at - clock.now())
    await deliverDue(ledger, harness)
  }
  clock.advance(Math.max(0, until - clock.now()))
}

const SILENT = { err: process.stderr }

async function lived(seed: number, events: number) {
  const harness = await sqliteHarness()
  const ledger = await harness.open()
  const chance = chanceFrom(seed)
  const began = harness.clock.now()
  for (let id = 1; id <= events; id += 1) {
    // An event and what is due in the same millisecond would be a matter of who is first.
    await liveUntil(ledger, harness, harness.clock.now() + 1 + chance.below(20 * MINUTE))
    await record(ledger, eventOf(chance, id, harness.clock.now()))
  }
  const last = harness.clock.now()
  await liveUntil(ledger, harness, last + 48 * HOUR)
  return { harness, ledger, began, last }
}

describe('simulating what happened under the same configuration', () => {
  for (const seed of [1, 2]) {
    test(`comes to what happened (seed ${seed})`, async () => {
      const { harness, ledger, began, last } = await lived(seed, 250)
      try {
        const walked = await walk(ledger.reads, CONFIG, { since: began, until: last, samples: 2 }, SILENT)
        assert.equal(walked.counts.events, 250)
        assert.deepEqual(walked.differences, [])
        const ended = (await ledger.reads.messages({ limit: 10_000 })).filter(({ code }) => code !== 'brake')
        const said = walked.outcomes.filter(({ state, code }) => state !== 'replaced' && code !== 'brake')
        // What a brake holds keeps the reason of its last wait, if any.
        const held = ended.filter(({ state }) => state === 'scheduled').length
        assert.equal(walked.undecided, held)
        assert.equal(
          said.reduce((sum, { messages }) => sum + messages, 0),
          ended.length - held,
        )
        const codes = new Set(
          walked.outcomes.map(({ state, code, deferredBy }) => [state, code, deferredBy].join(' ')),
        )
        assert.ok(codes.size >= 12, [...codes].join('; '))
      } finally {
        await harness.dispose()
      }
    })
  }
})

test('the key of a message that is cancelled late goes to the one that was skipped for its sake', async () => {
  const harness = await sqliteHarness()
  const ledger = await harness.open()
  const began = harness.clock.now()
  try {
    const happened = [
      ['ticket.resolved', 0],
      ['ticket.resolved', 10],
      ['ticket.resolved', 15],
      // Before the second one.
      ['ticket.reopened', 5],
    ] as const
    for (const [n, [type, minutes]] of happened.entries()) {
      await liveUntil(ledger, harness, began + (n + 1) * 5 * MINUTE)
      const timestamp = new Date(began + minutes * MINUTE).toISOString()
      const customer = { id: 'C-1', email: 'ann@example.com', name: 'Ann' }
      const body = { type, timestamp, data: { thing: 'T-1', customer } }
      await record(ledger, read(body, n, harness.clock.now()))
    }
    const last = harness.clock.now()
    await liveUntil(ledger, harness, last + 24 * HOUR)
    const sent = await ledger.reads.messages({ limit: 10, state: 'sent' })
    assert.deepEqual(
      sent.map(({ eventId, route }) => [eventId, route]),
      [[2, 'resolved']],
    )
    const walked = await walk(ledger.reads, CONFIG, { since: began, until: last, samples: 2 }, SILENT)
    assert.deepEqual(walked.differences, [])
    assert.deepEqual(
      walked.outcomes
        .filter(({ route }) => route === 'resolved')
        .map(({ state, messages }) => [state, messages]),
      [
        ['cancelled', 1],
        ['sent', 1],
        ['skipped', 1],
      ],
    )
  } finally {
    await harness.dispose()
  }
})

/** CPU time in milliseconds, of three times the shortest: what else the machine does counts least. */
function costOf(messages: number): number {
  const [planned] = planEvent(eventWith(TICKET), GROWING).messages
  assert.ok(planned)
  const costs = [1, 2, 3].map(() => {
    let count = 0
    const simulation = createSimulation<null>({
      defaultCountry: null,
      isAwaited: () => false,
      ended: () => {
        count += 1
      },
    })
    const begun = process.cpuUsage()
    for (let id = 1; id <= messages; id += 1) {
      const receivedAt = AT + id * 1_000
      const own = { ...planned, dueAt: receivedAt + HOUR, expireAt: receivedAt + 48 * HOUR }
      const candidate = {
        planned: own,
        channels: [{ channel: 'email', failure: null }],
        mayReceive: true,
        note: null,
      } as const
      const said = { cancels: [], names: own.names, consent: null, suppress: { channels: ['sms'] } } as const
      const event = { id, occurredAt: receivedAt, receivedAt }
      simulation.record({ event, plan: said, messages: [candidate], isReplay: false })
    }
    simulation.finish()
    assert.equal(count, messages)
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1_000
  })
  return Math.min(...costs)
}

/** One customer who has it all: a message a second, a cap, and a key that would cancel each. */
const GROWING = configWith({
  greet: [
    'channels: [email]',
    'cap: { messages: 20, per: 5m, group: all }',
    'brake: { messages: 100000, per: 1h }',
    'cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]',
  ],
})

test('four times the messages of one customer cost about four times as much', () => {
  costOf(2_000)
  const [few, many] = [costOf(5_000), costOf(20_000)]
  // What looks through all of them for each would take 16 times as long.
  assert.ok(many < few * 10, `5,000: ${few.toFixed(1)} ms, 20,000: ${many.toFixed(1)} ms`)
})

test('the queue gives out by time, then by age', () => {
  const chance = chanceFrom(7)
  const queue = createQueue<number>()
  const items = Array.from({ length: 500 }, (_, order) => ({ at: chance.below(50), order }))
  for (const { at, order } of items) queue.add(order, at, order)
  const taken = []
  for (let next = queue.takeBefore(40); next; next = queue.takeBefore(40)) taken.push(next.item)
  const expected = items
    .filter(({ at }) => at < 40)
    .sort((a, b) => a.at - b.at || a.order - b.order)
    .map(({ order }) => order)
  assert.deepEqual(taken, expected)
  assert.ok(queue.takeBefore(41) !== null)
})

test('the walk begins as long before the span as a route looks back, and at most 31 days', () => {
  assert.equal(leadOf(CONFIG.routes), 48 * HOUR)
  assert.equal(leadOf([]), 0)
  const [first] = CONFIG.routes
  assert.ok(first)
  assert.equal(leadOf([{ ...first, oncePerMs: 90 * 24 * HOUR }]), 31 * 24 * HOUR)
})

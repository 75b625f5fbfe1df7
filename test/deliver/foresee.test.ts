import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { planRetries, type RetryPlan } from '../../src/deliver/foresee.ts'
import type { Foreseen } from '../../src/ledger/foresight.ts'
import type { Pause, PlannedMessage, Policies } from '../../src/message.ts'
import { payloadOf } from '../../src/receive/sources/read.ts'
import { draft, plan, UNCONFIRMED } from '../ledger/contract/build.ts'
import { customerEvent } from './fixtures.ts'
import { POLICIES } from './messages.ts'
import { type Rig, rigsForEach } from './rig.ts'

const DAY = 86_400_000

/** Routes of which one is in shadow and one is off; messages of a fourth are of none that is left. */
const ROUTES = `channels: [webmessaging, email]
    brake: none
  braked: { on: crm/none, template: ticket-resolved, channels: [webmessaging], brake: none }
  shadowed: { on: crm/none, template: ticket-resolved, channels: [webmessaging], mode: shadow, brake: none }
  off: { on: crm/none, template: ticket-resolved, channels: [webmessaging], mode: off, brake: none }`
const TEMPLATES = {
  'ticket-resolved.email': '---\nsubject: Resolved\n---\nTicket {{ data.ticket.id }} is resolved.',
  holes: 'Hello {{ data.nobody.name }}',
}

type Kind = 'failed' | 'late' | 'skipped' | 'cancelled' | 'unconfirmed' | 'sent' | 'scheduled'
type Made = {
  kind: Kind
  customer: number
  /** By what the event names them. */
  named: 'id' | 'id and email' | 'nothing'
  route: 'ticket-resolved' | 'braked' | 'shadowed' | 'off' | 'gone'
  policies: Partial<Policies>
}

const made: fc.Arbitrary<Made> = fc
  .record({
    kind: fc.constantFrom<Kind>(
      'failed',
      'failed',
      'late',
      'skipped',
      'cancelled',
      'unconfirmed',
      'sent',
      'scheduled',
    ),
    customer: fc.integer({ min: 1, max: 4 }),
    named: fc.constantFrom('id', 'id and email', 'id and email', 'nothing'),
    route: fc.constantFrom(
      'ticket-resolved',
      'ticket-resolved',
      'ticket-resolved',
      'braked',
      'shadowed',
      'off',
      'gone',
    ),
    policies: fc.record(
      {
        channels: fc.constantFrom<Policies['channels']>(
          ['webmessaging', 'email'],
          ['email'],
          ['webmessaging'],
        ),
        template: fc.constantFrom('ticket-resolved', 'ticket-resolved', 'holes'),
        purpose: fc.constantFrom('service', 'marketing'),
        cap: fc.constantFrom(
          { messages: 1, perMs: DAY, group: 'all' },
          { messages: 2, perMs: DAY, group: 'all' },
        ),
        onCap: fc.constantFrom('skip', 'defer'),
        expireAfterMs: fc.constantFrom(DAY / 2, 2 * DAY),
        once: fc.constantFrom('T-1', 'T-2'),
      },
      { requiredKeys: ['channels'] },
    ),
  })
  // Messages are sent several at a time, and which of them meets the brake is nobody's promise: only how many.
  .map((one) =>
    one.route === 'braked' ? { ...one, policies: { brake: { messages: 2, perMs: DAY } } } : one,
  ) as fc.Arbitrary<Made>

const world = fc.record({
  messages: fc.array(made, { minLength: 1, maxLength: 14 }),
  suppressed: fc.subarray([1, 2, 3, 4]),
  over: fc.constantFrom<('webmessaging' | 'email')[] | null>(['webmessaging'], ['email'], null),
  consenting: fc.subarray([1, 2, 3, 4]),
  paused: fc.constantFrom<'email' | 'webmessaging' | null>(null, null, null, 'email', 'webmessaging'),
  force: fc.boolean(),
  late: fc.boolean(),
})

function planned({ kind, customer, named, route, policies }: Made, n: number, now: number): PlannedMessage {
  const who = route === 'braked' ? `B-${n}` : `${customer}`
  const id = route === 'braked' ? `N-1000${n}` : `N-${customer}`
  const ended = kind === 'failed' || kind === 'late' || kind === 'skipped'
  const all = { ...POLICIES, countsIn: ['all'], externalSource: EXTERNAL, ...policies }
  return {
    route,
    state: kind === 'skipped' ? kind : ended ? 'failed' : 'scheduled',
    code: ended ? 'of-the-test' : null,
    reason: ended ? 'Of the test.' : null,
    customer:
      named === 'nothing'
        ? {}
        : { externalId: id, ...(named === 'id' ? {} : { email: `${id}@example.com` }) },
    policies: all,
    // What is to be sent before goes at once; what is to be scheduled waits.
    dueAt: kind === 'sent' || kind === 'unconfirmed' ? now : now + DAY / 4,
    expireAt: kind === 'late' ? now : now + DAY / 2,
    names: named === 'nothing' ? [] : [`customer:${who}`],
    cancelKeys: [],
  }
}

const EXTERNAL = { id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', name: 'CRM' }

/** Of the one that is due an attempt is opened, of which nobody hears again; where its customer's turn, its key or its cap lets it. */
async function unconfirmed({ ledger }: Rig): Promise<void> {
  const { messages } = await ledger.claim({ owner: 'of the test', limit: 1, leaseMs: 60_000 })
  const [claimed] = messages
  const opened = claimed && (await ledger.open(claimed.lease, draft()))
  if (opened?.kind === 'open') await ledger.settle(opened.attempt.id, UNCONFIRMED)
}

async function arrange(
  rig: Rig,
  { messages, ...said }: typeof world extends fc.Arbitrary<infer W> ? W : never,
) {
  const ids: number[] = []
  // What is to be unconfirmed first, so that nothing else is due.
  const inOrder = [...messages].sort(
    (a, b) => Number(b.kind === 'unconfirmed') - Number(a.kind === 'unconfirmed'),
  )
  for (const [n, one] of inOrder.entries()) {
    const now = rig.clock.now()
    const event = customerEvent(n, now)
    const [recorded] = await rig.ledger.record([
      { kind: 'event', event, plan: plan([planned(one, n, now)]), keepKeyForMs: 1e9 },
    ])
    if (recorded?.kind !== 'recorded') throw new Error('an event was not recorded')
    const [id = 0] = recorded.messageIds
    ids.push(id)
    if (one.kind === 'cancelled') await rig.ledger.cancel(id, { by: 'ann', reason: null })
    if (one.kind === 'unconfirmed') await unconfirmed(rig)
  }
  await rig.run(60_000)
  for (const customer of said.consenting) {
    const event = customerEvent(100 + customer, rig.clock.now())
    const saying = plan([], { names: [`customer:${customer}`], consent: true })
    await rig.ledger.record([{ kind: 'event', event, plan: saying, keepKeyForMs: 1e9 }])
  }
  const names = said.suppressed.map((customer) => `customer:${customer}`)
  await rig.ledger.suppress(names, { channels: said.over, reason: 'Asked.', by: 'ann' })
  if (said.paused !== null) {
    await rig.ledger.pause({
      scope: 'channel',
      name: said.paused,
      code: 'operator',
      reason: 'Of the test.',
      forMs: null,
      probes: 0,
      by: 'ann',
    })
  }
  return ids
}

/** What became of a message, in the words of what is foreseen. */
async function cameTo(rig: Rig, id: number, pauses: readonly Pause[]): Promise<string> {
  const message = await rig.ledger.reads.message(id)
  if (message?.state !== 'scheduled')
    return message?.state === 'sent' ? 'sent' : `${message?.state} ${message?.code}`
  if (message.code === 'cap') return 'deferred cap'
  const pause = pauses.find(({ name }) => name === message.route || name === message.channel)
  return `paused ${pause?.code}`
}

/** What it was before that makes it special is not what becomes of it. */
const said = ({ outcome, code }: Pick<Foreseen, 'outcome' | 'code'>) =>
  code === null || outcome === 'sent' ? outcome : `${outcome} ${code}`

function tally(all: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const one of [...all].sort()) counts[one] = (counts[one] ?? 0) + 1
  return counts
}

const tallied = ({ outcomes }: RetryPlan) =>
  tally(outcomes.flatMap((one) => Array.from({ length: one.count }, () => said(one))))

describe('what is foreseen', () => {
  const rigOf = rigsForEach()

  it('is what then happens: re-triggered, and sent by the worker', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (one) => {
        const rig = await rigOf({ config: { route: ROUTES, templates: TEMPLATES }, timeoutMs: 10_000 })
        const ids = await arrange(rig, one)
        const request = { by: 'ann', force: one.force, late: one.late, reason: 'Of the test.' }
        const deps = { config: rig.config, payloadOf: payloadOf(rig.config), ledger: rig.ledger }
        const foreseen = await planRetries(ids, request, deps)
        assert.deepEqual(await planRetries(ids, request, deps), foreseen, 'asking changes nothing')

        const acted = await rig.ledger.beginRun({ ...request, filter: {}, messageIds: ids })
        assert.ok(acted.kind === 'done')
        const step = await rig.ledger.stepRun({ limit: 1_000 })
        const { refusals = [] } = (await rig.ledger.reads.run(acted.run.id)) ?? {}
        const taken = await Promise.all(
          ids
            .filter((id) => !refusals.some(({ messageId }) => messageId === id))
            .map(async (id) => ({ id, isHeld: (await rig.ledger.reads.message(id))?.manualBy === null })),
        )
        const held = taken.filter(({ isHeld }) => isHeld).map(({ id }) => id)
        const waiting = held.filter((id) => foreseen.retriable.includes(id))
        assert.equal(step?.retried, foreseen.retriable.length - waiting.length)
        if (one.paused === null) assert.deepEqual([held, step?.ended], [[], true])
        await rig.run(180_000)
        const pauses = await rig.ledger.pauses()
        const actual = refusals.map(() => 'refused')
        for (const { id, isHeld } of taken) {
          // What a pause covers is left as it is, also where it will be refused.
          if (isHeld) actual.push(waiting.includes(id) ? 'paused operator' : 'refused')
          else actual.push(await cameTo(rig, id, pauses))
        }
        const expected = tallied(foreseen)
        const withoutWhy = Object.entries(expected).flatMap(([name, count]) =>
          Array.from({ length: count }, () => (name.startsWith('refused') ? 'refused' : name)),
        )
        assert.deepEqual(tally(actual), tally(withoutWhy))
      }),
      { numRuns: Number(process.env.FORESEE_RUNS ?? 8), endOnFailure: true },
    )
  })
})

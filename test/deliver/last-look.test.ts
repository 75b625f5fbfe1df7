import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Message } from '../../src/message.ts'
import { type ConfigOptions, customerEvent } from './fixtures.ts'
import { type Rig, rigsForEach } from './rig.ts'

const HOUR = 3_600_000
const route = (...lines: string[]) => ['channels: [webmessaging]', 'brake: none', ...lines].join('\n    ')
const CANCEL = 'cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]'
const SUPPRESS = '[{ on: crm/customer.erased }]'

describe('what is looked at once more before the request leaves', () => {
  const rigOf = rigsForEach()
  /** One call each ten seconds: long enough between looking the customer up and sending for something to happen. */
  const slowRig = (config: ConfigOptions) =>
    rigOf({ config: { ...config, genesys: 'rateLimitPerMinute: 6' } })
  const lookedUp = (rig: Rig) => rig.runUntil(() => (rig.sandbox.counts().lookup ?? 0) > 0)
  const messages = async ({ ledger }: Rig): Promise<Message[]> =>
    (await ledger.reads.messages({ limit: 10 })).reverse()
  const only = async (rig: Rig): Promise<Message> => {
    const [one, ...more] = await messages(rig)
    assert.ok(one && more.length === 0)
    return one
  }
  const says = (rig: Rig, type: string, customer = { id: 'N-1' }, n = 7) =>
    rig.recordEvents([customerEvent(n, rig.clock.now(), customer, { type, ticket: 'T-1' })])
  const sends = ({ sandbox }: Rig) => sandbox.counts().message ?? 0

  it('a later event that takes it back; what an operator re-triggers afterwards goes', async () => {
    const rig = await slowRig({ route: route(CANCEL) })
    await rig.record(1, 1)
    await lookedUp(rig)
    await says(rig, 'ticket.reopened')
    await rig.run(30_000)
    const cancelled = await only(rig)
    assert.deepEqual([cancelled.state, cancelled.attempts], ['cancelled', 0])
    assert.match(cancelled.reason ?? '', /^Event 2 made it pointless/)
    assert.equal(sends(rig), 0)
    await rig.ledger.retry(cancelled.id, { by: 'ada', force: false, reason: null })
    await rig.run(60_000)
    assert.equal((await only(rig)).state, 'sent')
    assert.equal(sends(rig), 1)
  })

  it('what does not leave costs none of the calls that Genesys allows', async () => {
    const rig = await slowRig({ route: route('cap: { messages: 1, per: 1d, group: all }') })
    const one = (_: unknown, n: number) => customerEvent(n + 1, rig.clock.now(), { id: 'N-1' })
    await rig.recordEvents(Array.from({ length: 20 }, one))
    // At one call each ten seconds.
    await rig.run(60_000)
    const { messages: counts } = await rig.ledger.reads.summary()
    assert.deepEqual([counts.sent, counts.skipped, counts.scheduled], [1, 19, 0])
  })

  it('what is in flight is not taken back, and says so', async () => {
    const rig = await rigOf({ config: { route: route(CANCEL) }, timeoutMs: 20_000 })
    rig.sandbox.fault({ operation: 'message', delayMs: 5_000 })
    await rig.record(1, 1)
    const running = rig.runUntil(async () => (await only(rig)).state === 'sent')
    // Time stands still while the answer is on its way.
    while ((await only(rig)).state !== 'sending') await setImmediate()
    await says(rig, 'ticket.reopened')
    const { state, code, reason } = await only(rig)
    assert.deepEqual([state, code], ['sending', 'cancelled-late'])
    assert.match(reason ?? '', /^Event 2 would have cancelled it/)
    await rig.clock.advance(5_000)
    await running
    assert.equal((await only(rig)).code, 'cancelled-late')
    assert.equal(sends(rig), 1)
  })

  it('a customer who must not be written to any more; a re-trigger does not change that', async () => {
    const rig = await slowRig({ route: route(), suppressOn: SUPPRESS })
    await rig.record(1, 1)
    await lookedUp(rig)
    await says(rig, 'customer.erased')
    await rig.run(30_000)
    const skipped = await only(rig)
    assert.deepEqual([skipped.state, skipped.code, skipped.attempts], ['skipped', 'suppressed', 0])
    assert.match(skipped.reason ?? '', /must not be written to.*suppress remove/)
    await rig.ledger.retry(skipped.id, { by: 'ada', force: false, reason: null })
    await rig.run(60_000)
    assert.equal((await only(rig)).code, 'suppressed')
    assert.equal(sends(rig), 0)
  })

  it('whichever of their names said no', async () => {
    const rig = await rigOf({ config: { route: route(), suppressOn: SUPPRESS } })
    await says(rig, 'customer.erased', { id: 'X-9', email: 'ANN@example.com' } as { id: string })
    const both = { id: 'N-1', email: 'ann@example.com' }
    await rig.recordEvents([customerEvent(1, rig.clock.now(), both)])
    await rig.record(2, 1)
    await rig.runUntil(() => rig.drained())
    const found = await messages(rig)
    assert.deepEqual(
      found.map(({ state, code }) => [state, code]),
      [
        ['skipped', 'suppressed'],
        ['sent', null],
      ],
    )
  })

  it('marketing: a consent that was withdrawn; who never said anything gets nothing', async () => {
    const rig = await slowRig({ route: route('purpose: marketing') })
    await rig.recordEvents([customerEvent(1, rig.clock.now(), { id: 'N-1', consent: 'yes' })])
    await lookedUp(rig)
    await rig.clock.advance(1)
    await says(rig, 'customer.consent_withdrawn')
    await rig.record(2, 1)
    await rig.run(60_000)
    const found = await messages(rig)
    assert.deepEqual(
      found.map(({ state, code }) => [state, code]),
      [
        ['skipped', 'no-consent'],
        ['skipped', 'no-consent'],
      ],
    )
    assert.match(found[0]?.reason ?? '', /No marketing consent/)
    assert.equal(sends(rig), 0)
  })

  it('marketing: who said yes earlier, or in the event, gets it', async () => {
    const rig = await rigOf({ config: { route: route('purpose: marketing') } })
    await says(rig, 'customer.consent_given', { id: 'N-1' })
    await rig.record(1, 1)
    await rig.recordEvents([customerEvent(2, rig.clock.now(), { id: 'N-2', consent: 'opted_in' })])
    await rig.runUntil(() => rig.drained())
    assert.deepEqual(
      (await messages(rig)).map(({ state }) => state),
      ['sent', 'sent'],
    )
  })

  it('a cap: skipped where it is full, over all of the customer’s names', async () => {
    const rig = await rigOf({ config: { route: route('cap: { messages: 1, per: 1h }') } })
    await rig.recordEvents([
      customerEvent(1, rig.clock.now(), { id: 'N-1', email: 'ann@example.com' }),
      customerEvent(2, rig.clock.now(), { id: 'N-2', email: 'Ann@example.com' }),
      customerEvent(3, rig.clock.now(), { id: 'N-3' }),
    ])
    await rig.runUntil(() => rig.drained())
    const found = await messages(rig)
    assert.deepEqual(
      found.map(({ state, code }) => [state, code]),
      [
        ['sent', null],
        ['skipped', 'cap'],
        ['sent', null],
      ],
    )
    assert.match(found[1]?.reason ?? '', /1 message within 1 hour/)
  })

  it('onCap: defer: goes as soon as there is room, not before', async () => {
    const rig = await rigOf({ config: { route: route('cap: { messages: 1, per: 1h }', 'onCap: defer') } })
    const ann = { id: 'N-1' }
    await rig.recordEvents([1, 2].map((n) => customerEvent(n, rig.clock.now(), ann)))
    await rig.run(30_000)
    const [first, second] = await messages(rig)
    assert.deepEqual([first?.state, second?.state, second?.code], ['sent', 'scheduled', 'cap'])
    const [sent] = await rig.ledger.reads.attempts(first?.id ?? 0)
    assert.ok(sent && second)
    assert.equal(second.dueAt, sent.openedAt + HOUR)
    await rig.clock.advance(second.dueAt - 5_000 - rig.clock.now())
    assert.equal(sends(rig), 1)
    await rig.run(10_000)
    const [late] = await rig.ledger.reads.attempts(second.id)
    assert.ok(late && late.openedAt >= second.dueAt && late.openedAt < second.dueAt + 5_000)
  })

  it('onCap: defer: skipped where there is no room before it expires', async () => {
    const lines = ['cap: { messages: 1, per: 1h }', 'onCap: defer', 'expireAfter: 30m']
    const rig = await rigOf({ config: { route: route(...lines) } })
    await rig.recordEvents([1, 2].map((n) => customerEvent(n, rig.clock.now(), { id: 'N-1' })))
    await rig.run(30_000)
    const [, second] = await messages(rig)
    assert.deepEqual([second?.state, second?.code], ['skipped', 'cap'])
  })

  it('what certainly failed takes no room in a cap', async () => {
    const rig = await rigOf({ config: { route: route('cap: { messages: 1, per: 1h }') } })
    rig.sandbox.fault({ operation: 'message', status: 422, times: 1 })
    await rig.recordEvents([1, 2].map((n) => customerEvent(n, rig.clock.now(), { id: 'N-1' })))
    await rig.runUntil(() => rig.drained())
    assert.deepEqual(
      (await messages(rig)).map(({ state }) => state),
      ['failed', 'sent'],
    )
  })
})

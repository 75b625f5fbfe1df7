import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { OPERATIONS } from '../../src/ops/api/operations.ts'
import { payloadOf } from '../../src/receive/sources/read.ts'
import { scopeOf } from '../../src/scope.ts'
import { bearer, type Client, clientOf } from './api-client.ts'
import { CUSTOMER, type Seeded, seed, YAML } from './api-seed.ts'
import { type Ops, startOps } from './live.ts'

type Items = { items: Record<string, unknown>[]; next: string | null }

describe('the API', () => {
  let ops: Ops
  let seeded: Seeded
  let client: Client
  let admin: ReturnType<typeof bearer>

  before(async () => {
    ops = await startOps({ yaml: YAML })
    seeded = await seed(ops)
    client = await clientOf(ops)
    admin = bearer(await ops.token('admin'))
  })
  after(() => ops.stop())

  const call = async (id: string, asking: Parameters<Client['call']>[2] = {}) => {
    const answer = await client.call(admin, id, asking)
    assert.ok(answer.status < 300, `${id}: ${answer.text}`)
    return answer.json
  }
  const items = async (id: string, asking: Parameters<Client['call']>[2] = {}) =>
    (await call(id, asking)) as unknown as Items

  it('says who asks', async () => {
    const me = await call('getMe')
    assert.deepEqual([me.name, me.role, me.via], ['token t-admin', 'admin', 'token'])
    assert.ok((me.may as string[]).includes('message.force'))
  })

  it('says what needs a person, and what happens', async () => {
    const startedAt = ops.clock.now()
    const instance = { id: 'one', host: 'host-a', pid: 7, configVersion: ops.config.version }
    await ops.ledger.beat({ ...instance, startedAt })
    const overview = await call('getOverview')
    const at = new Date(startedAt).toISOString()
    assert.deepEqual(overview.instances, [{ ...instance, startedAt: at, seenAt: at }])
    assert.equal(overview.sendsTo, 'sandbox')
    const kinds = (overview.attention as { kind: string }[]).map(({ kind }) => kind)
    assert.ok(kinds.includes('pause') && kinds.includes('unconfirmed'), kinds.join())
    const tallies = overview.tallies as { kind: string; name: string; count: number }[]
    assert.ok(tallies.some(({ kind, name }) => kind === 'received' && name === 'crm'))
  })

  it('shows the configuration as loaded', async () => {
    const { genesys, version } = await call('getConfiguration')
    assert.equal(version, ops.config.version)
    assert.deepEqual((genesys as { onlyTo: string[] }).onlyTo, ['only.secret@example.com'])
    assert.deepEqual(
      (await items('listRoutes')).items.map(({ name, mode, expireAfter }) => [name, mode, expireAfter]),
      [
        ['greet', 'live', '1d'],
        ['remind', 'live', '1d'],
        ['shown', 'shadow', '1d'],
      ],
    )
    assert.deepEqual((await items('listTemplates')).items, [
      { name: 'greet', files: ['greet.liquid'], routes: ['greet', 'remind', 'shown'] },
    ])
    const [source] = (await items('listSources')).items
    assert.deepEqual(
      [source?.name, source?.url, source?.secrets],
      ['crm', 'http://127.0.0.1:3000/webhooks/crm', 1],
    )
    const one = await call('getSource', { params: { name: 'crm' } })
    assert.ok(one.lastEventAt)
    assert.deepEqual((await items('listFixtures')).items, [{ name: 'crm/resolved.json', source: 'crm' }])
  })

  it('lists events and pages through them', async () => {
    const seen: unknown[] = []
    let next: string | null = null
    do {
      const query: Record<string, string | number> = { limit: 2, ...(next === null ? {} : { before: next }) }
      const page: Items = await items('listEvents', { query })
      assert.ok(page.items.length <= 2)
      seen.push(...page.items.map(({ id }) => id))
      next = page.next
    } while (next !== null)
    const all = await ops.ledger.reads.events({ limit: 100 })
    assert.deepEqual(
      seen,
      all.map(({ id }) => id),
    )
    const unrouted = await items('listEvents', { query: { state: 'unrouted', type: 'ticket.*' } })
    assert.deepEqual(
      unrouted.items.map(({ id }) => id),
      [seeded.event.unrouted],
    )
  })

  it('finds the events and messages of a customer, named in the body', async () => {
    const body = { email: CUSTOMER.email, route: 'remind' }
    const events = await items('searchEvents', { body })
    assert.deepEqual(
      events.items.map(({ id }) => id),
      [seeded.event.scheduled],
    )
    const messages = await items('searchMessages', { body })
    assert.deepEqual(
      messages.items.map(({ id }) => id),
      [seeded.message.scheduled],
    )
    assert.deepEqual((await items('searchMessages', { body: { email: 'nobody@example.com' } })).items, [])
  })

  it('shows one event with its body and messages, and one message with its attempts', async () => {
    const message = await call('getMessage', { params: { id: seeded.message.sent } })
    const [attempt] = message.attempts as Record<string, unknown>[]
    assert.equal(attempt?.address, CUSTOMER.email)
    assert.equal((message.policies as { template: string }).template, 'greet')
    const event = await call('getEvent', { params: { id: Number(message.eventId) } })
    assert.match(String(event.body), /secret words/)
    assert.deepEqual(
      (event.messages as { id: number }[]).map(({ id }) => id),
      [seeded.message.sent],
    )
  })

  it('lists messages by state', async () => {
    const { items: found } = await items('listMessages', { query: { state: 'failed' } })
    assert.deepEqual(
      found.map(({ id, code }) => [id, code]),
      [[seeded.message.failed, 'no-contact']],
    )
  })

  it('searches by any id', async () => {
    const { items: hits } = await items('search', { body: { text: ` conv-${seeded.message.sent} ` } })
    assert.deepEqual(hits, [{ kind: 'message', id: seeded.message.sent, by: 'conversation' }])
  })

  it('re-triggers, cancels and settles', async () => {
    const { message } = seeded
    const retried = await call('retryMessage', {
      params: { id: message.skipped },
      body: { reason: 'as asked' },
    })
    assert.deepEqual([retried.state, retried.manualBy], ['scheduled', 'token t-admin'])
    const cancelled = await call('cancelMessage', { params: { id: message.skipped } })
    assert.equal(cancelled.state, 'cancelled')
    const settled = await call('settleMessage', { params: { id: message.unconfirmed }, body: { as: 'sent' } })
    assert.equal(settled.state, 'sent')
    const forced = await call('retryMessage', {
      params: { id: message.unconfirmed },
      body: { force: true, reason: 'it was lost' },
    })
    assert.equal(forced.state, 'scheduled')
    await call('cancelMessage', { params: { id: message.unconfirmed } })
  })

  it('plans, begins, shows and stops runs', async () => {
    const before = await items('listRuns', { query: { limit: 10 } })
    assert.deepEqual(
      before.items.map(({ id }) => id),
      [seeded.run],
    )
    const body = { filter: { state: 'failed', route: 'greet' } }
    // What waits in one run is in no other.
    const taken = await call('planRun', { body })
    assert.deepEqual(
      (taken.outcomes as { code: string }[]).map(({ code }) => code),
      ['in-run'],
    )
    await call('stopRun', { params: { id: seeded.run } })
    const plan = await call('planRun', { body })
    assert.deepEqual([plan.messages, plan.run], [1, null])
    const begun = await call('beginRun', { body: { ...body, reason: 'mended' } })
    const run = begun.run as { id: number; total: number; by: string }
    assert.deepEqual([run.total, run.by], [1, 'token t-admin'])
    const stopped = await call('stopRun', { params: { id: run.id } })
    assert.equal(stopped.state, 'stopped')
    const shown = await call('getRun', { params: { id: run.id } })
    assert.equal(shown.waiting, 1)
  })

  it('plans events again', async () => {
    const one = await call('replanEvent', { params: { id: seeded.event.unrouted } })
    assert.deepEqual([one.state, one.added], ['unrouted', 0])
    const body = { filter: { state: 'unrouted' } }
    const many = await call('replanEvents', { body })
    assert.deepEqual([(many.items as unknown[]).length, many.next], [1, null])
    const none = await call('replanEvents', { body: { ...body, after: seeded.event.unrouted } })
    assert.deepEqual(none, { items: [], next: null })
  })

  it('lists what was refused, and looks at it again', async () => {
    const { items: kept } = await items('listRefused', { query: { source: 'crm' } })
    assert.deepEqual(
      kept.map(({ reason, bodyKept }) => [reason, bodyKept]),
      [['no-match', true]],
    )
    const rechecked = await call('recheckRefused', { body: { source: 'crm' } })
    assert.deepEqual([rechecked.deliveries, rechecked.accepted], [1, 0])
  })

  it('pauses and resumes', async () => {
    const body = { scope: 'channel', name: 'email', reason: 'we look into it', for: '2h' }
    const paused = await call('pause', { body })
    assert.equal(Date.parse(String(paused.until)) - Date.parse(String(paused.since)), 2 * 3_600_000)
    const { items: standing } = await items('listPauses')
    assert.equal(standing.length, 2)
    await call('resume', { params: { id: Number(paused.id) } })
    assert.equal((await items('listPauses')).items.length, 1)
  })

  it('suppresses customers, says who is, and lets them be written to again', async () => {
    const whom = { email: 'Bea@Example.com', phone: '+49 30 7654321' }
    assert.deepEqual(await call('checkSuppression', { body: whom }), { suppressed: false, items: [] })
    const added = await call('suppress', { body: { ...whom, channels: ['email'], reason: 'asked' } })
    assert.deepEqual([added.added, added.kinds, added.channels], [2, ['email', 'phone'], ['email']])
    const checked = await call('checkSuppression', { body: { email: 'bea@example.com' } })
    assert.equal(checked.suppressed, true)
    assert.equal((await items('listSuppressions')).items.length, 3)
    const allowed = await call('allow', { body: whom })
    assert.deepEqual(allowed, { removed: 2, left: [] })
  })

  it('previews a route for an event and for a fixture', async () => {
    const event = seeded.event.scheduled
    const shown = await call('preview', { body: { route: 'remind', event } })
    const { foreseen } = shown as { foreseen: { text: string; channel: string } }
    assert.match(foreseen.text, /^Hello Ann Secretname, ticket T-\d+ is resolved\.$/)
    const ofFixture = await call('preview', { body: { route: 'greet', fixture: 'crm/resolved.json' } })
    assert.equal(
      (ofFixture as { foreseen: { text: string } }).foreseen.text,
      'Hello Bob, ticket T-9 is resolved.',
    )
    const nothing = await call('preview', { body: { route: 'greet', event } })
    assert.equal(nothing.kind, 'not-planned')
  })

  it('sends a test to whom the operator names, with the text of the route', async () => {
    const to = { email: 'me@example.com' }
    const body = { route: 'greet', fixture: 'crm/resolved.json', to, channels: ['email'] }
    const planned = await call('sendTest', { body })
    assert.deepEqual(
      [planned.source, planned.route, planned.state, planned.customer],
      ['cli', 'send', 'scheduled', { email: 'me@example.com', name: 'Bob' }],
    )
    const event = await ops.ledger.reads.event(Number(planned.eventId))
    assert.equal(event?.type, 'send.test.greet')
    // As it is read and rendered when its turn comes.
    const read = payloadOf(ops.config)(event)
    assert.ok(read.kind === 'read')
    const customer = { email: 'me@example.com', name: 'Bob' }
    const result = ops.config.templates.render('greet', 'email', scopeOf(event, read.payload, customer))
    assert.ok(result.kind === 'rendered')
    assert.equal(result.rendered.text, 'Hello Bob, ticket T-9 is resolved.')
    assert.equal(result.rendered.subject, 'About T-9')
    const [line] = await ops.ledger.reads.audit({ action: 'message.test', limit: 1 })
    assert.deepEqual(line?.target, { event: planned.eventId, message: planned.id })
    assert.ok(!JSON.stringify(line).includes('me@example'))
  })

  it('lists operators, tokens and the trail', async () => {
    await ops.add('ann', 'viewer')
    assert.deepEqual(
      (await items('listOperators')).items.map(({ name, role }) => [name, role]),
      [['ann', 'viewer']],
    )
    assert.deepEqual(
      (await items('listTokens')).items.map(({ name }) => name),
      ['t-admin'],
    )
    const first = await items('listAudit', { query: { limit: 2 } })
    assert.equal(first.items.length, 2)
    const second = await items('listAudit', { query: { limit: 2, before: first.next ?? '' } })
    assert.ok(Number(second.items[0]?.id) < Number(first.items[1]?.id))
  })

  it('was asked for every operation here', () => {
    assert.deepEqual(
      OPERATIONS.map(({ id }) => id).filter((id) => !client.called.has(id)),
      [],
    )
  })
})

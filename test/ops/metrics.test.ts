import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse as parseYaml } from 'yaml'
import { OTHER } from '../../src/metrics.ts'
import { temporaryFolder } from '../commands/run.ts'
import { beside, type DemoService, EXAMPLES, startDemoService } from '../commands/service.ts'
import { ROOT } from '../run-postrider.ts'
import { familyOf } from './exposition.ts'
import { DEMO_SECRET, fixture, post, scrape, tokenOf } from './scraping.ts'

describe('the metrics of a service at work', () => {
  const folder = temporaryFolder()
  let demo: DemoService
  let headers: { authorization: string }
  const commands = beside(() => demo)
  const now = () => scrape(demo.service.url, headers)

  before(async () => {
    demo = await startDemoService(folder, {
      sources: 'shop: { preset: standard-webhooks, secrets: [], expectEvery: 1h }',
    })
    headers = await tokenOf(demo.service)
  })
  after(async () => {
    await demo.service.stop()
    folder[Symbol.dispose]()
  })

  it('begin at 0, with every source and route that there is', async () => {
    const { samples, value } = await now()
    const of = (name: string, label: string) =>
      samples.filter((one) => one.name === name).map((one) => [one.labels[label], one.value])
    const routes = [...demo.service.config.routes.map(({ name }) => name), 'send']
    assert.deepEqual(
      of('postrider_messages_sent_total', 'route'),
      routes.map((name) => [name, 0]),
    )
    assert.equal(value('postrider_events_received_total', { source: 'crm' }), 0)
    assert.deepEqual(
      [value('postrider_ready'), value('postrider_ledger_read'), value('postrider_budget_ceiling_calls')],
      [1, 1, 3000],
    )
    assert.equal(value('postrider_source_expect_every_seconds', { source: 'shop' }), 3600)
    assert.equal(value('postrider_info', { sends_to: 'sandbox', config: demo.service.config.version }), 1)
    assert.ok(value('process_resident_memory_bytes') > 0)
  })

  it('move by deliveries and by what becomes of them', async () => {
    for (const name of EXAMPLES) await commands.replay(name)
    await commands.replay('ticket-resolved', '--duplicate')
    const messages = await demo.settled()
    const events = await demo.service.ledger.reads.events({ limit: 100 })
    const { samples, value } = await now()
    const sum = (name: string, labels: Record<string, string> = {}) =>
      samples
        .filter(
          (one) =>
            one.name === name && Object.entries(labels).every(([label, its]) => one.labels[label] === its),
        )
        .reduce((all, one) => all + one.value, 0)

    assert.equal(sum('postrider_events_recorded_total'), events.length)
    for (const state of ['planned', 'unrouted', 'unreadable']) {
      const count = events.filter((event) => event.state === state).length
      assert.ok(count > 0, state)
      assert.equal(value('postrider_events_recorded_total', { source: 'crm', state }), count, state)
    }
    assert.ok(value('postrider_events_received_total', { source: 'crm' }) > events.length, 'one was known')
    assert.equal(sum('postrider_messages_planned_total'), messages.length)
    for (const { name } of demo.service.config.routes) {
      const sent = messages.filter(({ route, state }) => route === name && state === 'sent').length
      assert.equal(value('postrider_messages_sent_total', { route: name }), sent, name)
    }
    const failed = messages.filter(({ state }) => state === 'failed' || state === 'skipped')
    assert.ok(failed.length > 0)
    for (const { state, route, code } of failed) {
      assert.ok(
        value(`postrider_messages_${state}_total`, { route, code: code ?? '' }) > 0,
        `${route} ${code}`,
      )
    }
    const attempts = messages.reduce((all, { attempts }) => all + attempts, 0)
    assert.equal(sum('postrider_attempts_total'), attempts)
    assert.equal(sum('postrider_send_seconds_count'), attempts)
    assert.ok(value('postrider_send_seconds_sum', { channel: 'webmessaging' }) > 0)
    assert.ok(value('postrider_record_commit_seconds_count') >= events.length)
    assert.ok(value('postrider_budget_calls_total') >= attempts)
    // The cart waits for an hour.
    const scheduled = messages.filter(({ state }) => state === 'scheduled').length
    assert.equal(value('postrider_messages_scheduled'), scheduled)
    assert.equal(sum('postrider_messages_due'), 0)
    assert.equal(value('postrider_events_stuck_last_day', { state: 'unreadable' }), 1)
    assert.deepEqual([value('postrider_instances'), value('postrider_config_versions')], [1, 1])
    assert.ok(value('postrider_source_quiet_seconds', { source: 'crm' }) < 60)
  })

  it('refusals by reason; pauses, and what is due behind them, as they stand', async () => {
    const body = { type: 'ticket.resolved', timestamp: new Date().toISOString(), data: {} }
    const other = `whsec_${Buffer.from('nobody has this secret at all').toString('base64')}`
    assert.equal((await post(demo.service.url, body, { id: 'msg_forged_1', secret: other })).status, 401)
    assert.equal((await fetch(`${demo.service.url}/webhooks/nobody`, { method: 'POST' })).status, 404)

    const { ledger } = demo.service
    const pause = { forMs: null, probes: 0, by: 'zacharias' }
    const all = await ledger.pause({
      ...pause,
      scope: 'all',
      name: null,
      code: 'operator',
      reason: 'zacharias@example.com',
    })
    const gone = await ledger.pause({
      ...pause,
      scope: 'route',
      name: 'gone',
      code: 'brake',
      reason: 'too many',
    })
    await post(demo.service.url, fixture('order-placed'), { id: 'msg_in_pause_1' })
    const { samples, value } = await now()
    assert.equal(value('postrider_deliveries_refused_total', { source: 'crm', reason: 'no-match' }), 1)
    assert.equal(
      value('postrider_deliveries_refused_total', { source: '(unknown)', reason: 'unknown-source' }),
      1,
    )
    assert.equal(value('postrider_pauses', { scope: 'all', name: '', code: 'operator' }), 1)
    assert.equal(value('postrider_pauses', { scope: 'route', name: OTHER, code: 'brake' }), 1)
    assert.equal(value('postrider_messages_due', { route: 'order-placed', channel: 'email' }), 1)
    assert.equal(value('postrider_oldest_due_age_seconds', { paused: 'no' }), 0)
    assert.ok(
      samples.some(
        ({ name, labels }) => name === 'postrider_oldest_due_age_seconds' && labels.paused === 'yes',
      ),
    )

    await ledger.resume(all.id, 'zacharias')
    await ledger.resume(gone.id, 'zacharias')
    await demo.settled()
    const later = await now()
    assert.deepEqual(
      later.samples.filter(({ name }) => name === 'postrider_pauses' || name === 'postrider_messages_due'),
      [],
    )
  })

  it('instances: how many, and with how many configurations', async () => {
    const { ledger, config } = demo.service
    const other = { id: 'other', host: 'host-b', pid: 7, startedAt: Date.now() }
    const seen = async () => {
      const { value } = await now()
      return [value('postrider_instances'), value('postrider_config_versions')]
    }
    await ledger.beat({ ...other, configVersion: config.version })
    assert.deepEqual(await seen(), [2, 1])
    await ledger.beat({ ...other, configVersion: 'another' })
    assert.deepEqual(await seen(), [2, 2])
    await ledger.leave('other')
    assert.deepEqual(await seen(), [1, 1])
  })

  it('an answer that never comes is unconfirmed, and is looked for', async () => {
    await demo.fault({ operation: 'email', reset: 'after-acting', times: 1 })
    await post(demo.service.url, fixture('order-placed'), { id: 'msg_unanswered_1' })
    for (;;) {
      const [message] = await demo.service.ledger.reads.messages({ limit: 1, route: 'order-placed' })
      if (message?.state === 'unconfirmed') break
    }
    const { value } = await now()
    assert.equal(value('postrider_messages_unconfirmed_total', { route: 'order-placed' }), 1)
    assert.equal(value('postrider_attempts_total', { channel: 'email', outcome: 'unconfirmed' }), 1)
    assert.equal(value('postrider_messages_unconfirmed', { waits_for: 'look' }), 1)
    assert.equal(value('postrider_messages_unconfirmed', { waits_for: 'operator' }), 0)
  })

  it('hold no address, no key, no secret, and nothing that a sender wrote', async () => {
    const { text } = await now()
    const messages = await demo.service.ledger.reads.messages({ limit: 100 })
    const events = await demo.service.ledger.reads.events({ limit: 100 })
    const personal = [
      ...messages.flatMap(({ customer }) => [
        customer.email,
        customer.phone,
        customer.externalId,
        customer.name,
      ]),
      ...events.map(({ key }) => key),
      ...events.map(({ type }) => type).filter((type) => type !== ''),
      DEMO_SECRET,
      'zacharias',
      headers.authorization.slice('Bearer '.length),
    ].filter((one) => one !== undefined)
    assert.ok(personal.length > 20)
    assert.deepEqual(
      personal.filter((one) => text.includes(one)),
      [],
    )
  })

  it('every metric of the alert rules and of the page is served, and every rule is explained', async () => {
    const { types } = await now()
    const served = (name: string) => types.has(name) || familyOf(name, types) !== null
    const { groups } = parseYaml(readFileSync(join(ROOT, 'deploy/prometheus-alerts.yml'), 'utf8')) as Rules
    const rules = groups.flatMap((group) => group.rules)
    assert.ok(rules.length > 10)
    const named = (text: string) => text.match(/\bpostrider_[a-z_]+/g) ?? []
    for (const { alert, expr, labels, annotations } of rules) {
      const names = named(expr)
      assert.ok(names.length > 0 || /\bup\{job="postrider"\}/.test(expr), alert)
      assert.deepEqual(
        names.filter((name) => !served(name)),
        [],
        alert,
      )
      assert.match(labels.severity, /^(page|ticket)$/, alert)
      assert.ok(annotations.summary.length > 0, alert)
    }
    const page = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8')
    const explained = [...page.matchAll(/^### (Postrider\w+)$/gm)].map(([, name]) => name)
    assert.deepEqual(
      explained,
      rules.map(({ alert }) => alert),
    )
    const ours = [...types.keys()].filter((name) => name.startsWith('postrider_'))
    assert.deepEqual([...new Set(named(page))].sort(), ours.sort())
  })
})

type Rules = {
  groups: {
    rules: { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string } }[]
  }[]
}

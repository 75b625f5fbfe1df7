import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Registry } from 'prom-client'
import { createApp } from '../../src/app.ts'
import { listen } from '../../src/listen.ts'
import { silentLog } from '../../src/log.ts'
import { createMetrics, OTHER } from '../../src/metrics.ts'
import { newToken } from '../../src/ops/access/secrets.ts'
import { type MetricsDeps, metricsPage } from '../../src/ops/metrics.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { type Exposition, parseExposition } from './exposition.ts'
import { post, scrape, tokenOf, withService } from './scraping.ts'

describe('who may read them', () => {
  const status = async (url: string, headers: Record<string, string> = {}) =>
    (await fetch(`${url}/metrics`, { headers })).status

  it('at the port of the webhooks a token is needed', async () => {
    await withService({}, async (service) => {
      const response = await fetch(`${service.url}/metrics`)
      assert.equal(response.status, 401)
      assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="postrider"')
      assert.doesNotMatch(await response.text(), /crm|ticket/)
      assert.equal(await status(service.url, { authorization: `Bearer ${newToken()}` }), 401)
      assert.equal(await status(service.url, await tokenOf(service)), 200)
    })
  })

  it('at a port for operators it is not, but for whoever comes through a proxy', async () => {
    await withService({ OPS_PORT: '0' }, async (service, opsUrl) => {
      assert.equal(await status(service.url), 404)
      assert.equal(await status(opsUrl), 200)
      const token = await tokenOf(service)
      for (const name of ['forwarded', 'x-forwarded-for', 'via']) {
        const through = { [name]: '203.0.113.7' }
        assert.equal(await status(opsUrl, through), 401, name)
        assert.equal(await status(opsUrl, { ...through, ...token }), 200, name)
      }
    })
  })
})

describe('what strangers and senders make up', () => {
  it('2,000 sources and types add no series, and every one is counted', async () => {
    await withService({ OPS_PORT: '0', LOG_LEVEL: 'error' }, async (service, opsUrl) => {
      const made = 1_000
      const type = (n: number) => ({ type: `made.up.${n}`, timestamp: new Date().toISOString(), data: {} })
      await post(service.url, type(-1), { id: 'first' })
      await fetch(`${service.url}/webhooks/first`, { method: 'POST' })
      const first = await scrape(opsUrl, {})
      await each(made, async (n) => {
        const stranger = await fetch(`${service.url}/webhooks/made-up-${n}`, { method: 'POST' })
        await stranger.arrayBuffer()
        const accepted = await post(service.url, type(n), { id: `made-up-${n}` })
        assert.equal(await accepted.text(), 'recorded')
      })
      const last = await scrape(opsUrl, {})
      const ours = ({ samples }: Exposition) =>
        samples.filter(({ name }) => name.startsWith('postrider_')).length
      assert.equal(ours(last), ours(first))
      assert.doesNotMatch(last.text, /made-up|made\.up/)
      assert.equal(last.value('postrider_events_received_total', { source: 'crm' }), made + 1)
      assert.equal(last.value('postrider_deliveries_refused_total', { source: '(unknown)' }), made + 1)
    })
  })

  it('whoever counts with a name or a code that nobody knows', async () => {
    const { counts, registry } = createMetrics({ sources: ['crm'], routes: ['greet'] })
    for (let n = 0; n < 10_000; n += 1) {
      counts.received(`source-${n}`, 'unrouted')
      counts.refused(`source-${n}`, `reason-${n}`)
      counts.planned(`route-${n}`)
      counts.became('failed', `route-${n}`, `code-${n}`)
    }
    const { samples, value } = parseExposition(await registry.metrics())
    assert.equal(value('postrider_events_received_total', { source: OTHER }), 10_000)
    assert.equal(value('postrider_messages_planned_total', { route: OTHER }), 10_000)
    assert.ok(samples.length < 400, String(samples.length))
  })
})

/** Does the work for 0 to `count` - 1, fifty at once. */
async function each(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      const n = next
      next += 1
      await work(n)
    }
  }
  await Promise.all(Array.from({ length: 50 }, worker))
}

describe('a ledger that does not answer', () => {
  it('one scrape reads it, those that come meanwhile get the same; what is late is left out', async () => {
    const clock = createManualClock()
    let asked = 0
    const never = () => {
      asked += 1
      return new Promise<never>(() => {})
    }
    const registry = new Registry()
    const deps = {
      registry,
      ledger: {
        reads: { trouble: never, backlog: async () => [], runs: async () => [], instances: async () => [] },
        pauses: async () => [],
        untold: async () => [],
        seeToken: never,
        seeSession: never,
      },
      sources: ['crm'],
      routes: ['greet'],
      expected: [],
      about: { sendsTo: 'live', configVersion: 'abc' },
      readiness: async () => ({
        ready: true,
        ledger: 'writable',
        queue: { waiting: 3, full: false },
        sender: null,
      }),
      budget: { ceiling: 300, perMinute: () => 120.5, taken: () => 7 },
      clock,
      isApart: true,
    } satisfies MetricsDeps
    const app = createApp({ trustProxy: 0, log: silentLog }, (app) => app.use('/metrics', metricsPage(deps)))
    const server = await listen(app, { host: '127.0.0.1', port: 0, clock, log: testLog() })
    try {
      for (const time of ['first', 'second']) {
        const together = Promise.all([scrape(server.url, {}), scrape(server.url, {})])
        let done = false
        void together.finally(() => {
          done = true
        })
        while (!done) {
          await new Promise((resolve) => setImmediate(resolve))
          await clock.advance(1000)
        }
        for (const { value, samples } of await together) {
          assert.equal(value('postrider_ledger_read'), 0)
          assert.equal(value('postrider_ready'), 1)
          assert.equal(value('postrider_deliveries_waiting'), 3)
          assert.equal(value('postrider_budget_allowed_calls'), 120)
          assert.equal(value('postrider_budget_calls_total'), 7)
          const missing = [
            'postrider_messages_scheduled',
            'postrider_notices_untold',
            'postrider_messages_in_flight',
          ]
          assert.deepEqual(
            samples.filter(({ name }) => missing.includes(name)),
            [],
            time,
          )
        }
      }
      assert.equal(asked, 1, 'a question that is under way is not asked again')
    } finally {
      await server.close()
    }
  })
})

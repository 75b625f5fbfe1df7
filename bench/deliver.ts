import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import platformClient from 'purecloud-platform-client-v2'
import { systemClock } from '../src/clock.ts'
import { createBudget } from '../src/deliver/budget.ts'
import { createWorker } from '../src/deliver/worker.ts'
import { createGenesys } from '../src/genesys/client.ts'
import type { Ledger } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { payloadOf } from '../src/receive/sources/read.ts'
import { recordBacklog } from './backlog.ts'
import { BENCH_DEPLOYMENT, BENCH_EXTERNAL_SOURCE, loadBenchConfig } from './config.ts'

/** What one side of the comparison did. */
type Run = { perSecond: number; p50: number; p99: number; rssMb: number }
type Sandbox = { url: string; clientId: string; clientSecret: string }

const CUSTOMERS = 200
/** What the worker has on its way at once with an open budget (src/deliver/worker.ts); the bare loop gets the same. */
const AT_ONCE = 64

/**
 * Messages sent a second by the whole deliver path (ledger with fsync, look-ups, templates, budget wide open) over a bare loop of the same
 * SDK calls to the same sandbox in another process, in turns, in one run.
 */
export async function benchDeliver(options: { messages: number; rounds: number }) {
  const child = fork(join(import.meta.dirname, 'sandbox-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    const [sandbox] = (await once(child, 'message')) as [Sandbox]
    const service: Run[] = []
    const bare: Run[] = []
    await bareLoop(sandbox, 500)
    for (let round = 0; round < options.rounds; round += 1) {
      bare.push(await bareLoop(sandbox, options.messages))
      service.push(await deliverAll(sandbox, options.messages))
    }
    const ratios = service.map((run, round) => run.perSecond / (bare[round]?.perSecond ?? Number.NaN))
    return { service: median(service), bare: median(bare), ratio: medianOf(ratios), ratios }
  } finally {
    child.disconnect()
    await once(child, 'exit')
  }
}

async function deliverAll(sandbox: Sandbox, count: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-bench-'))
  try {
    const config = loadBenchConfig(folder)
    const ledger = await openLedger({
      url: `sqlite:${join(folder, 'bench.db')}`,
      clock: systemClock,
      log: silentLog,
      owner: true,
    })
    await recordBacklog(ledger, config, { messages: count, customers: CUSTOMERS, at: Date.now() })

    const genesys = createGenesys({
      region: 'mypurecloud.com',
      gatewayUrl: sandbox.url,
      clientId: sandbox.clientId,
      clientSecret: sandbox.clientSecret,
      clock: systemClock,
      pace: async () => {},
    })
    await genesys.login()
    const opened = new Map<number, number>()
    const latencies: number[] = []
    const { promise: all, resolve: done } = Promise.withResolvers<void>()
    const watched: Ledger = {
      ...ledger,
      async open(lease, draft) {
        const answer = await ledger.open(lease, draft)
        if (answer.kind === 'open') opened.set(answer.attempt.id, performance.now())
        return answer
      },
      async settle(attemptId, settlement) {
        const settled = await ledger.settle(attemptId, settlement)
        if (settlement.outcome !== 'sent') throw new Error(`not sent: ${settlement.reason}`)
        latencies.push(performance.now() - (opened.get(attemptId) ?? Number.NaN))
        if (latencies.length === count) done()
        return settled
      },
    }
    const budget = createBudget({
      ledger: watched,
      ceiling: config.genesys.rateLimitPerMinute,
      clock: systemClock,
      log: silentLog,
    })
    const worker = createWorker({
      config,
      ledger: watched,
      genesys,
      budget,
      clock: systemClock,
      random: Math.random,
      payloadOf: payloadOf(config),
      log: silentLog,
      owner: 'bench',
    })
    const began = performance.now()
    const working = worker.run()
    await all
    const ms = performance.now() - began
    worker.stop()
    await working
    await ledger.close()
    return figures(count, ms, latencies)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The same calls to Genesys with nothing around them: each customer looked up once, then the sends. */
async function bareLoop(sandbox: Sandbox, count: number): Promise<Run> {
  const client = new platformClient.ApiClientClass()
  client.config.live_reload_config = false
  const { hostname, port } = new URL(sandbox.url)
  client.setGateway({ host: hostname, protocol: 'http', port: Number(port) })
  client.setReturnExtendedResponses(true)
  await client.loginClientCredentialsGrant(sandbox.clientId, sandbox.clientSecret)
  const contacts = new platformClient.ExternalContactsApi(client)
  const conversations = new platformClient.ConversationsApi(client)
  const known = new Map<string, string>()
  const latencies: number[] = []
  let next = 0
  const began = performance.now()
  const lane = async () => {
    for (let n = next++; n < count; n = next++) {
      const value = `B-${n % CUSTOMERS}`
      let contactId = known.get(value)
      if (contactId === undefined) {
        const found = (await contacts.postExternalcontactsIdentifierlookupContacts({
          type: 'ExternalId',
          value,
          externalSource: { id: BENCH_EXTERNAL_SOURCE, name: 'CRM' },
        })) as unknown as { body: { id: string } }
        contactId = found.body.id
        known.set(value, contactId)
      }
      const sent = performance.now()
      await conversations.postConversationsMessagesAgentless({
        fromAddress: BENCH_DEPLOYMENT,
        toAddressMessengerType: 'webmessaging',
        externalContactId: contactId,
        textBody: `Your ticket ${n} “a bench” is resolved.`,
      })
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return figures(count, performance.now() - began, latencies)
}

function figures(count: number, ms: number, latencies: number[]): Run {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return {
    perSecond: (count / ms) * 1000,
    p50: at(0.5),
    p99: at(0.99),
    rssMb: process.memoryUsage().rss / 2 ** 20,
  }
}

function median(runs: readonly Run[]): Run {
  const of = (pick: (run: Run) => number) => medianOf(runs.map(pick))
  return {
    perSecond: of((r) => r.perSecond),
    p50: of((r) => r.p50),
    p99: of((r) => r.p99),
    rssMb: of((r) => r.rssMb),
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

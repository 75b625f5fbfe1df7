import { join } from 'node:path'
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
import { shareOf } from './median.ts'
import { memoryOf } from './memory.ts'

/**
 * One side of the deliver bench in a process of its own: `service FOLDER URL ID SECRET` delivers as the service does, to the sandbox at the URL; `bare …` makes the same calls with nothing
 * around them. Asked with a number of messages it sends so many and answers with `DeliverRun`; ends with its parent.
 */
const [side, folder = '.', url = '', clientId = '', clientSecret = ''] = process.argv.slice(2)

/** Latencies in milliseconds, of the service from an attempt's opening to its outcome; `rssMb`: the most that the process had. */
export type DeliverRun = { perSecond: number; p50: number; p99: number; rssMb: number }

const CUSTOMERS = 200
/** What the worker has on its way at once with an open budget (src/deliver/worker.ts); the bare loop gets the same. */
const AT_ONCE = 64

const run = side === 'service' ? await createDelivering() : sendAllBare
process.on('message', (count: number) => void run(count).then((done) => process.send?.(done)))
process.once('disconnect', () => process.exit())
process.send?.('ready')

/** The ledger stays open from one round to the next, as a service's does: its threads come with code that V8 has not optimised. */
async function createDelivering(): Promise<(count: number) => Promise<DeliverRun>> {
  const config = loadBenchConfig(folder)
  const ledger = await openLedger({
    url: `sqlite:${join(folder, 'bench.db')}`,
    clock: systemClock,
    log: silentLog,
    owner: true,
  })
  const genesys = createGenesys({
    region: 'mypurecloud.com',
    gatewayUrl: url,
    clientId,
    clientSecret,
    clock: systemClock,
    pace: async () => {},
  })
  await genesys.login()
  const ceiling = config.genesys.rateLimitPerMinute
  let first = 0
  return async (count) => {
    await recordBacklog(ledger, config, { messages: count, customers: CUSTOMERS, at: Date.now(), first })
    first += count
    const { watched, latencies, all } = watch(ledger, count)
    const worker = createWorker({
      config,
      ledger: watched,
      genesys,
      budget: createBudget({ ledger: watched, ceiling, clock: systemClock, log: silentLog }),
      clock: systemClock,
      random: Math.random,
      payloadOf: payloadOf(config),
      log: silentLog,
      owner: 'bench',
      instances: () => 1,
    })
    const began = performance.now()
    const working = worker.run()
    await all
    const ms = performance.now() - began
    worker.stop()
    await working
    return figures(count, ms, latencies)
  }
}

/** The same ledger, but that it tells how long each attempt was open, and when `count` are settled. */
function watch(ledger: Ledger, count: number) {
  const opened = new Map<number, number>()
  const latencies: number[] = []
  const { promise: all, resolve, reject } = Promise.withResolvers<void>()
  const watched: Ledger = {
    ...ledger,
    async open(lease, draft) {
      const answer = await ledger.open(lease, draft)
      if (answer.kind === 'open') opened.set(answer.attempt.id, performance.now())
      return answer
    },
    async settle(attemptId, settlement) {
      const settled = await ledger.settle(attemptId, settlement)
      if (settlement.outcome !== 'sent') reject(new Error(`not sent: ${settlement.reason}`))
      latencies.push(performance.now() - (opened.get(attemptId) ?? Number.NaN))
      if (latencies.length === count) resolve()
      return settled
    },
  }
  return { watched, latencies, all }
}

/** Each customer looked up once, then the sends. */
async function sendAllBare(count: number): Promise<DeliverRun> {
  // Here alone: imported beside the service, it would count as the service's memory.
  const { default: platformClient } = await import('purecloud-platform-client-v2')
  const client = new platformClient.ApiClientClass()
  client.config.live_reload_config = false
  const { hostname, port } = new URL(url)
  client.setGateway({ host: hostname, protocol: 'http', port: Number(port) })
  client.setReturnExtendedResponses(true)
  await client.loginClientCredentialsGrant(clientId, clientSecret)
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

function figures(count: number, ms: number, latencies: number[]): DeliverRun {
  const sorted = latencies.toSorted((a, b) => a - b)
  return {
    perSecond: (count / ms) * 1000,
    p50: shareOf(sorted, 0.5),
    p99: shareOf(sorted, 0.99),
    rssMb: memoryOf().mostMb,
  }
}

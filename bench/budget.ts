import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../src/clock.ts'
import { createBudget } from '../src/deliver/budget.ts'
import { createWorker } from '../src/deliver/worker.ts'
import { createGenesys } from '../src/genesys/client.ts'
import type { Genesys } from '../src/genesys/genesys.ts'
import type { Ledger } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { payloadOf } from '../src/receive/sources/read.ts'
import { SANDBOX_CLIENT, type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts'
import { recordBacklog } from './backlog.ts'
import { loadBenchConfig } from './config.ts'
import { createMovedTime } from './moved-time.ts'

const MINUTE = 60_000
/** The default of Genesys Cloud, and of the configuration. */
const PER_MINUTE = 300
/** Less would be given away. */
export const LEAST_SHARE = 0.98
/** How long calls take, one after another: as Genesys' own, some of them slow. Half of it passes before a call arrives. Milliseconds of moved time. */
const CALLS_TAKE_MS = [80, 120, 160, 200, 280, 400]
const SESSION_AGO_MS = 3 * 24 * 60 * MINUTE

type Case = {
  name: string
  /** Customers among whom the messages are shared out; null: one for each message. */
  customers: number | null
  needsSession: boolean
}

const CASES: readonly Case[] = [
  // Known for five minutes, then looked up again: with so few, that is next to nothing.
  { name: 'contact known', customers: 3, needsSession: false },
  { name: 'contact looked up', customers: null, needsSession: false },
  { name: 'contact and session looked up', customers: null, needsSession: true },
]

export type BudgetCase = {
  name: string
  /** Sent within the time. */
  messages: number
  /** Requests that arrived, but the login's; in all and by the sandbox's names of operations. */
  calls: number
  callsTo: Record<string, number>
  callsPerMessage: number
  /** Calls that Genesys Cloud allows in the time, and the share of them that was made. */
  allowed: number
  share: number
  /** Calls that were answered 429. */
  slowdowns: number
  /** How long calls waited for their places in the budget; milliseconds of moved time. */
  waitP50: number
  waitP99: number
  /** Of this process, the sandbox included. */
  rssMb: number
  isWell: boolean
}

/**
 * Which share of the calls that Genesys Cloud allows is used while more waits than can be sent, and what a message costs: the whole deliver path and the SDK
 * against the sandbox, which counts in fixed minutes and answers 429 beyond the limit. Throws where nothing was waiting any more in the end.
 */
export async function benchBudget({ minutes }: { minutes: number }): Promise<BudgetCase[]> {
  const cases: BudgetCase[] = []
  for (const one of CASES) cases.push(await measure(one, minutes))
  return cases
}

async function measure({ name, customers, needsSession }: Case, minutes: number): Promise<BudgetCase> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-bench-'))
  const time = createMovedTime()
  const { clock } = time
  const sandbox = await startSandbox({
    port: 0,
    clock,
    rateLimitPerMinute: PER_MINUTE,
    resolveContact: ({ value }) => ({ id: contactOf(value) }),
  })
  try {
    const config = loadBenchConfig(folder, {
      rateLimitPerMinute: PER_MINUTE,
      route: ['expireAfter: 7d', ...(needsSession ? ['requireSession: 30d'] : [])],
    })
    const url = `sqlite:${join(folder, 'bench.db')}`
    const ledger = time.counted(await openLedger({ url, clock, log: silentLog, owner: true }))
    // No message costs less than a call.
    const messages = minutes * PER_MINUTE
    const among = customers ?? messages
    if (needsSession) addSessions(sandbox, among, clock.now() - SESSION_AGO_MS)
    await recordBacklog(ledger, config, { messages, customers: among, at: clock.now() })

    const genesys = createGenesys({
      region: 'mypurecloud.com',
      gatewayUrl: sandbox.url,
      ...SANDBOX_CLIENT,
      clock,
      pace: async () => {},
      onBudget: (reading) => budget.read(reading),
    })
    const waits: number[] = []
    const ceiling = config.genesys.rateLimitPerMinute
    const budget = createBudget({ ledger: watched(ledger, waits), ceiling, clock, log: silentLog })
    const worker = createWorker({
      config,
      ledger,
      genesys: slow(time.counted(genesys), clock),
      budget,
      clock,
      random: () => 0.5,
      payloadOf: payloadOf(config),
      log: silentLog,
      owner: 'bench',
      instances: () => 1,
    })
    const working = worker.run()
    await time.run(minutes * MINUTE)
    const requests = sandbox.requests()
    const { due, messages: states } = await ledger.reads.summary()
    worker.stop()
    await time.until(working)
    await ledger.close()
    if (due.count === 0) throw new Error(`${name}: nothing was waiting any more`)
    return { name, ...figures(requests, states.sent, messages, waits) }
  } finally {
    await sandbox.close()
    rmSync(folder, { recursive: true })
  }
}

function figures(
  requests: Readonly<Record<string, number>>,
  messages: number,
  allowed: number,
  waits: readonly number[],
): Omit<BudgetCase, 'name'> {
  const callsTo: Record<string, number> = {}
  let slowdowns = 0
  for (const [name, count] of Object.entries(requests)) {
    const [operation = name, status] = name.split(' ')
    if (operation === 'token') continue
    callsTo[operation] = (callsTo[operation] ?? 0) + count
    if (status === '429') slowdowns += count
  }
  const calls = Object.values(callsTo).reduce((sum, count) => sum + count, 0)
  const sorted = waits.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return {
    messages,
    calls,
    callsTo,
    callsPerMessage: calls / messages,
    allowed,
    share: calls / allowed,
    slowdowns,
    waitP50: at(0.5),
    waitP99: at(0.99),
    rssMb: process.memoryUsage().rss / 2 ** 20,
    isWell: calls / allowed >= LEAST_SHARE && slowdowns === 0,
  }
}

function contactOf(externalId: string): string {
  return `contact-${externalId}`
}

function addSessions(sandbox: Sandbox, customers: number, startedAt: number): void {
  for (let n = 0; n < customers; n += 1) {
    sandbox.addConversation({ contactId: contactOf(`B-${n}`), startedAt })
  }
}

/** Adds how long each call has to wait to `waits`. */
function watched(ledger: Ledger, waits: number[]): Pick<Ledger, 'takeBudget' | 'lowerBudget'> {
  return {
    lowerBudget: ledger.lowerBudget,
    async takeBudget(perMinute, calls) {
      const taken = await ledger.takeBudget(perMinute, calls)
      waits.push(...taken)
      return taken
    },
  }
}

/** The same calls, but that they take some time on their way there and back. */
function slow(genesys: Genesys, clock: Clock): Genesys {
  let calls = 0
  const taking =
    <Asked, Answered>(call: (asked: Asked) => Promise<Answered>) =>
    async (asked: Asked): Promise<Answered> => {
      const half = (CALLS_TAKE_MS[calls++ % CALLS_TAKE_MS.length] ?? 0) / 2
      await clock.sleep(half)
      const answered = await call(asked)
      await clock.sleep(half)
      return answered
    }
  return {
    ...genesys,
    findContact: taking(genesys.findContact),
    findConversations: taking(genesys.findConversations),
    sendMessage: taking(genesys.sendMessage),
    getDelivery: taking(genesys.getDelivery),
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Config } from '../../src/config/config.ts'
import { createBudget } from '../../src/deliver/budget.ts'
import type { DeliverDeps } from '../../src/deliver/deliver.ts'
import { createWorker } from '../../src/deliver/worker.ts'
import type { ReadEvent } from '../../src/event.ts'
import { createGenesys } from '../../src/genesys/client.ts'
import type { Answer, Contact, Genesys, Identifier } from '../../src/genesys/genesys.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { payloadOf } from '../../src/receive/sources/read.ts'
import { SANDBOX_CLIENT, type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { type ConfigOptions, customerEvent, deliverConfig } from './fixtures.ts'

/** The delivering half of the service over a real ledger, the real SDK and the sandbox; only time is the test's own. */
export type Rig = {
  clock: ManualClock
  sandbox: Sandbox
  ledger: Ledger
  config: Config
  genesys: Genesys
  inFlight(): number
  /** Calls of Genesys that took their place in the budget. */
  calls(): number
  /** Plans and records events; those of customers `from` to `from + count - 1` where no events are given. */
  record(from: number, count: number): Promise<void>
  recordEvents(events: readonly ReadEvent[]): Promise<void>
  /** Moves time on whenever nothing is on its way, until `done`, which is asked after each step. */
  runUntil(done: () => boolean | Promise<boolean>): Promise<void>
  /** Moves time on by this much. */
  run(ms: number): Promise<void>
  /** Lets minutes pass in steps of five, of which only the last seconds are lived through: for long waits in which nothing else happens. */
  pass(minutes: number): Promise<void>
  /** Nothing is scheduled for the next `ms`, and nothing on its way. */
  drained(ms?: number): Promise<boolean>
  close(): Promise<void>
}

/** `createRig` for the tests of one suite: what it made is closed after each of them. */
export function rigsForEach(): typeof createRig {
  const rigs: Rig[] = []
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close()
  })
  return async (...options) => {
    const rig = await createRig(...options)
    rigs.push(rig)
    return rig
  }
}

export async function createRig(
  options: {
    config?: ConfigOptions
    sandbox?: Partial<SandboxOptions>
    clientSecret?: string
    payloadOf?: DeliverDeps['payloadOf']
    /** When its clock begins, in epoch milliseconds. */
    startAt?: number
    /** How many there are, on one ledger and one budget; one where nothing is said. */
    workers?: number
    /** What stands before the ledger, of each of them. */
    around?: (ledger: Ledger) => Ledger
    /** How long an answer is waited for, in real time. */
    timeoutMs?: number
    /** Answers a look-up instead of the sandbox, where it has an answer. */
    lookup?: (identifier: Identifier) => Answer<Contact | null> | null
  } = {},
): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-rig-'))
  const clock = createManualClock(options.startAt)
  const config = deliverConfig(folder, options.config)
  const sandbox = await startSandbox({ port: 0, clock, resolveContact: anybody, ...HELD, ...options.sandbox })
  const log = testLog()
  const busy = createBusy()
  const { around = (own: Ledger) => own } = options
  const opened = await openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log, owner: true })
  const ledger = counted(around(opened), busy)
  const genesys = counted(
    createGenesys({
      region: 'mypurecloud.com',
      gatewayUrl: sandbox.url,
      ...SANDBOX_CLIENT,
      ...(options.clientSecret === undefined ? {} : { clientSecret: options.clientSecret }),
      clock,
      // A request that hangs is given up in real time; the clock stands still meanwhile.
      timeoutMs: options.timeoutMs ?? 400,
      // A wait in the middle of a call would never end: time goes on only when nothing is under way.
      pace: async () => {},
      onBudget: (reading) => budget.read(reading),
    }),
    busy,
  )
  const budget = createBudget({ ledger, ceiling: config.genesys.rateLimitPerMinute, clock, log })
  const { lookup } = options
  const ask = genesys.findContact
  if (lookup) genesys.findContact = async (identifier) => lookup(identifier) ?? ask(identifier)
  const workers = Array.from({ length: options.workers ?? 1 }, (_, n) =>
    createWorker({
      config,
      ledger,
      genesys,
      budget,
      clock,
      random: () => 0.5,
      payloadOf: options.payloadOf ?? payloadOf(config),
      log,
      owner: `rig-${n}`,
      instances: () => options.workers ?? 1,
    }),
  )
  const working = workers.map((worker) => worker.run())
  const inFlight = () => workers.reduce((sum, worker) => sum + worker.inFlight(), 0)

  const recordEvents = async (events: readonly ReadEvent[]) => {
    await ledger.record(
      events.map((event) => ({ kind: 'event', event, plan: planEvent(event, config), keepKeyForMs: 1e9 })),
    )
  }
  const runUntil: Rig['runUntil'] = async (done) => {
    for (;;) {
      await quiet(busy)
      if (await done()) return
      const next = clock.nextAt()
      if (next === null) await setImmediate()
      else await clock.advance(Math.max(0, next - clock.now()))
    }
  }
  const run: Rig['run'] = async (ms) => {
    const until = clock.now() + ms
    await runUntil(() => clock.now() >= until)
  }
  return {
    clock,
    sandbox,
    ledger,
    config,
    genesys,
    inFlight,
    calls: budget.taken,
    recordEvents,
    record: (from, count) =>
      recordEvents(Array.from({ length: count }, (_, n) => customerEvent(from + n, clock.now()))),
    runUntil,
    run,
    async pass(minutes) {
      for (let left = minutes; left > 0; left -= 5) {
        await quiet(busy)
        await clock.advance(Math.min(5, left) * 60_000 - LIVED_MS)
        await run(LIVED_MS)
      }
    },
    async drained(ms = 60_000) {
      if (inFlight() > 0) return false
      const waiting = await ledger.reads.messages({ state: 'scheduled', limit: 5_000 })
      return waiting.every(({ dueAt }) => dueAt > clock.now() + ms)
    },
    async close() {
      for (const worker of workers) worker.stop()
      await runUntil(() => inFlight() === 0)
      await Promise.all(working)
      const closed = ledger.close()
      await closed
      await sandbox.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Long enough for what became due in a step to be done. */
const LIVED_MS = 25_000

/** Every customer of the tests, N-1, N-2 …, is a contact. */
function anybody(identifier: { type: string; value: string }) {
  const known = identifier.type === 'ExternalId' && identifier.value.startsWith('N-')
  return known ? { id: `contact-${identifier.value}` } : null
}

/** Calls under way; `idle` resolves when there is none. */
type Busy = { calls: number; idle(): Promise<void>; begin(): void; end(): void }

function createBusy(): Busy {
  let waiting: (() => void)[] = []
  const busy: Busy = {
    calls: 0,
    idle: () => (busy.calls === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    begin() {
      busy.calls += 1
    },
    end() {
      busy.calls -= 1
      if (busy.calls > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    },
  }
  return busy
}

/** Resolves when no call to Genesys or to the ledger is on its way and what followed from the last one has been asked. */
async function quiet(busy: Busy): Promise<void> {
  for (let calm = 0; calm < 8; calm = busy.calls === 0 ? calm + 1 : 0) {
    await busy.idle()
    await setImmediate()
  }
}

/** The same functions, but that their calls count as under way until their promises are settled. */
function counted<T extends object>(functions: T, busy: Busy): T {
  const wrapped = Object.entries(functions).map(([name, member]: [string, unknown]) => {
    if (typeof member !== 'function') return [name, member]
    const call = (...args: unknown[]) => {
      const answer: unknown = member(...args)
      if (!(answer instanceof Promise)) return answer
      busy.begin()
      return answer.finally(busy.end)
    }
    return [name, call]
  })
  return Object.fromEntries(wrapped) as T
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { systemClock } from '../src/clock.ts'
import { walk } from '../src/commands/simulate-walk.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { recordBacklog } from './backlog.ts'
import { loadBenchConfig } from './config.ts'

/** What a person waits for: 100,000 events in less than a minute, on whatever machine. */
const LONGEST_MS = 60_000
const EVENTS = 100_000
/** Ten times the events may cost so much more each. */
const MOST_GROWTH = 1.5

/** Every rule that looks at what came before, and a text for each. */
const ROUTE = [
  'once: "{{ data.ticket.id }}"',
  'onRepeat: replace',
  'delay: 30m',
  'cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]',
  'quietHours: { from: "21:00", to: "08:00", timezone: Europe/Berlin }',
  'cap: { messages: 3, per: 7d, group: all }',
  'onCap: defer',
  'expireAfter: 2d',
]

export type SimulateResult = {
  events: number
  seconds: number
  /** Milliseconds of one event among so many, and among a tenth of them. */
  each: number
  eachOfTenth: number
  growth: number
  isWell: boolean
}

/** How long `simulate` takes for as many events as a shop has in weeks, and how that grows. */
export async function benchSimulate(): Promise<SimulateResult> {
  const tenth = await measure(EVENTS / 10)
  const all = await measure(EVENTS)
  const growth = all / EVENTS / (tenth / (EVENTS / 10))
  return {
    events: EVENTS,
    seconds: all / 1000,
    each: all / EVENTS,
    eachOfTenth: tenth / (EVENTS / 10),
    growth,
    isWell: all <= LONGEST_MS && growth <= MOST_GROWTH,
  }
}

async function measure(events: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-bench-'))
  try {
    const config = loadBenchConfig(folder, { route: ROUTE })
    const url = `sqlite:${join(folder, 'bench.db')}`
    const ledger = await openLedger({ url, clock: systemClock, log: silentLog, owner: true })
    const at = Date.now()
    await recordBacklog(ledger, config, { messages: events, customers: events / 5, at })
    const begun = performance.now()
    const span = { since: at - 1000, until: at + 1000 }
    const { counts } = await walk(ledger.reads, config, { ...span, samples: 3 }, { err: process.stderr })
    const ms = performance.now() - begun
    await ledger.close()
    if (counts.events !== events) throw new Error(`${counts.events} of ${events} events were gone through`)
    return ms
  } finally {
    rmSync(folder, { recursive: true })
  }
}

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BudgetCase } from './budget.ts'
import type { ConsoleBench } from './console.ts'
import type { DeliverBench } from './deliver.ts'
import type { AtConnections, Ingest, LedgerKind } from './ingest.ts'
import { MOST_MB } from './memory.ts'
import type { Scale } from './scale.ts'
import type { VerifyCase } from './verify.ts'

/**
 * `npm run bench -- ingest [--ledger sqlite|postgres|both] [--connections N,N] [--seconds N] [--rounds N] [--folder DIR] [--json]`: events acknowledged over what the bare route answers, and over
 * what it appends to a file; 1 where that is too little, or takes too much memory. PostgreSQL is the server of BENCH_DATABASE_URL, or one that is started for it.
 * `npm run bench -- deliver [--messages N] [--rounds N] [--folder DIR] [--json]`: messages sent over a bare loop of the SDK; 1 where that is too little, or takes too much memory.
 * `npm run bench -- scale [--rows N] [--ledger FILE] [--seconds N] [--rounds N] [--folder DIR] [--json]`: events and messages in a ledger of ten million over one of ten thousand, and how soon
 * the service is ready with it; 1 where either takes too long, or too much memory. A FILE that is not there is made and kept.
 * `npm run bench -- budget [--minutes N] [--json]`: what it makes of the calls that Genesys Cloud allows, on any machine; 1 where that is too little, or too much.
 * `npm run bench -- verify [--rounds N] [--json]`: what verifying a delivery costs over its HMAC alone; 1 where a scheme of the table costs too much.
 * `npm run bench -- simulate [--json]`: how long `simulate` takes for 100,000 events, and how that grows; 1 where it is too long, or grows.
 * `npm run bench -- console [--events N] [--rounds N] [--ledger FILE] [--json]`: how long pages of the console take over a large ledger while events come in; 1 where one takes too long, or
 * receiving suffers.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    messages: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '5' },
    // Of the clock that `budget` moves.
    minutes: { type: 'string', default: '10' },
    // Not the system's folder for temporary files, which is memory on some machines: there an fsync costs nothing.
    folder: { type: 'string', default: join(import.meta.dirname, '../data') },
    // Of the ledger that the console is looked at over; one that bench/seed.ts made spares making it.
    events: { type: 'string', default: '1000000' },
    // A file, for ingest a kind.
    ledger: { type: 'string' },
    connections: { type: 'string', default: '32,256' },
    rows: { type: 'string', default: '10000000' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)

switch (positionals[0]) {
  case 'ingest': {
    const { benchIngest, LEDGERS } = await import('./ingest.ts')
    const { ledger = 'sqlite' } = values
    const ledgers: readonly LedgerKind[] =
      ledger === 'both' ? LEDGERS : LEDGERS.filter((kind) => kind === ledger)
    const connections = values.connections.split(',').map(Number)
    if (ledgers.length === 0 || !connections.every((count) => count > 0)) {
      console.error(
        `Which ledger, and how many connections? --ledger sqlite, postgres or both; --connections 32,256`,
      )
      process.exitCode = 2
      break
    }
    const seconds = Number(values.seconds)
    const result = await benchIngest({ seconds, rounds, folder: values.folder, ledgers, connections })
    if (values.json) printJson(result)
    else printIngest(result, `median of ${rounds} rounds of ${seconds} s`)
    if (result.results.some(({ faults }) => faults.length > 0)) process.exitCode = 1
    break
  }
  case 'deliver': {
    const { benchDeliver } = await import('./deliver.ts')
    const { folder } = values
    const result = await benchDeliver({ messages: Number(values.messages), rounds, folder })
    if (values.json) printJson(result)
    else printDeliver(result, `median of ${rounds} rounds of ${values.messages} messages`)
    if (result.faults.length > 0) process.exitCode = 1
    break
  }
  case 'scale': {
    const { benchScale } = await import('./scale.ts')
    const { folder, ledger = null } = values
    const [rows, seconds] = [Number(values.rows), Number(values.seconds)]
    const result = await benchScale({ rows, seconds, rounds, folder, ledger })
    if (values.json) printJson(result)
    else printScale(result, `median of ${rounds} rounds of ${seconds} s`)
    if (result.faults.length > 0) process.exitCode = 1
    break
  }
  case 'budget': {
    const { benchBudget, LEAST_SHARE } = await import('./budget.ts')
    const cases = await benchBudget({ minutes: Number(values.minutes) })
    if (values.json) printJson(cases)
    else {
      console.log(`${values.minutes} minutes each, by a clock that is moved`)
      for (const one of cases) printBudget(one, LEAST_SHARE)
    }
    if (!cases.every(({ isWell }) => isWell)) process.exitCode = 1
    break
  }
  case 'verify': {
    const { benchVerify } = await import('./verify.ts')
    // A turn takes a millisecond: short, so that whatever else the machine does spoils few of them.
    const cases = benchVerify({ turns: rounds * 40 })
    if (values.json) printJson(cases)
    else for (const one of cases) printVerify(one)
    if (!cases.every(({ isWell }) => isWell)) process.exitCode = 1
    break
  }
  case 'simulate': {
    const { benchSimulate } = await import('./simulate.ts')
    const { isWell, ...result } = await benchSimulate()
    if (values.json) printJson({ ...result, isWell })
    else {
      const { events, seconds, each, eachOfTenth, growth } = result
      const verdict = isWell ? '' : ': NOT WELL, expected a minute at most and a growth of 1.5'
      console.log(
        `simulate, ${events} events: ${seconds.toFixed(1)} s, growth ${growth.toFixed(2)}${verdict}`,
      )
      console.log(`  ${each.toFixed(3)} ms an event, ${eachOfTenth.toFixed(3)} ms among a tenth of them`)
    }
    if (!isWell) process.exitCode = 1
    break
  }
  case 'console': {
    const { benchConsole } = await import('./console.ts')
    const result = await benchConsole({
      events: Number(values.events),
      rounds: rounds * 8,
      seconds: Number(values.seconds),
      folder: values.folder,
      ledger: values.ledger ?? null,
    })
    if (values.json) printJson(result)
    else printConsole(result)
    if (!result.isWell) process.exitCode = 1
    break
  }
  default:
    console.error(
      'Which bench? npm run bench -- ingest, deliver, scale, budget, verify, simulate, or console',
    )
    process.exitCode = 2
}

function printIngest({ fsyncP50Ms, results }: Ingest, how: string): void {
  console.log(`fsync p50 ${fsyncP50Ms.toFixed(2)} ms; ${how}`)
  for (const one of results) printAtConnections(one)
}

function printAtConnections({ connections, ratios, sides, faults }: AtConnections): void {
  console.log(`\ningest, ${connections} connections${verdictOf(faults)}`)
  for (const { ledger, over, ratio, least } of ratios) {
    const limit = least === null ? 'shown only' : `at least ${least}`
    console.log(`  ${`${ledger} over ${over}`.padEnd(20)} ratio ${ratio.toFixed(3)}   ${limit}`)
  }
  for (const { side, figures } of sides) printSide(side, 'events', figures)
}

function printDeliver({ fsyncP50Ms, service, bare, ratio, faults }: DeliverBench, how: string): void {
  console.log(`fsync p50 ${fsyncP50Ms.toFixed(2)} ms; ${how}`)
  console.log(`\ndeliver: ratio ${ratio.toFixed(3)}${verdictOf(faults)}`)
  printSide('service', 'messages', service)
  printSide('bare', 'messages', bare)
}

type Figures = { perSecond: number; p50: number; p99: number; rssMb: number }

function printSide(side: string, unit: string, { perSecond, p50, p99, rssMb }: Figures): void {
  console.log(
    `  ${side.padEnd(8)} ${perSecond.toFixed(0).padStart(7)} ${unit}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${rssMb.toFixed(0)} MB at most`,
  )
}

function printScale(scale: Scale, how: string): void {
  const { fsyncP50Ms, rows, bytes, ready, rssMb, faults } = scale
  console.log(`fsync p50 ${fsyncP50Ms.toFixed(2)} ms; ${how}`)
  console.log(
    `\nscale, ${rows.large} events over ${rows.small}${verdictOf(faults)}   (${(bytes / 1e9).toFixed(1)} GB)`,
  )
  for (const name of ['ingest', 'send', 'whole'] as const) {
    const { small, large, times } = scale[name]
    console.log(
      `  ${name.padEnd(8)} ${times.toFixed(2)} times   ${large.toFixed(0).padStart(6)} µs an event   over ${small.toFixed(0).padStart(6)} µs`,
    )
  }
  console.log(
    `  ready    ${ready.seconds.toFixed(2)} s after the command, ${Math.max(...ready.all).toFixed(2)} s at most of ${ready.all.length} starts`,
  )
  console.log(`  memory   ${rssMb.toFixed(0)} MB at most, less than ${MOST_MB}`)
}

function verdictOf(faults: readonly string[]): string {
  return faults.length === 0 ? '' : `: NOT WELL: ${faults.join('; ')}`
}

function printBudget(one: BudgetCase, leastShare: number): void {
  const { name, messages, calls, callsTo, callsPerMessage, allowed, share, slowdowns } = one
  const verdict = one.isWell ? '' : `: NOT WELL, expected ${leastShare} or more and no 429`
  console.log(
    `\nbudget, ${name}: share ${share.toFixed(3)}, ${slowdowns === 0 ? 'no' : slowdowns} 429${verdict}`,
  )
  const each = Object.entries(callsTo).map(([to, count]) => `${to} ${(count / messages).toFixed(2)}`)
  console.log(
    `  ${messages} messages   ${calls} of ${allowed} calls   ${callsPerMessage.toFixed(2)} a message (${each.join(', ')})`,
  )
  console.log(
    `  waits of calls p50 ${one.waitP50.toFixed(0)} ms   p99 ${one.waitP99.toFixed(0)} ms   ${one.rssMb.toFixed(0)} MB with the sandbox`,
  )
}

function printVerify({ scheme, size, verifyUs, hmacUs, ratio, most, isWell }: VerifyCase): void {
  const limit = most === null ? 'no limit: the HMAC is svix’ own' : `at most ${most}`
  console.log(
    `verify, ${size.padEnd(5)} ${scheme.padEnd(17)} ratio ${ratio.toFixed(3).padStart(6)}   verify ${verifyUs.toFixed(2).padStart(8)} µs   createHmac ${hmacUs.toFixed(2).padStart(7)} µs   ${limit}${isWell ? '' : ': NOT WELL'}`,
  )
}

function printConsole({ events, pages, offered, receiving, rssMb, isWell }: ConsoleBench): void {
  console.log(
    `console, ${events} events: ${isWell ? 'well' : 'NOT WELL, expected p95 under 200 ms and a share of 0.9'}`,
  )
  for (const { page, p50, p95, most, bytes } of pages) {
    console.log(
      `  ${page.padEnd(38)} p50 ${p50.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms   most ${most.toFixed(1).padStart(7)} ms   ${Math.round(bytes / 1000)} kB`,
    )
  }
  const { perSecond, p50, p99 } = offered
  console.log(
    `  meanwhile ${perSecond.toFixed(0)} events/s acknowledged   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${rssMb.toFixed(0)} MB with the sandbox`,
  )
  const { alone, beside, share } = receiving
  console.log(
    `  at most ${alone.toFixed(0)} events/s with nobody at the console, ${beside.toFixed(0)} with two pages a second: share ${share.toFixed(3)}`,
  )
}

function printJson(data: unknown): void {
  console.log(JSON.stringify(data, null, 2))
}

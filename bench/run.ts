import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BudgetCase } from './budget.ts'
import type { ConsoleBench } from './console.ts'
import type { VerifyCase } from './verify.ts'

/**
 * `npm run bench -- ingest|deliver [--seconds N] [--messages N] [--rounds N] [--folder DIR] [--json]`: what Postrider costs over the bare minimum, on this machine.
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
    ledger: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)

switch (positionals[0]) {
  case 'ingest': {
    const { benchIngest } = await import('./ingest.ts')
    const result = await benchIngest({ seconds: Number(values.seconds), rounds, folder: values.folder })
    if (values.json) printJson(result)
    else {
      console.log(
        `fsync p50 ${result.fsyncP50Ms.toFixed(2)} ms; median of ${rounds} rounds of ${values.seconds} s`,
      )
      for (const { connections, service, bare, ratio } of result.results) {
        printPair(`ingest, ${connections} connections`, 'events', service, bare, ratio)
      }
    }
    break
  }
  case 'deliver': {
    const { benchDeliver } = await import('./deliver.ts')
    const result = await benchDeliver({ messages: Number(values.messages), rounds })
    if (values.json) printJson(result)
    else printPair('deliver', 'messages', result.service, result.bare, result.ratio)
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
    console.error('Which bench? npm run bench -- ingest, deliver, budget, verify, simulate, or console')
    process.exitCode = 2
}

type Figures = { perSecond: number; p50: number; p99: number; rssMb: number }

function printPair(name: string, unit: string, service: Figures, bare: Figures, ratio: number): void {
  console.log(`\n${name}: ratio ${ratio.toFixed(3)}`)
  for (const [side, figures] of Object.entries({ service, bare })) {
    const { perSecond, p50, p99, rssMb } = figures
    console.log(
      `  ${side.padEnd(8)} ${perSecond.toFixed(0).padStart(7)} ${unit}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${rssMb.toFixed(0)} MB`,
    )
  }
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

import type { BudgetCase } from './budget.ts'
import type { ConsoleBench } from './console.ts'
import type { DeliverBench } from './deliver.ts'
import type { AtConnections, Ingest } from './ingest.ts'
import { MOST_MB } from './memory.ts'
import type { Scale } from './scale.ts'
import type { SimulateResult } from './simulate.ts'
import type { VerifyCase } from './verify.ts'

export function printIngest({ fsyncP50Ms, results }: Ingest, how: string): void {
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

export function printDeliver({ fsyncP50Ms, service, bare, ratio, faults }: DeliverBench, how: string): void {
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

export function printScale(scale: Scale, how: string): void {
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

export function printBudget(one: BudgetCase, leastShare: number): void {
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

export function printVerify({ scheme, size, verifyUs, hmacUs, ratio, most, isWell }: VerifyCase): void {
  const limit = most === null ? 'no limit: the HMAC is svix’ own' : `at most ${most}`
  console.log(
    `verify, ${size.padEnd(5)} ${scheme.padEnd(17)} ratio ${ratio.toFixed(3).padStart(6)}   verify ${verifyUs.toFixed(2).padStart(8)} µs   createHmac ${hmacUs.toFixed(2).padStart(7)} µs   ${limit}${isWell ? '' : ': NOT WELL'}`,
  )
}

export function printSimulate({ events, seconds, each, eachOfTenth, growth, isWell }: SimulateResult): void {
  const verdict = isWell ? '' : ': NOT WELL, expected a minute at most and a growth of 1.5'
  console.log(`simulate, ${events} events: ${seconds.toFixed(1)} s, growth ${growth.toFixed(2)}${verdict}`)
  console.log(`  ${each.toFixed(3)} ms an event, ${eachOfTenth.toFixed(3)} ms among a tenth of them`)
}

export function printConsole({ events, pages, offered, receiving, rssMb, isWell }: ConsoleBench): void {
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

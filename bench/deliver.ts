import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './children.ts'
import type { DeliverRun } from './deliver-process.ts'
import { fsyncP50 } from './fsync.ts'
import { median } from './median.ts'
import { MOST_MB } from './memory.ts'

type Sandbox = { url: string; clientId: string; clientSecret: string }

/** Of the messages a second of a loop that does nothing but send. */
export const LEAST_RATIO = 0.75
/** Enough for V8 to have optimised what runs for every message. */
const WARMING = 4000

export type DeliverBench = {
  fsyncP50Ms: number
  /** Medians of all rounds, of memory the most. */
  service: DeliverRun
  bare: DeliverRun
  /** The median of the rounds' own. */
  ratio: number
  ratios: number[]
  /** What is less than it has to be, or more, in words. */
  faults: string[]
}

/**
 * Messages sent a second by the whole deliver path (ledger with fsync, look-ups, templates, budget wide open) over a bare loop of the same SDK calls: each in a process of its own, to the
 * same sandbox in another, in turns.
 */
export async function benchDeliver(options: {
  messages: number
  rounds: number
  folder: string
}): Promise<DeliverBench> {
  mkdirSync(options.folder, { recursive: true })
  const own = mkdtempSync(join(options.folder, 'postrider-bench-'))
  const children: Child[] = []
  const started = async (module: string, args: readonly string[]) => {
    const child = await startChild(module, args)
    children.push(child)
    return child
  }
  try {
    const fsyncP50Ms = fsyncP50(own)
    const { url, clientId, clientSecret } = (await started('sandbox-process.ts', [])).began as Sandbox
    const login = [own, url, clientId, clientSecret]
    const sides = {
      bare: await started('deliver-process.ts', ['bare', ...login]),
      service: await started('deliver-process.ts', ['service', ...login]),
    }
    const measured = { bare: [] as DeliverRun[], service: [] as DeliverRun[] }
    for (const child of Object.values(sides)) await child.ask(WARMING)
    const order = ['bare', 'service'] as const
    for (let round = 0; round < options.rounds; round += 1) {
      for (const side of round % 2 === 0 ? order : order.toReversed()) {
        measured[side].push(await sides[side].ask<DeliverRun>(options.messages))
      }
    }
    return { fsyncP50Ms, ...resultOf(measured.service, measured.bare) }
  } finally {
    await Promise.all(children.map((child) => child.end()))
    rmSync(own, { recursive: true })
  }
}

function resultOf(
  services: readonly DeliverRun[],
  bares: readonly DeliverRun[],
): Omit<DeliverBench, 'fsyncP50Ms'> {
  const ratios = services.map((run, round) => run.perSecond / (bares[round]?.perSecond ?? Number.NaN))
  const ratio = median(ratios)
  const service = medians(services)
  const faults = [
    ...(ratio >= LEAST_RATIO ? [] : [`expected ${LEAST_RATIO} or more`]),
    ...(service.rssMb < MOST_MB ? [] : [`expected less than ${MOST_MB} MB`]),
  ]
  return { service, bare: medians(bares), ratio, ratios, faults }
}

function medians(runs: readonly DeliverRun[]): DeliverRun {
  const of = (pick: (run: DeliverRun) => number) => median(runs.map(pick))
  return {
    perSecond: of((run) => run.perSecond),
    p50: of((run) => run.p50),
    p99: of((run) => run.p99),
    rssMb: Math.max(...runs.map((run) => run.rssMb)),
  }
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Round, sendAll } from './load.ts'

const CONNECTIONS = [32, 256]
const SIDES = ['service', 'bare'] as const
type Side = (typeof SIDES)[number]
type Figures = Round & { rssMb: number }

export type IngestOptions = {
  /** Of each round of each side. */
  seconds: number
  rounds: number
  /** Where the service writes its ledger: on the disk that is to be measured. */
  folder: string
}

export type Ingest = {
  fsyncP50Ms: number
  /** By number of connections; the ratio is of the medians of all rounds. */
  results: { connections: number; service: Figures; bare: Figures; ratio: number }[]
}

/**
 * Events a second that are acknowledged, and so on disk, over those that the same route only verifies and answers: each side in a process of its
 * own, the load in this one, in turns.
 */
export async function benchIngest({ seconds, rounds, folder }: IngestOptions): Promise<Ingest> {
  mkdirSync(folder, { recursive: true })
  const own = mkdtempSync(join(folder, 'postrider-bench-'))
  const children = { service: start('service', own), bare: start('bare', own) }
  try {
    const fsyncP50Ms = fsyncP50(own)
    const ports = { service: await portOf(children.service), bare: await portOf(children.bare) }
    const results: Ingest['results'] = []
    for (const connections of CONNECTIONS) {
      const measured: Record<Side, Figures[]> = { service: [], bare: [] }
      // Warm code, and how many requests fill a round.
      const speed = { service: 0, bare: 0 }
      for (const side of SIDES) {
        await sendAll(ports[side], connections, WARMING)
        speed[side] = (await sendAll(ports[side], connections, WARMING)).perSecond
      }
      for (let round = 0; round < rounds; round += 1) {
        for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
          const figures = await sendAll(ports[side], connections, Math.ceil(speed[side] * seconds))
          measured[side].push({ ...figures, rssMb: await rssOf(children[side]) })
        }
      }
      const [service, bare] = [medians(measured.service), medians(measured.bare)]
      results.push({ connections, service, bare, ratio: service.perSecond / bare.perSecond })
    }
    return { fsyncP50Ms, results }
  } finally {
    await Promise.all(Object.values(children).map(end))
    rmSync(own, { recursive: true })
  }
}

/** Enough for V8 to have optimised what runs for every request. */
const WARMING = 4000

function start(side: Side, own: string): ChildProcess {
  const folder = join(own, side)
  mkdirSync(folder)
  // Its log costs what it costs, and goes nowhere.
  return fork(join(import.meta.dirname, 'ingest-process.ts'), [side, folder], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

async function portOf(child: ChildProcess): Promise<number> {
  const [{ port }] = (await Promise.race([once(child, 'message'), failed(child)])) as [{ port: number }]
  return port
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`a server of the bench ended with ${code}; run bench/ingest-process.ts by hand to see why`)
}

async function rssOf(child: ChildProcess): Promise<number> {
  child.send('memory')
  const [{ rssMb }] = (await once(child, 'message')) as [{ rssMb: number }]
  return rssMb
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
}

/** What one commit must wait for: 4 kB written and on the disk of the folder. */
function fsyncP50(folder: string): number {
  const file = openSync(join(folder, 'fsync'), 'w')
  const page = Buffer.alloc(4096, 1)
  const times = Array.from({ length: 200 }, () => {
    const began = performance.now()
    writeSync(file, page)
    fsyncSync(file)
    return performance.now() - began
  })
  closeSync(file)
  return median(times)
}

function medians(all: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number) => median(all.map(pick))
  return {
    perSecond: of((one) => one.perSecond),
    p50: of((one) => one.p50),
    p99: of((one) => one.p99),
    rssMb: of((one) => one.rssMb),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

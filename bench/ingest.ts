import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './children.ts'
import { fsyncP50 } from './fsync.ts'
import { type Round, sendAll } from './load.ts'
import { median } from './median.ts'
import { type Memory, MOST_MB } from './memory.ts'
import { type BenchPostgres, benchPostgres } from './postgres.ts'

export const LEDGERS = ['sqlite', 'postgres'] as const
export type LedgerKind = (typeof LEDGERS)[number]

/** Of the events a second of each peer, what the service has to have with so many connections; null: shown only. PostgreSQL is a process of its own, which a file is not. */
const LEAST_AT = 32
const LEAST: Readonly<Record<LedgerKind, Readonly<Record<Peer, number | null>>>> = {
  sqlite: { bare: 0.8, file: 0.9 },
  postgres: { bare: 0.6, file: null },
}

const PEERS = ['file', 'bare'] as const
type Peer = (typeof PEERS)[number]
type Side = LedgerKind | Peer
/** `rssMb`: the most that its process had since it began. */
export type Figures = Round & { rssMb: number }

export type IngestOptions = {
  /** Of each round of each side. */
  seconds: number
  rounds: number
  /** Where files are written: on the disk that is to be measured. */
  folder: string
  ledgers: readonly LedgerKind[]
  connections: readonly number[]
}

/** The ratio is the median of the rounds' own; `least`: null where it is shown only. */
export type Ratio = { ledger: LedgerKind; over: Peer; ratio: number; least: number | null }
export type AtConnections = {
  connections: number
  ratios: Ratio[]
  /** Medians of all rounds. */
  sides: { side: Side; figures: Figures }[]
  /** What is less than it has to be, or more, in words. */
  faults: string[]
}
export type Ingest = { fsyncP50Ms: number; results: AtConnections[] }

/**
 * Events a second that are acknowledged, and so on disk, over those that the same route only verifies and answers, and over those that it verifies and appends to a file with grouped syncs:
 * each side in a process of its own, the load in this one, in turns.
 */
export async function benchIngest(options: IngestOptions): Promise<Ingest> {
  const { folder, ledgers } = options
  mkdirSync(folder, { recursive: true })
  const own = mkdtempSync(join(folder, 'postrider-bench-'))
  const postgres = ledgers.includes('postgres') ? await benchPostgres(own) : null
  const children = new Map<Side, Child>()
  try {
    const fsyncP50Ms = fsyncP50(own)
    const sides: Side[] = [...ledgers, ...PEERS]
    // The first start of all may have to read the program as TypeScript, which takes memory that the second does not.
    await (await start('sqlite', own, null, 'first')).end()
    for (const side of sides) children.set(side, await start(side, own, postgres))
    const results: AtConnections[] = []
    for (const connections of options.connections) {
      const measured = await measure(children, connections, options)
      results.push(resultOf(connections, ledgers, measured))
    }
    return { fsyncP50Ms, results }
  } finally {
    await Promise.all([...children.values()].map((child) => child.end()))
    await postgres?.end()
    rmSync(own, { recursive: true })
  }
}

/** Enough for V8 to have optimised what runs for every request. */
const WARMING = 4000

function start(side: Side, own: string, postgres: BenchPostgres | null, name: string = side): Promise<Child> {
  const folder = join(own, name)
  mkdirSync(folder)
  if (side === 'file' || side === 'bare') return startChild('ingest-process.ts', [side, folder])
  const url = side === 'postgres' ? (postgres?.url ?? '') : `sqlite:${join(folder, 'bench.db')}`
  return startChild('ingest-process.ts', ['service', folder, url])
}

type Measured = ReadonlyMap<Side, readonly Figures[]>

async function measure(
  children: ReadonlyMap<Side, Child>,
  connections: number,
  { seconds, rounds }: IngestOptions,
): Promise<Measured> {
  const portOf = ({ began }: Child) => (began as { port: number }).port
  const measured = new Map<Side, Figures[]>()
  // Warm code, and how many requests fill a round.
  const counts = new Map<Side, number>()
  for (const [side, child] of children) {
    await sendAll(portOf(child), connections, WARMING)
    const { perSecond } = await sendAll(portOf(child), connections, WARMING)
    counts.set(side, Math.ceil(perSecond * seconds))
    measured.set(side, [])
  }
  const order = [...children]
  for (let round = 0; round < rounds; round += 1) {
    for (const [side, child] of round % 2 === 0 ? order : order.toReversed()) {
      const figures = await sendAll(portOf(child), connections, counts.get(side) ?? 0)
      const { mostMb } = await child.ask<Memory>('memory')
      measured.get(side)?.push({ ...figures, rssMb: mostMb })
    }
  }
  return measured
}

function resultOf(connections: number, ledgers: readonly LedgerKind[], measured: Measured): AtConnections {
  const perSecond = (side: Side) => (measured.get(side) ?? []).map((figures) => figures.perSecond)
  const ratios = ledgers.flatMap((ledger) =>
    PEERS.map((over): Ratio => {
      const of = perSecond(over)
      const each = perSecond(ledger).map((speed, round) => speed / (of[round] ?? Number.NaN))
      return {
        ledger,
        over,
        ratio: median(each),
        least: connections === LEAST_AT ? LEAST[ledger][over] : null,
      }
    }),
  )
  const sides = [...measured].map(([side, all]) => ({ side, figures: medians(all) }))
  const faults = [
    ...ratios.flatMap(({ ledger, over, ratio, least }) =>
      least === null || ratio >= least ? [] : [`${ledger} over ${over}: expected ${least} or more`],
    ),
    ...sides.flatMap(({ side, figures }) =>
      side === 'file' || side === 'bare' || figures.rssMb < MOST_MB
        ? []
        : [`${side}: expected less than ${MOST_MB} MB`],
    ),
  ]
  return { connections, ratios, sides, faults }
}

function medians(all: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number) => median(all.map(pick))
  return {
    perSecond: of((one) => one.perSecond),
    p50: of((one) => one.p50),
    p99: of((one) => one.p99),
    rssMb: Math.max(...all.map((one) => one.rssMb)),
  }
}

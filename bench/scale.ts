import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SingleBar } from 'cli-progress'
import { type Child, startChild } from './children.ts'
import { loadBenchConfig } from './config.ts'
import { fillLedger } from './fill.ts'
import { fsyncP50 } from './fsync.ts'
import { sendAll } from './load.ts'
import { median } from './median.ts'
import { type Memory, MOST_MB } from './memory.ts'
import { measureReady, type Ready } from './ready.ts'

/** What the large ledger is compared with. */
const SMALL = 10_000
/** Times the time of the small one that the large one may take. */
export const MOST_TIMES = 2
/** With a million events, in seconds. */
export const MOST_READY_S = 1
const CONNECTIONS = 32
const WARMING = 2000

/** Milliseconds of each event: from its receipt to its acknowledgement, and of its message from the claim to the settled outcome, so many at once. */
type Pace = { ingestMs: number; sendMs: number }
type Growth = { small: number; large: number; times: number }

export type Scale = {
  fsyncP50Ms: number
  /** Events, each with a message; of the large ledger, when it was taken. */
  rows: { small: number; large: number }
  /** Of the large ledger's file. */
  bytes: number
  /** Microseconds an event, the medians of all rounds; `times`: the median of the rounds' own. */
  ingest: Growth
  send: Growth
  whole: Growth
  ready: Ready
  /** The most that a process of either side had. */
  rssMb: number
  /** What is more than it may be, in words. */
  faults: string[]
}

/**
 * What events cost in a large ledger over a small one, the whole path but Genesys: over HTTP until they are acknowledged, then claimed, opened and settled. And how soon the service is
 * ready with the large one. `ledger`: the large one, made there where there is none, used as it is and kept; null: made and removed.
 */
export async function benchScale(options: {
  rows: number
  seconds: number
  rounds: number
  folder: string
  ledger: string | null
}): Promise<Scale> {
  mkdirSync(options.folder, { recursive: true })
  const own = mkdtempSync(join(options.folder, 'postrider-bench-'))
  const children: Child[] = []
  try {
    const files = { small: join(own, 'small.db'), large: options.ledger ?? join(own, 'large.db') }
    await fill(files.small, SMALL)
    await fill(files.large, options.rows)
    const rows = { small: rowsOf(files.small), large: rowsOf(files.large) }
    const { size: bytes } = statSync(files.large)
    const fsyncP50Ms = fsyncP50(own)
    const ready = await measureReady(files.large, join(own, 'ready'))
    const sides = { small: await startOn(files.small, own), large: await startOn(files.large, own) }
    children.push(...Object.values(sides))
    const paces = await measure(sides, options)
    const memories = await Promise.all(children.map((child) => child.ask<Memory>('memory')))
    const rssMb = Math.max(ready.rssMb ?? 0, ...memories.map(({ mostMb }) => mostMb))
    const result = { fsyncP50Ms, rows, bytes, ready, rssMb, ...growths(paces) }
    return { ...result, faults: faultsOf(result) }
  } finally {
    await Promise.all(children.map((child) => child.end()))
    rmSync(own, { recursive: true })
  }
}

/** Shows how far it is, where there is somebody to see it. */
async function fill(file: string, events: number): Promise<void> {
  if (existsSync(file)) return
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: '{bar} {value}/{total} events, {what}, {duration} s' })
    : null
  bar?.start(events, 0, { what: 'customers' })
  try {
    const config = loadBenchConfig(`${file}.config`, { route: ['expireAfter: 30d'] })
    await fillLedger(file, config, { events, filled: (count, what) => bar?.update(count, { what }) })
  } finally {
    bar?.stop()
    rmSync(`${file}.config`, { recursive: true })
  }
}

function rowsOf(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return Number(db.prepare('SELECT max(id) - min(id) + 1 AS count FROM events').get()?.count ?? 0)
  } finally {
    db.close()
  }
}

function startOn(file: string, own: string): Promise<Child> {
  return startChild('scale-process.ts', [mkdtempSync(join(own, 'side-')), `sqlite:${file}`])
}

type Sides = { small: Child; large: Child }
type Paces = { small: Pace[]; large: Pace[] }

async function measure(
  sides: Sides,
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<Paces> {
  const paces: Paces = { small: [], large: [] }
  const order = ['small', 'large'] as const
  // Warm code, and how many events fill a round.
  const { ingestMs, sendMs } = await paceOf(sides.small, WARMING)
  await paceOf(sides.large, WARMING)
  const count = Math.ceil((seconds * 1000) / (ingestMs + sendMs))
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? order : order.toReversed()) {
      paces[side].push(await paceOf(sides[side], count))
    }
  }
  return paces
}

/** As many messages are sent as events come in, so that no queue grows. */
async function paceOf(child: Child, count: number): Promise<Pace> {
  const { port } = child.began as { port: number }
  const { perSecond } = await sendAll(port, CONNECTIONS, count)
  return { ingestMs: 1000 / perSecond, sendMs: (await child.ask<number>(count)) / count }
}

function growths({ small, large }: Paces): Pick<Scale, 'ingest' | 'send' | 'whole'> {
  const of = (pick: (pace: Pace) => number): Growth => ({
    small: median(small.map(pick)) * 1000,
    large: median(large.map(pick)) * 1000,
    times: median(large.map((pace, round) => pick(pace) / pick(small[round] ?? pace))),
  })
  return {
    ingest: of(({ ingestMs }) => ingestMs),
    send: of(({ sendMs }) => sendMs),
    whole: of(({ ingestMs, sendMs }) => ingestMs + sendMs),
  }
}

function faultsOf({ ingest, send, whole, ready, rssMb }: Omit<Scale, 'faults'>): string[] {
  const grown = Object.entries({ ingest, send, whole }).flatMap(([name, { times }]) =>
    times <= MOST_TIMES ? [] : [`${name}: expected ${MOST_TIMES} times at most`],
  )
  return [
    ...grown,
    ...(ready.seconds < MOST_READY_S ? [] : [`ready: expected less than ${MOST_READY_S} s`]),
    ...(rssMb < MOST_MB ? [] : [`expected less than ${MOST_MB} MB`]),
  ]
}

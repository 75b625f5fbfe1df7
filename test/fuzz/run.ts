import { SingleBar } from 'cli-progress'
import type fc from 'fast-check'
import { inBatches, type Ran } from './batches.ts'
import { configurations, createLoading } from './configurations.ts'
import { cases, createReceiver } from './deliveries.ts'
import { createLive } from './live.ts'
import { settings } from './settings.ts'
import { judgePiece, pieces } from './templates.ts'

const { seed, runs } = settings(1_000_000)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** One part of the whole, with its bar; where a terminal shows none, each tenth is a line. */
async function part<Case>(
  name: string,
  count: number,
  cases: fc.Arbitrary<Case>,
  judge: (one: Case) => Promise<void>,
  tally: ReadonlyMap<string, number>,
): Promise<void> {
  const bar = new SingleBar({
    format: `${name} [{bar}] {value}/{total} · {eta_formatted} left`,
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  })
  bar.start(count, 0)
  let ran: Ran
  try {
    ran = await inBatches({ runs: count, seed }, cases, judge, (done) => bar.update(done))
  } finally {
    bar.stop()
  }
  const { ms, grewBytes } = ran
  const each = Math.round((ms / count) * 1000)
  say(
    `${name}: ${count} in ${Math.round(ms / 1000)} s (${each} µs each), memory grew by ${Math.round(grewBytes / 1024)} KiB`,
  )
  say(
    `  ${[...tally]
      .sort()
      .map(([what, often]) => `${what} ${often}`)
      .join(' · ')}\n`,
  )
}

say(`SEED=${seed} RUNS=${runs}\n`)

const received = new Map<string, number>()
await part('deliveries', runs, cases(), createReceiver(received).judge, received)

const answered = new Map<string, number>()
const live = await createLive(answered)
await part('deliveries over HTTP', Math.ceil(runs / 200), cases(), live.judge, answered)
if (!(await live.isWell())) throw new Error('the service is not ready after what it was sent')
await live.stop()

const loaded = new Map<string, number>()
const loading = createLoading(loaded)
await part('configurations', Math.ceil(runs / 100), configurations(), loading.judge, loaded)
loading.close()

const rendered = new Map<string, number>()
await part('templates', Math.ceil(runs / 20), pieces(), (piece) => judgePiece(piece, rendered), rendered)

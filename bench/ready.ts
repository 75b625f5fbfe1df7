import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '../src/clock.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { loadBenchConfig } from './config.ts'
import { median } from './median.ts'
import { mostOf } from './memory.ts'

const BIN = join(import.meta.dirname, '../bin/postrider')
const STARTS = 5
const POLL_MS = 5
/** Whatever is wrong by then is not a slow start. */
const PATIENCE_MS = 120_000

/** `seconds`: from the command to the first 200 of /health/ready, the median of five starts; `rssMb`: the most that the service had by then, null where the system does not say. */
export type Ready = { seconds: number; all: number[]; rssMb: number | null }

/** Starts the service as a person does, on the ledger of the file, which stands still meanwhile: nothing is sent to the sandbox. */
export async function measureReady(file: string, folder: string): Promise<Ready> {
  const { file: config } = loadBenchConfig(folder)
  const resume = await standStill(file)
  const starts: { seconds: number; rssMb: number | null }[] = []
  try {
    for (let nth = 0; nth < STARTS; nth += 1) starts.push(await start(file, config, folder))
  } finally {
    await resume()
  }
  const all = starts.map(({ seconds }) => seconds)
  const known = starts.flatMap(({ rssMb }) => (rssMb === null ? [] : [rssMb]))
  return { seconds: median(all), all, rssMb: known.length === 0 ? null : Math.max(...known) }
}

async function start(file: string, config: string, folder: string) {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(process.execPath, [BIN, 'start', '--sandbox', '--sandbox-port', '0'], {
    // Where no .env lies.
    cwd: folder,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATABASE_URL: `sqlite:${file}`,
      POSTRIDER_CONFIG: config,
    },
  })
  const exited = once(child, 'exit')
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() - began > PATIENCE_MS) {
        throw new Error(
          `the service does not start on ${file}; see why: DATABASE_URL=sqlite:${file} npx postrider start --sandbox`,
        )
      }
      await wait(POLL_MS)
    }
    const seconds = (performance.now() - began) / 1000
    return { seconds, rssMb: child.pid === undefined ? null : mostOf(child.pid) }
  } finally {
    child.kill()
    await exited
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}/health/ready`)
    return status === 200
  } catch {
    return false
  }
}

/** Answers what lets the ledger go on. */
async function standStill(file: string): Promise<() => Promise<void>> {
  const open = () => openLedger({ url: `sqlite:${file}`, clock: systemClock, log: silentLog, owner: false })
  const ledger = await open()
  const pause = await ledger.pause({
    scope: 'all',
    name: null,
    code: 'operator',
    reason: 'a bench starts the service',
    forMs: null,
    probes: 0,
    by: 'bench',
  })
  await ledger.close()
  return async () => {
    const again = await open()
    await again.resume(pause.id, 'bench')
    await again.close()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { type ServerProcess, startServer } from '../ledger/postgres/server-process.ts'
import { TEST_KEY } from '../ledger/postgres-harness.ts'
import { type Accounts, type Away, assertAccounts, settledRows } from './accounts.ts'
import type { Moment } from './moments.ts'
import { attend, openScene, type Scene, untilReady } from './scene.ts'
import { startWire, type Wire } from './wire.ts'

/** A way in which PostgreSQL can be away. */
export type Outage = {
  name: string
  begin(server: ServerProcess): unknown
  end(server: ServerProcess): unknown
  /** From and to how long, in milliseconds, and until it shows. */
  lastsMs: readonly [number, number]
  /** By what it shows: readiness alone, webhooks that are refused too, or (shorter than anybody waits) by nothing. */
  shows: 'refused' | 'unready' | 'nothing'
}

export const RESTARTED: Outage = {
  name: 'restarted',
  begin: (server) => server.stop('fast'),
  end: (server) => server.start(),
  lastsMs: [0, 3_000],
  shows: 'refused',
}

export const KILLED: Outage = { ...RESTARTED, name: 'killed', begin: (server) => server.stop('immediate') }

export const FROZEN: Outage = {
  name: 'frozen for seconds',
  begin: (server) => server.pause(),
  end: (server) => server.resume(),
  lastsMs: [4_500, 8_000],
  shows: 'unready',
}

export const FROZEN_SHORTLY: Outage = {
  ...FROZEN,
  name: 'frozen shortly',
  lastsMs: [100, 3_000],
  shows: 'nothing',
}

/** Longer than a connection is waited for, and than is asked what became of a commit. */
export const FROZEN_LONG: Outage = {
  ...FROZEN,
  name: 'frozen for longer than it is waited for',
  lastsMs: [15_000, 40_000],
  shows: 'refused',
}

export type Round = { outage: Outage; at: Moment }

export type Report = Accounts & {
  /** For each round how long after the server was back the service was ready, in milliseconds. */
  readyAfterMs: readonly number[]
}

/**
 * Lets one service live through outages of its PostgreSQL, one after the other, while events are posted (`everyMs`, and one in each outage). Throws where one was lost, sent twice or not settled, where the service was not
 * there meanwhile, or did not say what it should.
 */
export async function liveThrough(
  rounds: readonly Round[],
  { everyMs, random }: { everyMs: number | null; random: () => number },
): Promise<Report> {
  const server = await startServer()
  const url = server.url('postgres')
  const wire = await startWire(url)
  let scene: Scene | null = null
  try {
    // What is refused at once looks otherwise at the wire's end.
    const place = rounds.some(({ at }) => at.isShort) ? wire.url : url
    scene = await openScene({ env: { DATABASE_URL: place, POSTRIDER_KEY: TEST_KEY.toString('base64') } })
    const eyes = attend(scene)
    const stream = everyMs === null ? null : scene.stream(everyMs)
    const away: Away[] = []
    const readyAfterMs: number[] = []
    for (const round of rounds) {
      const one = await liveThroughOne(round, { scene, server, wire, url, random })
      away.push(one.away)
      readyAfterMs.push(one.readyAfterMs)
      // What is claimed and not open when the database goes is claimed again only when its lease ends.
      if (everyMs === null) await settledRows(url)
    }
    await stream?.stop()
    const { acknowledged, sent } = scene
    const accounts = await assertAccounts({ url, acknowledged, sent, away })
    await eyes.stop()
    return { ...accounts, readyAfterMs }
  } finally {
    await scene?.end()
    await wire.close()
    await server.stop('immediate')
  }
}

async function liveThroughOne(
  { outage, at }: Round,
  around: { scene: Scene; server: ServerProcess; wire: Wire; url: string; random: () => number },
): Promise<{ away: Away; readyAfterMs: number }> {
  const { scene, server, random } = around
  const [shortest, longest] = outage.lastsMs
  const { meanwhile, afterwards } = await at.reach(around)
  const from = Date.now()
  await outage.begin(server)
  await meanwhile?.()
  const { acknowledged } = at.isShort ? { acknowledged: scene.post() } : await showing(outage, scene)
  const lasts = at.isShort ? 0 : shortest + random() * (longest - shortest)
  await wait(Math.max(0, from + lasts - Date.now()))
  await outage.end(server)
  const until = Date.now()
  const readyAfterMs = await untilReady(scene)
  await afterwards?.()
  await acknowledged
  return { away: { from, until }, readyAfterMs }
}

/** Waits until the outage shows as it should; with when what was posted in it is acknowledged. */
async function showing({ shows }: Outage, scene: Scene): Promise<{ acknowledged: Promise<string> }> {
  if (shows === 'refused') {
    await untilReady(scene, false)
    const { status, acknowledged } = await scene.tryPost()
    assert.equal(status, 503)
    return { acknowledged }
  }
  const acknowledged = scene.post()
  if (shows === 'unready') await untilReady(scene, false)
  return { acknowledged }
}

/** What a report comes to, in words. */
export function inWords({ sent, unconfirmed, longestMs, readyAfterMs }: Report): string {
  const sorted = readyAfterMs.toSorted((a, b) => a - b)
  const seconds = (ms = Number.NaN) => `${(ms / 1000).toFixed(1)} s`
  const ready = `ready again within ${seconds(sorted[sorted.length >> 1])} (median), ${seconds(sorted.at(-1))} (longest)`
  return `${sorted.length} outages: ${ready}; ${sent} sent once, ${unconfirmed} unconfirmed, the last ${seconds(longestMs)} after its receipt`
}

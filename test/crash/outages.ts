import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { type Accounts, type Away, assertAccounts, settledRows } from './accounts.ts'
import { attend, openScene, type Scene, untilReady } from './scene.ts'

/** Where a ledger lies that will be taken away. */
export type Stage = {
  /** To look at it. */
  url: string
  /** What a service needs to find it. */
  env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** What is around a service: its ledger, and how it is used. */
export type Around<S extends Stage> = S & { scene: Scene; random: () => number }

/** A way in which a ledger can be away. */
export type Outage<S extends Stage> = {
  name: string
  begin(around: Around<S>): unknown
  end(around: Around<S>): unknown
  /** From and to how long, in milliseconds, and until it shows. */
  lastsMs: readonly [number, number]
  /**
   * By what it shows: webhooks are refused and the service is not ready; it is not ready, and webhooks wait; nothing at all, for it is shorter than anybody waits; or events are refused, for which there is no room,
   * though smaller things may still be written.
   */
  shows: 'refused' | 'unready' | 'nothing' | 'no room'
}

/** Where a service stands when its ledger goes away. */
export type Moment<S extends Stage> = {
  name: string
  /** Resolves when it stands there; with what happens while the ledger is away, and when it is back. */
  reach(around: Around<S>): Promise<{ meanwhile?(): unknown; afterwards?(): unknown }>
  /** The ledger is back at once. */
  isShort?: true
}

export type Round<S extends Stage> = { outage: Outage<S>; at: Moment<S> }

export type Report = Accounts & {
  /** For each round how long after the ledger was back the service was ready, in milliseconds. */
  readyAfterMs: readonly number[]
}

/**
 * Lets one service live through outages of its ledger, one after the other, while events are posted: so often, and one in each outage. `everyMs` null: only that, and each outage begins when all is settled. Throws
 * where an event was lost, sent twice or not settled, and where the service was not there meanwhile or did not say what it should. Closes the stage.
 */
export async function liveThrough<S extends Stage>(
  stage: S,
  rounds: readonly Round<S>[],
  { everyMs, random }: { everyMs: number | null; random: () => number },
): Promise<Report> {
  const { url, env } = stage
  let scene: Scene | null = null
  try {
    scene = await openScene({ env })
    const eyes = attend(scene)
    const stream = everyMs === null ? null : scene.stream(everyMs)
    const away: Away[] = []
    const readyAfterMs: number[] = []
    for (const round of rounds) {
      const one = await liveThroughOne(round, { ...stage, scene, random })
      away.push(one.away)
      readyAfterMs.push(one.readyAfterMs)
      // Each outage finds nothing that the one before left.
      if (everyMs === null) await settledRows(url)
    }
    await stream?.stop()
    const { acknowledged, sent } = scene
    const accounts = await assertAccounts({ url, acknowledged, sent, away })
    await eyes.stop()
    return { ...accounts, readyAfterMs }
  } finally {
    await scene?.end()
    await stage.close()
  }
}

async function liveThroughOne<S extends Stage>(
  { outage, at }: Round<S>,
  around: Around<S>,
): Promise<{ away: Away; readyAfterMs: number }> {
  const { scene, random } = around
  const [shortest, longest] = outage.lastsMs
  const { meanwhile, afterwards } = await at.reach(around)
  const from = Date.now()
  await outage.begin(around)
  await meanwhile?.()
  const { acknowledged } = at.isShort ? { acknowledged: scene.post() } : await showing(outage.shows, scene)
  const lasts = at.isShort ? 0 : shortest + random() * (longest - shortest)
  await wait(Math.max(0, from + lasts - Date.now()))
  await outage.end(around)
  const until = Date.now()
  const readyAfterMs = await untilReady(scene)
  await afterwards?.()
  await acknowledged
  return { away: { from, until }, readyAfterMs }
}

/** Waits until the outage shows as it should; with when what was posted in it is acknowledged. */
async function showing(
  shows: Outage<Stage>['shows'],
  scene: Scene,
): Promise<{ acknowledged: Promise<unknown> }> {
  if (shows === 'no room') {
    const posted: Promise<string>[] = []
    for (;;) {
      const { status, acknowledged } = await scene.tryPost()
      posted.push(acknowledged)
      if (status === 503) return { acknowledged: Promise.all(posted) }
    }
  }
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
  return `away ${sorted.length} times: ${ready}; ${sent} sent once, ${unconfirmed} unconfirmed, the last ${seconds(longestMs)} after its receipt`
}

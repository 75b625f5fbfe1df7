import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Accounts, assertAccounts } from './accounts.ts'
import type { Stage } from './outages.ts'
import { attend, openScene, type Scene } from './scene.ts'

const HOUR = 3_600_000
/** Back, forward, forward, back. */
const STEPS = [-HOUR, 0, HOUR, 0]

/**
 * Lets the clock of one service step by an hour, back and forward, so often, while a message waits, one is leased and one is being sent. Throws where an event was lost, sent twice or not settled, and where what comes after a step is
 * not sent at once. Closes the stage.
 */
export async function stepClock(
  stage: Stage & { hasOwnTime: boolean },
  rounds: number,
): Promise<Accounts & { sentAfterMs: readonly number[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-clock-'))
  const socket = join(folder, 'socket')
  const sentAfterMs: number[] = []
  let offset = 0
  let scene: Scene | null = null
  try {
    const env = {
      ...stage.env,
      STEPPED_CLOCK: socket,
      NODE_OPTIONS: `--import=${new URL('./stepped-clock.ts', import.meta.url).href}`,
    }
    // Whose clock differs so much is refused: this sender's goes with the service's.
    scene = await openScene({ env, now: () => Date.now() + offset })
    const eyes = attend(scene)
    for (let round = 0; round < rounds; round += 1) {
      for (const to of STEPS) {
        const release = mayPost() ? await standAtEach(scene) : async () => {}
        await stepTo(to)
        await release()
        if (mayPost()) sentAfterMs.push(await sentAfter(scene))
      }
    }
    // What was due before the clock went back is due again.
    await stepTo(HOUR)
    const { acknowledged, sent } = scene
    const accounts = await assertAccounts({ url: stage.url, acknowledged, sent, away: [] })
    await eyes.stop()
    return { ...accounts, sentAfterMs }
  } finally {
    await scene?.end()
    await stage.close()
    rmSync(folder, { recursive: true })
  }

  /** Where the ledger has a time of its own, what a service receives whose clock is ahead waits until that time is there. */
  function mayPost(): boolean {
    return offset <= 0 || !stage.hasOwnTime
  }

  async function stepTo(ms: number): Promise<void> {
    const asked = connect(socket)
    asked.end(String(ms))
    await once(asked.resume(), 'close')
    offset = ms
  }
}

/** One message is leased, another of the same customer waits for it, and one is being sent; until they are let go. */
async function standAtEach({ gateway, post }: Scene): Promise<() => Promise<void>> {
  const message = gateway.hold('message')
  await post()
  const sending = await (await message).forward()
  const lookup = gateway.hold('lookup')
  const leased = await post()
  const looking = await lookup
  await post(leased)
  return async () => {
    void sending.pass()
    void (await looking.forward()).pass()
  }
}

/** How long an event takes that comes now, from its receipt until it was sent, in milliseconds. */
async function sentAfter({ post, sent }: Scene): Promise<number> {
  const ticket = await post()
  const began = performance.now()
  while (!sent.includes(ticket)) {
    assert.ok(performance.now() - began < AT_ONCE_MS, `${ticket} is not sent after the clock was set`)
    await wait(10)
  }
  return performance.now() - began
}

/** On a machine that has much else to do. */
const AT_ONCE_MS = 20_000

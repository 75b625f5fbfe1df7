import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import type { Running } from '../run-postrider.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { contactOf, furnish, hookOf, newId, signed, startIn } from './setting.ts'

/** A real service in a process of its own, a sandbox behind a gateway, and a sender: for what is taken away from a service that goes on. */
export type Scene = {
  service: Running
  gateway: Gateway
  /** For files that belong to the service; removed at the end. */
  folder: string
  /** Posts an event until it is acknowledged, as senders do, though sooner; resolves with its ticket. `customer`: the ticket of an earlier one whose customer it is about too; by default it is somebody new. */
  post(customer?: string): Promise<string>
  /** Posts one event once; answers how that went, and goes on posting it until it is acknowledged: `acknowledged` resolves then. */
  tryPost(customer?: string): Promise<Tried>
  /** Posts an event so often; `stop` resolves when all are acknowledged. */
  stream(everyMs: number): { stop(): Promise<void> }
  /** The tickets of all that was acknowledged so far. */
  acknowledged: readonly string[]
  /** Of all that Genesys took, each as often as it did. */
  sent: readonly string[]
  end(): Promise<void>
}

type Tried = { status: number; acknowledged: Promise<string> }

const AGAIN_MS = 100

/** `env`: what the service needs to find its ledger, and what else it is started with. `now`: the sender's time. */
export async function openScene({
  env,
  folder = mkdtempSync(join(tmpdir(), 'postrider-scene-')),
  now = Date.now,
}: {
  env: Readonly<Record<string, string>>
  folder?: string
  now?: () => number
}): Promise<Scene> {
  const sent: string[] = []
  const acknowledged: string[] = []
  const sandbox = await startSandbox({
    port: 0,
    clock: systemClock,
    rateLimitPerMinute: null,
    onRequest(seen) {
      HELD.onRequest(seen)
      if (!seen.path.endsWith('/messages/agentless') || seen.status === null || seen.status >= 300) return
      // Its customer may be named after another one.
      const ticket = /Ticket (T-\d+) is/.exec(JSON.stringify(seen.body))?.[1]
      if (ticket !== undefined) sent.push(ticket)
    },
  })
  const gateway = await startGateway(sandbox.url)
  furnish(folder)
  // Where metrics are read by whoever reaches it.
  const service = await startIn(folder, gateway.url, { OPS_PORT: '0', ...env })
  let tickets = 0

  async function tryPost(customer?: string): Promise<Tried> {
    tickets += 1
    const ticket = `T-${tickets}`
    if (customer === undefined) sandbox.addContact(contactOf(ticket))
    const id = newId()
    const at = now()
    const first = await askedOnce(id, at)
    return { status: first, acknowledged: untilAcknowledged(first) }

    async function untilAcknowledged(status: number): Promise<string> {
      for (let last = status; last !== 200; last = await askedOnce(id, at)) await wait(AGAIN_MS)
      acknowledged.push(ticket)
      return ticket
    }

    async function askedOnce(id: string, happened: number): Promise<number> {
      const answer = await askedOf(
        service,
        hookOf(service),
        signed({ ticket, customer: customer ?? ticket, id, happenedAt: happened, at: now() }),
      )
      if (answer === null) return 0
      assert.ok(answer.status === 200 || answer.status === 503, `${ticket} was answered ${answer.status}`)
      if (answer.status === 503) assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
      return answer.status
    }
  }

  async function post(customer?: string): Promise<string> {
    return await (await tryPost(customer)).acknowledged
  }

  return {
    service,
    gateway,
    folder,
    acknowledged,
    sent,
    post,
    tryPost,
    stream(everyMs) {
      const posted: Promise<string>[] = []
      const timer = setInterval(() => posted.push(post()), everyMs)
      return {
        async stop() {
          clearInterval(timer)
          await Promise.all(posted)
        },
      }
    },
    async end() {
      const code = service.process.exitCode
      await service.end('SIGKILL')
      await gateway.close()
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
      assert.equal(code, null, 'the service ran all the time')
    },
  }
}

/** Waits until the service says that it is ready, or not; answers how long that took, in milliseconds. */
export async function untilReady({ service }: Pick<Scene, 'service'>, isReady = true): Promise<number> {
  const began = performance.now()
  for (;;) {
    const answer = await askedOf(service, `${service.url}/health/ready`)
    if (answer && (answer.status === 200) === isReady) return performance.now() - began
    await wait(20)
  }
}

/** Probes wait no longer. */
const LIVE_MS = 5_000

/**
 * Looks at a service all the time as others do: whether it lives, which it must say at once, and what it counts, which it reads from its ledger. `stop` throws where it did not.
 */
export function attend({ service }: Pick<Scene, 'service'>): { stop(): Promise<void> } {
  const metrics = `${/console (http:\/\/[^/]+)/.exec(service.lines.join('\n'))?.[1]}/metrics`
  const ending = new AbortController()
  let reads = 0
  const looking = [
    repeat(async () => {
      const began = performance.now()
      const answer = await askedOf(service, `${service.url}/health/live`)
      if (answer) assert.equal(answer.status, 200)
      const tookMs = performance.now() - began
      assert.ok(tookMs < LIVE_MS, `it said that it lives after ${Math.round(tookMs)} ms`)
    }),
    repeat(async () => {
      if ((await askedOf(service, metrics))?.status === 200) reads += 1
    }),
  ]

  // `stop` says so; where it is not come to, something else went wrong, after which the service is killed.
  for (const one of looking) one.catch(() => {})

  async function repeat(look: () => Promise<unknown>): Promise<void> {
    while (!ending.signal.aborted) {
      await look()
      await systemClock.sleep(100, ending.signal)
    }
  }

  return {
    async stop() {
      ending.abort()
      await Promise.all(looking)
      assert.ok(reads > 0, 'it was read from')
    },
  }
}

/** The answer, its body read. Null: the connection broke, as one that rested may when it is used again. Throws where the service is gone. */
async function askedOf(
  { process }: Running,
  url: string,
  init: RequestInit = {},
): Promise<Pick<Response, 'status' | 'headers'> | null> {
  try {
    const response = await fetch(url, init)
    await response.arrayBuffer()
    return response
  } catch (error) {
    const { exitCode, signalCode } = process
    assert.deepEqual(
      { exitCode, signalCode },
      { exitCode: null, signalCode: null },
      `${error}: the service ended`,
    )
    return null
  }
}

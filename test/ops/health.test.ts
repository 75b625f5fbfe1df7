import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../../src/app.ts'
import { PostriderError } from '../../src/errors.ts'
import { listen } from '../../src/listen.ts'
import { silentLog } from '../../src/log.ts'
import { type HealthDeps, health, type Readiness } from '../../src/ops/health.ts'
import { createManualClock } from '../manual-clock.ts'

const PAUSE = { scope: 'route', name: 'greet', code: 'operator' } as const
const SENDER = { sendsTo: 'live', inFlight: 2, pauses: [PAUSE] } as const

async function serving(
  deps: Partial<HealthDeps>,
  use: (
    get: (path: string) => Promise<{ status: number; body: Readiness }>,
    clock: ReturnType<typeof createManualClock>,
  ) => Promise<void>,
) {
  const clock = createManualClock()
  const whole: HealthDeps = {
    ledger: { ping: async () => {} },
    queue: { full: () => false, waiting: () => 0 },
    sender: async () => SENDER,
    clock,
    log: silentLog,
    ...deps,
  }
  const app = createApp({ trustProxy: 0, log: silentLog }, (app) => app.use('/health', health(whole)))
  const server = await listen(app, { host: '127.0.0.1', port: 0, clock, log: silentLog })
  const get = async (path: string) => {
    const response = await fetch(`${server.url}/health/${path}`, { headers: { connection: 'close' } })
    return { status: response.status, body: (await response.json()) as Readiness }
  }
  try {
    await use(get, clock)
  } finally {
    await server.close()
  }
}

test('ready while events can be recorded, whatever the sender’s trouble', async () => {
  await serving({}, async (get) => {
    assert.deepEqual(await get('ready'), {
      status: 200,
      body: { ready: true, ledger: 'writable', queue: { waiting: 0, full: false }, sender: SENDER },
    })
  })
  await serving({ sender: () => Promise.reject(new Error('no')) }, async (get) => {
    const { status, body } = await get('ready')
    assert.deepEqual([status, body.sender], [200, null])
  })
})

test('the reason of a pause is for those who are logged in', async () => {
  const pause = { ...PAUSE, id: 7, reason: 'Ann Muster asked for it', by: 'bob', since: 1 }
  await serving({ sender: async () => ({ ...SENDER, pauses: [pause] }) }, async (get) => {
    const { body } = await get('ready')
    assert.deepEqual(body.sender?.pauses, [PAUSE])
  })
})

test('not ready when the ledger cannot be written or the queue is full; alive all the same', async () => {
  const trouble = new PostriderError('LEDGER_UNAVAILABLE', 'cannot write /var/secret/place.db')
  const lines: string[] = []
  const log = {
    ...silentLog,
    error: (message: string) => lines.push(message),
    info: (message: string) => lines.push(message),
  }
  let broken = true
  const ledger = { ping: () => (broken ? Promise.reject(trouble) : Promise.resolve()) }
  await serving({ ledger, log }, async (get) => {
    for (let n = 0; n < 3; n += 1) {
      const { status, body } = await get('ready')
      assert.deepEqual([status, body.ready, body.ledger, body.sender], [503, false, 'unavailable', null])
      assert.ok(!JSON.stringify(body).includes('place.db'))
    }
    assert.equal((await get('live')).status, 200)
    broken = false
    assert.equal((await get('ready')).status, 200)
    assert.equal(lines.length, 2, 'said once when it began and once when it ended')
  })
  await serving({ queue: { full: () => true, waiting: () => 2000 } }, async (get) => {
    const { status, body } = await get('ready')
    assert.deepEqual([status, body.queue], [503, { waiting: 2000, full: true }])
  })
})

test('many who ask at once cost one write; one that never ends is not waited for', async () => {
  let pings = 0
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
  const ledger = {
    ping: () => {
      pings += 1
      ask()
      return new Promise<void>(() => {})
    },
  }
  await serving({ ledger }, async (get, clock) => {
    const answers = Array.from({ length: 20 }, () => get('ready'))
    await asked
    await get('live')
    await clock.advance(4000)
    const [first] = await Promise.all(answers.slice(0, 1))
    assert.deepEqual([first?.status, first?.body.ledger], [503, 'unavailable'])
    // Whoever came too late for the first look waits for a second.
    await clock.advance(4000)
    await Promise.all(answers)
    assert.ok(pings <= 2, `${pings} writes`)
  })
})

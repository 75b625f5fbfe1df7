import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Webhook } from 'svix'
import { createWorker } from '../../src/deliver/worker.ts'
import type { ReadEvent } from '../../src/event.ts'
import { createGenesys } from '../../src/genesys/client.ts'
import type { Genesys } from '../../src/genesys/genesys.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { SANDBOX_CLIENT, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { startServer } from '../../src/server.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { customerEvent, DELIVER_SECRET, deliverConfig } from './fixtures.ts'

/**
 * Genesys down for ten minutes of a clock that the test moves, with a thousand messages due; the service, its ledger, the SDK and the HTTP
 * between are real. Down means each of the ways in which it can be.
 */
const MESSAGES = 1000
const OUTAGE_MS = 10 * 60_000

type Outage = { name: string; begin(sandbox: Sandbox): Promise<void> | void; unconfirmed: number }
const outages: readonly Outage[] = [
  {
    name: 'every request is answered 503',
    begin: (sandbox) => sandbox.fault({ operation: 'any', status: 503 }),
    unconfirmed: 3,
  },
  {
    name: 'only sends are answered 503',
    begin: (sandbox) => sandbox.fault({ operation: 'message', status: 503 }),
    unconfirmed: 3,
  },
  {
    name: 'requests hang',
    begin: (sandbox) => sandbox.fault({ operation: 'any', hang: true }),
    unconfirmed: 3,
  },
  {
    name: 'connections are reset when the message was taken',
    begin: (sandbox) => sandbox.fault({ operation: 'message', reset: 'after-acting' }),
    unconfirmed: 3,
  },
  {
    name: 'nobody listens',
    begin: (sandbox) => sandbox.unplug(),
    // A request that takes an idle connection at the moment when it is cut: it may have been read.
    unconfirmed: 1,
  },
]

describe('Genesys down for ten minutes with 1,000 messages due', () => {
  for (const outage of outages) {
    it(`${outage.name}: at most ${outage.unconfirmed} unconfirmed, all others sent when it is back`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'postrider-outage-'))
      const clock = createManualClock()
      const sandbox = await startSandbox({ port: 0, clock, resolveContact: anybody })
      const config = deliverConfig(folder)
      const ledger = await openLedger({
        url: `sqlite:${join(folder, 'ledger.db')}`,
        clock,
        log: testLog(),
        owner: true,
      })
      const busy = { calls: 0 }
      const genesys = counted(
        createGenesys({
          region: 'mypurecloud.com',
          gatewayUrl: sandbox.url,
          ...SANDBOX_CLIENT,
          clock,
          // A request that hangs is given up in real time; the clock stands still meanwhile.
          timeoutMs: 150,
          pace: async () => {},
        }),
        busy,
      )
      const worker = createWorker({
        config,
        ledger,
        genesys,
        clock,
        random: () => 0.5,
        log: testLog(),
        owner: 'outage',
      })
      const server = await startServer({
        config,
        ledger,
        clock,
        log: testLog(),
        sender: async () => ({
          sendsTo: 'gateway',
          inFlight: worker.inFlight(),
          pauses: await ledger.pauses(),
        }),
        host: '127.0.0.1',
        port: 0,
        trustProxy: 0,
      })
      const record = async (from: number, count: number) => {
        const events = Array.from({ length: count }, (_, n) => customerEvent(from + n, clock.now()))
        await ledger.record(
          events.map((event) => ({
            kind: 'event',
            event,
            plan: planEvent(event, config),
            keepKeyForMs: 1e9,
          })),
        )
      }
      try {
        await record(0, MESSAGES)
        const working = worker.run()
        const began = clock.now()
        await runUntil(clock, busy, () => clock.now() >= began + 20_000)
        const sentBefore = sandbox.counts().message
        assert.ok(sentBefore > 10, 'messages were sent before the outage')

        await outage.begin(sandbox)
        const down = clock.now()
        await runUntil(clock, busy, () => clock.now() >= down + OUTAGE_MS / 2)
        for (let n = MESSAGES; n < MESSAGES + 5; n += 1) {
          assert.equal(
            await post(server.url, customerEvent(n, clock.now()), clock.now()),
            200,
            'receiving goes on',
          )
        }
        const ready = await fetch(`${server.url}/health/ready`)
        assert.equal(ready.status, 200, 'trouble with Genesys is not unreadiness')
        const { sender } = (await ready.json()) as { sender: { pauses: unknown[] } }
        assert.equal(sender.pauses.length, 1, 'and shows in the body')
        await runUntil(clock, busy, () => clock.now() >= down + OUTAGE_MS)
        assert.ok((await ledger.pauses()).length > 0, 'the sender paused itself')
        await sandbox.mend()

        const back = clock.now()
        const drained = async () => (await ledger.reads.summary()).messages.scheduled === 0
        await runUntil(clock, busy, () => clock.now() >= back + 15 * 60_000, drained)
        worker.stop()
        await runUntil(clock, busy, () => worker.inFlight() === 0)
        await working

        const { messages } = await ledger.reads.summary()
        assert.equal(messages.failed + messages.skipped + messages.cancelled + messages.sending, 0)
        assert.equal(messages.scheduled, 0, 'nothing is left')
        assert.ok(messages.unconfirmed <= outage.unconfirmed, `${messages.unconfirmed} unconfirmed`)
        assert.equal(messages.sent + messages.unconfirmed, MESSAGES + 5)
        const sent = new Map<string, number>()
        for (const { contactId } of sandbox.messages()) sent.set(contactId, (sent.get(contactId) ?? 0) + 1)
        assert.ok(
          [...sent.values()].every((times) => times === 1),
          'nobody was written to twice',
        )
        assert.ok(sent.size >= messages.sent && sent.size <= messages.sent + messages.unconfirmed)
        assert.deepEqual(await ledger.pauses(), [], 'the pause is over')
      } finally {
        worker.stop()
        await server.close()
        await ledger.close()
        await sandbox.close()
        rmSync(folder, { recursive: true })
      }
    })
  }
})

async function post(url: string, event: ReadEvent, at: number): Promise<number> {
  const response = await fetch(`${url}/webhooks/crm`, {
    method: 'POST',
    body: event.raw.toString('utf8'),
    headers: {
      'content-type': 'application/json',
      'webhook-id': event.key,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': new Webhook(DELIVER_SECRET).sign(
        event.key,
        new Date(at),
        event.raw.toString('utf8'),
      ),
    },
  })
  await response.arrayBuffer()
  return response.status
}

/** Every customer of the test is a contact. */
function anybody(identifier: { type: string; value: string }) {
  return identifier.type === 'ExternalId' ? { id: `contact-${identifier.value}` } : null
}

/** Moves time on whenever nothing is on its way any more, until `done` (asked between steps) or `also` (asked each simulated second). */
async function runUntil(
  clock: ManualClock,
  busy: { calls: number },
  done: () => boolean,
  also?: () => Promise<boolean>,
): Promise<void> {
  let asked = clock.now()
  while (!done()) {
    await quiet(busy)
    const next = clock.nextAt()
    if (next === null) {
      if (done()) return
      await setImmediate()
      continue
    }
    await clock.advance(Math.max(0, next - clock.now()))
    if (also && clock.now() - asked >= 1_000) {
      asked = clock.now()
      if (await also()) return
    }
  }
}

/** Resolves when no call to Genesys is on its way and what followed from the last one has been committed. */
async function quiet(busy: { calls: number }): Promise<void> {
  for (let calm = 0; calm < 8; calm = busy.calls === 0 ? calm + 1 : 0) await setImmediate()
}

function counted(genesys: Genesys, busy: { calls: number }): Genesys {
  const count =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      busy.calls += 1
      try {
        return await call(...args)
      } finally {
        busy.calls -= 1
      }
    }
  return {
    ...genesys,
    findContact: count(genesys.findContact),
    sendMessage: count(genesys.sendMessage),
    sendEmail: count(genesys.sendEmail),
    probe: count(genesys.probe),
  }
}

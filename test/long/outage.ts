import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Webhook } from 'svix'
import type { ReadEvent } from '../../src/event.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { startServer } from '../../src/server.ts'
import { customerEvent, DELIVER_SECRET } from '../deliver/fixtures.ts'
import { createRig } from '../deliver/rig.ts'
import { testLog } from '../test-log.ts'

/** Messages that are received during the outage. */
const LATER = 5
const OUTAGE_MS = 10 * 60_000

type Outage = {
  name: string
  begin(sandbox: Sandbox): Promise<void> | void
  /** As many may be left of which nobody knows whether they were sent. */
  unconfirmed: number
}
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

/** Registers the tests: Genesys down for ten minutes of a clock that the test moves, with `due` messages due, in each of the ways in which it can be down. */
export function surviveOutages(due: number): void {
  describe(`Genesys down for ten minutes with ${due} messages due`, () => {
    for (const outage of outages) {
      it(`${outage.name}: at most ${outage.unconfirmed} unconfirmed, all others sent when it is back`, async () => {
        const rig = await createRig()
        const { clock, sandbox, ledger } = rig
        const server = await startServer({
          config: rig.config,
          ledger,
          clock,
          log: testLog(),
          sender: async () => ({
            sendsTo: 'gateway',
            inFlight: rig.inFlight(),
            pauses: await ledger.pauses(),
          }),
          host: '127.0.0.1',
          port: 0,
          trustProxy: 0,
        })
        try {
          await rig.record(0, due)
          await rig.run(20_000)
          assert.ok(sandbox.counts().message > 10, 'messages were sent before the outage')

          await outage.begin(sandbox)
          const down = clock.now()
          await rig.run(OUTAGE_MS / 2)
          for (let n = due; n < due + LATER; n += 1) {
            const status = await post(server.url, customerEvent(n, clock.now()), clock.now())
            assert.equal(status, 200, 'receiving goes on')
          }
          const ready = await fetch(`${server.url}/health/ready`)
          assert.equal(ready.status, 200, 'trouble with Genesys is not unreadiness')
          const { sender } = (await ready.json()) as { sender: { pauses: unknown[] } }
          assert.equal(sender.pauses.length, 1, 'and shows in the body')
          await rig.runUntil(() => clock.now() >= down + OUTAGE_MS)
          await sandbox.mend()

          const back = clock.now()
          let asked = back
          await rig.runUntil(async () => {
            if (clock.now() - asked < 5_000) return false
            asked = clock.now()
            return clock.now() > back + 15 * 60_000 || (await ledger.reads.summary()).messages.scheduled === 0
          })
          await rig.runUntil(() => rig.inFlight() === 0)

          const { messages } = await ledger.reads.summary()
          assert.equal(messages.failed + messages.skipped + messages.cancelled + messages.sending, 0)
          assert.equal(messages.scheduled, 0, 'nothing is left')
          // Some of them were found in Genesys by now.
          const all = await ledger.reads.messages({ limit: 5_000 })
          const unknown = all.filter(({ state, looks }) => state === 'unconfirmed' || looks > 0).length
          assert.ok(unknown <= outage.unconfirmed, `${unknown} unconfirmed`)
          assert.equal(messages.sent + messages.unconfirmed, due + LATER)
          const sent = new Map<string, number>()
          for (const { contactId } of sandbox.messages()) sent.set(contactId, (sent.get(contactId) ?? 0) + 1)
          assert.ok(
            [...sent.values()].every((times) => times === 1),
            'nobody was written to twice',
          )
          assert.ok(sent.size >= messages.sent && sent.size <= messages.sent + messages.unconfirmed)
          assert.deepEqual(await ledger.pauses(), [], 'the pause is over')
        } finally {
          await server.close()
          await rig.close()
        }
      })
    }
  })
}

async function post(url: string, event: ReadEvent, at: number): Promise<number> {
  const body = event.raw.toString('utf8')
  const response = await fetch(`${url}/webhooks/crm`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': event.key,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': new Webhook(DELIVER_SECRET).sign(event.key, new Date(at), body),
    },
  })
  await response.arrayBuffer()
  return response.status
}

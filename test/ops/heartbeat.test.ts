import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BEAT_MS, GONE_MS, type Instance } from '../../src/ledger/instances.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { Log } from '../../src/log.ts'
import { createHeartbeat } from '../../src/ops/heartbeat.ts'
import { claimOne, draft, messageWith, schedule } from '../ledger/contract/build.ts'
import type { Harness } from '../ledger/contract.ts'
import { postgresHarness } from '../ledger/postgres-harness.ts'
import { sqliteHarness } from '../ledger/sqlite-harness.ts'

const LEASE_MS = 60_000

for (const [name, fresh] of [
  ['a SQLite file', sqliteHarness],
  ['a PostgreSQL database', postgresHarness],
] as const) {
  describe(`the heartbeat of instances on ${name}`, () => heartbeats(fresh))
}

function heartbeats(fresh: () => Promise<Harness>): void {
  /** Two ledgers on one database: of a file one is the service's, and the other stands beside it. */
  const on = (title: string, body: (ledgers: [Ledger, Ledger], harness: Harness) => Promise<void>) =>
    test(title, async () => {
      const harness = await fresh()
      try {
        const first = await harness.open()
        await body([first, await harness.open({ owner: harness.isShared })], harness)
      } finally {
        await harness.dispose()
      }
    })

  on(
    'each is seen, the oldest first, for as long as it beats; who stops leaves at once',
    async ([ledger, beside], { clock }) => {
      const startedAt = clock.now()
      const one = beating(ledger, clock, { id: 'one', host: 'host-b', pid: 7, configVersion: 'aaaa' })
      await one.beat()
      clock.advance(1_000)
      const two = beating(beside, clock, { id: 'two', host: 'host-a', pid: 7, configVersion: 'bbbb' })
      await two.beat()
      assert.deepEqual([one.atWork(), two.atWork()], [1, 2])
      for (let n = 0; n < (3 * GONE_MS) / BEAT_MS; n += 1) {
        clock.advance(BEAT_MS)
        await Promise.all([one.beat(), two.beat()])
      }
      assert.deepEqual([one.atWork(), two.atWork()], [2, 2])
      const seenAt = clock.now()
      assert.deepEqual(await ledger.reads.instances(), [
        { id: 'one', host: 'host-b', pid: 7, configVersion: 'aaaa', startedAt, seenAt },
        { id: 'two', host: 'host-a', pid: 7, configVersion: 'bbbb', startedAt: startedAt + 1_000, seenAt },
      ])
      await one.end()
      assert.deepEqual(
        (await ledger.reads.instances()).map(({ id }) => id),
        ['two'],
      )
      await two.end()
      assert.deepEqual(await ledger.reads.instances(), [])
    },
  )

  on('who ends without a word is gone after 20 s, and not before', async ([ledger, beside], { clock }) => {
    await beside.beat({ id: 'dead', host: 'h', pid: 1, configVersion: 'a', startedAt: clock.now() })
    clock.advance(GONE_MS - 1)
    assert.equal((await ledger.reads.instances()).length, 1)
    clock.advance(1)
    assert.deepEqual(await ledger.reads.instances(), [])
  })

  on('one that comes back with other files is the same instance', async ([ledger], { clock }) => {
    const instance = { id: 'one', host: 'h', pid: 1, startedAt: clock.now() }
    await ledger.beat({ ...instance, configVersion: 'a' })
    await ledger.beat({ ...instance, configVersion: 'b' })
    assert.deepEqual(
      (await ledger.reads.instances()).map(({ configVersion }) => configVersion),
      ['b'],
    )
  })

  on(
    'what one left behind that died is taken over by the beat of another, when its leases have ended',
    async (ledgers, harness) => {
      const [ledger, died] = ledgers
      const { clock, isShared } = harness
      await died.beat({ id: 'died', host: 'h', pid: 2, configVersion: 'a', startedAt: clock.now() })
      const sending = await schedule(ledger, harness)
      await openWith(died, sending)
      const leased = await schedule(ledger, harness)
      const { lease } = await claimOne(died)
      assert.equal(lease.messageId, leased)

      const logged: string[] = []
      const survivor = beating(ledger, clock, { id: 'lives', host: 'h', pid: 1, configVersion: 'a' }, logged)
      await survivor.beat()
      clock.advance(GONE_MS)
      await survivor.beat()
      // It may only have lost its way to the ledger for a moment.
      assert.equal((await messageWith(ledger, sending)).state, 'sending')
      assert.deepEqual(
        (await claim(ledger)).map(({ lease }) => lease.messageId),
        [],
      )
      for (let n = 0; n < LEASE_MS / BEAT_MS; n += 1) {
        clock.advance(BEAT_MS)
        await survivor.beat()
      }
      const message = await messageWith(ledger, sending)
      assert.deepEqual(
        (await claim(ledger)).map(({ lease }) => lease.messageId),
        [leased],
      )
      if (isShared) {
        assert.deepEqual([message.state, message.code], ['unconfirmed', 'interrupted'])
        const [attempt] = await ledger.reads.attempts(sending)
        assert.equal(attempt?.outcome, 'unconfirmed')
        assert.equal(logged.length, 1)
        assert.match(logged[0] ?? '', /an instance stopped in the middle of sending/)
      } else {
        // One service owns a file: what the one before left is put in order when the next one starts.
        assert.equal(message.state, 'sending')
        assert.deepEqual(logged, [])
      }
      await survivor.end()
    },
  )

  on('a ledger that cannot be told is said once, and the beats go on', async ([ledger], { clock }) => {
    const logged: string[] = []
    const one = beating(ledger, clock, { id: 'one', host: 'h', pid: 1, configVersion: 'a' }, logged)
    await one.beat()
    await ledger.close()
    for (let n = 0; n < 3; n += 1) {
      clock.advance(BEAT_MS)
      await one.beat()
    }
    assert.deepEqual(logged, ['the ledger cannot be told that this instance is at work'])
    await one.end()
    assert.equal(logged.at(-1), 'the ledger cannot be told that this instance left')
  })
}

async function openWith(ledger: Ledger, messageId: number): Promise<void> {
  const { lease } = await claimOne(ledger)
  assert.equal(lease.messageId, messageId)
  assert.equal((await ledger.open(lease, draft())).kind, 'open')
}

async function claim(ledger: Ledger) {
  return (await ledger.claim({ owner: 'lives', limit: 10, leaseMs: LEASE_MS })).messages
}

/** A heartbeat at work. `beat` resolves when the one that is under way, or the next, has come to its end; `end` when it has left. */
function beating(
  ledger: Ledger,
  clock: Harness['clock'],
  instance: Pick<Instance, 'id' | 'host' | 'pid' | 'configVersion'>,
  logged: string[] = [],
) {
  const log: Log = { debug() {}, info() {}, warn: (message) => logged.push(message), error() {} }
  let beaten = 0
  let awaited = 0
  let wake = () => {}
  const heartbeat = createHeartbeat({
    ledger: {
      leave: ledger.leave,
      beat: (it) =>
        ledger.beat(it).finally(() => {
          // By then it has heard of it, and waits for its time.
          setImmediate(() => {
            beaten += 1
            wake()
          })
        }),
    },
    instance: { ...instance, startedAt: clock.now() },
    clock,
    log,
  })
  const running = heartbeat.run()
  return {
    atWork: heartbeat.atWork,
    async beat(): Promise<void> {
      awaited += 1
      while (beaten < awaited)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
    async end(): Promise<void> {
      heartbeat.stop()
      await running
    },
  }
}

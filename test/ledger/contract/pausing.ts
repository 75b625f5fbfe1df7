import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { PauseRequest } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import { claimAll, claimOne, DAY, draft, onLedger, openOne, schedule, startAnew } from './build.ts'

const OPERATOR: PauseRequest = {
  scope: 'all',
  name: null,
  code: 'operator',
  reason: 'Stop.',
  forMs: null,
  probes: 0,
  by: 'ann',
}
const UNREACHABLE: PauseRequest = { ...OPERATOR, code: 'unreachable', forMs: 1000, by: 'postrider' }

export function pausing(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('pauses', () => {
    for (const [scope, name] of [
      ['all', null],
      ['route', 'greet'],
      ['source', 'crm'],
      ['channel', 'webmessaging'],
    ] as const) {
      on(`of ${scope} stop what they cover and nothing else`, async (ledger, harness) => {
        await schedule(ledger, harness)
        const other = await schedule(
          ledger,
          harness,
          { route: 'other', policies: { channels: ['email'] } },
          'shop',
        )
        const pause = await ledger.pause({ ...OPERATOR, scope, name })
        assert.deepEqual(
          (await claimAll(ledger)).map(({ message }) => message.id),
          scope === 'all' ? [] : [other],
        )
        assert.equal(await ledger.resume(pause.id, 'ann'), true)
        assert.equal((await claimAll(ledger)).length, scope === 'all' ? 2 : 1)
      })
    }

    on(
      'that probe do so no sooner where the clock is set back, and one message at a time',
      async (ledger, harness) => {
        const { clock } = harness
        await ledger.pause(UNREACHABLE)
        clock.advance(-DAY)
        await schedule(ledger, harness)
        await schedule(ledger, harness)
        assert.deepEqual(await claimAll(ledger), [])
        clock.advance(DAY + 1000)
        assert.equal((await claimAll(ledger)).length, 1)
        assert.deepEqual(await claimAll(ledger), [])
      },
    )

    on('that slow down are over where the clock is set back', async (ledger, { clock }) => {
      await ledger.pause({ ...UNREACHABLE, code: 'rate-limited' })
      clock.advance(-DAY)
      assert.deepEqual(await ledger.pauses(), [])
    })

    on(
      'of an operator last until the time that they said, whatever the clock does',
      async (ledger, { clock }) => {
        await ledger.pause({ ...OPERATOR, forMs: 1000 })
        clock.advance(-DAY)
        assert.equal((await ledger.pauses()).length, 1)
        clock.advance(DAY + 999)
        assert.equal((await ledger.pauses()).length, 1)
        clock.advance(1)
        assert.deepEqual(await ledger.pauses(), [])
      },
    )

    on('one row a cause: renewing keeps its beginning', async (ledger, { clock }) => {
      const first = await ledger.pause(OPERATOR)
      clock.advance(5000)
      const again = await ledger.pause({ ...OPERATOR, reason: 'Still.', forMs: 1000, by: 'bob' })
      assert.deepEqual(again, { ...first, reason: 'Still.', until: clock.now() + 1000, by: 'bob' })
      await ledger.pause({ ...OPERATOR, scope: 'route', name: 'greet' })
      assert.deepEqual(
        (await ledger.pauses()).map(({ scope }) => scope),
        ['all', 'route'],
      )
    })

    on('end with the year 9999, so that every page can show when', async (ledger, { clock }) => {
      const last = Date.parse('9999-12-31T23:59:59.999Z')
      for (const forMs of [last, Number.MAX_SAFE_INTEGER - clock.now()]) {
        assert.equal((await ledger.pause({ ...OPERATOR, forMs })).until, last)
      }
      const forMs = last - clock.now()
      assert.equal((await ledger.pause({ ...OPERATOR, forMs })).until, last)
      assert.equal((await ledger.pause({ ...OPERATOR, forMs: forMs - 1 })).until, last - 1)
    })

    on('end by time, and begin anew after that', async (ledger, harness) => {
      await schedule(ledger, harness)
      const first = await ledger.pause({ ...OPERATOR, forMs: 1000 })
      harness.clock.advance(1000)
      assert.deepEqual(await ledger.pauses(), [])
      assert.equal(await ledger.resume(first.id, 'ann'), false)
      const second = await ledger.pause({ ...OPERATOR, forMs: 1000 })
      assert.notEqual(second.id, first.id)
      assert.equal(second.since, harness.clock.now())
      assert.deepEqual(await claimAll(ledger), [])
      harness.clock.advance(1000)
      await claimOne(ledger)
    })

    on('of two waits that Genesys asked for the longer holds', async (ledger, { clock }) => {
      await ledger.pause({ ...OPERATOR, code: 'rate-limited', forMs: 60_000 })
      const shorter = await ledger.pause({ ...OPERATOR, code: 'rate-limited', forMs: 1000 })
      assert.equal(shorter.until, clock.now() + 60_000)
    })

    on('are seen by who is beside, and outlive a restart', async (ledger, harness) => {
      const beside = await harness.open({ owner: false })
      const pause = await beside.pause(OPERATOR)
      assert.deepEqual(await ledger.pauses(), [pause])
      await ledger.close()
      assert.deepEqual(await (await harness.open()).pauses(), [pause])
    })

    on('end once', async (ledger) => {
      const pause = await ledger.pause(OPERATOR)
      const both = await Promise.all([ledger.resume(pause.id, 'ann'), ledger.resume(pause.id, 'bob')])
      assert.deepEqual(both, [true, false])
      assert.equal(await ledger.resume(999, 'ann'), false)
    })
  })

  describe('probes', () => {
    on('one message at a time, when the pause says so', async (ledger, harness) => {
      for (let count = 0; count < 3; count += 1) await schedule(ledger, harness)
      const pause = await ledger.pause(UNREACHABLE)
      assert.deepEqual(await claimAll(ledger), [])
      harness.clock.advance(1000)
      assert.deepEqual(await ledger.pauses(), [pause])
      const claim = await ledger.claim({ owner: 'w', limit: 10, leaseMs: 60_000 })
      assert.equal(claim.messages.length, 1)
      assert.equal(claim.probe?.id, pause.id)
      assert.deepEqual(await ledger.claim({ owner: 'w', limit: 10, leaseMs: 1 }), {
        messages: [],
        probe: null,
      })
      const [probe] = claim.messages
      assert.ok(probe)
      assert.equal((await ledger.open(probe.lease, draft())).kind, 'open')
      await ledger.resume(pause.id, 'postrider')
      assert.equal((await claimAll(ledger)).length, 2)
    })

    on('the turn is extended with the lease', async (ledger, harness) => {
      await schedule(ledger, harness)
      await schedule(ledger, harness)
      await ledger.pause(UNREACHABLE)
      harness.clock.advance(1000)
      const { lease } = await claimOne(ledger)
      harness.clock.advance(59_000)
      assert.equal(await ledger.renew(lease, 60_000), true)
      harness.clock.advance(59_000)
      assert.deepEqual(await claimAll(ledger), [])
    })

    on('a probe that failed makes the next wait', async (ledger, harness) => {
      await schedule(ledger, harness)
      await schedule(ledger, harness)
      await ledger.pause(UNREACHABLE)
      harness.clock.advance(1000)
      await openOne(ledger)
      await ledger.pause({ ...UNREACHABLE, forMs: 2000, probes: 1 })
      harness.clock.advance(1999)
      assert.deepEqual(await claimAll(ledger), [])
      harness.clock.advance(1)
      const claim = await ledger.claim({ owner: 'w', limit: 10, leaseMs: 60_000 })
      assert.equal(claim.probe?.probes, 1)
    })

    on('a probe that never came to a send lets the next one go at once', async (ledger, harness) => {
      await schedule(ledger, harness)
      await schedule(ledger, harness)
      await ledger.pause(UNREACHABLE)
      harness.clock.advance(1000)
      const first = await claimOne(ledger)
      await ledger.conclude(first.lease, { state: 'failed', code: 'no-contact', reason: 'Nobody.' })
      await ledger.pause({ ...UNREACHABLE, forMs: 0 })
      assert.notEqual((await claimOne(ledger)).message.id, first.message.id)
    })

    on('only the probe passes the pause that it probes for', async (ledger, harness) => {
      await schedule(ledger, harness)
      const before = await claimOne(ledger)
      await schedule(ledger, harness)
      await ledger.pause(UNREACHABLE)
      harness.clock.advance(1000)
      const probe = await claimOne(ledger)
      assert.equal((await ledger.open(before.lease, draft())).kind, 'paused')
      const operators = await ledger.pause({ ...OPERATOR, scope: 'route', name: 'greet' })
      assert.deepEqual(await ledger.open(probe.lease, draft()), { kind: 'paused', pause: operators })
    })

    on('an operator’s pause is not probed', async (ledger, harness) => {
      await schedule(ledger, harness)
      await ledger.pause(UNREACHABLE)
      await ledger.pause(OPERATOR)
      harness.clock.advance(1000)
      assert.deepEqual(await claimAll(ledger), [])
    })

    on('where a pause covers nothing that is due, the rest goes on', async (ledger, harness) => {
      await schedule(ledger, harness)
      await schedule(ledger, harness)
      await ledger.pause({ ...UNREACHABLE, scope: 'channel', name: 'email' })
      harness.clock.advance(1000)
      const claim = await ledger.claim({ owner: 'w', limit: 10, leaseMs: 1000 })
      assert.equal(claim.messages.length, 2)
      assert.equal(claim.probe, null)
    })

    on('a start lets a probe go that the boot before was waiting for', async (ledger, harness) => {
      await schedule(ledger, harness)
      const pause = await ledger.pause(UNREACHABLE)
      harness.clock.advance(1000)
      await claimOne(ledger)
      const next = await startAnew(ledger, harness)
      const claim = await next.claim({ owner: 'w', limit: 10, leaseMs: 1000 })
      assert.equal(claim.messages.length, 1)
      assert.equal(claim.probe?.id, pause.id)
    })
  })
}

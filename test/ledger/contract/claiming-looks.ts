import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { PauseCode } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimLook,
  claimLooks,
  draft,
  ended,
  failed,
  messageWith,
  onLedger,
  openOne,
  SENT,
  schedule,
  startAnew,
  UNCONFIRMED,
} from './build.ts'

const MINUTE = 60_000
const DUE = { ...UNCONFIRMED, lookInMs: 0 }

const ids = (claims: readonly { message: { id: number } }[]) => claims.map(({ message }) => message.id)

export function claimingLooks(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('claimLooks', () => {
    on(
      'leases what is to be looked for, the longest due first, when its time has come',
      async (ledger, harness) => {
        const late = await ended(ledger, harness, { ...UNCONFIRMED, lookInMs: 2000 })
        const early = await ended(ledger, harness, { ...UNCONFIRMED, lookInMs: 1000 })
        const never = await ended(ledger, harness, UNCONFIRMED)
        const { clock } = harness
        assert.equal((await messageWith(ledger, early.id)).lookAt, clock.now() + 1000)
        assert.equal((await messageWith(ledger, never.id)).lookAt, null)
        clock.advance(999)
        assert.deepEqual(await claimLooks(ledger), [])
        clock.advance(1)
        assert.deepEqual(ids(await claimLooks(ledger)), [early.id])
        assert.deepEqual(await claimLooks(ledger), [], 'it is leased')
        clock.advance(1000)
        assert.deepEqual(ids(await claimLooks(ledger)), [late.id])
        clock.advance(MINUTE)
        assert.deepEqual(ids(await claimLooks(ledger)), [early.id, late.id], 'leases run out')
      },
    )

    on('gives no more than it is asked for', async (ledger, harness) => {
      for (let count = 0; count < 3; count += 1) await ended(ledger, harness, DUE)
      assert.deepEqual(await claimLooks(ledger, 'unconfirmed', 0), [])
      assert.equal((await claimLooks(ledger, 'unconfirmed', 2)).length, 2)
      assert.equal((await claimLooks(ledger, 'unconfirmed', 2)).length, 1)
    })

    on(
      'tells unconfirmed ones from sent ones, each with the attempt that made it so',
      async (ledger, harness) => {
        const sent = await ended(ledger, harness, { ...SENT, lookInMs: 0 })
        await ended(ledger, harness, SENT)
        const id = await schedule(ledger, harness)
        await ledger.settle((await openOne(ledger)).id, failed(0))
        const second = await openOne(ledger)
        await ledger.settle(second.id, DUE)

        const look = await claimLook(ledger)
        assert.deepEqual([look.message.id, look.attempt.id, look.attempt.number], [id, second.id, 2])
        assert.deepEqual(look.message, await messageWith(ledger, id))
        assert.equal(look.lease.owner, 'worker')
        const delivery = await claimLook(ledger, 'sent')
        assert.deepEqual([delivery.message.id, delivery.attempt.id], [sent.id, sent.attemptId])
        assert.notEqual(look.lease.token, delivery.lease.token)
      },
    )

    on('is no lease to send with, and can be extended as any other', async (ledger, harness) => {
      await ended(ledger, harness, DUE)
      await ended(ledger, harness, { ...SENT, lookInMs: 0 })
      for (const kind of ['unconfirmed', 'sent'] as const) {
        const { lease } = await claimLook(ledger, kind)
        assert.deepEqual(await ledger.open(lease, draft()), { kind: 'lost' })
        assert.equal(await ledger.conclude(lease, { state: 'failed', code: 'x', reason: 'y' }), false)
        assert.equal(await ledger.postpone(lease, { inMs: 0, code: null, reason: null }), false)
        harness.clock.advance(59_000)
        assert.equal(await ledger.renew(lease, MINUTE), true)
        harness.clock.advance(59_000)
        assert.deepEqual(await claimLooks(ledger, kind), [])
      }
    })

    on('the leases of the boot before are void, and what was due stays due', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, DUE)
      const { lease } = await claimLook(ledger)
      const next = await startAnew(ledger, harness)
      assert.equal(await next.renew(lease, MINUTE), false)
      assert.equal((await claimLook(next)).message.id, id)
    })

    on('two workers never look for the same message', async (ledger, harness) => {
      for (let count = 0; count < 10; count += 1) await ended(ledger, harness, DUE)
      const beside = await harness.open({ owner: false })
      const claims = await Promise.all([
        claimLooks(ledger, 'unconfirmed', 4),
        claimLooks(beside, 'unconfirmed', 4),
        claimLooks(ledger, 'unconfirmed', 4),
      ])
      assert.equal(new Set(claims.flatMap(ids)).size, 10)
      assert.equal(claims.flat().length, 10)
    })

    const PAUSE = {
      scope: 'all',
      name: null,
      reason: 'Stop.',
      forMs: 1000,
      probes: 0,
      by: 'postrider',
    } as const
    for (const code of ['unreachable', 'login', 'permissions', 'rate-limited'] as const) {
      on(`nothing while all is paused as ${code}, until it may be probed`, async (ledger, harness) => {
        await ended(ledger, harness, DUE)
        await ledger.pause({ ...PAUSE, code })
        assert.deepEqual(await claimLooks(ledger), [])
        // Where nothing is due to be sent, no message probes; a look need not wait for one.
        harness.clock.advance(1000)
        await claimLook(ledger)
      })
    }

    for (const code of ['operator', 'brake', 'uncertain'] as const satisfies PauseCode[]) {
      on(`goes on while all is paused as ${code}: a look sends nothing`, async (ledger, harness) => {
        await ended(ledger, harness, DUE)
        await ledger.pause({ ...PAUSE, code })
        await claimLook(ledger)
      })
    }

    on('goes on while one channel, route or source cannot be used', async (ledger, harness) => {
      await ended(ledger, harness, DUE)
      await ledger.pause({ ...PAUSE, code: 'permissions', scope: 'channel', name: 'webmessaging' })
      await ledger.pause({ ...PAUSE, code: 'unreachable', scope: 'source', name: 'crm' })
      await claimLook(ledger)
    })
  })
}

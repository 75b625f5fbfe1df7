import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Harness } from '../contract.ts'
import { claimLook, claimLooks, DAY, ended, messageWith, onLedger, openOne, SENT } from './build.ts'

const MINUTE = 60_000

export function settlingDeliveries(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('settleDelivery', () => {
    const ASKED = { ...SENT, lookInMs: MINUTE }

    on('unknown still: asked again, until it is said that it is not', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, ASKED)
      const again = { delivery: 'unknown', reason: null, againInMs: 2 * MINUTE } as const
      for (const looks of [1, 2]) {
        harness.clock.advance(2 * MINUTE)
        const { lease } = await claimLook(ledger, 'sent')
        assert.equal(await ledger.settleDelivery(lease, again), true)
        assert.equal(await ledger.settleDelivery(lease, again), false)
        const message = await messageWith(ledger, id)
        assert.deepEqual(
          [message.state, message.delivery, message.looks, message.lookAt],
          ['sent', 'unknown', looks, harness.clock.now() + 2 * MINUTE],
        )
        assert.deepEqual(await claimLooks(ledger, 'sent'), [])
      }
      harness.clock.advance(2 * MINUTE)
      const { lease } = await claimLook(ledger, 'sent')
      await ledger.settleDelivery(lease, { ...again, againInMs: null })
      assert.equal((await messageWith(ledger, id)).lookAt, null)
    })

    for (const [delivery, reason] of [
      ['delivered', null],
      ['failed', 'RecipientOptedOut'],
    ] as const) {
      on(`${delivery}: is not asked for again`, async (ledger, harness) => {
        const { id } = await ended(ledger, harness, ASKED)
        harness.clock.advance(MINUTE)
        const { lease } = await claimLook(ledger, 'sent')
        assert.equal(await ledger.settleDelivery(lease, { delivery, reason, againInMs: MINUTE }), true)
        const message = await messageWith(ledger, id)
        assert.deepEqual(
          [message.state, message.delivery, message.deliveryReason, message.lookAt],
          ['sent', delivery, reason, null],
        )
        harness.clock.advance(DAY)
        assert.deepEqual(await claimLooks(ledger, 'sent'), [])
      })
    }

    on(
      'a message that was sent anew begins unknown, and a lease from before is lost',
      async (ledger, harness) => {
        const { id } = await ended(ledger, harness, ASKED)
        harness.clock.advance(MINUTE)
        const first = await claimLook(ledger, 'sent')
        await ledger.settleDelivery(first.lease, {
          delivery: 'failed',
          reason: 'ServerError',
          againInMs: null,
        })
        await ledger.retry(id, { by: 'ann', force: true, reason: 'Lost.' })
        assert.equal((await messageWith(ledger, id)).delivery, 'failed')
        await ledger.settle((await openOne(ledger)).id, ASKED)
        const anew = await messageWith(ledger, id)
        assert.deepEqual([anew.delivery, anew.deliveryReason, anew.looks], ['unknown', null, 0])

        harness.clock.advance(MINUTE)
        const second = await claimLook(ledger, 'sent')
        await ledger.retry(id, { by: 'ann', force: true, reason: 'Lost again.' })
        const late = { delivery: 'delivered', reason: null, againInMs: null } as const
        assert.equal(await ledger.settleDelivery(second.lease, late), false)
        assert.equal((await messageWith(ledger, id)).delivery, 'unknown')
        assert.deepEqual(await claimLooks(ledger, 'sent'), [])
      },
    )
  })
}

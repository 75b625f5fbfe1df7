import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { CLI_SOURCE } from '../../../src/event.ts'
import type { Harness } from '../contract.ts'
import { claimAll, claimOne, draft, messageWith, onLedger, schedule } from './build.ts'

const ids = (claimed: readonly { message: { id: number } }[]) => claimed.map(({ message }) => message.id)

export function claiming(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('claim', () => {
    on('leases what is due, the longest due first over all lanes', async (ledger, harness) => {
      const now = harness.clock.now()
      const late = await schedule(ledger, harness, { route: 'a', dueAt: now - 10 })
      const later = await schedule(ledger, harness, { route: 'b', dueAt: now - 20 })
      const latest = await schedule(ledger, harness, { route: 'a', dueAt: now - 30 }, 'shop')
      await schedule(ledger, harness, { dueAt: now + 1 })
      const claimed = await claimAll(ledger, 2)
      assert.deepEqual(ids(claimed), [latest, later])
      assert.deepEqual(ids(await claimAll(ledger, 2)), [late])
      assert.deepEqual(ids(await claimAll(ledger, 2)), [])
      const [first] = claimed
      assert.equal(first?.event.source, 'shop')
      assert.equal(first?.lease.owner, 'worker')
      assert.equal(new Set(claimed.map(({ lease }) => lease.token)).size, 2)
    })

    on('passes over operators’ re-triggers for nobody: they go first', async (ledger, harness) => {
      const old = await schedule(ledger, harness, { dueAt: harness.clock.now() - 1000 })
      const failed = await schedule(ledger, harness, { state: 'failed', code: 'x', reason: 'y' })
      await ledger.retry(failed, { by: 'ann', force: false, reason: null })
      assert.deepEqual(ids(await claimAll(ledger)), [failed, old])
    })

    on('what the command line sends goes after what events call for', async (ledger, harness) => {
      const now = harness.clock.now()
      const [first, second] = [
        await schedule(ledger, harness, { dueAt: now - 3000 }, CLI_SOURCE),
        await schedule(ledger, harness, { dueAt: now - 2000, route: 'other' }, CLI_SOURCE),
      ]
      const event = await schedule(ledger, harness, { dueAt: now - 1000 })
      const later = await schedule(ledger, harness, { dueAt: now - 500, route: 'other' }, 'shop')
      const again = await schedule(ledger, harness, { state: 'failed', code: 'x', reason: 'y' }, CLI_SOURCE)
      await ledger.retry(again, { by: 'ann', force: false, reason: null })
      assert.deepEqual(ids(await claimAll(ledger, 2)), [again, event])
      assert.deepEqual(ids(await claimAll(ledger)), [later, first, second])
    })

    on('two workers never hold the same message', async (ledger, harness) => {
      for (let count = 0; count < 20; count += 1) await schedule(ledger, harness)
      const beside = await harness.open({ owner: false })
      const claims = await Promise.all([
        claimAll(ledger, 7, 'one'),
        claimAll(beside, 7, 'two'),
        claimAll(ledger, 7, 'three'),
      ])
      const all = claims.flatMap(ids)
      assert.equal(all.length, 20)
      assert.equal(new Set(all).size, 20)
    })

    on('takes over a lease that ran out; the former holder has lost it', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const former = await claimOne(ledger)
      harness.clock.advance(59_999)
      assert.deepEqual(await claimAll(ledger), [])
      harness.clock.advance(1)
      const present = await claimOne(ledger)
      assert.equal(present.message.id, id)
      assert.equal(await ledger.renew(former.lease, 1000), false)
      assert.equal(await ledger.postpone(former.lease, { inMs: 0, code: null, reason: null }), false)
      assert.equal(await ledger.conclude(former.lease, { state: 'failed', code: 'x', reason: 'y' }), false)
      assert.deepEqual(await ledger.open(former.lease, draft()), { kind: 'lost' })
      assert.equal((await ledger.open(present.lease, draft())).kind, 'open')
    })

    on('a lease that ran out is lost though nobody took it', async (ledger, harness) => {
      await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      harness.clock.advance(60_000)
      assert.deepEqual(await ledger.open(lease, draft()), { kind: 'lost' })
    })

    on('renew extends the lease, also while it is being sent', async (ledger, harness) => {
      await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      harness.clock.advance(50_000)
      assert.equal(await ledger.renew(lease, 60_000), true)
      harness.clock.advance(50_000)
      assert.deepEqual(await claimAll(ledger), [])
      assert.equal((await ledger.open(lease, draft())).kind, 'open')
      assert.equal(await ledger.renew(lease, 60_000), true)
    })

    on('postpone ends what has expired meanwhile', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { expireAt: harness.clock.now() + 500 })
      const { lease } = await claimOne(ledger)
      harness.clock.advance(501)
      assert.equal(await ledger.postpone(lease, { inMs: 0, code: 'wait', reason: 'It waits.' }), true)
      const message = await messageWith(ledger, id)
      assert.deepEqual([message.state, message.code], ['skipped', 'expired'])
      assert.match(message.reason ?? '', /less than a second after that.*retry/)
    })

    on('postpone gives back, with or without a reason', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      assert.equal(await ledger.postpone(lease, { inMs: 5000, code: 'wait', reason: 'It waits.' }), true)
      assert.deepEqual(await claimAll(ledger), [])
      const waits = await messageWith(ledger, id)
      assert.deepEqual([waits.state, waits.code, waits.reason], ['scheduled', 'wait', 'It waits.'])
      harness.clock.advance(5000)
      const again = await claimOne(ledger)
      await ledger.postpone(again.lease, { inMs: 0, code: null, reason: null })
      assert.equal((await messageWith(ledger, id)).reason, 'It waits.')
      assert.equal((await claimOne(ledger)).message.id, id)
    })

    on('conclude ends it without an attempt', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      assert.equal(
        await ledger.conclude(lease, { state: 'failed', code: 'no-contact', reason: 'Nobody.' }),
        true,
      )
      assert.equal(
        await ledger.conclude(lease, { state: 'failed', code: 'no-contact', reason: 'Nobody.' }),
        false,
      )
      const message = await messageWith(ledger, id)
      assert.deepEqual([message.state, message.code, message.reason], ['failed', 'no-contact', 'Nobody.'])
      assert.deepEqual(await ledger.reads.attempts(id), [])
    })

    on('nothing for nobody', async (ledger, harness) => {
      await schedule(ledger, harness)
      assert.deepEqual(await ledger.claim({ owner: 'w', limit: 0, leaseMs: 1 }), {
        messages: [],
        probe: null,
      })
    })
  })
}

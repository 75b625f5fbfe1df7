import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { LOOK_WAITS_MS } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimOne,
  draft,
  failed,
  messageWith,
  onLedger,
  openOne,
  SENT,
  schedule,
  startAnew,
  UNCONFIRMED,
} from './build.ts'

export function settling(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('settle', () => {
    on('sent', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const attempt = await openOne(ledger)
      harness.clock.advance(500)
      assert.equal(await ledger.settle(attempt.id, SENT), true)
      const message = await messageWith(ledger, id)
      assert.deepEqual(
        [message.state, message.conversationId, message.sentAt, message.delivery, message.reason],
        ['sent', 'conv-1', harness.clock.now(), 'unknown', null],
      )
      const [settled] = await ledger.reads.attempts(id)
      assert.deepEqual(settled, {
        ...attempt,
        outcome: 'sent',
        settledAt: harness.clock.now(),
        status: 200,
        correlationId: 'corr-1',
        conversationId: 'conv-1',
        genesysMessageId: 'gen-1',
      })
    })

    on('once: the second changes nothing', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const attempt = await openOne(ledger)
      const both = await Promise.all([
        ledger.settle(attempt.id, SENT),
        ledger.settle(attempt.id, failed(null)),
      ])
      assert.deepEqual(both, [true, false])
      assert.equal((await messageWith(ledger, id)).state, 'sent')
      assert.equal(await ledger.settle(999, SENT), false)
    })

    on('failed for now: due again, its tries counted where they count', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await ledger.settle((await openOne(ledger)).id, failed(1000))
      assert.deepEqual(await claimAll(ledger), [])
      const waits = await messageWith(ledger, id)
      assert.deepEqual(
        [waits.state, waits.code, waits.reason, waits.failures, waits.dueAt],
        ['scheduled', 'rejected', 'Genesys Cloud rejects it.', 1, harness.clock.now() + 1000],
      )
      harness.clock.advance(1000)
      const second = await openOne(ledger)
      assert.equal(second.number, 2)
      await ledger.settle(second.id, failed(0, { counts: 'nothing' }))
      const again = await messageWith(ledger, id)
      assert.deepEqual([again.failures, again.attempts, again.waits], [1, 2, 0])
      await ledger.settle((await openOne(ledger)).id, failed(0, { counts: 'wait' }))
      const waited = await messageWith(ledger, id)
      assert.deepEqual([waited.failures, waited.attempts, waited.waits], [1, 3, 1])
      assert.deepEqual(
        (await ledger.reads.attempts(id)).map(({ number, outcome }) => [number, outcome]),
        [
          [1, 'failed'],
          [2, 'failed'],
          [3, 'failed'],
        ],
      )
    })

    on(
      'withdrawn by the lease that opened it: due again, and no try that counts',
      async (ledger, harness) => {
        const id = await schedule(ledger, harness)
        const { lease } = await claimOne(ledger)
        assert.equal(await ledger.withdraw(lease, { inMs: 1000 }), false, 'nothing is open')
        await ledger.open(lease, draft({}))
        assert.equal(await ledger.withdraw({ ...lease, token: 'another' }, { inMs: 1000 }), false)
        assert.equal(await ledger.postpone(lease, { inMs: 1000, code: null, reason: null }), false)
        assert.equal(await ledger.withdraw(lease, { inMs: 1000 }), true)
        assert.equal(await ledger.withdraw(lease, { inMs: 1000 }), false)
        const message = await messageWith(ledger, id)
        assert.deepEqual(
          [message.state, message.code, message.attempts, message.failures, message.waits, message.dueAt],
          ['scheduled', 'withdrawn', 1, 0, 0, harness.clock.now() + 1000],
        )
        const [attempt] = await ledger.reads.attempts(id)
        assert.deepEqual([attempt?.outcome, attempt?.code], ['failed', 'withdrawn'])
        harness.clock.advance(1000)
        assert.equal((await openOne(ledger)).number, 2)
      },
    )

    on('not withdrawn when the lease has ended: somebody else may have it', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      await ledger.open(lease, draft({}))
      harness.clock.advance(60_000)
      assert.equal(await ledger.withdraw(lease, { inMs: 0 }), false)
      assert.equal((await messageWith(ledger, id)).state, 'sending')
    })

    on('failed on one channel: due on the next, whose pauses count then', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await ledger.settle((await openOne(ledger)).id, failed(0, { counts: 'nothing', channel: 'email' }))
      const message = await messageWith(ledger, id)
      assert.deepEqual([message.state, message.channel, message.failures], ['scheduled', 'email', 0])
      const pause = { code: 'operator', reason: 'Stop.', forMs: null, probes: 0, by: 'ann' } as const
      await ledger.pause({ ...pause, scope: 'channel', name: 'webmessaging' })
      const claimed = await claimOne(ledger)
      assert.equal(claimed.message.channel, 'email')
      await ledger.postpone(claimed.lease, { inMs: 0, code: null, reason: null })
      await ledger.pause({ ...pause, scope: 'channel', name: 'email' })
      assert.deepEqual(await claimAll(ledger), [])
    })

    on('failed for good: stays on the channel that was tried', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await ledger.settle((await openOne(ledger)).id, failed(null, { channel: 'email' }))
      assert.equal((await messageWith(ledger, id)).channel, 'webmessaging')
    })

    on('failed for good', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await ledger.settle((await openOne(ledger)).id, failed(null))
      const message = await messageWith(ledger, id)
      assert.deepEqual([message.state, message.code, message.failures], ['failed', 'rejected', 1])
      assert.deepEqual(await claimAll(ledger), [])
    })

    for (const [late, state] of [
      [SENT, 'sent'],
      [failed(0), 'scheduled'],
      [failed(null), 'failed'],
    ] as const) {
      on(`unconfirmed, then a late answer: ${state}`, async (ledger, harness) => {
        const id = await schedule(ledger, harness)
        const attempt = await openOne(ledger)
        assert.equal(await ledger.settle(attempt.id, UNCONFIRMED), true)
        const waits = await messageWith(ledger, id)
        assert.deepEqual([waits.state, waits.reason], ['unconfirmed', 'Look into the conversation.'])
        assert.deepEqual(await claimAll(ledger), [])
        assert.equal(await ledger.settle(attempt.id, UNCONFIRMED), false)
        assert.equal(await ledger.settle(attempt.id, late), true)
        assert.equal((await messageWith(ledger, id)).state, state)
        assert.equal(await ledger.settle(attempt.id, late), false)
      })
    }

    on('a late answer does not overrule an operator', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const attempt = await openOne(ledger)
      await ledger.settle(attempt.id, UNCONFIRMED)
      await ledger.settleByHand(id, { by: 'ann', as: 'not-sent', reason: null })
      assert.equal(await ledger.settle(attempt.id, SENT), false)
      assert.equal((await messageWith(ledger, id)).state, 'failed')
    })

    on('a late answer to an earlier attempt does not settle a later one', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const first = await openOne(ledger)
      await ledger.settle(first.id, UNCONFIRMED)
      await ledger.retry(id, { by: 'ann', force: false, reason: null })
      const second = await openOne(ledger)
      assert.equal(second.by, 'ann')
      await ledger.settle(second.id, UNCONFIRMED)
      assert.equal(await ledger.settle(first.id, SENT), false)
      assert.equal(await ledger.settle(second.id, SENT), true)
    })
  })

  describe('a start after a crash', () => {
    on('what was being sent is unconfirmed, what was leased is free', async (ledger, harness) => {
      const sending = await schedule(ledger, harness)
      const attempt = await openOne(ledger)
      const leased = await schedule(ledger, harness)
      await claimOne(ledger)

      const next = await startAnew(ledger, harness)
      const message = await messageWith(next, sending)
      assert.deepEqual([message.state, message.code], ['unconfirmed', 'interrupted'])
      assert.deepEqual([message.lookAt, message.looks], [harness.clock.now() + LOOK_WAITS_MS[0], 0])
      assert.match(message.reason ?? '', /Postrider looks for it/)
      assert.match(message.reason ?? '', new RegExp(`postrider messages settle ${sending} --as sent`))
      const [interrupted] = await next.reads.attempts(sending)
      assert.deepEqual([interrupted?.outcome, interrupted?.code], ['unconfirmed', 'interrupted'])
      assert.equal((await claimOne(next)).message.id, leased)
      assert.equal(await next.settle(attempt.id, SENT), true)
    })

    on('a command beside the service disturbs nothing of it', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const attempt = await openOne(ledger)
      const command = await harness.open({ owner: false })
      assert.equal((await messageWith(command, id)).state, 'sending')
      await command.close()
      assert.equal(await ledger.settle(attempt.id, SENT), true)
    })
  })
}

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Acted, Ledger } from '../../../src/ledger/ledger.ts'
import type { Message } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimLooks,
  claimOne,
  DAY,
  draft,
  entry,
  failed,
  messageWith,
  onLedger,
  openOne,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

function done(acted: Acted): Message {
  assert.ok(acted.kind === 'done', acted.kind === 'refused' ? acted.reason : '')
  return acted.message
}

function refused(acted: Acted): string {
  assert.ok(acted.kind === 'refused')
  return acted.reason
}

const PLAIN = { by: 'ann', force: false, reason: null }

export function operators(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  const endings: Record<string, (ledger: Ledger, id: number) => Promise<unknown>> = {
    failed: async (ledger) => ledger.settle((await openOne(ledger, { channel: 'email' })).id, failed(null)),
    unconfirmed: async (ledger) => ledger.settle((await openOne(ledger)).id, UNCONFIRMED),
    cancelled: (ledger, id) => ledger.cancel(id, { by: 'bob', reason: null }),
    skipped: async (ledger) => ledger.open((await claimOne(ledger)).lease, draft({ mode: 'shadow' })),
  }

  describe('retry', () => {
    for (const [state, end] of Object.entries(endings)) {
      on(`of a ${state} message: due now, first, marked, its time anew`, async (ledger, harness) => {
        const id = await schedule(ledger, harness)
        await end(ledger, id)
        assert.equal((await messageWith(ledger, id)).state, state)
        harness.clock.advance(2 * DAY)
        const message = done(await ledger.retry(id, { ...PLAIN, reason: 'She called.' }))
        const now = harness.clock.now()
        assert.deepEqual(
          [
            message.state,
            message.dueAt,
            message.expireAt,
            message.failures,
            message.manualBy,
            message.channel,
          ],
          ['scheduled', now, now + DAY, 0, 'ann', 'webmessaging'],
        )
        assert.match(message.reason ?? '', /ann: She called\./)
        assert.deepEqual(message, await messageWith(ledger, id))
        assert.equal((await openOne(ledger)).by, 'ann')
      })
    }

    on('begins all counts anew, and nothing is looked for any more', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const session = { conversationId: 'conv-0', startedAt: 5 }
      await ledger.settle((await openOne(ledger, { session })).id, failed(0, { counts: 'wait' }))
      await ledger.settle((await openOne(ledger, { session })).id, { ...UNCONFIRMED, lookInMs: 0 })
      const [claim] = await claimLooks(ledger)
      assert.ok(claim)
      const look = { complete: true, saw: 'nothing' }
      await ledger.settleLook(claim.lease, claim.attempt.id, {
        kind: 'held',
        againInMs: 0,
        look,
        reason: 'No.',
      })
      const before = await messageWith(ledger, id)
      assert.deepEqual([before.waits, before.looks, before.lastLook?.saw], [1, 1, 'nothing'])
      const { waits, looks, lastLook, lookAt, session: found } = done(await ledger.retry(id, PLAIN))
      assert.deepEqual([waits, looks, lastLook, lookAt, found], [0, 0, null, null, null])
      assert.deepEqual(await claimLooks(ledger), [])
    })

    on('of a sent message: by force and with a reason only', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await ledger.settle((await openOne(ledger)).id, SENT)
      assert.match(refused(await ledger.retry(id, PLAIN)), /--force/)
      assert.match(refused(await ledger.retry(id, { ...PLAIN, force: true })), /needs a reason/)
      assert.match(refused(await ledger.retry(id, { ...PLAIN, force: true, reason: '  ' })), /needs a reason/)
      assert.equal((await messageWith(ledger, id)).state, 'sent')
      const message = done(await ledger.retry(id, { ...PLAIN, force: true, reason: 'Lost.' }))
      // When and where it was sent before stays with it.
      assert.deepEqual([message.state, message.conversationId], ['scheduled', 'conv-1'])
      assert.notEqual(message.sentAt, null)
      assert.equal((await openOne(ledger)).number, 2)
    })

    for (const [how, settle] of [
      ['by an attempt', async (ledger, _id, attemptId) => ledger.settle(attemptId, SENT)],
      [
        'as an operator found',
        async (ledger, id, attemptId) => {
          await ledger.settle(attemptId, UNCONFIRMED)
          await ledger.settleByHand(id, { by: 'ann', as: 'sent', reason: null })
        },
      ],
    ] as [string, (ledger: Ledger, id: number, attemptId: number) => Promise<unknown>][]) {
      on(
        `of a message that was sent before, ${how}: by force and with a reason only`,
        async (ledger, harness) => {
          const id = await schedule(ledger, harness)
          await settle(ledger, id, (await openOne(ledger)).id)
          for (const [state, end] of Object.entries(endings)) {
            done(await ledger.retry(id, { by: 'ann', force: true, reason: 'Lost.' }))
            await end(ledger, id)
            const before = await messageWith(ledger, id)
            assert.equal(before.state, state)
            const words = new RegExp(`is ${state}, but it was sent before\\..*--force --reason`)
            assert.match(refused(await ledger.retry(id, PLAIN)), words)
            assert.match(refused(await ledger.retry(id, { ...PLAIN, reason: 'She called.' })), words)
            for (const reason of [null, ' ']) {
              const unsaid = refused(await ledger.retry(id, { ...PLAIN, force: true, reason }))
              assert.match(unsaid, /was sent before\. .*needs a reason/)
            }
            assert.deepEqual(await messageWith(ledger, id), before)
          }
        },
      )
    }

    on(
      'of a message that was not seen, and then failed on its next channel, is no plain one',
      async (ledger, harness) => {
        const id = await schedule(ledger, harness, { policies: { onUndelivered: 'next-channel' } })
        await ledger.settle((await openOne(ledger)).id, SENT)
        const undelivered = { conversationId: 'conv-1', genesysMessageIds: [] }
        await ledger.record([entry(harness.clock.now(), 'not-seen', [], { undelivered })])
        await endings.failed?.(ledger, id)
        assert.match(refused(await ledger.retry(id, PLAIN)), /is failed, but it was sent before/)
        done(await ledger.retry(id, { ...PLAIN, force: true, reason: 'She called.' }))
      },
    )

    on(
      'is refused while it is scheduled or being sent, and where there is nothing',
      async (ledger, harness) => {
        const id = await schedule(ledger, harness)
        assert.match(refused(await ledger.retry(id, PLAIN)), /scheduled already/)
        await openOne(ledger)
        assert.match(refused(await ledger.retry(id, PLAIN)), /being sent/)
        assert.deepEqual(await ledger.retry(99, PLAIN), {
          kind: 'refused',
          state: null,
          reason: 'There is no message 99. List them: postrider messages list',
        })
      },
    )

    on('twice at once is once', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { state: 'failed', code: 'x', reason: 'y' })
      const both = await Promise.all([ledger.retry(id, PLAIN), ledger.retry(id, PLAIN)])
      assert.deepEqual(
        both.map(({ kind }) => kind),
        ['done', 'refused'],
      )
    })

    on('wakes who waits', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { state: 'failed', code: 'x', reason: 'y' })
      let told = 0
      ledger.onDue(() => {
        told += 1
      })
      await ledger.retry(id, PLAIN)
      assert.equal(told, 1)
    })

    on('takes the once key again, or is refused where another has it', async (ledger, harness) => {
      const keyed = { policies: { once: 'ticket-7' } }
      const first = await schedule(ledger, harness, keyed)
      await ledger.cancel(first, { by: 'ann', reason: null })
      const second = await schedule(ledger, harness, keyed)
      assert.match(refused(await ledger.retry(first, PLAIN)), new RegExp(`Message ${second} .*once`))
      assert.equal((await messageWith(ledger, first)).state, 'cancelled')
      await ledger.cancel(second, { by: 'ann', reason: null })
      done(await ledger.retry(first, PLAIN))
      assert.match(refused(await ledger.retry(second, PLAIN)), new RegExp(`Message ${first} .*once`))
    })

    on('of a shadow message sends it where its route is live by then', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { policies: { mode: 'shadow' } })
      const first = await ledger.open((await claimOne(ledger)).lease, draft({ mode: 'live' }))
      assert.ok(first.kind === 'skipped' && first.code === 'shadow', 'not by itself')
      const message = done(await ledger.retry(id, PLAIN))
      assert.equal(message.wouldSend, null)
      const still = await ledger.open((await claimOne(ledger)).lease, draft({ mode: 'shadow' }))
      assert.ok(still.kind === 'skipped' && still.code === 'shadow')
      await ledger.retry(id, PLAIN)
      const opened = await ledger.open((await claimOne(ledger)).lease, draft({ mode: 'live' }))
      assert.equal(opened.kind, 'open')
    })
  })

  describe('cancel', () => {
    on('ends a scheduled message, leased or not', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await claimOne(ledger)
      const message = done(await ledger.cancel(id, { by: 'ann', reason: 'Wrong customer.' }))
      assert.deepEqual([message.state, message.code], ['cancelled', 'by-hand'])
      assert.match(message.reason ?? '', /ann: Wrong customer\./)
      harness.clock.advance(DAY)
      assert.deepEqual(await claimAll(ledger), [])
    })

    on('is refused for any other', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await openOne(ledger)
      assert.deepEqual(await ledger.cancel(id, { by: 'ann', reason: null }), {
        kind: 'refused',
        state: 'sending',
        reason: `Message ${id} is sending; only a scheduled one can be cancelled.`,
      })
      assert.equal((await ledger.cancel(99, { by: 'ann', reason: null })).kind, 'refused')
    })
  })

  describe('settleByHand', () => {
    for (const [as, state] of [
      ['sent', 'sent'],
      ['not-sent', 'failed'],
    ] as const) {
      on(`${as}: ${state}`, async (ledger, harness) => {
        const id = await schedule(ledger, harness)
        const openedAt = harness.clock.now()
        await ledger.settle((await openOne(ledger)).id, { ...UNCONFIRMED, lookInMs: 500 })
        harness.clock.advance(1000)
        const message = done(await ledger.settleByHand(id, { by: 'ann', as, reason: 'I looked.' }))
        assert.deepEqual([message.state, message.sentAt], [state, as === 'sent' ? openedAt : null])
        assert.match(message.reason ?? '', /ann: I looked\./)
        assert.equal(message.lookAt, null)
        assert.deepEqual(await claimLooks(ledger), [])
        const [attempt] = await ledger.reads.attempts(id)
        assert.equal(attempt?.outcome, 'unconfirmed')
      })
    }

    on('is refused for what is not unconfirmed', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      assert.match(
        refused(await ledger.settleByHand(id, { by: 'ann', as: 'sent', reason: null })),
        /is scheduled; only an unconfirmed/,
      )
    })
  })
}

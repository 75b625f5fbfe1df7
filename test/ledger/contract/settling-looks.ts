import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger, LookResult } from '../../../src/ledger/ledger.ts'
import { LOOK_WAITS_MS } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimLook,
  claimLooks,
  claimOne,
  DAY,
  draft,
  ended,
  failed,
  messageWith,
  onLedger,
  openOne,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

type Result<Kind extends LookResult['kind']> = Extract<LookResult, { kind: Kind }>

const MINUTE = 60_000
const LOOK = { complete: true, saw: 'one conversation, nothing in it' }
const PERHAPS: typeof UNCONFIRMED = { ...UNCONFIRMED, lookInMs: MINUTE }
const DUE = { ...UNCONFIRMED, lookInMs: 0 }
const FOUND: Result<'found'> = {
  kind: 'found',
  conversationId: 'conv-9',
  genesysMessageId: 'gen-9',
  look: { complete: true, saw: 'the text, once' },
  reason: 'It was found in conversation conv-9.',
}
const HELD: Result<'held'> = {
  kind: 'held',
  againInMs: 5 * MINUTE,
  look: LOOK,
  reason: 'Not found yet; looked for again.',
}
const AGAIN: Result<'absent'> = {
  kind: 'absent',
  again: true,
  look: LOOK,
  code: 'absent',
  reason: 'It is not there.',
}
const ABSENT: Result<'absent'> = { ...AGAIN, again: false }

export function settlingLooks(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('settleLook', () => {
    on('found: sent, when its attempt was opened', async (ledger, harness) => {
      const openedAt = harness.clock.now()
      const { id, attemptId } = await ended(ledger, harness, PERHAPS)
      harness.clock.advance(MINUTE)
      const { lease } = await claimLook(ledger)
      assert.equal(await ledger.settleLook(lease, attemptId, FOUND), true)
      const now = harness.clock.now()
      const message = await messageWith(ledger, id)
      assert.deepEqual(
        [
          message.state,
          message.sentAt,
          message.conversationId,
          message.delivery,
          message.code,
          message.reason,
        ],
        ['sent', openedAt, 'conv-9', 'unknown', null, FOUND.reason],
      )
      assert.deepEqual(
        [message.lookAt, message.looks, message.lastLook],
        [null, 1, { at: now, ...FOUND.look }],
      )
      const [attempt] = await ledger.reads.attempts(id)
      assert.deepEqual(
        [
          attempt?.outcome,
          attempt?.settledAt,
          attempt?.conversationId,
          attempt?.genesysMessageId,
          attempt?.code,
        ],
        ['sent', now, 'conv-9', 'gen-9', null],
      )
      assert.equal(await ledger.settleLook(lease, attemptId, FOUND), false)
      assert.equal(await ledger.settle(attemptId, failed(0)), false, 'a late answer comes too late')
      assert.deepEqual(await claimAll(ledger), [])
    })

    for (const [what, opened, result] of [
      ['message', {}, FOUND],
      [
        'conversation, where messages have no id',
        { channel: 'email', contactId: null, address: 'ann@example.com' },
        { ...FOUND, genesysMessageId: null },
      ],
    ] as const) {
      on(`found is refused where another attempt has the same ${what}`, async (ledger, harness) => {
        const first = await ended(ledger, harness, DUE, { opened })
        const second = await ended(ledger, harness, DUE, { opened })
        const [one, two] = await claimLooks(ledger)
        assert.ok(one && two)
        // Both looked at the same time, and saw the same.
        assert.deepEqual(
          await Promise.all([
            ledger.settleLook(one.lease, first.attemptId, result),
            ledger.settleLook(two.lease, second.attemptId, result),
          ]),
          [true, false],
        )
        assert.equal((await messageWith(ledger, first.id)).state, 'sent')
        const message = await messageWith(ledger, second.id)
        assert.deepEqual([message.state, message.reason], ['unconfirmed', UNCONFIRMED.messageReason])
        const [attempt] = await ledger.reads.attempts(second.id)
        assert.equal(attempt?.outcome, 'unconfirmed')
        assert.deepEqual(await claimLooks(ledger), [])
        harness.clock.advance(LOOK_WAITS_MS[0])
        const { others } = await claimLook(ledger)
        assert.ok(others.conversationIds.includes('conv-9'))
      })
    }

    on('found, but another’s for ever: an operator is told', async (ledger, harness) => {
      // To another contact, as before a merge of the two: nothing of it is beside this attempt.
      await ended(
        ledger,
        harness,
        { ...SENT, conversationId: 'conv-9', genesysMessageId: 'gen-9' },
        {
          opened: { contactId: 'contact-2' },
        },
      )
      const { id, attemptId } = await ended(ledger, harness, PERHAPS)
      for (let count = 0; count <= LOOK_WAITS_MS.length; count += 1) {
        harness.clock.advance(MINUTE)
        const { lease, others } = await claimLook(ledger)
        assert.deepEqual(others.genesysMessageIds, [])
        assert.equal(await ledger.settleLook(lease, attemptId, FOUND), false)
      }
      const message = await messageWith(ledger, id)
      assert.deepEqual([message.state, message.lookAt], ['unconfirmed', null])
      assert.match(message.reason ?? '', new RegExp(`another one’s.*messages settle ${id} --as sent`))
    })

    on('held: looked for again, or never', async (ledger, harness) => {
      const { id, attemptId } = await ended(ledger, harness, DUE)
      const first = await claimLook(ledger)
      assert.equal(await ledger.settleLook(first.lease, attemptId, HELD), true)
      const now = harness.clock.now()
      const held = await messageWith(ledger, id)
      assert.deepEqual(
        [held.state, held.code, held.reason, held.lookAt, held.looks, held.lastLook],
        ['unconfirmed', 'no-answer', HELD.reason, now + 5 * MINUTE, 1, { at: now, ...LOOK }],
      )
      const [attempt] = await ledger.reads.attempts(id)
      assert.equal(attempt?.outcome, 'unconfirmed')
      harness.clock.advance(5 * MINUTE - 1)
      assert.deepEqual(await claimLooks(ledger), [])
      harness.clock.advance(1)
      const second = await claimLook(ledger)
      assert.deepEqual(second.message.lastLook, { at: now, ...LOOK })
      assert.equal(await ledger.settleLook(second.lease, attemptId, { ...HELD, againInMs: null }), true)
      const waits = await messageWith(ledger, id)
      assert.deepEqual([waits.state, waits.lookAt, waits.looks], ['unconfirmed', null, 2])
      harness.clock.advance(DAY)
      assert.deepEqual(await claimLooks(ledger), [])
    })

    on('absent: sent again on the same channel, looked for from the beginning', async (ledger, harness) => {
      const { id, attemptId } = await ended(ledger, harness, DUE)
      const { expireAt } = await messageWith(ledger, id)
      const { lease } = await claimLook(ledger)
      let told = 0
      ledger.onDue(() => {
        told += 1
      })
      harness.clock.advance(1000)
      assert.equal(await ledger.settleLook(lease, attemptId, AGAIN), true)
      assert.equal(told, 1)
      const message = await messageWith(ledger, id)
      assert.deepEqual(
        [message.state, message.code, message.reason, message.failures, message.channel, message.lookAt],
        ['scheduled', 'absent', AGAIN.reason, 1, 'webmessaging', null],
      )
      assert.deepEqual([message.dueAt, message.expireAt], [harness.clock.now(), expireAt])
      const [attempt] = await ledger.reads.attempts(id)
      assert.deepEqual([attempt?.outcome, attempt?.code, attempt?.reason], ['failed', 'absent', AGAIN.reason])
      assert.equal(await ledger.settle(attemptId, SENT), false)

      const second = await openOne(ledger)
      assert.equal(second.number, 2)
      await ledger.settle(second.id, PERHAPS)
      const anew = await messageWith(ledger, id)
      assert.deepEqual([anew.looks, anew.lastLook], [0, null])
    })

    on('absent for the last time: failed, and its once key is free', async (ledger, harness) => {
      const keyed = { policies: { once: 'ticket-7' } }
      const { id, attemptId } = await ended(ledger, harness, DUE, { message: keyed })
      const { lease } = await claimLook(ledger)
      const absent = { ...ABSENT, code: 'max-attempts', reason: 'Tried often enough.' } as const
      assert.equal(await ledger.settleLook(lease, attemptId, absent), true)
      const message = await messageWith(ledger, id)
      assert.deepEqual(
        [message.state, message.code, message.reason, message.lookAt, message.looks],
        ['failed', 'max-attempts', 'Tried often enough.', null, 1],
      )
      const later = await schedule(ledger, harness, keyed)
      assert.equal((await messageWith(ledger, later)).state, 'scheduled')
    })

    on(
      'absent, but an earlier attempt was sent or may have been: the once key is held',
      async (ledger, harness) => {
        const keyed = { policies: { once: 'ticket-7' } }
        const { id } = await ended(ledger, harness, UNCONFIRMED, { message: keyed })
        await ledger.retry(id, { by: 'ann', force: false, reason: null })
        const second = await openOne(ledger)
        await ledger.settle(second.id, DUE)
        const { lease } = await claimLook(ledger)
        assert.equal(await ledger.settleLook(lease, second.id, ABSENT), true)
        assert.equal((await messageWith(ledger, id)).state, 'failed')
        const later = await schedule(ledger, harness, keyed)
        assert.equal((await messageWith(ledger, later)).code, 'once')
      },
    )

    for (const [who, act] of [
      [
        'an operator who settles it',
        (ledger, id) => ledger.settleByHand(id, { by: 'ann', as: 'not-sent', reason: null }),
      ],
      [
        'an operator who re-triggers it',
        (ledger, id) => ledger.retry(id, { by: 'ann', force: false, reason: null }),
      ],
      ['a late answer', (ledger, _, attemptId) => ledger.settle(attemptId, SENT)],
    ] as const satisfies [string, (ledger: Ledger, id: number, attemptId: number) => Promise<unknown>][]) {
      on(`${who} meanwhile wins`, async (ledger, harness) => {
        const { id, attemptId } = await ended(ledger, harness, DUE)
        const { lease } = await claimLook(ledger)
        await act(ledger, id, attemptId)
        const before = await messageWith(ledger, id)
        assert.equal(before.lookAt, null)
        assert.equal(await ledger.renew(lease, MINUTE), false)
        for (const result of [FOUND, HELD, AGAIN, ABSENT]) {
          assert.equal(await ledger.settleLook(lease, attemptId, result), false)
        }
        assert.deepEqual(await messageWith(ledger, id), before)
        assert.deepEqual(await claimLooks(ledger), [])
      })
    }

    on('a lease to send is none to look with', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      const opened = await ledger.open(lease, draft())
      assert.ok(opened.kind === 'open')
      await ledger.settle(opened.attempt.id, DUE)
      assert.equal(await ledger.settleLook(lease, opened.attempt.id, FOUND), false)
      assert.equal((await messageWith(ledger, id)).state, 'unconfirmed')
    })

    on('a lease that ran out, or another attempt, settles nothing', async (ledger, harness) => {
      const { id, attemptId } = await ended(ledger, harness, UNCONFIRMED)
      await ledger.retry(id, { by: 'ann', force: false, reason: null })
      const second = await openOne(ledger)
      await ledger.settle(second.id, DUE)
      const former = await claimLook(ledger)
      assert.equal(await ledger.settleLook(former.lease, attemptId, FOUND), false)
      assert.equal(await ledger.settleLook(former.lease, 999, FOUND), false)
      harness.clock.advance(MINUTE)
      assert.equal(await ledger.settleLook(former.lease, second.id, FOUND), false)
      const present = await claimLook(ledger)
      assert.equal(await ledger.settleLook(former.lease, second.id, FOUND), false)
      assert.equal(await ledger.settleLook(present.lease, second.id, FOUND), true)
    })
  })
}

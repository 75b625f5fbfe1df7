import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Foreseeable, Foreseen, ForeseeRequest, Way } from '../../../src/ledger/foresight.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import {
  claimOne,
  DAY,
  draft,
  ended,
  failed,
  HOUR,
  happens,
  onLedger,
  planned,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

const PLAIN: ForeseeRequest = { force: false, late: false, reason: null, before: [] }
const LIVE = (channel: 'webmessaging' | 'email'): Way => ({ kind: 'draft', channel, mode: 'live' })
const WAYS: Foreseeable['ways'] = { webmessaging: LIVE('webmessaging'), email: LIVE('email') }
const ANN = 'email:ann@example.com'

async function one(
  ledger: Ledger,
  id: number,
  request: Partial<ForeseeRequest> = {},
  ways = WAYS,
): Promise<Pick<Foreseen, 'outcome' | 'code'>> {
  const { messages } = await ledger.foresee([{ id, ways }], { ...PLAIN, ...request })
  const [found] = messages
  assert.ok(found && messages.length === 1)
  assert.equal(found.id, id)
  assert.equal(found.reason === null, found.outcome === 'sent', 'whatever does not go says why')
  return { outcome: found.outcome, code: found.code }
}

export function foreseeing(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)
  const failedOne = async (ledger: Ledger, harness: Harness, message: Parameters<typeof planned>[1] = {}) =>
    schedule(ledger, harness, { ...message, state: 'failed', code: 'no-customer', reason: 'Nobody.' })

  describe('foresee', () => {
    on('sent: what would be opened; and it is as it was', async (ledger, harness) => {
      const id = await failedOne(ledger, harness)
      const before = await ledger.reads.message(id)
      assert.deepEqual(await one(ledger, id), { outcome: 'sent', code: null })
      assert.deepEqual(await ledger.reads.message(id), before)
      assert.deepEqual(await ledger.reads.attempts(id), [])
    })

    on('refused: scheduled, sending, sent before, no such message', async (ledger, harness) => {
      const { id: sent } = await ended(ledger, harness, SENT)
      assert.deepEqual(await one(ledger, sent), { outcome: 'refused', code: 'sent-before' })
      assert.deepEqual(await one(ledger, sent, { force: true }), { outcome: 'refused', code: 'sent-before' })
      assert.deepEqual(await one(ledger, sent, { force: true, reason: 'Lost.' }), {
        outcome: 'sent',
        code: 'sent-before',
      })
      const id = await schedule(ledger, harness)
      assert.deepEqual(await one(ledger, id), { outcome: 'refused', code: 'scheduled' })
      await ledger.open((await claimOne(ledger)).lease, draft())
      assert.deepEqual(await one(ledger, id), { outcome: 'refused', code: 'sending' })
      assert.deepEqual(await one(ledger, 4711), { outcome: 'refused', code: 'missing' })
    })

    on(
      'refused: of which nobody knows, and whose time is over; but not one alone',
      async (ledger, harness) => {
        const { id: unconfirmed } = await ended(ledger, harness, UNCONFIRMED)
        const forced = { force: true, reason: 'Lost.' }
        assert.deepEqual(await one(ledger, unconfirmed), { outcome: 'refused', code: 'unconfirmed' })
        assert.deepEqual(await one(ledger, unconfirmed, forced), { outcome: 'sent', code: 'unconfirmed' })
        assert.deepEqual(await one(ledger, unconfirmed, { alone: true }), {
          outcome: 'sent',
          code: 'unconfirmed',
        })
        const late = await failedOne(ledger, harness)
        const cancelled = await schedule(ledger, harness)
        await ledger.cancel(cancelled, { by: 'ann', reason: null })
        harness.clock.advance(DAY)
        assert.deepEqual(await one(ledger, late), { outcome: 'sent', code: null }, 'in the last millisecond')
        harness.clock.advance(1)
        assert.deepEqual(await one(ledger, late), { outcome: 'refused', code: 'expired' })
        assert.deepEqual(await one(ledger, late, { late: true }), { outcome: 'sent', code: 'expired' })
        assert.deepEqual(await one(ledger, late, { alone: true }), { outcome: 'sent', code: 'expired' })
        assert.deepEqual(await one(ledger, cancelled), { outcome: 'refused', code: 'expired' })
        assert.deepEqual(await one(ledger, cancelled, { late: true }), { outcome: 'sent', code: 'cancelled' })
        // Force is one thing, and being late another.
        assert.deepEqual(await one(ledger, unconfirmed, forced), { outcome: 'refused', code: 'expired' })
      },
    )

    on('refused: another message has the key, of those that are asked about too', async (ledger, harness) => {
      const policies = { once: 'T-1' }
      const { id: first } = await ended(ledger, harness, failed(null), { message: { policies } })
      const { id: second } = await ended(ledger, harness, failed(null), { message: { policies } })
      assert.equal((await one(ledger, first)).outcome, 'sent')
      assert.equal((await one(ledger, second)).outcome, 'sent')
      const { messages } = await ledger.foresee(
        [second, first].map((id) => ({ id, ways: WAYS })),
        PLAIN,
      )
      assert.deepEqual(
        messages.map(({ id, outcome, code }) => [id, outcome, code]),
        [
          [second, 'sent', null],
          [first, 'refused', 'key-taken'],
        ],
      )
    })

    on('what ends before the ledger is asked', async (ledger, harness) => {
      const id = await failedOne(ledger, harness)
      const ends: Way = { kind: 'ends', state: 'skipped', code: 'only-to', reason: 'Not listed.' }
      assert.deepEqual(await one(ledger, id, {}, { webmessaging: ends }), {
        outcome: 'skipped',
        code: 'only-to',
      })
    })

    on(
      'skipped: who refuses every channel; over the next where only one is refused',
      async (ledger, harness) => {
        const id = await failedOne(ledger, harness, { names: [ANN] })
        const refusal = { reason: 'Asked.', by: 'ann' }
        await ledger.suppress([ANN], { ...refusal, channels: ['webmessaging'] })
        assert.deepEqual(await one(ledger, id), { outcome: 'sent', code: null })
        const email: Way = { kind: 'ends', state: 'failed', code: 'template-error', reason: 'A hole.' }
        assert.deepEqual(await one(ledger, id, {}, { ...WAYS, email }), {
          outcome: 'failed',
          code: 'template-error',
        })
        await ledger.suppress([ANN], { ...refusal, channels: null })
        assert.deepEqual(await one(ledger, id), { outcome: 'skipped', code: 'suppressed' })
      },
    )

    on('skipped: no consent, and shadow', async (ledger, harness) => {
      const marketing = await failedOne(ledger, harness, { policies: { purpose: 'marketing' } })
      assert.deepEqual(await one(ledger, marketing), { outcome: 'skipped', code: 'no-consent' })
      const id = await failedOne(ledger, harness)
      const webmessaging: Way = { kind: 'draft', channel: 'webmessaging', mode: 'shadow' }
      assert.deepEqual(await one(ledger, id, {}, { webmessaging }), { outcome: 'skipped', code: 'shadow' })
    })

    on('cap: counted among those that are asked about together', async (ledger, harness) => {
      const cap = { messages: 1, perMs: DAY, group: 'all' }
      const message = { names: [ANN], policies: { cap, countsIn: ['all'] } }
      const ids = [await failedOne(ledger, harness, message), await failedOne(ledger, harness, message)]
      const later = {
        ...message,
        policies: { ...message.policies, onCap: 'defer' as const, expireAfterMs: 2 * DAY },
      }
      ids.push(await failedOne(ledger, harness, later))
      const { messages } = await ledger.foresee(
        ids.map((id) => ({ id, ways: WAYS })),
        PLAIN,
      )
      assert.deepEqual(
        messages.map(({ outcome, code }) => [outcome, code]),
        [
          ['sent', null],
          ['skipped', 'cap'],
          ['deferred', 'cap'],
        ],
      )
      assert.equal((await one(ledger, ids[1] ?? 0)).outcome, 'sent')
    })

    on('cancelled: an event from after the re-trigger alone would', async (ledger, harness) => {
      const { messageIds } = await happens(ledger, harness, {
        messages: [planned(harness.clock.now(), { cancelKeys: ['reopened T-1'] })],
      })
      await happens(ledger, harness, { said: { cancels: ['reopened T-1'] } })
      const [id = 0] = messageIds
      assert.equal((await ledger.reads.message(id))?.state, 'cancelled')
      assert.deepEqual(await one(ledger, id), { outcome: 'sent', code: 'cancelled' })
    })

    on('paused: by an operator, by a brake, and by what was foreseen before', async (ledger, harness) => {
      const brake = { messages: 2, perMs: HOUR }
      const ids = []
      for (let n = 0; n < 4; n += 1) ids.push(await failedOne(ledger, harness, { policies: { brake } }))
      const asked = ids.map((id) => ({ id, ways: WAYS }))
      const { messages, opens } = await ledger.foresee(asked, PLAIN)
      assert.deepEqual(
        messages.map(({ outcome, code }) => [outcome, code]),
        [
          ['sent', null],
          ['sent', null],
          ['paused', 'brake'],
          ['paused', 'brake'],
        ],
      )
      assert.deepEqual(opens, [{ route: 'greet', perMs: HOUR, count: 2 }])
      assert.deepEqual(await one(ledger, ids[0] ?? 0, { before: opens }), {
        outcome: 'paused',
        code: 'brake',
      })
      assert.deepEqual(await ledger.pauses(), [])
      await ledger.pause({
        scope: 'all',
        name: null,
        code: 'operator',
        reason: 'Now not.',
        forMs: null,
        probes: 0,
        by: 'ann',
      })
      assert.deepEqual(await one(ledger, ids[0] ?? 0), { outcome: 'paused', code: 'operator' })
    })
  })
}

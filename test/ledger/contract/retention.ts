import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { RetentionStep } from '../../../src/ledger/retention.ts'
import type { Harness } from '../contract.ts'
import {
  claimOne,
  DAY,
  draft,
  ended,
  happens,
  messageWith,
  onLedger,
  openOne,
  planned,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

const RETENTION = { payloadMs: 30 * DAY, rowsMs: 365 * DAY }
const GONE = 'The body, the texts and the addresses were removed after 30 days (retention.payload).'

/** A whole round, and what it removed. */
export async function removeOld(
  ledger: Ledger,
  limit = 200,
  retention = RETENTION,
): Promise<Omit<RetentionStep, 'more'>> {
  const sum = { payloads: 0, events: 0, others: 0 }
  for (;;) {
    const { more, ...step } = await ledger.removeOld({ ...retention, limit })
    sum.payloads += step.payloads
    sum.events += step.events
    sum.others += step.others
    if (!more) return sum
  }
}

export function retention(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('retention', () => {
    on('removes what was said and to whom, and keeps what became of it', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, SENT, {
        message: { policies: { once: 'ann@example.com' } },
        opened: { channel: 'email', address: 'ann@example.com' },
      })
      const before = await messageWith(ledger, id)
      harness.clock.advance(30 * DAY - 1)
      assert.deepEqual(await removeOld(ledger), { payloads: 0, events: 0, others: 0 })
      assert.deepEqual(await messageWith(ledger, id), before)
      harness.clock.advance(1)
      assert.deepEqual(await removeOld(ledger), { payloads: 1, events: 0, others: 0 })

      const event = await ledger.reads.event(before.eventId)
      assert.equal(event?.raw.length, 0)
      assert.deepEqual(event?.headers, {})
      assert.equal(event?.removed, GONE)
      const message = await messageWith(ledger, id)
      const policies = { ...before.policies, once: null }
      assert.deepEqual(message, { ...before, customer: {}, policies, removed: GONE })
      const [attempt] = await ledger.reads.attempts(id)
      assert.equal(attempt?.address, null)
      assert.deepEqual(attempt?.rendered, {
        channel: 'email',
        text: '',
        templateVersion: 'hello.liquid@12345678',
      })
      assert.equal(attempt?.genesysMessageId, SENT.genesysMessageId)
      assert.deepEqual(await removeOld(ledger), { payloads: 0, events: 0, others: 0 })
    })

    on('removes rows when they are old, and the newest last', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, SENT)
      const { eventId } = await messageWith(ledger, id)
      harness.clock.advance(365 * DAY)
      assert.deepEqual(await removeOld(ledger), { payloads: 1, events: 0, others: 0 })
      // Its id, and those of its message and its attempt, would be given once more.
      assert.ok(await ledger.reads.event(eventId))
      const newer = await ended(ledger, harness, SENT)
      assert.deepEqual(await removeOld(ledger), { payloads: 0, events: 1, others: 0 })
      assert.equal(await ledger.reads.event(eventId), null)
      assert.equal(await ledger.reads.message(id), null)
      assert.deepEqual(await ledger.reads.attempts(id), [])
      const found = await ledger.reads.messages({ customer: { email: 'ann@example.com' }, limit: 9 })
      assert.deepEqual(
        found.map((one) => one.id),
        [newer.id],
      )
    })

    on('leaves what is not finished, however old, and takes it when it is', async (ledger, harness) => {
      const scheduled = await schedule(ledger, harness, { dueAt: harness.clock.now() + 400 * DAY })
      const held = await ended(ledger, harness, UNCONFIRMED)
      const asked = await ended(ledger, harness, { ...SENT, lookInMs: 500 * DAY })
      const sending = await schedule(ledger, harness)
      await openOne(ledger)
      await happens(ledger, harness)
      harness.clock.advance(366 * DAY)
      assert.deepEqual(await removeOld(ledger), { payloads: 1, events: 0, others: 0 })
      for (const id of [scheduled, held.id, asked.id, sending]) {
        const { eventId, removed, customer } = await messageWith(ledger, id)
        assert.equal(removed, undefined)
        assert.equal(customer.externalId, 'c-1')
        assert.ok(((await ledger.reads.event(eventId))?.raw.length ?? 0) > 0)
      }
      await ledger.cancel(scheduled, { by: 'op', reason: null })
      await ledger.settleByHand(held.id, { by: 'op', as: 'not-sent', reason: null })
      assert.deepEqual(await removeOld(ledger), { payloads: 2, events: 2, others: 0 })
      assert.equal(await ledger.reads.message(scheduled), null)
      assert.equal(await ledger.reads.message(held.id), null)
      assert.ok(await ledger.reads.message(asked.id))
      assert.ok(await ledger.reads.message(sending))
    })

    on('leaves nothing that could be sent once more', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, SENT)
      const { eventId } = await messageWith(ledger, id)
      harness.clock.advance(31 * DAY)
      await removeOld(ledger)
      const forced = await ledger.retry(id, { by: 'op', force: true, reason: 'asked for it' })
      assert.equal(forced.kind, 'refused')
      assert.match(
        forced.kind === 'refused' ? forced.reason : '',
        /nothing left that could be sent: the body/,
      )
      const request = { force: true, late: true, reason: 'asked for it', before: [] }
      const { messages } = await ledger.foresee([{ id, ways: {} }], request)
      assert.deepEqual(
        messages.map(({ outcome, code }) => [outcome, code]),
        [['refused', 'removed']],
      )
      const plan = { state: 'planned', reason: null, notes: [], configVersion: 'c' } as const
      const nothing = { cancels: [], names: [], consent: null, suppress: null }
      const messagesOf = [planned(harness.clock.now(), { route: 'another' })]
      await assert.rejects(ledger.addPlan(eventId, { ...plan, ...nothing, messages: messagesOf }), {
        code: 'REFUSED',
      })
      assert.equal((await ledger.reads.messages({ eventId, limit: 9 })).length, 1)
    })

    on(
      'an event is known by its key as long as dedupeFor asks, whatever is left of it',
      async (ledger, harness) => {
        const { clock } = harness
        const from = { keepKeyForMs: 400 * DAY }
        const { eventId } = await happens(ledger, harness, from)
        const event = await ledger.reads.event(eventId)
        await happens(ledger, harness)
        clock.advance(399 * DAY)
        assert.equal((await removeOld(ledger)).events, 1)
        const again = { ...SAME, event: { ...SAME.event, key: event?.key ?? '', receivedAt: clock.now() } }
        assert.deepEqual(await ledger.record([again]), [{ kind: 'known' }])
        clock.advance(2 * DAY)
        assert.equal((await removeOld(ledger)).others, 1)
        assert.equal((await ledger.record([again]))[0]?.kind, 'recorded')
      },
    )

    on('a business key is free again when its message is gone', async (ledger, harness) => {
      const message = { policies: { once: 'ticket-1' } }
      await ended(ledger, harness, SENT, { message })
      harness.clock.advance(31 * DAY)
      await removeOld(ledger)
      const second = await schedule(ledger, harness, message)
      assert.equal((await messageWith(ledger, second)).code, 'once')
      await ended(ledger, harness, SENT)
      harness.clock.advance(335 * DAY)
      assert.equal((await removeOld(ledger)).events, 1)
      const third = await schedule(ledger, harness, message)
      assert.equal((await messageWith(ledger, third)).state, 'scheduled')
      assert.equal((await claimOne(ledger)).lease.messageId, third)
    })

    on('who must not be written to, and what operators did, outlive it', async (ledger, harness) => {
      await ledger.suppress(['email:ann@example.com'], { channels: null, reason: 'asked us', by: 'op' })
      const id = await schedule(ledger, harness, { names: ['email:ann@example.com'] })
      await ledger.cancel(id, { by: 'op', reason: null })
      await happens(ledger, harness)
      harness.clock.advance(400 * DAY)
      const next = await schedule(ledger, harness, { names: ['email:ann@example.com'] })
      assert.ok((await removeOld(ledger)).events > 0)
      assert.equal(await ledger.reads.message(id), null)
      const { lease } = await claimOne(ledger)
      assert.equal(lease.messageId, next)
      assert.equal((await ledger.open(lease, draft())).kind, 'skipped')
      const trail = await ledger.reads.audit({ limit: 10 })
      assert.deepEqual(trail.map(({ action }) => action).sort(), ['message.cancel', 'suppress'])
    })

    on('a round goes in steps that each do no more than they are asked to', async (ledger, harness) => {
      for (let n = 0; n < 7; n += 1) await happens(ledger, harness)
      harness.clock.advance(31 * DAY)
      const steps: number[] = []
      for (;;) {
        const { payloads, more } = await ledger.removeOld({ ...RETENTION, limit: 3 })
        steps.push(payloads)
        if (!more) break
      }
      assert.deepEqual(
        steps.filter((count) => count > 0),
        [3, 3, 1],
      )
    })

    on('an event of a clock that was wrong stops nobody', async (ledger, harness) => {
      const { clock } = harness
      clock.advance(100 * DAY)
      const ahead = await happens(ledger, harness)
      clock.advance(-100 * DAY)
      const right = await happens(ledger, harness)
      clock.advance(31 * DAY)
      assert.equal((await removeOld(ledger)).payloads, 1)
      assert.equal((await ledger.reads.event(right.eventId))?.removed, GONE)
      assert.equal((await ledger.reads.event(ahead.eventId))?.removed, undefined)
      clock.advance(100 * DAY)
      assert.equal((await removeOld(ledger)).payloads, 1)
    })
  })
}

const SAME = {
  kind: 'event',
  event: {
    source: 'crm',
    type: 'ticket.resolved',
    senderType: 'ticket.resolved',
    subject: null,
    key: '',
    occurredAt: 0,
    receivedAt: 0,
    customer: {},
    isTest: false,
    raw: Buffer.from('{}'),
    headers: {},
    payload: {},
  },
  plan: {
    state: 'unrouted',
    reason: null,
    notes: [],
    messages: [],
    configVersion: 'c',
    cancels: [],
    names: [],
    consent: null,
    suppress: null,
  },
  keepKeyForMs: DAY,
} as const

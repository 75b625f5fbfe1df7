import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { PlannedMessage, Policies } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimOne,
  DAY,
  draft,
  failed,
  HOUR,
  happens,
  messageWith,
  onLedger,
  openOne,
  plan,
  planned,
  SENT,
  schedule,
} from './build.ts'

export function onceKeys(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('oncePer', () => {
    const keyed = { policies: { once: 'T-7', oncePerMs: HOUR } }

    on('takes the key again when it is as old as that, to the millisecond', async (ledger, harness) => {
      const first = await schedule(ledger, harness, keyed)
      await ledger.settle((await openOne(ledger)).id, SENT)
      harness.clock.advance(HOUR - 1)
      const early = await messageWith(ledger, await schedule(ledger, harness, keyed))
      assert.deepEqual([early.state, early.code], ['skipped', 'once'])
      assert.match(early.reason ?? '', new RegExp(`Message ${first} `))
      harness.clock.advance(1)
      const second = await schedule(ledger, harness, keyed)
      assert.equal((await claimOne(ledger)).message.id, second)
      // What was skipped has begun nothing, and the key counts from the second on.
      harness.clock.advance(HOUR - 1)
      assert.equal((await messageWith(ledger, await schedule(ledger, harness, keyed))).code, 'once')
    })

    on('without it the key holds for good, and each route has its own', async (ledger, harness) => {
      await schedule(ledger, harness, { policies: { once: 'T-7' } })
      harness.clock.advance(1000 * DAY)
      const again = await schedule(ledger, harness, { policies: { once: 'T-7' } })
      assert.equal((await messageWith(ledger, again)).code, 'once')
      const other = await schedule(ledger, harness, { policies: { once: 'T-7' }, route: 'other' })
      assert.equal((await messageWith(ledger, other)).state, 'scheduled')
    })

    on('a message that lost its key to a later one gives back nothing of it', async (ledger, harness) => {
      const first = await schedule(ledger, harness, { ...keyed, dueAt: harness.clock.now() + DAY })
      harness.clock.advance(HOUR)
      const second = await schedule(ledger, harness, keyed)
      await ledger.cancel(first, { by: 'ann', reason: null })
      const third = await messageWith(ledger, await schedule(ledger, harness, keyed))
      assert.match(third.reason ?? '', new RegExp(`Message ${second} `))
      const retried = await ledger.retry(first, { by: 'ann', force: false, reason: null })
      assert.equal(retried.kind, 'refused')
    })

    for (const [how, end] of [
      ['skipped', async (ledger) => ledger.open((await claimOne(ledger)).lease, draft({ mode: 'shadow' }))],
      ['certainly not sent', async (ledger) => ledger.settle((await openOne(ledger)).id, failed(null))],
    ] as [string, (ledger: Ledger) => Promise<unknown>][]) {
      on(`is given back by what was ${how}`, async (ledger, harness) => {
        await schedule(ledger, harness, keyed)
        await end(ledger)
        const second = await schedule(ledger, harness, keyed)
        assert.equal((await claimOne(ledger)).message.id, second)
      })
    }
  })

  describe('onRepeat: replace', () => {
    const policies: Partial<Policies> = { once: 'cart-1', onRepeat: 'replace' }
    const ben = { email: 'ben@example.com' }

    const repeat = (
      ledger: Ledger,
      harness: Harness,
      message: Partial<Omit<PlannedMessage, 'policies'>> & { policies?: Partial<Policies> } = {},
      occurredAt = harness.clock.now(),
    ) => {
      const all = { ...policies, ...message.policies }
      return happens(ledger, harness, {
        messages: [planned(harness.clock.now(), { ...message, policies: all })],
        occurredAt,
      })
    }

    on('moves the message that waits, and gives it the newer event’s data', async (ledger, harness) => {
      const { clock } = harness
      const dueAt = clock.now() + HOUR
      const first = await repeat(ledger, harness, { dueAt })
      const [id] = first.messageIds
      assert.ok(id)
      clock.advance(60_000)
      const second = await repeat(ledger, harness, {
        customer: ben,
        dueAt: clock.now() + HOUR,
        expireAt: clock.now() + 2 * DAY,
        policies: { template: 'newer', channels: ['email'] },
      })
      assert.deepEqual(second.messageIds, [])
      const message = await messageWith(ledger, id)
      assert.deepEqual(
        [message.eventId, message.customer, message.policies.template, message.channel, message.code],
        [second.eventId, ben, 'newer', 'email', 'replaced'],
      )
      assert.deepEqual([message.dueAt, message.expireAt], [clock.now() + HOUR, clock.now() + 2 * DAY])
      assert.match(message.reason ?? '', new RegExp(`event ${second.eventId}\\b`))
      clock.advance(HOUR - 1)
      assert.deepEqual(await claimAll(ledger), [])
      clock.advance(1)
      const claimed = await claimOne(ledger)
      assert.deepEqual([claimed.message.id, claimed.event.id], [id, second.eventId])
    })

    on(
      'the older event says so, and planning it once more does not bring its data back',
      async (ledger, harness) => {
        const { clock } = harness
        const own = planned(clock.now(), { policies })
        const first = await repeat(ledger, harness)
        const [id] = first.messageIds
        clock.advance(1000)
        const second = await repeat(ledger, harness, { customer: ben })
        const older = await ledger.reads.event(first.eventId)
        assert.match(older?.reason ?? '', new RegExp(`event ${second.eventId} .* in message ${id}$`))
        await ledger.cancel(id ?? 0, { by: 'ann', reason: null })
        assert.deepEqual(await ledger.addPlan(first.eventId, plan([own])), { added: 0 })
      },
    )

    on('a clock that is ahead does not keep the newer one out', async (ledger, harness) => {
      const first = await repeat(ledger, harness, {}, harness.clock.now() + HOUR)
      harness.clock.advance(1000)
      const second = await repeat(ledger, harness, { customer: ben })
      assert.equal((await messageWith(ledger, first.messageIds[0] ?? 0)).eventId, second.eventId)
    })

    on('it is found by the newer customer, and no more by the older', async (ledger, harness) => {
      const first = await repeat(ledger, harness)
      await repeat(ledger, harness, { customer: ben })
      const by = async (email: string) =>
        (await ledger.reads.messages({ limit: 5, customer: { email } })).map(({ id }) => id)
      assert.deepEqual(await by('ben@example.com'), first.messageIds)
      assert.deepEqual(await by('ann@example.com'), [])
    })

    on(
      'an event that is older stays behind; of the same time the later one counts',
      async (ledger, harness) => {
        const now = harness.clock.now()
        const first = await repeat(ledger, harness)
        const older = await repeat(ledger, harness, { customer: ben }, now - 1)
        assert.equal((await messageWith(ledger, older.messageIds[0] ?? 0)).code, 'once')
        const same = await repeat(ledger, harness, { customer: ben }, now)
        assert.deepEqual(same.messageIds, [])
        assert.equal((await messageWith(ledger, first.messageIds[0] ?? 0)).eventId, same.eventId)
      },
    )

    on('never one that was tried, or that an operator re-triggered', async (ledger, harness) => {
      const [tried = 0] = (await repeat(ledger, harness)).messageIds
      await ledger.settle((await openOne(ledger)).id, failed(HOUR))
      const { messageIds } = await repeat(ledger, harness, { customer: ben })
      assert.equal((await messageWith(ledger, messageIds[0] ?? 0)).code, 'once')
      assert.equal((await messageWith(ledger, tried)).code, 'rejected')

      const own = { policies: { once: 'cart-2' } }
      const [manual = 0] = (await repeat(ledger, harness, own)).messageIds
      await ledger.cancel(manual, { by: 'ann', reason: null })
      await ledger.retry(manual, { by: 'ann', force: false, reason: null })
      const late = await repeat(ledger, harness, { ...own, customer: ben })
      assert.equal((await messageWith(ledger, late.messageIds[0] ?? 0)).code, 'once')
    })

    on('who was about to send the older one has lost it', async (ledger, harness) => {
      await repeat(ledger, harness)
      const { lease, message } = await claimOne(ledger)
      await repeat(ledger, harness, { customer: ben })
      assert.deepEqual(await ledger.open(lease, draft()), { kind: 'lost' })
      const again = await claimOne(ledger)
      assert.deepEqual([again.message.id, again.message.customer], [message.id, ben])
    })

    on('a newer one that was cancelled leaves the older alone', async (ledger, harness) => {
      const { clock } = harness
      const now = clock.now()
      const [first = 0] = (await repeat(ledger, harness)).messageIds
      await happens(ledger, harness, { occurredAt: now + 1000, said: { cancels: ['key'] } })
      const second = await repeat(ledger, harness, { customer: ben, cancelKeys: ['key'] }, now + 500)
      assert.equal((await messageWith(ledger, second.messageIds[0] ?? 0)).state, 'cancelled')
      assert.equal((await claimOne(ledger)).message.id, first)
    })

    on(
      'what would have cancelled the older one does so no more, of the newer it does',
      async (ledger, harness) => {
        const [id = 0] = (await repeat(ledger, harness, { cancelKeys: ['old'] })).messageIds
        await repeat(ledger, harness, { cancelKeys: ['new'] })
        await happens(ledger, harness, { said: { cancels: ['old'] } })
        assert.equal((await messageWith(ledger, id)).state, 'scheduled')
        await happens(ledger, harness, { said: { cancels: ['new'] } })
        assert.equal((await messageWith(ledger, id)).state, 'cancelled')
      },
    )

    on('the key counts from the newer event on', async (ledger, harness) => {
      const { clock } = harness
      const timed = { policies: { oncePerMs: HOUR }, dueAt: clock.now() + HOUR }
      await repeat(ledger, harness, timed)
      clock.advance(HOUR - 1)
      await repeat(ledger, harness, timed)
      clock.advance(1)
      await ledger.settle((await openOne(ledger)).id, SENT)
      const third = await repeat(ledger, harness, { policies: { oncePerMs: HOUR } })
      assert.equal((await messageWith(ledger, third.messageIds[0] ?? 0)).code, 'once')
      clock.advance(HOUR - 1)
      assert.equal((await repeat(ledger, harness, { policies: { oncePerMs: HOUR } })).messageIds.length, 1)
      assert.equal((await claimAll(ledger)).length, 1)
    })

    on(
      'planned once more, an event replaces nothing, its own message least of all',
      async (ledger, harness) => {
        const { clock } = harness
        const { eventId, messageIds } = await repeat(ledger, harness)
        const { lease } = await claimOne(ledger)
        const again = plan([planned(clock.now(), { policies, customer: ben })])
        assert.deepEqual(await ledger.addPlan(eventId, again), { added: 0 })
        assert.deepEqual((await messageWith(ledger, messageIds[0] ?? 0)).code, null)
        assert.equal((await ledger.open(lease, draft())).kind, 'open')
      },
    )
  })
}

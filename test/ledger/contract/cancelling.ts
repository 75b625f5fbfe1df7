import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimLook,
  claimOne,
  draft,
  entry,
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
  UNCONFIRMED,
  unreadable,
} from './build.ts'

const KEY = 'greet\0T-7'
const OTHER = 'greet\0C-1'
const waits = { cancelKeys: [KEY] }

export function cancelling(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  const reopened = (ledger: Ledger, harness: Harness, rest: { occurredAt?: number; key?: string } = {}) =>
    happens(ledger, harness, {
      type: 'ticket.reopened',
      said: { cancels: [rest.key ?? KEY] },
      ...(rest.occurredAt === undefined ? {} : { occurredAt: rest.occurredAt }),
    })

  async function stateOf(ledger: Ledger, id: number): Promise<string> {
    const { state, code } = await messageWith(ledger, id)
    return `${state} ${code}`
  }

  describe('a later event', () => {
    on('cancels what is scheduled, and says which it was', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { ...waits, dueAt: harness.clock.now() + HOUR })
      harness.clock.advance(1000)
      const { eventId } = await reopened(ledger, harness)
      const { state, code, reason, updatedAt } = await messageWith(ledger, id)
      assert.deepEqual([state, code, updatedAt], ['cancelled', 'cancelled', harness.clock.now()])
      assert.match(reason ?? '', new RegExp(`Event ${eventId} .*events show ${eventId}`))
      harness.clock.advance(HOUR)
      assert.deepEqual(await claimAll(ledger), [])
    })

    for (const [when, ms, state] of [
      ['at the same time', 0, 'cancelled cancelled'],
      ['a millisecond earlier', -1, 'scheduled null'],
    ] as const) {
      on(`that happened ${when}, whichever is recorded first`, async (ledger, harness) => {
        const occurredAt = harness.clock.now() + ms
        const first = await schedule(ledger, harness, { ...waits, route: 'first' })
        await reopened(ledger, harness, { occurredAt })
        const second = await schedule(ledger, harness, { ...waits, route: 'second' })
        assert.deepEqual([await stateOf(ledger, first), await stateOf(ledger, second)], [state, state])
      })
    }

    on('by a clock that is ahead it happened when it was received', async (ledger, harness) => {
      const { clock } = harness
      const ahead = clock.now() + HOUR
      const [first] = (
        await happens(ledger, harness, { messages: [planned(clock.now(), waits)], occurredAt: ahead })
      ).messageIds
      clock.advance(1000)
      await reopened(ledger, harness, { occurredAt: ahead + HOUR })
      assert.equal(await stateOf(ledger, first ?? 0), 'cancelled cancelled')
      clock.advance(1000)
      const later = await schedule(ledger, harness, waits)
      assert.equal(await stateOf(ledger, later), 'scheduled null')
    })

    on('of another key cancels nothing; of two keys each does', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { cancelKeys: [KEY, OTHER] })
      await reopened(ledger, harness, { key: 'greet\0T-8' })
      assert.equal(await stateOf(ledger, id), 'scheduled null')
      await reopened(ledger, harness, { key: OTHER })
      assert.equal(await stateOf(ledger, id), 'cancelled cancelled')
    })

    on('cancels nothing that it calls for itself', async (ledger, harness) => {
      const { messageIds } = await happens(ledger, harness, {
        messages: [planned(harness.clock.now(), waits)],
        said: { cancels: [KEY] },
      })
      const { message } = await claimOne(ledger)
      assert.deepEqual([message.id], messageIds)
    })

    on(
      'at the same time as another that calls for the same cancels nothing of one that came later',
      async (ledger, harness) => {
        const both = { messages: [planned(harness.clock.now(), waits)], said: { cancels: [KEY] } }
        const first = await happens(ledger, harness, both)
        const second = await happens(ledger, harness, both)
        const [of, to] = [first.messageIds[0] ?? 0, second.messageIds[0] ?? 0]
        assert.deepEqual(
          [await stateOf(ledger, of), await stateOf(ledger, to)],
          ['cancelled cancelled', 'scheduled null'],
        )
        await ledger.addPlan(first.eventId, plan(both.messages, both.said))
        const { message, lease } = await claimOne(ledger)
        assert.equal(message.id, to)
        assert.equal((await ledger.open(lease, draft())).kind, 'open')
      },
    )

    on('takes the lease of who was about to send', async (ledger, harness) => {
      const id = await schedule(ledger, harness, waits)
      const { lease } = await claimOne(ledger)
      await reopened(ledger, harness)
      assert.deepEqual(await ledger.open(lease, draft()), { kind: 'lost' })
      assert.equal(await stateOf(ledger, id), 'cancelled cancelled')
    })

    on('gives the once key back, for the second resolution', async (ledger, harness) => {
      const keyed = { ...waits, policies: { once: 'T-7' } }
      const first = await schedule(ledger, harness, keyed)
      harness.clock.advance(1000)
      await reopened(ledger, harness)
      harness.clock.advance(1000)
      const second = await schedule(ledger, harness, keyed)
      assert.equal(await stateOf(ledger, first), 'cancelled cancelled')
      assert.equal((await claimOne(ledger)).message.id, second)
    })

    describe('that comes after a second resolution, and happened before it', () => {
      const keyed = { ...waits, policies: { once: 'T-7' } }

      /** Resolved, and resolved again a second later, before anybody heard that it was reopened in between. */
      async function resolvedTwice(
        ledger: Ledger,
        harness: Harness,
        second: Parameters<typeof planned>[1] = {},
      ) {
        const first = await schedule(ledger, harness, keyed)
        harness.clock.advance(1000)
        const between = harness.clock.now()
        harness.clock.advance(1000)
        const others = [
          await schedule(ledger, harness, { ...keyed, ...second }),
          await schedule(ledger, harness, keyed),
        ]
        return { first, others: [others[0] ?? 0, others[1] ?? 0] as const, between }
      }

      on('leaves the key to the second', async (ledger, harness) => {
        const { first, others, between } = await resolvedTwice(ledger, harness)
        await reopened(ledger, harness, { occurredAt: between })
        const states = await Promise.all([first, ...others].map((id) => stateOf(ledger, id)))
        assert.deepEqual(states, ['cancelled cancelled', 'scheduled key-freed', 'skipped once'])
        const { message, lease } = await claimOne(ledger)
        assert.equal(message.id, others[0])
        assert.match(message.reason ?? '', new RegExp(`cancelled message ${first}`))
        // Whoever is skipped still is so for the one that goes now.
        assert.match(
          (await messageWith(ledger, others[1])).reason ?? '',
          new RegExp(`Message ${others[0]} of`),
        )
        assert.equal((await ledger.open(lease, draft())).kind, 'open')
      })

      on('and so on, until a later one cancels all of them', async (ledger, harness) => {
        const { others, between } = await resolvedTwice(ledger, harness)
        await reopened(ledger, harness, { occurredAt: between })
        await reopened(ledger, harness)
        const states = await Promise.all(others.map((id) => stateOf(ledger, id)))
        assert.deepEqual(states, ['cancelled cancelled', 'skipped once'])
        assert.deepEqual(await claimAll(ledger), [])
      })

      on('leaves it to nobody who is too late, or whom another event cancelled', async (ledger, harness) => {
        const { others, between } = await resolvedTwice(ledger, harness, {
          expireAt: harness.clock.now() + 2_500,
        })
        harness.clock.advance(1000)
        await reopened(ledger, harness, { occurredAt: between })
        assert.deepEqual(
          [await stateOf(ledger, others[0]), await stateOf(ledger, others[1])],
          ['skipped once', 'scheduled key-freed'],
        )
      })

      on('nor where the first was sent before, and re-triggered', async (ledger, harness) => {
        const first = await schedule(ledger, harness, keyed)
        await ledger.settle((await openOne(ledger)).id, SENT)
        const between = harness.clock.now()
        harness.clock.advance(1000)
        const second = await schedule(ledger, harness, keyed)
        await ledger.retry(first, { by: 'ann', force: true, reason: 'It was lost.' })
        await reopened(ledger, harness, { occurredAt: between })
        assert.deepEqual(
          [await stateOf(ledger, first), await stateOf(ledger, second)],
          ['cancelled cancelled', 'skipped once'],
        )
      })

      on('nor where an operator cancels the first', async (ledger, harness) => {
        const { first, others } = await resolvedTwice(ledger, harness)
        await ledger.cancel(first, { by: 'ann', reason: null })
        assert.equal(await stateOf(ledger, others[0]), 'skipped once')
      })
    })

    on('that is known already changes nothing; a replayed one still cancels', async (ledger, harness) => {
      const raw = Buffer.from('{"the":"same"}')
      const unsigned = { raw, keyIsUnsigned: true, said: { cancels: [KEY] } }
      await happens(ledger, harness, { ...unsigned, type: 'ticket.opened', said: {} })
      const id = await schedule(ledger, harness, waits)
      const { clock } = harness
      const again = { ...unsigned, type: 'ticket.reopened' }
      const [replayed] = await ledger.record([entry(clock.now(), 'replay', [], again)])
      assert.equal(replayed?.kind, 'replayed')
      assert.equal(await stateOf(ledger, id), 'cancelled cancelled')
    })
  })

  describe('a cancellation that comes while the request is on its way', () => {
    async function sending(ledger: Ledger, harness: Harness) {
      const id = await schedule(ledger, harness, waits)
      const attempt = await openOne(ledger)
      const { eventId } = await reopened(ledger, harness)
      assert.equal(await stateOf(ledger, id), 'sending cancelled-late')
      return { id, attempt, late: new RegExp(`Event ${eventId} .*on its way already`) }
    }

    on('is said of what was sent', async (ledger, harness) => {
      const { id, attempt, late } = await sending(ledger, harness)
      assert.equal(await ledger.settle(attempt.id, SENT), true)
      const { state, code, reason } = await messageWith(ledger, id)
      assert.deepEqual([state, code], ['sent', 'cancelled-late'])
      assert.match(reason ?? '', late)
    })

    on('is said of what nobody knows, and when it is found', async (ledger, harness) => {
      const { id, attempt, late } = await sending(ledger, harness)
      await ledger.settle(attempt.id, { ...UNCONFIRMED, lookInMs: 0 })
      const unsure = await messageWith(ledger, id)
      assert.match(unsure.reason ?? '', /^Look into the conversation\. Event/)
      const { lease } = await claimLook(ledger)
      const look = { complete: true, saw: 'it' }
      const ids = { conversationId: 'conv-1', genesysMessageId: 'gen-1' }
      await ledger.settleLook(lease, attempt.id, { kind: 'found', ...ids, look, reason: 'Found.' })
      const { state, code, reason } = await messageWith(ledger, id)
      assert.deepEqual([state, code], ['sent', 'cancelled-late'])
      assert.match(reason ?? '', late)
    })

    on('or after nobody knew', async (ledger, harness) => {
      const id = await schedule(ledger, harness, waits)
      await ledger.settle((await openOne(ledger)).id, UNCONFIRMED)
      const { eventId } = await reopened(ledger, harness)
      const { state, reason } = await messageWith(ledger, id)
      assert.equal(state, 'unconfirmed')
      assert.match(reason ?? '', new RegExp(`Look into the conversation\\. Event ${eventId} would have`))
    })

    on('stops the next try', async (ledger, harness) => {
      const { id, attempt } = await sending(ledger, harness)
      await ledger.settle(attempt.id, failed(0))
      const { lease } = await claimOne(ledger)
      assert.equal((await ledger.open(lease, draft())).kind, 'cancelled')
      assert.equal(await stateOf(ledger, id), 'cancelled cancelled')
    })
  })

  describe('an operator’s re-trigger', () => {
    on('goes in spite of what cancelled it, and not of what comes after', async (ledger, harness) => {
      const id = await schedule(ledger, harness, waits)
      const { eventId } = await reopened(ledger, harness)
      const again = { by: 'ann', force: false, reason: null }
      assert.equal((await ledger.retry(id, again)).kind, 'done')
      // Planned once more, it cancels nothing that it did not then.
      await ledger.addPlan(eventId, plan([], { cancels: [KEY] }))
      const { lease } = await claimOne(ledger)
      await ledger.postpone(lease, { inMs: 0, code: null, reason: null })
      await reopened(ledger, harness)
      assert.equal(await stateOf(ledger, id), 'cancelled cancelled')
      assert.equal((await ledger.retry(id, again)).kind, 'done')
      assert.equal((await openOne(ledger)).by, 'ann')
    })

    on(
      'of one that had ended when a cancelling event came is cancelled by the next',
      async (ledger, harness) => {
        const id = await schedule(ledger, harness, waits)
        await ledger.settle((await openOne(ledger)).id, SENT)
        await reopened(ledger, harness)
        await ledger.retry(id, { by: 'ann', force: true, reason: 'Lost.' })
        await reopened(ledger, harness)
        assert.equal(await stateOf(ledger, id), 'cancelled cancelled')
      },
    )
  })

  describe('planning again', () => {
    on('finds the cancellation that was recorded before', async (ledger, harness) => {
      const { clock } = harness
      const { eventId } = await happens(ledger, harness)
      await reopened(ledger, harness)
      assert.deepEqual(await ledger.addPlan(eventId, plan([planned(clock.now(), waits)])), { added: 1 })
      const [message] = await ledger.reads.messages({ limit: 5 })
      assert.equal(message?.state, 'cancelled')
    })

    on('of an unreadable event goes by the time that it says now', async (ledger, harness) => {
      const { clock } = harness
      const before = clock.now()
      clock.advance(HOUR)
      const id = await schedule(ledger, harness, waits)
      const [recorded] = await ledger.record([unreadable(clock.now(), 'half')])
      assert.ok(recorded?.kind === 'recorded')
      const read = { key: 'half', type: 'ticket.reopened', senderType: 'reopened', subject: null }
      const cancels = plan([], { cancels: [KEY] })
      await ledger.addPlan(recorded.eventId, cancels, { ...read, occurredAt: before })
      assert.equal(await stateOf(ledger, id), 'scheduled null')
      const [later] = await ledger.record([unreadable(clock.now(), 'another half')])
      assert.ok(later?.kind === 'recorded')
      await ledger.addPlan(later.eventId, cancels, { ...read, key: 'another half', occurredAt: clock.now() })
      assert.equal(await stateOf(ledger, id), 'cancelled cancelled')
    })
  })
}

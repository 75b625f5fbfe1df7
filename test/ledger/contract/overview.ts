import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  DAY,
  draft,
  ended,
  entry,
  failed,
  happens,
  messageWith,
  onLedger,
  openOne,
  planned,
  SENT,
  schedule,
  UNCONFIRMED,
  unreadable,
  waitOf,
} from './build.ts'

const MINUTE = 60_000

/** Kind, name and count of each minute from the first on. */
async function talliesOf(ledger: Ledger, { clock }: Harness) {
  const tallies = await ledger.reads.tallies(clock.now() - 2 * DAY)
  const first = tallies[0]?.minute ?? 0
  return tallies.map(({ minute, kind, name, count }) => [(minute - first) / MINUTE, kind, name, count])
}

export function overview(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('the overview', () => {
    on('counts what needs a person, and what happens now', async (ledger, harness) => {
      const { clock } = harness
      await ledger.bindHost('api.mypurecloud.de')
      // A day ago, to the millisecond, and one more.
      await schedule(ledger, harness, { state: 'failed', code: 'x' })
      await ledger.record([unreadable(clock.now(), 'old')])
      clock.advance(1)
      const since = clock.now()
      await schedule(ledger, harness, { state: 'failed', code: 'x' })
      await ledger.record([unreadable(clock.now(), 'new')])
      await happens(ledger, harness, { said: { state: 'unplanned', reason: 'The template is gone.' } })
      clock.advance(DAY)

      const held = await schedule(ledger, harness)
      await ledger.settle((await openOne(ledger)).id, UNCONFIRMED)
      const looking = await schedule(ledger, harness)
      await ledger.settle((await openOne(ledger)).id, { ...UNCONFIRMED, lookInMs: 1000 })
      assert.notEqual(held, looking)
      const now = clock.now()
      await schedule(ledger, harness, { dueAt: now - 1000 })
      await schedule(ledger, harness, { dueAt: now - 3000, route: 'other' })
      await schedule(ledger, harness, { dueAt: now + 1 })
      ledger.countRefused('crm', 'signature')
      clock.advance(1000)
      await ledger.close()

      const trouble = await (await harness.open()).reads.trouble({ since })
      assert.deepEqual(trouble, {
        host: 'api.mypurecloud.de',
        since,
        failed: 1,
        unplanned: 1,
        unreadable: 1,
        unconfirmed: { held: 1, looking: 1 },
        due: { count: 3, oldestDueAt: now - 3000 },
        scheduled: 3,
        lastEventAt: { crm: now },
        expectedSince: {},
        refused: [{ source: 'crm', reason: 'signature', count: 1, lastAt: now }],
        refusedHours: [{ source: 'crm', reason: 'signature', count: 1, firstAt: now, lastAt: now }],
        recheckable: [],
      })
      const { reads } = await harness.open({ owner: false })
      const recent = await reads.trouble()
      assert.deepEqual([recent.since, recent.failed, recent.unplanned], [clock.now() - DAY, 0, 0])
      assert.equal((await reads.trouble({ since: 0 })).failed, 2)
    })

    on('counts what failed by when it failed', async (ledger, harness) => {
      const { clock } = harness
      const { id } = await ended(ledger, harness, failed(DAY), {
        message: { expireAt: clock.now() + 3 * DAY },
      })
      clock.advance(DAY)
      assert.equal((await ledger.reads.trouble()).failed, 0)
      clock.advance(1)
      await ledger.settle((await openOne(ledger)).id, failed(null))
      assert.equal((await messageWith(ledger, id)).state, 'failed')
      const { failed: now, since } = await ledger.reads.trouble()
      assert.equal(now, 1, 'though it was planned before')
      const summary = await ledger.reads.summary()
      assert.deepEqual([summary.failed, summary.recent.messages.failed, summary.recent.since], [1, 0, since])
      clock.advance(DAY + 1)
      assert.equal((await ledger.reads.trouble()).failed, 0)
      assert.equal((await ledger.reads.summary()).failed, 0)
    })

    on('tells what is due by lane', async (ledger, harness) => {
      const { clock } = harness
      assert.deepEqual(await ledger.reads.backlog(), [])
      const now = clock.now()
      await schedule(ledger, harness, { dueAt: now - 1000 })
      const email = { policies: { channels: ['email'] }, dueAt: now } as const
      await schedule(ledger, harness, email)
      await schedule(ledger, harness, email, 'shop')
      await schedule(ledger, harness, { dueAt: now + 1, route: 'later' })
      // By hand, and due later than the automatic one.
      const id = await schedule(ledger, harness, { state: 'failed', code: 'x', reason: '' })
      await ledger.retry(id, { by: 'ann', force: false, reason: null })
      // Waits its turn: it is due and cannot go.
      const names = ['email:ann@example.com']
      await schedule(ledger, harness, { names, route: 'turns' })
      await schedule(ledger, harness, { names, route: 'turns' })
      const lane = { route: 'greet', source: 'crm' }
      const all = await ledger.reads.backlog()
      assert.deepEqual(all, [
        { ...lane, channel: 'email', due: 1, oldestDueAt: now },
        { ...lane, channel: 'webmessaging', due: 2, oldestDueAt: now - 1000 },
        { ...lane, source: 'shop', channel: 'email', due: 1, oldestDueAt: now },
        { ...lane, route: 'turns', channel: 'webmessaging', due: 2, oldestDueAt: now },
      ])
      assert.equal(
        all.reduce((sum, { due }) => sum + due, 0),
        (await ledger.reads.trouble()).due.count,
      )
      await claimAll(ledger, 99)
      const turns = (await ledger.reads.backlog()).find(({ route }) => route === 'turns')
      assert.equal(turns?.due, 1)
    })

    on('of a ledger that holds nothing, that nothing is wrong', async (ledger, { clock }) => {
      assert.deepEqual(await ledger.reads.trouble(), {
        host: null,
        since: clock.now() - DAY,
        failed: 0,
        unplanned: 0,
        unreadable: 0,
        unconfirmed: { held: 0, looking: 0 },
        due: { count: 0, oldestDueAt: null },
        scheduled: 0,
        lastEventAt: {},
        expectedSince: {},
        refused: [],
        refusedHours: [],
        recheckable: [],
      })
      assert.deepEqual(await ledger.reads.tallies(0), [])
    })

    on('tells refusals by the hour, from the first to the last of each', async (ledger, harness) => {
      const { clock } = harness
      clock.advance(3_600_000 - (clock.now() % 3_600_000))
      const hour = clock.now()
      for (const at of [5, 7, 3_600_000]) {
        clock.advance(hour + at - clock.now())
        ledger.countRefused('crm', 'no-match')
      }
      await ledger.close()
      const again = await harness.open()
      clock.advance(2)
      again.countRefused('crm', 'no-match')
      await again.close()
      const { reads } = await harness.open({ owner: false })
      const of = { source: 'crm', reason: 'no-match' }
      assert.deepEqual((await reads.trouble()).refusedHours, [
        { ...of, count: 2, firstAt: hour + 5, lastAt: hour + 7 },
        { ...of, count: 2, firstAt: hour + 3_600_000, lastAt: hour + 3_600_002 },
      ])
    })

    on('knows since when a source is expected, from the first start with it', async (ledger, { clock }) => {
      const since = clock.now()
      await ledger.expect(['crm'])
      clock.advance(1000)
      await ledger.expect(['crm', 'expects:x'])
      const { expectedSince } = await ledger.reads.trouble()
      assert.deepEqual(expectedSince, { crm: since, 'expects:x': since + 1000 })
      assert.deepEqual((await ledger.reads.summary()).expectedSince, expectedSince)
      await ledger.expect([])
      clock.advance(1000)
      await ledger.expect(['crm'])
      assert.deepEqual((await ledger.reads.trouble()).expectedSince, { crm: since + 2000 })
    })

    on('does not call due what waits for another’s outcome', async (ledger, harness) => {
      const names = ['email:ann@example.com']
      await schedule(ledger, harness, { names })
      await schedule(ledger, harness, { names })
      assert.equal((await claimAll(ledger)).length, 1)
      const { due, scheduled } = await ledger.reads.trouble()
      assert.deepEqual([due.count, scheduled], [1, 2])
    })
  })

  describe('tallies', () => {
    on('count the events of a source in the minute of their receipt', async (ledger, harness) => {
      const { clock } = harness
      clock.advance(MINUTE - (clock.now() % MINUTE))
      const now = clock.now()
      await Promise.all([
        ledger.record([entry(now, 'k1'), entry(now, 'k2'), unreadable(now, 'k3')]),
        ledger.record([entry(now, 'k4', [], { source: 'shop' }), entry(now, 'k5')]),
      ])
      // What is known already was not received anew.
      await ledger.record([entry(now, 'k1'), entry(now, 'k1')])
      clock.advance(MINUTE - 1)
      await ledger.record([entry(clock.now(), 'k6')])
      clock.advance(1)
      await ledger.record([entry(clock.now(), 'k7')])
      assert.deepEqual(await talliesOf(ledger, harness), [
        [0, 'received', 'crm', 5],
        [0, 'received', 'shop', 1],
        [1, 'received', 'crm', 1],
      ])
      assert.deepEqual(
        (await ledger.reads.tallies(now + 1)).map(({ minute }) => minute),
        [now + MINUTE],
      )
    })

    on(
      'count replayed events, and each once though their neighbours are refused',
      async (ledger, harness) => {
        const { clock } = harness
        const now = clock.now()
        const unsigned = { keyIsUnsigned: true, raw: Buffer.from('{"same":1}') }
        await ledger.record([entry(now, 'first', [], unsigned)])
        const [replayed] = await ledger.record([entry(now, 'again', [], { ...unsigned, type: 'other' })])
        assert.equal(replayed?.kind, 'replayed')
        await harness.refuseEventsOfType('refused')
        const answers = await Promise.allSettled([
          ledger.record([entry(now, 'k1'), entry(now, 'k2', [], { type: 'refused' }), entry(now, 'k3')]),
          ledger.record([entry(now, 'k4')]),
          ledger.addPlan(99, {
            state: 'unrouted',
            reason: null,
            notes: [],
            messages: [],
            configVersion: 'c',
            cancels: [],
            names: [],
            consent: null,
            suppress: null,
          }),
          ledger.record([entry(now, 'k5')]),
        ])
        assert.deepEqual(
          answers.map(({ status }) => status),
          ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
        )
        assert.equal((await ledger.reads.events({ limit: 20 })).length, 7)
        assert.deepEqual(await talliesOf(ledger, harness), [[0, 'received', 'crm', 7]])
      },
    )

    on('count what messages come to, by route, and calls', async (ledger, harness) => {
      const { clock } = harness
      clock.advance(MINUTE - (clock.now() % MINUTE))
      const message = { names: [] }
      for (const settlement of [SENT, UNCONFIRMED, failed(null)]) {
        await schedule(ledger, harness, message)
        await ledger.settle((await openOne(ledger)).id, settlement)
      }
      await schedule(ledger, harness, { state: 'skipped', code: 'no-reason', route: 'other' })
      await schedule(ledger, harness, { route: 'other', policies: { mode: 'shadow' } })
      const [shadow] = await claimAll(ledger)
      assert.ok(shadow)
      assert.equal((await ledger.open(shadow.lease, draft({ mode: 'shadow' }))).kind, 'skipped')
      clock.advance(MINUTE)
      // In the minute in which it came to that, however old it is.
      await ledger.settleByHand(2, { by: 'ann', as: 'sent', reason: null })
      await ledger.takeBudget(1, 1)
      assert.equal(await waitOf(ledger, 1), MINUTE)
      assert.deepEqual(await talliesOf(ledger, harness), [
        [0, 'failed', 'greet', 1],
        [0, 'received', 'crm', 5],
        [0, 'sent', 'greet', 1],
        [0, 'skipped', 'other', 2],
        [0, 'unconfirmed', 'greet', 1],
        [1, 'calls', '', 1],
        [1, 'sent', 'greet', 1],
      ])
      clock.advance(MINUTE)
      assert.deepEqual((await talliesOf(ledger, harness)).at(-1), [2, 'calls', '', 1])
    })

    on('are kept for two days', async (ledger, harness) => {
      const { clock } = harness
      await ledger.record([entry(clock.now(), 'k1')])
      clock.advance(2 * DAY - 5 * MINUTE)
      await ledger.record([entry(clock.now(), 'k2')])
      assert.equal((await ledger.reads.tallies(0)).length, 2)
      clock.advance(DAY)
      await ledger.record([entry(clock.now(), 'k3', [planned(clock.now())])])
      assert.equal((await ledger.reads.tallies(0)).length, 2)
    })
  })
}

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger, PauseRequest } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import {
  type Claimed,
  claimAll,
  claimLook,
  claimOne,
  draft,
  failed,
  HOUR,
  messageWith,
  onLedger,
  SENT,
  schedule,
  startAnew,
  UNCONFIRMED,
} from './build.ts'

const MAIL = 'email:ann@example.com'
const PHONE = 'phone:+13175550100'
const BEN = 'email:ben@example.com'
const QUARTER = 15 * 60_000
const PLAIN = { by: 'ann', force: false, reason: null }

const ids = (claimed: readonly { message: { id: number } }[]) => claimed.map(({ message }) => message.id)

export function turns(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  const toAnn = (ledger: Ledger, harness: Harness, rest: Parameters<typeof schedule>[2] = {}) =>
    schedule(ledger, harness, { names: [MAIL], ...rest })

  /** Two messages for one customer, the first of them claimed. */
  async function two(ledger: Ledger, harness: Harness) {
    const first = await toAnn(ledger, harness)
    const second = await toAnn(ledger, harness, { route: 'other' })
    const [claimed, ...others] = await claimAll(ledger)
    assert.ok(claimed && others.length === 0)
    assert.equal(claimed.message.id, first)
    return { first, second, claimed }
  }

  async function opened(ledger: Ledger, { lease }: Claimed): Promise<number> {
    const answer = await ledger.open(lease, draft())
    assert.ok(answer.kind === 'open', answer.kind)
    return answer.attempt.id
  }

  const pauseOf = (rest: Partial<PauseRequest>): PauseRequest => ({
    scope: 'route',
    name: 'greet',
    code: 'operator',
    reason: 'Stop.',
    forMs: null,
    probes: 0,
    by: 'ann',
    ...rest,
  })

  describe('turns', () => {
    on('one message of a customer at a time, in the order in which they are due', async (ledger, harness) => {
      const now = harness.clock.now()
      const later = await toAnn(ledger, harness, { dueAt: now - 1000 })
      const last = await toAnn(ledger, harness, { dueAt: now - 500, route: 'other' })
      const first = await toAnn(ledger, harness, { dueAt: now - 2000, route: 'third' })
      for (const id of [first, later, last]) {
        const claimed = await claimOne(ledger)
        assert.equal(claimed.message.id, id)
        assert.deepEqual(await claimAll(ledger), [])
        const attemptId = await opened(ledger, claimed)
        assert.deepEqual(await claimAll(ledger), [])
        await ledger.settle(attemptId, SENT)
      }
    })

    on('any name is enough, of each of them directly, and others go on', async (ledger, harness) => {
      const first = await toAnn(ledger, harness)
      const both = await toAnn(ledger, harness, { names: [MAIL, PHONE] })
      const phone = await toAnn(ledger, harness, { names: [PHONE] })
      const ben = await toAnn(ledger, harness, { names: [BEN] })
      // The second waits for the first and holds nobody: it is not through others that they are held.
      const claimed = await claimAll(ledger)
      assert.deepEqual(ids(claimed), [first, phone, ben])
      const [one, two] = claimed
      assert.ok(one && two)
      await ledger.conclude(one.lease, { state: 'failed', code: 'x', reason: 'y' })
      assert.deepEqual(await claimAll(ledger), [], 'now the phone holds it')
      await ledger.conclude(two.lease, { state: 'failed', code: 'x', reason: 'y' })
      assert.deepEqual(ids(await claimAll(ledger)), [both])
    })

    on('the line goes on past one that another name holds', async (ledger, harness) => {
      const first = await toAnn(ledger, harness, { names: [MAIL, PHONE] })
      const ben = await toAnn(ledger, harness, { names: [BEN] })
      const both = await toAnn(ledger, harness, { names: [MAIL, BEN] })
      const mail = await toAnn(ledger, harness, { names: [MAIL] })
      const phone = await toAnn(ledger, harness, { names: [PHONE] })
      const claimed = await claimAll(ledger)
      assert.deepEqual(ids(claimed), [first, ben])
      for (const { lease } of claimed.slice(0, 1)) {
        await ledger.conclude(lease, { state: 'failed', code: 'x', reason: 'y' })
      }
      assert.deepEqual(ids(await claimAll(ledger)), [mail, phone])
      const { state } = await messageWith(ledger, both)
      assert.equal(state, 'scheduled')
    })

    on('operators’ re-triggers go first among those that wait', async (ledger, harness) => {
      const { second, claimed } = await two(ledger, harness)
      const manual = await toAnn(ledger, harness, { state: 'failed', code: 'x', reason: 'y' })
      await ledger.retry(manual, PLAIN)
      assert.deepEqual(await claimAll(ledger), [])
      await ledger.settle(await opened(ledger, claimed), SENT)
      const next = await claimOne(ledger)
      assert.equal(next.message.id, manual)
      await ledger.settle(await opened(ledger, next), SENT)
      assert.deepEqual(ids(await claimAll(ledger)), [second])
    })

    on('what came later does not go before what waited', async (ledger, harness) => {
      const { second, claimed } = await two(ledger, harness)
      harness.clock.advance(1000)
      await ledger.settle(await opened(ledger, claimed), SENT)
      await toAnn(ledger, harness)
      assert.deepEqual(ids(await claimAll(ledger)), [second])
    })

    on('two workers never have two of one customer', async (ledger, harness) => {
      for (let n = 0; n < 12; n += 1) await toAnn(ledger, harness, { names: [n % 2 ? MAIL : PHONE] })
      const beside = await harness.open({ owner: false })
      const claims = await Promise.all([claimAll(ledger, 5, 'one'), claimAll(beside, 5, 'two')])
      assert.equal(claims.flatMap(ids).length, 2)
    })

    for (const [how, end] of [
      ['it is sent', async (ledger, claimed) => ledger.settle(await opened(ledger, claimed), SENT)],
      [
        'it failed for good',
        async (ledger, claimed) => ledger.settle(await opened(ledger, claimed), failed(null)),
      ],
      [
        'nobody knows, and nobody looks',
        async (ledger, claimed) => ledger.settle(await opened(ledger, claimed), UNCONFIRMED),
      ],
      [
        'quiet hours put it off',
        async (ledger, { lease }) =>
          ledger.postpone(lease, { inMs: HOUR, code: 'quiet-hours', reason: 'It is night.' }),
      ],
      [
        'a pause met it at the last look',
        async (ledger, { lease }) => {
          await ledger.pause(pauseOf({}))
          assert.equal((await ledger.open(lease, draft())).kind, 'paused')
        },
      ],
      ['an operator cancels it', (ledger, { message }) => ledger.cancel(message.id, PLAIN)],
      [
        'an operator settles it',
        async (ledger, claimed) => {
          await ledger.settle(await opened(ledger, claimed), { ...UNCONFIRMED, lookInMs: HOUR })
          assert.deepEqual(await claimAll(ledger), [])
          await ledger.settleByHand(claimed.message.id, { by: 'ann', as: 'sent', reason: null })
        },
      ],
    ] as [string, (ledger: Ledger, claimed: Claimed) => Promise<unknown>][]) {
      on(`the next is due when ${how}, and who waits is told`, async (ledger, harness) => {
        const { second, claimed } = await two(ledger, harness)
        let told = 0
        ledger.onDue(() => {
          told += 1
        })
        await end(ledger, claimed)
        assert.ok(told > 0)
        assert.deepEqual(ids(await claimAll(ledger)), [second])
      })
    }

    on('a retry keeps the turn, and trouble with Genesys too', async (ledger, harness) => {
      const { first, claimed } = await two(ledger, harness)
      await ledger.postpone(claimed.lease, { inMs: 1000, code: 'unreachable', reason: 'Later.' })
      assert.deepEqual(await claimAll(ledger), [])
      harness.clock.advance(1000)
      const again = await claimOne(ledger)
      assert.equal(again.message.id, first)
      await ledger.settle(await opened(ledger, again), failed(60_000))
      assert.deepEqual(await claimAll(ledger), [])
      harness.clock.advance(60_000)
      assert.deepEqual(ids(await claimAll(ledger)), [first])
    })

    for (const [result, isFree] of [
      ['found', true],
      ['held for an operator', true],
      ['held to look again', false],
      ['absent for good', true],
      ['absent and tried again', false],
    ] as const) {
      on(`a look keeps it until its end: ${result}`, async (ledger, harness) => {
        const { second, claimed } = await two(ledger, harness)
        const attemptId = await opened(ledger, claimed)
        await ledger.settle(attemptId, { ...UNCONFIRMED, lookInMs: 60_000 })
        harness.clock.advance(60_000)
        assert.deepEqual(await claimAll(ledger), [])
        const { lease } = await claimLook(ledger)
        const look = { complete: true, saw: 'x' }
        await ledger.settleLook(
          lease,
          attemptId,
          result === 'found'
            ? { kind: 'found', conversationId: 'c', genesysMessageId: 'g', look, reason: 'Found.' }
            : result.startsWith('held')
              ? { kind: 'held', againInMs: result.endsWith('again') ? 60_000 : null, look, reason: 'No.' }
              : { kind: 'absent', again: result.endsWith('again'), look, code: 'absent', reason: 'No.' },
        )
        assert.equal(ids(await claimAll(ledger)).includes(second), isFree)
      })
    }

    on('for a quarter of an hour at most, counted from the claim', async (ledger, harness) => {
      const { first, second, claimed } = await two(ledger, harness)
      await ledger.settle(await opened(ledger, claimed), failed(QUARTER - 1000))
      harness.clock.advance(QUARTER - 1000)
      const again = await claimOne(ledger)
      assert.equal(again.message.id, first)
      await ledger.settle(await opened(ledger, again), failed(2000))
      harness.clock.advance(999)
      assert.deepEqual(await claimAll(ledger), [])
      harness.clock.advance(1)
      const next = await claimOne(ledger)
      assert.equal(next.message.id, second)
      // It has no second turn, but goes in one of the others’ gaps.
      harness.clock.advance(1000)
      assert.deepEqual(await claimAll(ledger), [])
      await ledger.settle(await opened(ledger, next), SENT)
      const third = await claimOne(ledger)
      const fourth = await toAnn(ledger, harness)
      assert.deepEqual(await claimAll(ledger), [], 'while it is in somebody’s hands')
      await ledger.settle(await opened(ledger, third), failed(HOUR))
      assert.deepEqual(ids(await claimAll(ledger)), [fourth])
    })

    on('whose lease ran out is claimed again in its turn', async (ledger, harness) => {
      const { first, second } = await two(ledger, harness)
      harness.clock.advance(60_000)
      const again = await claimOne(ledger)
      assert.equal(again.message.id, first)
      await ledger.settle(await opened(ledger, again), SENT)
      assert.deepEqual(ids(await claimAll(ledger)), [second])
    })

    on(
      'one that waits for a retry under a pause holds nobody; under a pause of all it does',
      async (ledger, harness) => {
        const { first, second, claimed } = await two(ledger, harness)
        await ledger.settle(await opened(ledger, claimed), failed(1000))
        const all = await ledger.pause(pauseOf({ scope: 'all', name: null }))
        harness.clock.advance(1000)
        assert.deepEqual(await claimAll(ledger), [])
        await ledger.resume(all.id, 'ann')
        await ledger.pause(pauseOf({}))
        assert.deepEqual(ids(await claimAll(ledger)), [second])
        assert.equal((await messageWith(ledger, first)).state, 'scheduled')
      },
    )

    on('those that wait under a pause stop nobody behind them', async (ledger, harness) => {
      const first = await toAnn(ledger, harness, { route: 'first' })
      const paused = await toAnn(ledger, harness)
      const behind = await toAnn(ledger, harness, { route: 'other' })
      const claimed = await claimOne(ledger)
      assert.equal(claimed.message.id, first)
      const pause = await ledger.pause(pauseOf({}))
      await ledger.settle(await opened(ledger, claimed), SENT)
      const next = await claimOne(ledger)
      assert.equal(next.message.id, behind)
      await ledger.resume(pause.id, 'ann')
      assert.deepEqual(await claimAll(ledger), [])
      await ledger.settle(await opened(ledger, next), SENT)
      assert.deepEqual(ids(await claimAll(ledger)), [paused])
    })

    on('a probe is taken from whoever has not to wait', async (ledger, harness) => {
      const { claimed } = await two(ledger, harness)
      const ben = await toAnn(ledger, harness, { names: [BEN] })
      const down = pauseOf({ scope: 'all', name: null, code: 'unreachable', forMs: 0 })
      const pause = await ledger.pause(down)
      const claim = await ledger.claim({ owner: 'worker', limit: 10, leaseMs: 60_000 })
      assert.deepEqual(ids(claim.messages), [ben])
      assert.equal(claim.probe?.id, pause.id)
      await ledger.cancel(claimed.message.id, PLAIN)
      assert.deepEqual(await claimAll(ledger), [], 'somebody probes already')
    })

    on(
      'a start frees those that nobody had sent, and keeps the turn of those on their way',
      async (ledger, harness) => {
        const mail = await two(ledger, harness)
        const ben = await toAnn(ledger, harness, { names: [BEN] })
        const behindBen = await toAnn(ledger, harness, { names: [BEN], route: 'other' })
        const claimedBen = await claimOne(ledger)
        await opened(ledger, claimedBen)
        assert.deepEqual(await claimAll(ledger), [])
        const again = await startAnew(ledger, harness)
        const claimed = await claimAll(again)
        assert.deepEqual(ids(claimed), [mail.first])
        assert.equal((await messageWith(again, ben)).state, 'unconfirmed')
        await again.settleByHand(ben, { by: 'ann', as: 'sent', reason: null })
        assert.deepEqual(ids(await claimAll(again)), [behindBen])
      },
    )

    on('a message without names waits for nobody', async (ledger, harness) => {
      const both = [
        await toAnn(ledger, harness, { names: [] }),
        await toAnn(ledger, harness, { names: [], route: 'other' }),
      ]
      assert.deepEqual(ids(await claimAll(ledger)), both)
    })

    on('a thousand for one customer keep nobody else waiting', async (ledger, harness) => {
      const many: Promise<number>[] = []
      for (let n = 0; n < 1200; n += 1) many.push(toAnn(ledger, harness))
      const all = await Promise.all(many)
      const ben = await toAnn(ledger, harness, { names: [BEN] })
      const claimed: Claimed[] = []
      while (claimed.length < 2) claimed.push(...(await claimAll(ledger)))
      assert.deepEqual(ids(claimed), [all[0], ben])
      let [present] = claimed
      for (const next of all.slice(1, 4)) {
        assert.ok(present)
        await ledger.settle(await opened(ledger, present), SENT)
        present = await claimOne(ledger)
        assert.equal(present.message.id, next)
      }
      // The two that are claimed; who waits in line is not due before its turn.
      assert.equal((await ledger.reads.summary()).due.count, 2)
    })
  })
}

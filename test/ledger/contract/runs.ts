import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger, PauseRequest } from '../../../src/ledger/ledger.ts'
import type { Run, RunActed, RunRequest } from '../../../src/ledger/run.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  DAY,
  draft,
  ended,
  entry,
  messageWith,
  onLedger,
  planned,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

const REQUEST: Omit<RunRequest, 'messageIds'> = {
  by: 'ann',
  reason: null,
  force: false,
  late: false,
  filter: {},
}

const PAUSE: PauseRequest = {
  scope: 'all',
  name: null,
  code: 'operator',
  reason: 'Stop.',
  forMs: null,
  probes: 0,
  by: 'ann',
}

function begun(acted: RunActed): Run {
  assert.ok(acted.kind === 'done', acted.kind === 'refused' ? acted.reason : '')
  return acted.run
}

/** So many messages that failed before they were tried. */
async function manyFailed(ledger: Ledger, { clock }: Harness, count: number): Promise<number[]> {
  const message = planned(clock.now(), { state: 'failed', code: 'once-key-empty', reason: 'No key.' })
  const entries = Array.from({ length: count }, (_, n) => entry(clock.now(), `run-${n}`, [message]))
  const recorded = await ledger.record(entries)
  return recorded.flatMap((one) => (one.kind === 'recorded' ? one.messageIds : []))
}

const statesOf = async (ledger: Ledger, ids: readonly number[]) =>
  Promise.all(ids.map(async (id) => (await messageWith(ledger, id)).state))

export function runs(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('runs', () => {
    on('leave what was tried since it was seen as it is, also by force', async (ledger, harness) => {
      const [first = 0, second = 0] = await manyFailed(ledger, harness, 2)
      const forced = { ...REQUEST, force: true, reason: 'Another text.' }
      const run = begun(await ledger.beginRun({ ...forced, messageIds: [first, second], attempts: [0, 0] }))
      // Somebody is faster with one of them, and it is sent.
      await ledger.retry(first, { by: 'cleo', force: false, reason: null })
      const { messages } = await ledger.claim({ owner: 'w', limit: 1, leaseMs: 60_000 })
      const [claimed] = messages
      assert.equal(claimed?.message.id, first)
      const opened = claimed && (await ledger.open(claimed.lease, draft()))
      assert.ok(opened?.kind === 'open')
      await ledger.settle(opened.attempt.id, SENT)
      assert.deepEqual(await ledger.stepRun({ limit: 5 }), {
        runId: run.id,
        retried: 1,
        refused: 1,
        ended: true,
      })
      assert.deepEqual(await statesOf(ledger, [first, second]), ['sent', 'scheduled'])
      const report = await ledger.reads.run(run.id)
      assert.match(report?.refusals[0]?.reason ?? '', /^It was tried since this run was planned/)
    })

    on('have their messages to themselves: a plan says what waits in another', async (ledger, harness) => {
      const [first = 0, second = 0] = await manyFailed(ledger, harness, 2)
      begun(await ledger.beginRun({ ...REQUEST, messageIds: [first] }))
      const request = { force: true, late: false, reason: 'x', before: [] }
      const asked = [first, second].map((id) => ({ id, ways: {} }))
      const { messages } = await ledger.foresee(asked, request)
      assert.deepEqual(
        messages.map(({ outcome, code }) => [outcome, code]),
        [
          ['refused', 'in-run'],
          ['sent', null],
        ],
      )
      const alone = await ledger.foresee(asked, { ...request, alone: true })
      assert.equal(alone.messages[0]?.outcome, 'sent')
    })

    on('re-trigger so many at a time that no more than the limit are due', async (ledger, harness) => {
      const ids = await manyFailed(ledger, harness, 5)
      const run = begun(await ledger.beginRun({ ...REQUEST, reason: 'Mended.', messageIds: ids }))
      assert.deepEqual(
        [run.state, run.total, run.waiting, run.by, run.reason],
        ['running', 5, 5, 'ann', 'Mended.'],
      )
      assert.deepEqual(await ledger.stepRun({ limit: 2 }), {
        runId: run.id,
        retried: 2,
        refused: 0,
        ended: false,
      })
      assert.deepEqual(await statesOf(ledger, ids), ['scheduled', 'scheduled', 'failed', 'failed', 'failed'])
      assert.match((await messageWith(ledger, ids[0] ?? 0)).reason ?? '', /Re-triggered by ann: Mended\./)
      assert.deepEqual((await ledger.stepRun({ limit: 2 }))?.retried, 0)
      assert.equal((await ledger.stepRun({ limit: 3 }))?.retried, 1)
      // What is being sent waits no more.
      for (const { lease } of await claimAll(ledger)) await ledger.open(lease, draft())
      assert.deepEqual(await ledger.stepRun({ limit: 9 }), {
        runId: run.id,
        retried: 2,
        refused: 0,
        ended: true,
      })
      assert.equal(await ledger.stepRun({ limit: 9 }), null)
      const report = await ledger.reads.run(run.id)
      assert.deepEqual(
        [report?.state, report?.endedAt, report?.waiting, report?.retried, report?.refused],
        ['done', harness.clock.now(), 0, 5, 0],
      )
      assert.deepEqual([report?.messages.scheduled, report?.messages.sending], [2, 3])
    })

    on('refuse each message that cannot be re-triggered, with its reason', async (ledger, harness) => {
      const sent = await schedule(ledger, harness)
      const [claimed] = await claimAll(ledger)
      assert.ok(claimed)
      const opened = await ledger.open(claimed.lease, draft())
      assert.ok(opened.kind === 'open')
      await ledger.settle(opened.attempt.id, SENT)
      const waiting = await schedule(ledger, harness)
      const [failed = 0] = await manyFailed(ledger, harness, 1)
      const run = begun(
        await ledger.beginRun({ ...REQUEST, messageIds: [sent, waiting, failed, 4711, failed] }),
      )
      assert.equal(run.total, 4, 'each once')
      const step = await ledger.stepRun({ limit: 2 })
      assert.deepEqual([step?.retried, step?.refused, step?.ended], [1, 3, true])
      const { refusals = [] } = (await ledger.reads.run(run.id)) ?? {}
      assert.deepEqual(
        refusals.map(({ messageId }) => messageId),
        [sent, waiting, 4711],
      )
      assert.match(refusals[0]?.reason ?? '', /was sent.*--force/)
      assert.match(refusals[1]?.reason ?? '', /is scheduled already/)
      assert.match(refusals[2]?.reason ?? '', /no message 4711/)
    })

    on('re-trigger what was sent by force and with a reason alone', async (ledger, harness) => {
      const sent = await schedule(ledger, harness)
      const [claimed] = await claimAll(ledger)
      assert.ok(claimed)
      const opened = await ledger.open(claimed.lease, draft())
      assert.ok(opened.kind === 'open')
      await ledger.settle(opened.attempt.id, SENT)
      const forced = { ...REQUEST, force: true, messageIds: [sent] }
      for (const reason of [null, ' ']) {
        const acted = await ledger.beginRun({ ...forced, reason })
        assert.ok(acted.kind === 'refused')
        assert.match(acted.reason, /needs a reason/)
      }
      assert.deepEqual(await ledger.reads.runs({ limit: 9 }), [])
      begun(await ledger.beginRun({ ...forced, reason: 'Lost.' }))
      assert.equal((await ledger.stepRun({ limit: 9 }))?.retried, 1)
      assert.equal((await messageWith(ledger, sent)).state, 'scheduled')
    })

    on('refuse what is unconfirmed, but by force', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, UNCONFIRMED)
      const plain = begun(await ledger.beginRun({ ...REQUEST, messageIds: [id] }))
      assert.deepEqual(await ledger.stepRun({ limit: 9 }), {
        runId: plain.id,
        retried: 0,
        refused: 1,
        ended: true,
      })
      const { refusals = [] } = (await ledger.reads.run(plain.id)) ?? {}
      assert.match(refusals[0]?.reason ?? '', /Nobody knows whether the customer has it.*settle it/)
      assert.equal((await messageWith(ledger, id)).state, 'unconfirmed')
      begun(await ledger.beginRun({ ...REQUEST, force: true, reason: 'Lost.', messageIds: [id] }))
      assert.equal((await ledger.stepRun({ limit: 9 }))?.retried, 1)
      assert.equal((await messageWith(ledger, id)).state, 'scheduled')
    })

    on('refuse what is past its time, unless they take late ones too', async (ledger, harness) => {
      const [id = 0] = await manyFailed(ledger, harness, 1)
      const { id: unconfirmed } = await ended(ledger, harness, UNCONFIRMED)
      const both = [id, unconfirmed]
      const run = begun(await ledger.beginRun({ ...REQUEST, messageIds: both }))
      assert.equal(run.late, false)
      // What was in time when it was planned may not be when its turn comes.
      harness.clock.advance(DAY + 1)
      assert.equal((await ledger.stepRun({ limit: 9 }))?.refused, 2)
      const { refusals = [] } = (await ledger.reads.run(run.id)) ?? {}
      assert.match(refusals[0]?.reason ?? '', /Its time is over.*--late/)
      const late = begun(await ledger.beginRun({ ...REQUEST, late: true, messageIds: both }))
      assert.equal(late.late, true)
      const step = await ledger.stepRun({ limit: 9 })
      assert.deepEqual([step?.retried, step?.refused], [1, 1], 'unconfirmed is another thing')
      assert.equal((await messageWith(ledger, id)).expireAt, harness.clock.now() + DAY)
      // One by its number is what somebody looked at.
      const one = await ledger.retry(unconfirmed, { by: 'ann', force: false, reason: null })
      assert.equal(one.kind, 'done')
    })

    on('pass over what a pause holds, and go on with others', async (ledger, harness) => {
      const held = await manyFailed(ledger, harness, 3)
      const other = { state: 'failed', code: 'x', reason: 'Nobody.', route: 'other' } as const
      const free = await schedule(ledger, harness, other)
      const later = await schedule(ledger, harness, other)
      // Re-triggers of the paused route that are due already take nobody's room.
      const [due = 0] = await manyFailed(ledger, harness, 1)
      await ledger.retry(due, { by: 'ann', force: false, reason: null })
      const pause = await ledger.pause({ ...PAUSE, scope: 'route', name: 'greet' })
      const first = begun(await ledger.beginRun({ ...REQUEST, messageIds: [...held, free] }))
      const second = begun(await ledger.beginRun({ ...REQUEST, messageIds: [later] }))
      const took = { retried: 1, refused: 0 }
      assert.deepEqual(await ledger.stepRun({ limit: 1 }), { runId: first.id, ...took, ended: false })
      for (const { lease } of await claimAll(ledger)) await ledger.open(lease, draft())
      assert.deepEqual(await ledger.stepRun({ limit: 1 }), { runId: second.id, ...took, ended: true })
      assert.deepEqual(await statesOf(ledger, held), ['failed', 'failed', 'failed'])
      const report = await ledger.reads.run(first.id)
      assert.deepEqual(
        [report?.state, report?.waiting, report?.waitsFor],
        ['running', 3, [{ scope: 'route', name: 'greet', reason: 'Stop.' }]],
      )
      const idle = { runId: first.id, retried: 0, refused: 0, ended: false }
      assert.deepEqual(await ledger.stepRun({ limit: 9 }), idle)
      await ledger.resume(pause.id, 'ann')
      // Once round: then it is seen that the pause is over.
      await ledger.stepRun({ limit: 9 })
      assert.equal((await ledger.stepRun({ limit: 9 }))?.ended, true)
      assert.deepEqual(await statesOf(ledger, held), ['scheduled', 'scheduled', 'scheduled'])
      assert.deepEqual((await ledger.reads.run(first.id))?.waitsFor, [])
    })

    on('hold nothing back that could tell whether Genesys answers again', async (ledger, harness) => {
      const ids = await manyFailed(ledger, harness, 2)
      begun(await ledger.beginRun({ ...REQUEST, messageIds: ids }))
      await ledger.pause({ ...PAUSE, code: 'unreachable', forMs: 1_000 })
      assert.equal((await ledger.stepRun({ limit: 1 }))?.retried, 0)
      harness.clock.advance(1_000)
      assert.equal((await ledger.stepRun({ limit: 1 }))?.retried, 1)
      const { probe, messages } = await ledger.claim({ owner: 'worker', limit: 9, leaseMs: 60_000 })
      assert.deepEqual([probe?.code, messages.map(({ message }) => message.id)], ['unreachable', [ids[0]]])
    })

    on('look at no more than some hundred that a pause holds in one step', async (ledger, harness) => {
      const held = await manyFailed(ledger, harness, 1_010)
      const free = await schedule(ledger, harness, { state: 'failed', code: 'x', reason: '', route: 'other' })
      const pause = await ledger.pause({ ...PAUSE, scope: 'channel', name: 'webmessaging' })
      const email = { policies: { channels: ['email'] } } as const
      const way = await schedule(ledger, harness, { ...email, state: 'failed', code: 'x', reason: '' })
      const run = begun(await ledger.beginRun({ ...REQUEST, messageIds: [...held, free, way] }))
      const retried: number[] = []
      for (let step = 0; step < 5; step += 1) retried.push((await ledger.stepRun({ limit: 9 }))?.retried ?? 0)
      assert.deepEqual(retried, [0, 0, 1, 0, 0])
      assert.equal((await messageWith(ledger, way)).state, 'scheduled')
      assert.equal((await ledger.reads.run(run.id))?.waiting, 1_011)
      // Another pause stands: it is looked from the first again.
      await ledger.pause({ ...PAUSE, scope: 'route', name: 'other' })
      await ledger.resume(pause.id, 'ann')
      await ledger.stepRun({ limit: 2 })
      assert.equal((await ledger.stepRun({ limit: 2 }))?.retried, 1)
      assert.equal((await messageWith(ledger, held[0] ?? 0)).state, 'scheduled')
    })

    on('are performed one after the other, the oldest first', async (ledger, harness) => {
      const [a = 0, b = 0] = await manyFailed(ledger, harness, 2)
      const first = begun(await ledger.beginRun({ ...REQUEST, messageIds: [b] }))
      const second = begun(await ledger.beginRun({ ...REQUEST, by: 'bob', messageIds: [a, b] }))
      assert.equal((await ledger.stepRun({ limit: 9 }))?.runId, first.id)
      assert.deepEqual(await ledger.stepRun({ limit: 9 }), {
        runId: second.id,
        retried: 1,
        refused: 1,
        ended: true,
      })
      assert.deepEqual(
        (await ledger.reads.runs({ limit: 9 })).map(({ id }) => id),
        [second.id, first.id],
      )
      const [newest] = await ledger.reads.runs({ limit: 1 })
      assert.equal(newest?.id, second.id)
      const older = await ledger.reads.runs({ limit: 9, before: second.id })
      assert.deepEqual(
        older.map(({ id }) => id),
        [first.id],
      )
      assert.deepEqual(await ledger.reads.runs({ state: 'running', limit: 9 }), [])
    })

    on('that are stopped re-trigger nothing more', async (ledger, harness) => {
      const ids = await manyFailed(ledger, harness, 3)
      const { id } = begun(await ledger.beginRun({ ...REQUEST, messageIds: ids }))
      await ledger.stepRun({ limit: 1 })
      const stopped = begun(await ledger.stopRun(id, 'bob'))
      assert.deepEqual(
        [stopped.state, stopped.waiting, stopped.retried, stopped.endedAt],
        ['stopped', 2, 1, harness.clock.now()],
      )
      assert.equal(await ledger.stepRun({ limit: 9 }), null)
      assert.deepEqual(await statesOf(ledger, ids), ['scheduled', 'failed', 'failed'])
      for (const [run, words] of [
        [id, /is stopped already/],
        [4711, /no run 4711/],
      ] as const) {
        const acted = await ledger.stopRun(run, 'bob')
        assert.ok(acted.kind === 'refused')
        assert.match(acted.reason, words)
      }
    })

    on('without a message are done as they begin', async (ledger) => {
      const run = begun(await ledger.beginRun({ ...REQUEST, messageIds: [] }))
      assert.deepEqual([run.state, run.total], ['done', 0])
      assert.equal(await ledger.reads.run(4711), null)
    })

    on('of thousands are written down whole, and go on after a start', async (ledger, harness) => {
      const ids = await manyFailed(ledger, harness, 2_100)
      const filter = { state: 'failed', route: 'greet', customer: ['email'] } as const
      const run = begun(await ledger.beginRun({ ...REQUEST, filter, messageIds: ids }))
      assert.equal(run.total, 2_100)
      assert.deepEqual(run.filter, filter)
      await ledger.stepRun({ limit: 100 })
      await ledger.close()
      const again = await harness.open()
      await again.stepRun({ limit: 250 })
      const report = await again.reads.run(run.id)
      assert.deepEqual([report?.retried, report?.messages.scheduled, report?.waiting], [250, 250, 1_850])
    })
  })
}

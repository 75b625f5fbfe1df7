import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Run, RunActed, RunRequest } from '../../../src/ledger/run.ts'
import type { Harness } from '../contract.ts'
import { claimAll, draft, entry, messageWith, onLedger, planned, SENT, schedule } from './build.ts'

const REQUEST: Omit<RunRequest, 'messageIds'> = { by: 'ann', reason: null, force: false, filter: {} }

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

    on('of many thousand are written down whole, and go on after a start', async (ledger, harness) => {
      const ids = await manyFailed(ledger, harness, 4_500)
      const filter = { state: 'failed', route: 'greet', customer: ['email'] } as const
      const run = begun(await ledger.beginRun({ ...REQUEST, filter, messageIds: ids }))
      assert.equal(run.total, 4_500)
      assert.deepEqual(run.filter, filter)
      await ledger.stepRun({ limit: 1_000 })
      await ledger.close()
      const again = await harness.open()
      for (let limit = 2_000; (await again.stepRun({ limit })) !== null; ) limit += 1_000
      const report = await again.reads.run(run.id)
      assert.deepEqual([report?.retried, report?.messages.scheduled], [4_500, 4_500])
    })
  })
}

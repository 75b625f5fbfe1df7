import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRunner, paceOf } from '../../src/deliver/runs.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { testLog } from '../test-log.ts'
import { customerEvent } from './fixtures.ts'
import { type Rig, rigsForEach } from './rig.ts'

/** Messages of customers 1 to `count` that failed before they were tried. */
async function failing(rig: Rig, count: number): Promise<number[]> {
  const recorded = await rig.ledger.record(
    Array.from({ length: count }, (_, n) => {
      const event = customerEvent(n + 1, rig.clock.now())
      const plan = planEvent(event, rig.config)
      const failed = { state: 'failed', code: 'no-contact', reason: 'Nobody.' } as const
      const messages = plan.messages.map((message) => ({ ...message, ...failed }))
      return { kind: 'event', event, plan: { ...plan, messages }, keepKeyForMs: 1e9 }
    }),
  )
  return recorded.flatMap((one) => (one.kind === 'recorded' ? one.messageIds : []))
}

/** A runner beside a rig's workers; ends with the test. */
function runnerOf({ ledger, clock, config }: Rig) {
  const { rateLimitPerMinute } = config.genesys
  const runner = createRunner({ ledger, clock, log: testLog(), rateLimitPerMinute })
  const running = runner.run()
  return {
    async [Symbol.asyncDispose]() {
      runner.stop()
      await running
    },
  }
}

async function begin(rig: Rig, messageIds: readonly number[]): Promise<number> {
  const request = { by: 'ann', reason: null, force: false, late: false, filter: {}, messageIds }
  const acted = await rig.ledger.beginRun(request)
  assert.ok(acted.kind === 'done')
  return acted.run.id
}

describe('the pace of runs', () => {
  it('takes half of the calls, at two a message', () => {
    for (const perMinute of [1, 60, 300, 900, 6_000, 60_000]) {
      const { limit, everyMs } = paceOf(perMinute)
      assert.ok(limit >= 1 && Number.isInteger(limit))
      const calls = ((limit * 2) / everyMs) * 60_000
      assert.ok(calls <= perMinute / 2 && calls >= perMinute * 0.45, `${calls} of ${perMinute}`)
    }
  })
})

describe('a runner', () => {
  const rigOf = rigsForEach()

  it('re-triggers all of a run that begins while it waits, and live messages go between', async () => {
    const rig = await rigOf({ config: { genesys: 'rateLimitPerMinute: 300' } })
    await using _ = runnerOf(rig)
    await rig.run(5_000)
    const id = await begin(rig, await failing(rig, 120))
    // A minute and a half of re-triggers.
    await rig.run(20_000)
    const { state, retried = 0 } = (await rig.ledger.reads.run(id)) ?? {}
    assert.equal(state, 'running')
    assert.ok(retried >= 20 && retried <= 26, `${retried} at 75 a minute`)
    const at = rig.clock.now()
    await rig.record(1_001, 20)
    await rig.runUntil(async () =>
      (await rig.ledger.reads.messages({ since: at, limit: 30 })).every(({ state: s }) => s === 'sent'),
    )
    assert.ok(rig.clock.now() - at < 20_000, `${rig.clock.now() - at} ms for 20 live messages beside the run`)
    assert.equal((await rig.ledger.reads.run(id))?.state, 'running')
    await rig.runUntil(async () => (await rig.ledger.reads.run(id))?.messages.sent === 120)
    assert.equal((await rig.ledger.reads.run(id))?.state, 'done')
  })

  it('waits while everything is paused, and goes on where it is', async () => {
    const rig = await rigOf({ config: { genesys: 'rateLimitPerMinute: 6000' } })
    await using _ = runnerOf(rig)
    const pause = await rig.ledger.pause({
      scope: 'all',
      name: null,
      code: 'operator',
      reason: 'Not now.',
      forMs: null,
      probes: 0,
      by: 'ann',
    })
    const id = await begin(rig, await failing(rig, 100))
    await rig.run(60_000)
    const waiting = await rig.ledger.reads.run(id)
    assert.deepEqual([waiting?.state, waiting?.retried], ['running', 0])
    assert.deepEqual(waiting?.waitsFor, [{ scope: 'all', name: null, reason: 'Not now.' }])
    await rig.ledger.resume(pause.id, 'ann')
    await rig.runUntil(async () => (await rig.ledger.reads.run(id))?.messages.sent === 100)
  })

  it('re-triggers nothing more of a run that is stopped in the middle', async () => {
    const rig = await rigOf({ config: { genesys: 'rateLimitPerMinute: 300' } })
    await using _ = runnerOf(rig)
    const id = await begin(rig, await failing(rig, 100))
    await rig.run(15_000)
    assert.equal((await rig.ledger.stopRun(id, 'bob')).kind, 'done')
    const { retried = 0 } = (await rig.ledger.reads.run(id)) ?? {}
    await rig.run(60_000)
    const report = await rig.ledger.reads.run(id)
    assert.ok(retried > 0 && retried < 100)
    assert.deepEqual([report?.state, report?.retried, report?.messages.sent], ['stopped', retried, retried])
    assert.equal((await rig.ledger.reads.messages({ state: 'failed', limit: 200 })).length, 100 - retried)
    assert.equal(rig.sandbox.counts().message, retried)
  })
})

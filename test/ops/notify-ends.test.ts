import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { BRAKE, startNotifier } from './notifying.ts'
import { type Receiver, startReceiver } from './receiver.ts'

describe('notify: what is over, and what begins again', () => {
  let folder: string
  let clock: ManualClock
  let ledger: Ledger
  let receiver: Receiver

  const open = () =>
    openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log: testLog(), owner: true })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-notify-'))
    // What is signed is verified by the system's clock.
    clock = createManualClock(Math.floor(systemClock.now() / 1_000) * 1_000)
    ledger = await open()
    receiver = await startReceiver()
  })
  afterEach(async () => {
    await receiver.close()
    await ledger.close()
    rmSync(folder, { recursive: true })
  })

  const start = () => startNotifier({ ledger, receiver, clock })
  const types = () => receiver.posts.map(({ body }) => body.type)

  it('what is over before anybody can have heard of it is told neither way', async () => {
    const { port } = new URL(receiver.url)
    await receiver.close()
    await using notifier = await start()
    const { id } = await ledger.pause(BRAKE)
    await notifier.pass(12)
    assert.deepEqual(
      (await ledger.untold()).map(({ what, tried }) => [what, tried]),
      [['began', false]],
    )
    await ledger.resume(id, 'ann')
    await notifier.pass(12)
    receiver = await startReceiver(Number(port))
    await notifier.pass(90)
    assert.deepEqual(types(), [])
  })

  it('what was answered with no was not heard of: told neither way', async () => {
    receiver.answer = () => 404
    await using notifier = await start()
    const { id } = await ledger.pause(BRAKE)
    await notifier.pass(12)
    assert.ok(receiver.posts.length > 0)
    await ledger.resume(id, 'ann')
    await notifier.pass(10)
    receiver.posts.length = 0
    receiver.answer = () => 200
    await notifier.pass(90)
    assert.deepEqual(types(), [])
  })

  for (const answer of ['reset', 503] as const) {
    it(`what may have been taken (${answer}) and is over: its end is told`, async () => {
      receiver.answer = () => answer
      await using notifier = await start()
      const { id } = await ledger.pause(BRAKE)
      await notifier.pass(12)
      assert.ok(receiver.posts.length > 0)
      await ledger.resume(id, 'ann')
      await notifier.pass(10)
      receiver.posts.length = 0
      receiver.answer = () => 200
      await notifier.pass(70)
      assert.deepEqual(types(), ['brake.over'])
    })
  }

  it('a second brake within seconds of a resume: another notice, and the first is over', async () => {
    await using notifier = await start()
    const first = await ledger.pause(BRAKE)
    await notifier.pass(12)
    await ledger.resume(first.id, 'ann')
    await ledger.pause(BRAKE)
    await notifier.pass(12)
    assert.deepEqual(types(), ['brake.began', 'brake.over', 'brake.began'])
    const [began, over, again] = receiver.posts.map(({ body }) => body.data.cause)
    assert.equal(began, over)
    assert.notEqual(began, again)
  })

  it('an outage whose pause ends and begins again, by another name too, is one', async () => {
    const outage = { ...BRAKE, scope: 'all', name: null, code: 'unreachable', forMs: 1_000 } as const
    await using notifier = await start()
    for (const code of ['unreachable', 'uncertain', 'unreachable'] as const) {
      const { id } = await ledger.pause({ ...outage, code })
      await notifier.pass(45)
      await ledger.resume(id, 'postrider')
      await notifier.pass(5)
    }
    assert.deepEqual(types(), ['pause.began'])
    await notifier.pass(80)
    assert.deepEqual(types(), ['pause.began', 'pause.over'])
  })
})

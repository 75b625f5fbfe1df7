import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook } from 'svix'
import { systemClock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import type { Expected } from '../../src/ops/attention.ts'
import { entry, openOne, planned, UNCONFIRMED } from '../ledger/contract/build.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { BRAKE, SECRET, startNotifier } from './notifying.ts'
import { type Receiver, startReceiver } from './receiver.ts'

describe('notify', () => {
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

  const start = (options: { secret?: string; expected?: Expected[] } = {}) =>
    startNotifier({ ledger, receiver, clock, ...options })
  const types = () => receiver.posts.map(({ body }) => body.type)

  it('a pause: once when it begins, once when it is over, signed so that both libraries verify it', async () => {
    await using notifier = await start()
    const since = clock.now()
    const { id } = await ledger.pause(BRAKE)
    await notifier.pass(45)
    assert.deepEqual(types(), ['brake.began'])
    await ledger.resume(id, 'ann')
    await notifier.pass(45)
    assert.deepEqual(types(), ['brake.began', 'brake.over'])

    const [began, over] = receiver.posts
    assert.ok(began && over)
    for (const { raw, headers } of receiver.posts) {
      new Webhook(SECRET).verify(raw, headers)
      new StandardWebhook(SECRET).verify(raw, headers)
    }
    const { timestamp, data } = began.body
    assert.equal(timestamp, new Date(since).toISOString())
    assert.deepEqual(
      [data.cause, data.route, data.overAt, data.sendsTo, data.command],
      [`pause:route:greet:brake:${id}`, 'greet', null, null, 'npx postrider resume route greet'],
    )
    assert.equal(over.body.data.overAt, over.body.timestamp)
    assert.equal(over.body.data.cause, data.cause)
    assert.notEqual(over.headers['webhook-id'], began.headers['webhook-id'])
  })

  it('nothing personal, even where a reason has it', async () => {
    await using notifier = await start()
    await ledger.pause(BRAKE)
    await notifier.pass(12)
    const [post] = receiver.posts
    assert.match(String(post?.body.data.what), /Ask \[email\] or \[phone\]/)
    assert.doesNotMatch(String(post?.raw), /ann@|555/)
  })

  it('a secret of any text signs as its own bytes', async () => {
    const secret = 'a text that nobody guesses'
    await using notifier = await start({ secret })
    await ledger.pause(BRAKE)
    await notifier.pass(12)
    const [post] = receiver.posts
    assert.ok(post)
    new Webhook(Buffer.from(secret), { format: 'raw' }).verify(post.raw, post.headers)
  })

  it('a receiver that is down, and then up: one notice, one id, and longer and longer waits', async () => {
    receiver.answer = () => 'reset'
    await using notifier = await start()
    await ledger.pause(BRAKE)
    await notifier.pass(140)
    const at = receiver.posts.map((post) => post.at - (receiver.posts[0]?.at ?? 0))
    // After 1, 2, 4, 8, 16, 32 and 60 s.
    assert.deepEqual(
      at.slice(0, 8),
      [0, 1, 3, 7, 15, 31, 63, 123].map((s) => s * 1_000),
    )
    receiver.answer = () => 204
    await notifier.pass(70)
    const ids = new Set(receiver.posts.map(({ headers }) => headers['webhook-id']))
    assert.deepEqual([receiver.posts.length, ids.size], [9, 1])
  })

  it('each try is signed as of its own time', async () => {
    receiver.answer = () => 503
    await using notifier = await start()
    await ledger.pause(BRAKE)
    await notifier.pass(20)
    const times = receiver.posts.map(({ headers }) => Number(headers['webhook-timestamp']))
    assert.ok(times.length > 2 && new Set(times).size === times.length, String(times))
    for (const { raw, headers } of receiver.posts) new Webhook(SECRET).verify(raw, headers)
  })

  it('one notice that is not taken holds up no other', async () => {
    receiver.answer = ({ body }) => (body.type === 'brake.began' ? 400 : 200)
    await using notifier = await start()
    await ledger.pause(BRAKE)
    await notifier.pass(40)
    await ledger.pause({ ...BRAKE, scope: 'channel', name: 'email', code: 'operator' })
    await notifier.pass(12)
    assert.equal(types().filter((type) => type === 'pause.began').length, 1)
  })

  it('a restart neither repeats nor forgets', async () => {
    const first = await start()
    await ledger.pause(BRAKE)
    await first.pass(12)
    receiver.answer = () => 500
    const told = await ledger.pause({ ...BRAKE, name: 'other' })
    await first.pass(12)
    await first.stop()
    await ledger.close()

    ledger = await open()
    receiver.answer = () => 200
    receiver.posts.length = 0
    await using second = await start()
    await second.pass(25)
    assert.deepEqual(
      receiver.posts.map(({ body }) => [body.type, body.data.route]),
      [['brake.began', 'other']],
    )
    await ledger.resume(told.id, 'ann')
    await second.pass(12)
    assert.deepEqual(types(), ['brake.began', 'brake.over'])
  })

  it('a redirect is not followed, and not taken', async () => {
    const elsewhere = await startReceiver()
    try {
      receiver.answer = () => ({ location: elsewhere.url })
      await using notifier = await start()
      await ledger.pause(BRAKE)
      await notifier.pass(14)
      assert.ok(receiver.posts.length > 1)
      assert.deepEqual(elsewhere.posts, [])
    } finally {
      await elsewhere.close()
    }
  })

  it('a receiver that hangs is given up after 10 s, and it is looked at what needs a person meanwhile', async () => {
    receiver.answer = () => 'hang'
    await ledger.pause(BRAKE)
    const next = receiver.next()
    const notifier = await start()
    // Found at the start; told a second later.
    await clock.advance(1_000)
    await next
    await ledger.pause({ ...BRAKE, name: 'other' })
    await notifier.passHanging(10)
    receiver.answer = () => 200
    receiver.posts.length = 0
    await notifier.pass(3)
    assert.deepEqual(
      receiver.posts.map(({ body }) => body.data.route),
      ['greet', 'other'],
    )
    await notifier.stop()
  })

  it('stops at once, though a receiver hangs', async () => {
    receiver.answer = () => 'hang'
    await ledger.pause(BRAKE)
    const next = receiver.next()
    const notifier = await start()
    await clock.advance(1_000)
    await next
    await notifier.stop()
    // Noted before it left: nobody knows what became of it.
    assert.deepEqual(
      (await ledger.untold()).map(({ what, tried }) => [what, tried]),
      [['began', true]],
    )
  })

  it('a source that is silent, and heard of again', async () => {
    await ledger.record([entry(clock.now(), 'a', [], { source: 'crm' })])
    await using notifier = await start({ expected: [{ name: 'crm', expectEveryMs: 60_000 }] })
    await notifier.pass(50)
    assert.deepEqual(types(), [])
    await notifier.pass(30)
    await ledger.record([entry(clock.now(), 'b', [], { source: 'crm' })])
    await notifier.pass(20)
    assert.deepEqual(types(), ['silence.began', 'silence.over'])
    assert.equal(receiver.posts[0]?.body.data.source, 'crm')
  })

  it('a source that is refused, and accepted again', async () => {
    ledger.countRefused('crm', 'no-match')
    ledger.countRefused('crm', 'wrong-method')
    ledger.countRefused('(unknown)', 'unknown-source')
    await using notifier = await start()
    await notifier.pass(20)
    assert.deepEqual(types(), ['refused.began'])
    const [post] = receiver.posts
    assert.deepEqual([post?.body.data.source, post?.body.data.count], ['crm', 1])
    await notifier.pass(10)
    await ledger.record([entry(clock.now(), 'a', [], { source: 'crm' })])
    await notifier.pass(20)
    assert.deepEqual(types(), ['refused.began', 'refused.over'])
  })

  it('unconfirmed messages: at the first that is looked for no more, and not at each', async () => {
    await using notifier = await start()
    const held = async (key: string) => {
      const now = clock.now()
      await ledger.record([entry(now, key, [planned(now)])])
      const attempt = await openOne(ledger)
      await ledger.settle(attempt.id, { ...UNCONFIRMED, lookInMs: null })
      return attempt.messageId
    }
    const first = await held('a')
    await notifier.pass(12)
    const second = await held('b')
    await notifier.pass(20)
    assert.deepEqual(types(), ['unconfirmed.began'])
    for (const id of [first, second]) {
      await ledger.settleByHand(id, { as: 'sent', by: 'ann', reason: null })
    }
    await notifier.pass(20)
    assert.deepEqual(types(), ['unconfirmed.began', 'unconfirmed.over'])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertError, DAY, EMAIL, email, HOUR, MESSAGE, sms, startLive, webMessage } from './live.ts'

describe('the limit of a day', () => {
  it('answers 429 with Retry-After up to midnight of UTC, and names itself', async () => {
    const { post, sandbox, clock } = await startLive({ dailyLimit: { messages: 2 }, tokenLifeMs: 9 * DAY })
    assert.equal((await post(MESSAGE, webMessage)).status, 200)
    assert.equal((await post(MESSAGE, {})).status, 400)
    assert.equal((await post(MESSAGE, sms)).status, 200)
    await clock.advance(HOUR + 500)
    const answer = await post(MESSAGE, webMessage)
    // It is ten o'clock and half a second.
    const seconds = 14 * 3600
    assertError(answer, 429, 'too.many.requests', new RegExp(`Retry the request in \\[${seconds}\\] seconds`))
    assert.equal(answer.headers.get('retry-after'), String(seconds))
    assert.deepEqual(answer.body.limit, {
      namespace: 'messaging',
      key: 'agentless.messages.per.day',
      value: 2,
    })
    assert.equal(sandbox.messages().length, 2)
    assert.equal((await post(EMAIL, email)).status, 200, 'emails are no agentless messages')

    await clock.advance(14 * HOUR - 501)
    assert.equal((await post(MESSAGE, webMessage)).status, 429)
    await clock.advance(1)
    assert.equal((await post(MESSAGE, webMessage)).status, 200)
  })

  it('begins no conversation for what it refuses', async () => {
    const { post, sandbox } = await startLive({ dailyLimit: { messages: 0 } })
    const before = sandbox.conversations().length
    assert.equal((await post(MESSAGE, webMessage)).status, 429)
    assert.equal(sandbox.conversations().length, before)
  })

  it('is set and lifted while it runs, and counts what went before', async () => {
    const { post, sandbox, control } = await startLive()
    await post(MESSAGE, webMessage)
    sandbox.setDailyLimit({ messages: 1 })
    assert.equal((await post(MESSAGE, webMessage)).status, 429)
    const settings = await control('/settings', { dailyLimit: null }, 'PATCH')
    assert.equal(settings.body.dailyLimit, null)
    assert.equal((await post(MESSAGE, webMessage)).status, 200)
  })
})

describe('the calls of a minute', () => {
  const limitsOf = ({ headers }: { headers: Headers }) =>
    ['count', 'allowed', 'reset'].map((name) => headers.get(`inin-ratelimit-${name}`))

  it('are also those of somebody else with the same token', async () => {
    const { post, sandbox, control, clock } = await startLive({ rateLimitPerMinute: 100 })
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), ['1', '100', '60'])
    sandbox.useCalls(50)
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), ['52', '100', '60'])
    await clock.advance(20_000)
    assert.equal((await control('/calls', { count: 48 })).status, 204)
    const answer = await post(MESSAGE, webMessage)
    assertError(answer, 429, 'too.many.requests', /\[40\] seconds/)
    assert.deepEqual([...limitsOf(answer), answer.headers.get('retry-after')], ['101', '100', '40', '40'])
    await clock.advance(40_000)
    sandbox.useCalls(7)
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), ['8', '100', '60'])
    assert.equal((await control('/calls', { count: 0 })).status, 400)
  })

  it('may be more or fewer from now on', async () => {
    const { post, sandbox, control } = await startLive({ rateLimitPerMinute: null })
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), [null, null, null])
    sandbox.setRateLimit(2)
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), ['2', '2', '60'])
    assert.equal((await post(MESSAGE, webMessage)).status, 429)
    await control('/settings', { rateLimitPerMinute: 180 }, 'PATCH')
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), ['4', '180', '60'])
  })
})

describe('the settings', () => {
  it('can be looked at, and are changed only to what they can be', async () => {
    const { ask, control } = await startLive()
    const usual = {
      rateLimitPerMinute: 300,
      dailyLimit: null,
      analyticsLagMs: 60_000,
      threadingMs: 72 * HOUR,
    }
    assert.deepEqual((await ask('/sandbox/settings')).body, usual)
    for (const wrong of [
      { rateLimitPerMinute: 0 },
      { dailyLimit: 5 },
      { analyticsLagMs: -1 },
      { threadingMs: '72h' },
      { tokenLifeMs: 1 },
    ]) {
      assert.equal((await control('/settings', wrong, 'PATCH')).status, 400, JSON.stringify(wrong))
    }
    assert.deepEqual((await ask('/sandbox/settings')).body, usual)
  })
})

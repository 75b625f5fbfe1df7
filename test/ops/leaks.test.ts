import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { cookieOf, type Ops, SAME, startOps } from './live.ts'
import { take } from './seed.ts'

/** What an operator may write down of a customer, who must not reach viewers by it. */
const WORDS = 'Ada Example (C-SECRET, ada@example.com, +49 171 2345678, 0171 2345678) wrote'

/** Where instances run, which look like what is hidden from viewers and are nobody's. */
const HOSTS = [
  ['ip-10-0-12-134', 1_234_567],
  ['10.0.12.135', 7],
] as const

describe('what operators write down, and viewers read', () => {
  let ops: Ops
  let cookie = ''
  let token = ''
  let messageId = 0
  let eventId = 0
  before(async () => {
    ops = await startOps()
    await ops.add('vic', 'viewer')
    cookie = cookieOf(await ops.logIn('vic'))
    token = await ops.token('viewer')
    const customer = {
      id: 'C-SECRET',
      name: 'Ada Example',
      email: 'ada@example.com',
      phone: '+49 171 2345678',
    }
    const taken = await take(ops, { customer })
    eventId = taken.eventId
    messageId = taken.messageIds[0] ?? 0
    await ops.ledger.cancel(messageId, { by: 'ann', reason: WORDS })
    await ops.ledger.retry(messageId, { by: 'ann', force: false, reason: WORDS })
    const pause = { code: 'operator', reason: WORDS, probes: 0, by: 'ann' } as const
    await ops.ledger.pause({ ...pause, scope: 'all', name: null, forMs: null })
    await ops.ledger.pause({ ...pause, scope: 'route', name: 'greet', forMs: 3_600_000 })
    const startedAt = ops.clock.now() - 3_600_000
    for (const [host, pid] of HOSTS) {
      await ops.ledger.beat({ id: host, host, pid, configVersion: `of-${host}`, startedAt })
    }
    await ops.ledger.suppress(['email:x@example.com'], { channels: null, reason: WORDS, by: 'ann' })
  })
  after(() => ops.stop())

  const seen = async () => {
    const pages = [
      '/',
      '/pauses',
      '/suppressions',
      '/messages',
      `/messages/${messageId}`,
      `/events/${eventId}`,
    ]
    const paths = [
      'overview',
      'pauses',
      'suppressions',
      'messages',
      `messages/${messageId}`,
      `events/${eventId}`,
    ]
    const shown = new Map<string, string>()
    for (const path of pages)
      shown.set(path, (await ops.ask(`/console${path}`, { headers: { cookie } })).body)
    for (const path of paths) {
      const { body } = await ops.ask(`/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })
      shown.set(`/api/v1/${path}`, body)
    }
    return shown
  }

  it('has no address and no number in it, on any page and in any answer', async () => {
    for (const [path, body] of await seen()) {
      for (const one of ['ada@example.com', '171 2345678'])
        assert.ok(!body.includes(one), `${path} shows ${one}`)
    }
  })

  it('does not hide where instances run: that is no customer’s', async () => {
    const shown = await seen()
    const overview = JSON.parse(shown.get('/api/v1/overview') ?? '') as {
      instances: { host: string; pid: number }[]
      attention: { kind: string; what: string; todo: string }[]
    }
    assert.deepEqual(
      overview.instances.map(({ host, pid }) => [host, pid]),
      HOSTS.toSorted(),
    )
    const { what = '', todo = '' } = overview.attention.find(({ kind }) => kind === 'instances') ?? {}
    for (const text of [`${what} ${todo}`, shown.get('/') ?? '']) {
      for (const [host, pid] of HOSTS) assert.ok(text.includes(`${host} (pid ${pid})`), text)
    }
  })

  it('does not name the customer of a message in its own time line', async () => {
    for (const [path, body] of await seen()) {
      if (!path.includes(`messages/${messageId}`)) continue
      assert.match(body, /re-triggered by ann/)
      // The pauses are about no message, so that nobody knows whose the name in them is.
      const own = body.split('sending is paused').map((part) => part.replace(/^[^<"]*/, ''))
      for (const one of ['C-SECRET', 'Ada Example'])
        assert.ok(!own.join('').includes(one), `${path} shows ${one}`)
    }
  })

  it('cannot be spelled out by a filter', async () => {
    const answers = [
      await ops.ask('/console/messages?reason=Ada', { headers: { cookie } }),
      await ops.ask('/console/events?reason=Ada', { headers: { cookie } }),
      await ops.ask('/api/v1/messages?reason=Ada', { headers: { authorization: `Bearer ${token}` } }),
      await ops.ask('/api/v1/events?reason=Ada', { headers: { authorization: `Bearer ${token}` } }),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [403, 403, 403, 403],
    )
  })

  it('tells nobody who was in a campaign', async () => {
    const search = (text: string) =>
      ops.ask('/console/search', {
        method: 'POST',
        headers: { ...SAME, cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ text }).toString(),
      })
    const { status, body } = await search('ada@example.com')
    assert.equal(status, 200)
    assert.match(body, /Nothing has exactly this as an id/)
  })
})

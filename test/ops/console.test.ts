import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { cookieOf, type Ops, SAME, startOps } from './live.ts'
import { end, take } from './seed.ts'

const MINUTE = 60_000

/** What a form of a page would send, the first that leads there. */
const fieldsOf = (body: string, action: string): Record<string, string> => {
  const [, inside = ''] = new RegExp(`action="${action}"[^>]*>([\\s\\S]*?)</form>`).exec(body) ?? []
  const inputs = [...inside.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)]
  return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]))
}

describe('the console', () => {
  let ops: Ops
  let cookie = ''
  before(async () => {
    ops = await startOps()
    await ops.add('ann', 'admin')
  })
  beforeEach(async () => {
    cookie = cookieOf(await ops.logIn('ann'))
  })
  after(() => ops.stop())

  const get = (path: string, headers = {}) => ops.ask(`/console${path}`, { headers: { cookie, ...headers } })
  const post = (path: string, fields: Record<string, string> = {}) =>
    ops.ask(`/console${path}`, {
      method: 'POST',
      headers: { ...SAME, cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })
  const idsIn = (body: string, what: string) =>
    [...body.matchAll(new RegExp(`<th scope="row"[^>]*><a href="/console/${what}/(\\d+)"`, 'g'))].map(
      ([, id]) => Number(id),
    )

  it('says that nothing needs a person, on a ledger that is new', async () => {
    const { body } = await get('/')
    assert.match(body, /Nothing needs a person/)
    for (const path of [
      '/events',
      '/messages',
      '/runs',
      '/pauses',
      '/suppressions',
      '/audit',
      '/sources',
      '/routes',
    ]) {
      assert.equal((await get(path)).status, 200, path)
    }
  })

  it('shows who is at work where more than one instance is, and what they run with', async () => {
    const startedAt = ops.clock.now()
    const beat = (host: string, configVersion: string) =>
      ops.ledger.beat({ id: host, host, pid: 7, configVersion, startedAt })
    const rowsOf = (body: string) =>
      [
        ...body.matchAll(/<tr><th scope="row">(host-\w)<\/th><td class="number">7<\/td><td([^>]*)>(\w+)</g),
      ].map(([, ...cells]) => cells)
    await beat('host-a', 'aaaa')
    assert.doesNotMatch((await get('/')).body, /id="instances"/)
    await beat('host-b', 'aaaa')
    assert.deepEqual(rowsOf((await get('/')).body), [
      ['host-a', '', 'aaaa'],
      ['host-b', '', 'aaaa'],
    ])
    await beat('host-b', 'bbbb')
    const { body } = await get('/')
    assert.deepEqual(
      rowsOf(body).map(([, mark]) => mark),
      [' class="bad"', ' class="bad"'],
    )
    assert.match(body, /Nothing needs a person/)

    await ops.clock.advance(11 * MINUTE)
    await beat('host-a', 'aaaa')
    await beat('host-b', 'bbbb')
    const later = (await get('/')).body
    assert.match(
      later,
      /2 instances run with different configurations \(aaaa on host-a \(pid 7\); bbbb on host-b/,
    )
    assert.match(later, /<a class="button" href="#instances">Instances<\/a>/)
    for (const id of ['host-a', 'host-b']) await ops.ledger.leave(id)
    assert.match((await get('/')).body, /Nothing needs a person/)
  })

  it('goes through a list page by page: each line once, the newest first', async () => {
    const taken: number[] = []
    for (let n = 0; n < 120; n += 1) {
      // Several at the same instant: the order among them must hold too.
      if (n % 7 === 0) await ops.clock.advance(1)
      taken.push((await take(ops)).eventId)
    }
    const seen: number[] = []
    let path: string | null = '/events'
    let pages = 0
    while (path !== null && pages < 10) {
      const { body } = await get(path)
      seen.push(...idsIn(body, 'events'))
      const next: string | undefined = /href="\/console(\/events\?[^"]*)" rel="next"/.exec(body)?.[1]
      path = next === undefined ? null : next.replaceAll('&amp;', '&')
      pages += 1
    }
    assert.deepEqual(seen, taken.toReversed())
    assert.equal(pages, 3)
  })

  it('updates its first page alone, and that until it is held still', async () => {
    const first = (await get('/messages')).body
    assert.match(first, /<div id="live" hx-get="\/console\/messages"/)
    assert.doesNotMatch((await get('/messages?live=off')).body, /hx-get/)
    const older = /href="\/console(\/messages\?before=[^"]*)"/.exec(first)?.[1] ?? ''
    assert.doesNotMatch((await get(older)).body, /hx-get/)
  })

  it('looks a bounded way back for what a filter hardly finds, and then goes on', async () => {
    const rare = await take(ops, { type: 'ticket.rare' })
    await ops.clock.advance(1)
    for (let n = 0; n < 2_100; n += 1) await take(ops, { type: 'ticket.opened' })
    const { body } = await get('/events?type=ticket.rare')
    assert.deepEqual(idsIn(body, 'events'), [])
    assert.match(body, /What is older has not been looked at yet/)
    const [, next = ''] = /href="\/console(\/events\?[^"]*)" rel="next">Look further back/.exec(body) ?? []
    assert.deepEqual(idsIn((await get(next.replaceAll('&amp;', '&'))).body, 'events'), [rare.eventId])
  })

  it('keeps names of customers out of addresses', async () => {
    const email = 'cleo@example.com'
    const { messageIds } = await take(ops, { customer: { email } })
    const plain = await post('/messages', { state: 'scheduled', email: '' })
    assert.deepEqual([plain.status, plain.headers.location], [303, '/console/messages?state=scheduled'])
    const named = await post('/messages', { email })
    assert.deepEqual([named.status, named.headers.location], [200, undefined])
    assert.deepEqual(idsIn(named.body, 'messages'), messageIds)
    assert.ok(!/(href|action|hx-get)="[^"]*cleo/.test(named.body))
    const found = await post('/search', { text: email })
    assert.deepEqual([found.status, found.headers.location], [303, `/console/messages/${messageIds[0]}`])
  })

  it('says what of a filter it does not understand, and shows the rest', async () => {
    const { status, body } = await get('/events?since=yesterday&state=lost&source=crm')
    assert.equal(status, 200)
    assert.match(body, /There is no state lost\./)
    assert.match(body, /since: a time is 02:00, 2h \(ago\)/)
    assert.ok(idsIn(body, 'events').length > 0)
  })

  it('says where since is later than until, and shows what is since', async () => {
    const { body } = await get('/events?since=1h&until=2h')
    assert.match(body, /Since is later than until/)
    assert.ok(idsIn(body, 'events').length > 0)
  })

  it('finds by every kind of id', async () => {
    const { eventId, messageIds } = await take(ops, {
      key: 'msg_to_be_found',
      customer: { id: 'C-found', phone: '+49 30 1234567' },
    })
    const [messageId = 0] = messageIds
    const to = async (text: string) => (await post('/search', { text })).headers.location
    assert.equal(await to('msg_to_be_found'), `/console/events/${eventId}`)
    assert.equal(await to('C-found'), `/console/messages/${messageId}`)
    assert.equal(await to('+49301234567'), `/console/messages/${messageId}`)
    assert.match(
      (await post('/search', { text: 'nothing of the sort' })).body,
      /Nothing has exactly this as an id/,
    )
  })

  describe('acting', () => {
    let of: Ops
    let as = ''
    before(async () => {
      of = await startOps()
      await of.add('bea', 'admin')
      as = cookieOf(await of.logIn('bea'))
    })
    after(() => of.stop())
    const act = (path: string, fields: Record<string, string> = {}) =>
      of.ask(`/console${path}`, {
        method: 'POST',
        headers: { ...SAME, cookie: as, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(fields).toString(),
      })
    const look = async (path: string) => (await of.ask(`/console${path}`, { headers: { cookie: as } })).body
    const stateOf = async (id: number) => (await of.ledger.reads.message(id))?.state

    it('re-triggers, cancels and settles, and says on the page what became of it', async () => {
      await take(of)
      const failed = await end(of, 'failed')
      const again = await act(`/messages/${failed}/retry`, { reason: 'mended', key: 'one' })
      assert.equal(again.headers.location, `/console/messages/${failed}?said=retried`)
      assert.equal(await stateOf(failed), 'scheduled')
      assert.match(
        await look(`/messages/${failed}?said=retried`),
        /re-triggered by bea: mended \(it was failed, rejected\)/,
      )
      const twice = await act(`/messages/${failed}/retry`, { key: 'two' })
      assert.equal(twice.status, 409)
      await act(`/messages/${failed}/cancel`, { reason: 'not after all' })
      assert.equal(await stateOf(failed), 'cancelled')
      await take(of)
      const unknown = await end(of, 'unconfirmed')
      assert.match(await look(`/messages/${unknown}`), /Say what became of it/)
      assert.equal((await act(`/messages/${unknown}/settle`, { as: 'perhaps' })).status, 409)
      await act(`/messages/${unknown}/settle`, { as: 'sent' })
      assert.equal(await stateOf(unknown), 'sent')
    })

    it('begins a run of what was seen, once, however often the button is pressed', async () => {
      for (let n = 0; n < 3; n += 1) {
        await take(of)
        await end(of, 'failed')
      }
      const plan = (await act('/messages/plan', { state: 'failed' })).body
      assert.match(plan, /3 would be sent/)
      const fields = fieldsOf(plan, '/console/runs')
      // One comes to it that nobody saw, and somebody else is faster with one that was seen.
      await take(of)
      const unseen = await end(of, 'failed')
      const [first] = await of.ledger.reads.messages({ state: 'failed', limit: 10 })
      const failed = await of.ledger.reads.messageIds({ state: 'failed', limit: 10 })
      assert.equal(first?.id, unseen)
      await of.ledger.retry(failed[0] ?? 0, { by: 'cleo', force: false, reason: null })

      // A double click: the second comes while the first is being done.
      const [one, two] = await Promise.all([act('/runs', fields), act('/runs', fields)])
      assert.deepEqual(
        [one.status, one.headers.location, two.headers.location],
        [303, '/console/runs/1', '/console/runs/1'],
      )
      assert.equal((await of.ledger.reads.runs({ limit: 10 })).length, 1)
      assert.match(await look('/runs/1'), /0 of 2 re-triggered or refused/)
      assert.equal((await act('/runs/1/stop')).headers.location, '/console/runs/1')
      assert.match(await look('/runs/1'), /<span class="state stopped">/)
      assert.equal((await act('/runs', { state: 'failed', key: 'k' })).status, 400)
      assert.equal((await act('/runs', { ...fields, ids: 'not.numbers-' })).status, 400)
      const many = Array.from({ length: 100_001 }, () => '1').join('.')
      assert.equal((await act('/runs', { ...fields, key: 'many', ids: many })).status, 400)
      assert.match(
        (await act('/runs', { ...fields, because: 'else' })).body,
        /asked for something else before/,
      )
    })

    it('leaves out of a plan what might be one message too many, or too late', async () => {
      await take(of)
      const unknown = await end(of, 'unconfirmed')
      await take(of)
      const old = await end(of, 'failed')
      await of.clock.advance(3 * 86_400_000)
      as = cookieOf(await of.logIn('bea'))
      const plan = (await act('/messages/plan', { route: 'greet' })).body
      assert.match(plan, /\d+ unconfirmed|\d+ are unconfirmed/)
      assert.match(plan, /expired/)
      for (const id of [unknown, old])
        assert.equal(await stateOf(id), id === unknown ? 'unconfirmed' : 'failed')
      const late = (await act('/messages/plan', { route: 'greet', late: 'yes' })).body
      assert.match(late, /would be sent late/)
    })

    it('says what planning again would add, before it does', async () => {
      const { eventId } = await take(of, { body: 'not JSON yet' })
      const plan = (await act('/events/replan-plan', { state: 'unreadable' })).body
      assert.match(
        plan,
        /1 event would be planned again.*0 messages would be added, and 1 event would still not be planned/,
      )
      const done = (await act('/events/replan', { state: 'unreadable' })).body
      assert.match(done, /1 planned again: 0 messages added, 1 events still not planned/)
      assert.match(done, new RegExp(`/console/events/${eventId}"`))
    })

    it('never re-triggers everything because a filter was lost', async () => {
      assert.equal((await act('/messages/plan')).status, 409)
      assert.equal((await act('/runs', { ids: '1', key: 'k' })).status, 409)
      assert.equal((await act('/messages/plan', { state: 'fialed' })).status, 409)
      assert.equal((await act('/events/replan')).status, 400)
    })

    it('pauses and resumes', async () => {
      assert.equal((await act('/pauses', { what: 'all', reason: 'x', for: '99999999d' })).status, 400)
      assert.equal((await act('/pauses', { what: 'route nothing', reason: 'x' })).status, 404)
      assert.equal((await act('/pauses', { what: 'route greet' })).status, 400)
      assert.equal((await act('/pauses', { what: 'route greet', reason: 'x', for: 'soon' })).status, 400)
      await act('/pauses', { what: 'route greet', reason: 'the text is wrong', for: '2h' })
      assert.match(await look('/pauses'), /Route greet[\s\S]*the text is wrong/)
      assert.match(await look('/'), /route greet/i)
      const [pause] = await of.ledger.pauses()
      await act(`/pauses/${pause?.id}/resume`)
      assert.deepEqual(await of.ledger.pauses(), [])
    })

    it('suppresses, looks and allows, and shows no name again', async () => {
      const email = 'dora@example.com'
      const done = await act('/suppressions', { do: 'suppress', email, reason: 'she asked us' })
      assert.match(done.body, /Suppressed, by email/)
      assert.ok(!done.body.includes(email))
      assert.match(
        (await act('/suppressions', { do: 'check', email: 'Dora@Example.com' })).body,
        /must not be written to[\s\S]*she asked us/,
      )
      assert.match((await act('/suppressions', { do: 'allow', email })).body, /may be written to again/)
      assert.match(
        (await act('/suppressions', { do: 'check', email })).body,
        /Nothing stands against this customer/,
      )
      assert.equal(
        (await act('/suppressions', { do: 'suppress', email: 'no address', reason: 'x' })).status,
        400,
      )
    })

    it('previews, and sends what is shown to oneself', async () => {
      const { eventId } = await take(of, { ticket: 'T-77', customer: { name: 'Emil' } })
      const shown = await look(`/routes/greet?event=${eventId}&channel=email`)
      assert.match(shown, /About T-77/)
      assert.match(shown, /Hello Emil, ticket T-77 is resolved\./)
      const sent = await act('/routes/greet/test', { event: String(eventId), externalId: 'me', key: 'test' })
      const [, id] = /^\/console\/messages\/(\d+)$/.exec(String(sent.headers.location)) ?? []
      const message = await of.ledger.reads.message(Number(id))
      assert.deepEqual(
        [message?.source, message?.customer.externalId, message?.state],
        ['cli', 'me', 'scheduled'],
      )
    })
  })

  it('sends by force once, however often the form comes', async () => {
    const of = await startOps()
    try {
      await of.add('bea', 'admin')
      const headers = {
        ...SAME,
        cookie: cookieOf(await of.logIn('bea')),
        'content-type': 'application/x-www-form-urlencoded',
      }
      await take(of)
      const sent = await end(of, 'sent')
      const path = `/console/messages/${sent}/retry`
      const send = (fields: Record<string, string>) =>
        of.ask(path, { method: 'POST', headers, body: new URLSearchParams(fields).toString() })
      const { body } = await of.ask(`/console/messages/${sent}`, { headers })
      const fields = { ...fieldsOf(body, path), reason: 'she asked' }
      assert.match(JSON.stringify(fields), /"force":"yes"/)
      assert.equal((await send(fields)).status, 303)
      assert.equal(await end(of, 'sent'), sent)
      assert.equal((await send(fields)).headers.location, `/console/messages/${sent}?said=retried`)
      assert.equal((await of.ledger.reads.message(sent))?.state, 'sent')
      assert.equal((await send({ force: 'yes', reason: 'x' })).status, 409)
    } finally {
      await of.stop()
    }
  })

  describe('a session', () => {
    it('is not kept by a page that updates itself', async () => {
      const polls = { 'hx-request': 'true' }
      for (let n = 0; n < 13; n += 1) {
        await ops.clock.advance(10 * MINUTE)
        await get('/', polls)
      }
      const { status, headers } = await get('/', polls)
      assert.deepEqual([status, headers['hx-redirect']], [401, '/console/login'])
      assert.equal((await get('/')).headers.location, '/console/login')
    })

    it('is kept by whoever uses it', async () => {
      for (let n = 0; n < 13; n += 1) {
        await ops.clock.advance(10 * MINUTE)
        assert.equal((await get('/')).status, 200)
      }
    })
  })

  it('says in a page that there is none at an address, or that it was not understood', async () => {
    for (const path of [
      '/nothing',
      '/events/999999',
      '/messages/999999',
      '/runs/9',
      '/routes/none',
      '/sources/none',
      '/events/x',
    ]) {
      const { status, headers, body } = await get(path)
      assert.equal(status, 404, path)
      assert.match(String(headers['content-type']), /text\/html/)
      assert.match(body, /To the overview/)
    }
    const long = await post('/messages', { reason: 'x'.repeat(20_000) })
    assert.equal(long.status, 413)
    assert.match(long.body, /Nothing was done: what was sent is too long/)
  })
})

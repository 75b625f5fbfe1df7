import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { headersToKeep } from '../../src/receive/signature/headers.ts'
import { startReceiving, ticketResolved } from './live.ts'
import { TOKEN } from './signing.ts'

type Live = Awaited<ReturnType<typeof startReceiving>>

const FOREIGN = `whsec_${Buffer.from('a secret that nobody here knows.').toString('base64')}`

describe('deliveries of a known source that are refused', () => {
  let live: Live
  before(async () => {
    live = await startReceiving()
  })
  after(() => live.stop())

  /** Those that are kept, newest first, each whole. */
  async function kept() {
    await live.refused()
    const listed = await live.ledger.reads.refusedDeliveries({ limit: 1000 })
    return Promise.all(listed.map(({ id }) => live.ledger.reads.refusedDelivery(id)))
  }

  test('for their signature: kept as they came, with the reason, and nothing of it in the log', async () => {
    const { headers, body } = live.sign({ secrets: [FOREIGN] })
    const at = live.clock.now()
    const answer = await live.post(
      { headers: { ...headers, cookie: 'session=somebodys', authorization: 'Basic c29tZTpib2R5' }, body },
      '/webhooks/crm?token=in%20the%20query',
    )
    assert.equal(answer.status, 401)
    const [one] = await kept()
    assert.ok(one?.body)
    assert.ok(one.body.equals(body))
    assert.deepEqual(
      [one.source, one.reason, one.method, one.target, one.receivedAt, one.bytes],
      ['crm', 'no-match', 'POST', '/webhooks/crm?token=in%20the%20query', at, body.length],
    )
    const names = one.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'authorization', 'host']) {
      assert.ok(names.includes(name), name)
    }
    assert.ok(!names.includes('cookie'))
    const said = JSON.stringify(live.lines)
    for (const secret of ['in%20the', 'somebodys', 'c29tZTpib2R5', String(headers['webhook-signature'])]) {
      assert.ok(!said.includes(secret), secret)
    }
  })

  test('whatever is wrong with it', async () => {
    const before = (await kept()).length
    const { headers, body } = live.sign()
    const { 'webhook-signature': _, ...without } = headers
    await live.post({ headers: without, body })
    await live.post({ headers: { ...headers, 'webhook-timestamp': 'soon' }, body })
    await live.post(live.sign({ atMs: live.clock.now() - 301_000 }))
    await live.post(live.sign({ atMs: live.clock.now() + 302_000 }))
    await live.post(live.sign(), '/webhooks/waiting')
    await live.post({ headers: { 'x-postrider-token': 'guessed' }, body }, '/webhooks/genesys')
    const reasons = (await kept()).map((one) => `${one?.source} ${one?.reason}`)
    assert.deepEqual(reasons.slice(0, reasons.length - before).reverse(), [
      'crm missing-header',
      'crm malformed-header',
      'crm too-old',
      'crm too-new',
      'waiting no-secret',
      'genesys no-match',
    ])
  })

  test('for anything else, or accepted: not kept', async () => {
    const before = (await kept()).length
    const signed = live.sign({ id: 'msg_fine' })
    assert.equal((await live.post(signed)).status, 200)
    assert.equal((await live.post(signed, '/webhooks/nobody')).status, 404)
    assert.equal((await live.post(signed, '/webhooks/%zz')).status, 404)
    assert.equal((await live.ask({ method: 'PUT', path: '/webhooks/crm', ...signed })).status, 405)
    const large = live.sign({ body: Buffer.alloc(1024 * 1024 + 1) })
    assert.equal((await live.post(large)).status, 413)
    const packed = { headers: { ...signed.headers, 'content-encoding': 'gzip' }, body: signed.body }
    assert.equal((await live.post(packed)).status, 415)
    assert.equal((await kept()).length, before)
  })

  test('with a token that was right once, or a long body: as much of it as is kept', async () => {
    const body = Buffer.from(ticketResolved().padEnd(65 * 1024))
    await live.post({ headers: { 'x-postrider-token': `${TOKEN}-of-before` }, body }, '/webhooks/genesys')
    const [one] = await kept()
    assert.deepEqual([one?.body, one?.bodyKept, one?.bytes], [null, false, 65 * 1024])
  })
})

describe('the headers that are kept', () => {
  test('all but cookies and what is for a proxy, in their order, a name twice too', () => {
    const all = [
      'Host',
      'a',
      'Cookie',
      'b',
      'X-Sig',
      '1',
      'x-sig',
      '2',
      'Proxy-Authorization',
      'c',
      'Date',
      '',
    ]
    assert.deepEqual(headersToKeep(all), ['Host', 'a', 'X-Sig', '1', 'x-sig', '2', 'Date', ''])
  })

  test('what does not fit is left out, and what comes behind it is not', () => {
    const long = ['x-long', 'l'.repeat(8 * 1024)]
    assert.deepEqual(headersToKeep([...long, 'x-sig', '1']), ['x-sig', '1'])
    const many = Array.from({ length: 2000 }, (_, n) => [`x-${n}`, 'value']).flat()
    const size = headersToKeep(many).reduce((sum, { length }) => sum + length, 0)
    assert.ok(size > 8000 && size <= 8 * 1024, String(size))
  })
})

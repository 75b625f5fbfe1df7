import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PostriderError } from '../../src/errors.ts'
import type { Operator } from '../../src/operator.ts'
import { hashOf, newToken } from '../../src/ops/access/secrets.ts'
import { underKey } from '../../src/ops/api/idempotency.ts'
import { OPERATIONS } from '../../src/ops/api/operations.ts'
import { bearer, type Client, clientOf } from './api-client.ts'
import { CUSTOMER, type Seeded, seed, YAML } from './api-seed.ts'
import { type Ops, SAME, startOps } from './live.ts'

const JSON_BODY = { 'content-type': 'application/json' }

describe('a request of the API', () => {
  let ops: Ops
  let seeded: Seeded
  let client: Client
  let admin: ReturnType<typeof bearer>
  let operator: ReturnType<typeof bearer>

  before(async () => {
    ops = await startOps({ yaml: YAML })
    seeded = await seed(ops)
    client = await clientOf(ops)
    admin = bearer(await ops.token('admin'))
    operator = bearer(await ops.token('operator'))
  })
  after(() => ops.stop())

  const refused = async (id: string, asking: Parameters<Client['call']>[2], status: number, type: string) => {
    const answer = await client.call(operator, id, asking)
    assert.deepEqual([answer.status, answer.json.type], [status, `/problems/${type}`], answer.text)
    return answer
  }

  it('of nobody is told how to come in', async () => {
    const none = await client.call({}, 'listEvents')
    assert.deepEqual([none.status, none.json.type], [401, '/problems/unauthenticated'])
    assert.equal(none.headers['www-authenticate'], 'Bearer realm="postrider"')
    const wrong = await client.call(bearer('postrider_nobody'), 'listEvents')
    assert.equal(wrong.headers['www-authenticate'], 'Bearer realm="postrider", error="invalid_token"')
    assert.equal((await ops.ask('/api/v1/nothing')).status, 401)
  })

  it('has the headers that keep an answer out of caches and frames', async () => {
    const { headers } = await client.call(operator, 'getMe')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  })

  it('by a session changes something only from our own pages', async () => {
    await ops.add('olga', 'operator')
    const login = await ops.logIn('olga')
    const cookie = String([login.headers['set-cookie'] ?? []].flat()[0]).split(';', 1)[0] ?? ''
    const forged = await client.call({ cookie }, 'search', { body: { text: '1' } })
    assert.deepEqual([forged.status, forged.json.type], [403, '/problems/forged'])
    const own = await client.call({ cookie, ...SAME }, 'search', { body: { text: '1' } })
    assert.equal(own.status, 200)
    assert.equal((await client.call({ cookie }, 'getMe')).json.via, 'session')
  })

  it('for what there is not is told so', async () => {
    for (const id of [
      'getEvent',
      'getMessage',
      'getRun',
      'cancelMessage',
      'stopRun',
      'resume',
      'replanEvent',
    ]) {
      await refused(id, { params: { id: 999_999 } }, 404, 'not-found')
    }
    await refused('getSource', { params: { name: 'nobody' } }, 404, 'not-found')
    await refused('recheckRefused', { body: { source: 'nobody' } }, 404, 'not-found')
    await refused('pause', { body: { scope: 'route', name: 'gret', reason: 'x' } }, 404, 'not-found')
    await refused('preview', { body: { route: 'gret', event: 1 } }, 404, 'not-found')
    await refused('preview', { body: { route: 'greet', fixture: '../../../etc/passwd' } }, 404, 'not-found')
    const nothing = await ops.ask('/api/v1/nothing', { headers: operator })
    assert.deepEqual([nothing.status, JSON.parse(nothing.body).type], [404, '/problems/not-found'])
  })

  it('with another method is told which there are', async () => {
    const answer = await ops.ask('/api/v1/events/1/replan', { headers: operator })
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'POST'])
    assert.equal((await ops.ask('/api/v1/events', { method: 'DELETE', headers: operator })).status, 405)
  })

  it('that the state does not allow is refused with what would', async () => {
    const { message } = seeded
    const sent = await refused('retryMessage', { params: { id: message.sent } }, 409, 'refused')
    assert.match(String(sent.json.detail), /force/)
    await refused('settleMessage', { params: { id: message.sent }, body: { as: 'sent' } }, 409, 'refused')
    await refused('beginRun', { body: { filter: { type: 'nothing' } } }, 409, 'refused')
    await refused(
      'sendTest',
      { body: { route: 'greet', event: seeded.event.scheduled, to: { email: 'me@example.com' } } },
      409,
      'refused',
    )
  })

  it('by force needs the admin, and the reason', async () => {
    const asking = { params: { id: seeded.message.sent }, body: { force: true, reason: 'it was lost' } }
    await refused('retryMessage', asking, 403, 'forbidden')
    const filter = { state: 'sent' }
    await refused('planRun', { body: { filter, force: true, reason: 'x' } }, 403, 'forbidden')
    await refused('beginRun', { body: { filter, force: true, reason: 'x' } }, 403, 'forbidden')
    const why = await client.call(admin, 'beginRun', { body: { filter, force: true } })
    assert.equal(why.status, 409)
  })

  it('that cannot be understood is told where, and nothing of it is quoted', async () => {
    const cases: [string, Parameters<Client['call']>[2], string[]][] = [
      ['listEvents', { query: { limit: 201 } }, ['query.limit']],
      ['listEvents', { query: { before: 'x' } }, ['query.before']],
      ['listEvents', { query: { email: CUSTOMER.email } }, ['query']],
      ['listEvents', { query: { since: '2026-11-23' } }, ['query.since']],
      [
        'listEvents',
        { query: { since: '2026-11-23T02:00:00Z', until: '2026-11-23T01:00:00Z' } },
        ['query.since'],
      ],
      ['getEvent', { params: { id: 'secret' } }, ['path.id']],
      ['cancelMessage', { params: { id: 1 }, body: { [CUSTOMER.email]: 1 } }, ['body']],
      ['settleMessage', { params: { id: 1 }, body: { as: CUSTOMER.email } }, ['body.as']],
      ['beginRun', { body: { filter: {} } }, ['body.filter']],
      ['beginRun', { body: { filter: { limit: 5 } } }, ['body.filter']],
      ['pause', { body: { scope: 'all', name: 'x', reason: CUSTOMER.email } }, ['body']],
      ['pause', { body: { scope: 'all', reason: 'x', for: 'long' } }, ['body.for']],
      ['suppress', { body: { reason: 'asked' } }, ['body']],
      ['suppress', { body: { reason: 'asked', email: 'ann.secret' } }, ['body']],
      ['suppress', { body: { reason: ' ', email: CUSTOMER.email } }, ['body.reason']],
      ['preview', { body: { route: 'greet' } }, ['body']],
      ['preview', { body: { route: 'greet', event: 1, fixture: 'x' } }, ['body']],
    ]
    for (const [id, asking, paths] of cases) {
      const answer = await refused(id, asking, 422, 'invalid')
      const errors = answer.json.errors as { path: string }[]
      assert.deepEqual(
        errors.map(({ path }) => path),
        paths,
        answer.text,
      )
      assert.doesNotMatch(answer.text, /secret/)
    }
    const twice = await ops.ask('/api/v1/events?limit=1&limit=2', { headers: operator })
    assert.equal(twice.status, 422)
  })

  it('whose body is no JSON, or too large, or encoded, is refused', async () => {
    const post = (body: string, headers: object) =>
      ops.ask('/api/v1/search', { method: 'POST', headers: { ...operator, ...headers }, body })
    const cases: [string, object, number][] = [
      ['{"text":', JSON_BODY, 422],
      ['"text"', JSON_BODY, 422],
      ['{"text":"1"}', { 'content-type': 'text/plain' }, 415],
      ['{"text":"1"}', {}, 415],
      ['{"text":"1"}', { ...JSON_BODY, 'content-encoding': 'gzip' }, 415],
      [JSON.stringify({ text: 'x'.repeat(70_000) }), JSON_BODY, 413],
    ]
    for (const [body, headers, status] of cases) {
      const answer = await post(body, headers)
      assert.equal(answer.status, status, answer.body)
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      assert.equal(JSON.parse(answer.body).status, status)
    }
    assert.equal((await ops.ask('/api/v1/events/%zz', { headers: operator })).status, 422)
  })

  it('without a body is one with nothing in it', async () => {
    assert.equal((await client.call(operator, 'searchEvents')).status, 200)
  })
})

describe('the same thing asked again under its key', () => {
  let ops: Ops
  let client: Client
  let secret: string
  let operator: ReturnType<typeof bearer>
  const body = { scope: 'route', name: 'greet', reason: 'we look into it' }
  const keyed = (key: string) => ({ 'idempotency-key': key })

  before(async () => {
    ops = await startOps({ yaml: YAML })
    client = await clientOf(ops)
    secret = await ops.token('operator')
    operator = bearer(secret)
  })
  after(() => ops.stop())

  it('is not done again, and is answered as before', async () => {
    const first = await client.call(operator, 'pause', { body, headers: keyed('k-1') })
    assert.deepEqual([first.status, first.headers['idempotency-replayed']], [201, undefined])
    await client.call(operator, 'resume', { params: { id: Number(first.json.id) } })
    const again = await client.call(operator, 'pause', { body, headers: keyed('k-1') })
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true'])
    assert.equal(again.text, first.text)
    assert.deepEqual(await ops.ledger.pauses(), [])
  })

  it('of another operator is another thing', async () => {
    const admin = bearer(await ops.token('admin'))
    const own = await client.call(admin, 'pause', { body, headers: keyed('k-1') })
    assert.deepEqual([own.status, own.headers['idempotency-replayed']], [201, undefined])
    await client.call(admin, 'resume', { params: { id: Number(own.json.id) } })
  })

  it('of another token of the same name is another thing', async () => {
    const asked = { body: { ...body, name: 'again' }, headers: keyed('k-3') }
    const secrets = [newToken(), newToken()]
    const answers = []
    for (const one of secrets) {
      const token = { name: 'again', hash: hashOf(one), role: 'operator' as const, forMs: null }
      const added = await ops.ledger.addToken(token, 'root')
      assert.ok(added.kind === 'added')
      answers.push(await client.call(bearer(one), 'pause', asked))
      await ops.ledger.revokeToken(added.token.id, 'root')
    }
    assert.deepEqual(
      answers.map((answer) => [answer.json.type, answer.headers['idempotency-replayed']]),
      [
        ['/problems/not-found', undefined],
        ['/problems/not-found', undefined],
      ],
    )
  })

  it('a refusal is kept too', async () => {
    const asking = { body: { ...body, name: 'gret' }, headers: keyed('k-2') }
    assert.equal((await client.call(operator, 'pause', asking)).status, 404)
    const again = await client.call(operator, 'pause', asking)
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [404, 'true'])
  })

  it('something else under the key is refused', async () => {
    for (const [id, other] of [
      ['pause', { ...body, reason: 'another' }],
      ['searchEvents', {}],
    ] as const) {
      const answer = await client.call(operator, id, { body: other, headers: keyed('k-1') })
      // What changes nothing takes no key.
      assert.equal(answer.status, id === 'pause' ? 422 : 200)
      if (id === 'pause') assert.equal(answer.json.type, '/problems/key-reused')
    }
    assert.deepEqual(await ops.ledger.pauses(), [])
  })

  it('while nobody knows whether it was done, is refused', async () => {
    const pause = OPERATIONS.find(({ id }) => id === 'pause')
    const input = { params: {}, query: {}, body: pause?.body.parse(body) }
    const hash = hashOf(['api', 'token', hashOf(secret), 'k-3'].join('\0'))
    await ops.ledger.beginKey(hash, hashOf(JSON.stringify(['pause', input])))
    const answer = await client.call(operator, 'pause', { body, headers: keyed('k-3') })
    assert.deepEqual([answer.status, answer.json.type], [409, '/problems/key-open'])
    assert.deepEqual(await ops.ledger.pauses(), [])
  })

  it('that is no key is refused', async () => {
    for (const key of ['a b', 'x'.repeat(256), 'ä']) {
      const answer = await client.call(operator, 'pause', { body, headers: keyed(key) })
      assert.equal(answer.status, 422, key)
    }
  })

  it('can be asked again where it is certain that nothing was done, and not where it is not', async () => {
    const who: Operator = { name: 'ann', role: 'operator', via: 'session' }
    const unwritten = () =>
      Promise.reject(new PostriderError('LEDGER_UNAVAILABLE', 'the disk is full', { retryable: true }))
    const broken = () => Promise.reject(new Error('a fault'))
    const under = (key: string, id: string, act: () => Promise<{ status: number; body: string }>) => {
      const operation = OPERATIONS.find((one) => one.id === id)
      assert.ok(operation)
      const asked = { operator: who, bearer: null, operation, input: { params: {}, query: {}, body: {} } }
      return underKey(key, asked, ops.ledger, act)
    }
    const done = async () => ({ status: 200, body: '{}' })
    await assert.rejects(under('one', 'cancelMessage', unwritten))
    assert.equal((await under('one', 'cancelMessage', done)).kind, 'answered')
    await assert.rejects(under('two', 'cancelMessage', broken))
    assert.deepEqual(await under('two', 'cancelMessage', done), { kind: 'open' })
    await assert.rejects(under('three', 'replanEvents', unwritten))
    assert.deepEqual(await under('three', 'replanEvents', done), { kind: 'open' })
  })
})

describe('while the ledger cannot be used', () => {
  it('the answer is a problem that says so, and not why', async () => {
    const ops = await startOps({ yaml: YAML })
    try {
      const client = await clientOf(ops)
      const operator = bearer(await ops.token('operator'))
      await ops.ledger.close()
      const answer = await client.call(operator, 'listEvents')
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '30'])
      assert.equal(answer.json.type, '/problems/unavailable')
    } finally {
      await ops.stop()
    }
  })
})

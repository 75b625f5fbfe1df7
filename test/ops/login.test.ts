import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createPasswords, type Passwords } from '../../src/ops/access/password.ts'
import { cookieOf, type Ops, PASSWORD, SAME, startOps } from './live.ts'

const HOUR = 3_600_000
/** Through a proxy that speaks TLS. */
const HTTPS = { host: 'post.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' }

async function on(options: Parameters<typeof startOps>[0], use: (ops: Ops) => Promise<void>) {
  const ops = await startOps(options)
  try {
    await use(ops)
  } finally {
    await ops.stop()
  }
}

const home = (ops: Ops, cookie: string, headers = {}) =>
  ops.ask('/console/', { headers: { ...headers, cookie } })

describe('logging in', () => {
  it('opens a session, whose cookie no script reads and no other site sends', () =>
    on({}, async (ops) => {
      await ops.add('ann', 'viewer')
      const answer = await ops.logIn('Ann')
      assert.deepEqual([answer.status, answer.headers.location], [303, '/console/'])
      const [set = ''] = answer.headers['set-cookie'] ?? []
      assert.match(
        set,
        /^postrider=[\w-]{43}; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
      )
      const page = await home(ops, cookieOf(answer))
      assert.equal(page.status, 200)
      assert.match(page.body, /ann · viewer/)
      assert.equal(page.headers['cache-control'], 'no-store')
      const { body } = await ops.ask('/console/login', { headers: { cookie: cookieOf(answer) } })
      assert.equal(body, 'See Other. Redirecting to /console/')
    }))

  it('over https: Secure, and for this host alone', () =>
    on({ trustProxy: 1 }, async (ops) => {
      await ops.add('ann', 'viewer')
      const answer = await ops.logIn('ann', PASSWORD, HTTPS)
      const [set = ''] = answer.headers['set-cookie'] ?? []
      assert.match(set, /^__Host-postrider=[\w-]{43}; .*Path=\/; .*HttpOnly; Secure; SameSite=Strict$/)
      assert.equal((await home(ops, cookieOf(answer), HTTPS)).status, 200)
      const renamed = cookieOf(answer).replace('__Host-', '')
      assert.equal((await home(ops, renamed, HTTPS)).status, 303, 'the plain name counts for nothing')
    }))

  it('over plain http from elsewhere: says what to do, and looks at nothing', async () => {
    const elsewhere = [
      { host: 'post.example.com' },
      { host: '127.0.0.1.example.com' },
      { host: '192.0.2.1:3000' },
      // A proxy that is not counted, and passes on as its own host what it asks for.
      { host: '127.0.0.1:3000', 'x-forwarded-proto': 'https' },
      { host: '127.0.0.1:3000', 'x-forwarded-for': '192.0.2.7' },
    ]
    await on({}, async (ops) => {
      await ops.add('ann', 'viewer')
      for (const headers of elsewhere) {
        for (const answer of [
          await ops.ask('/console/login', { headers }),
          await ops.logIn('ann', PASSWORD, headers),
        ]) {
          assert.equal(answer.status, 403)
          assert.match(answer.body, /https[\s\S]*TRUST_PROXY=1/)
          assert.equal(answer.headers['set-cookie'], undefined)
        }
      }
      for (const host of ['localhost:3000', '127.0.0.1', '127.1.2.3', '[::1]:3000']) {
        assert.equal((await ops.ask('/console/login', { headers: { host } })).status, 200, host)
      }
      const cookie = cookieOf(await ops.logIn('ann'))
      assert.equal((await home(ops, cookie, { host: 'post.example.com' })).status, 403)
    })
  })

  it('where there is nobody yet: says how the first one is made', () =>
    on({}, async (ops) => {
      const { status, headers } = await ops.ask('/console/')
      assert.deepEqual([status, headers.location], [303, '/console/login'])
      assert.match((await ops.ask('/console/login')).body, /npx postrider operators add NAME --role admin/)
      await ops.add('ann', 'admin')
      assert.match((await ops.ask('/console/login')).body, /name="password"/)
    }))

  it('wrong: the same words and the same work, whether there is the name or not', async () => {
    const looked: (string | null)[] = []
    const inner = createPasswords({ cost: { ln: 4, r: 8, p: 1 } })
    const passwords: Passwords = {
      ...inner,
      matches(password, stored) {
        looked.push(stored)
        return inner.matches(password, stored)
      },
    }
    await on({ passwords }, async (ops) => {
      await ops.add('ann', 'viewer')
      const { id: _, ...known } = { id: 0, ...(await ops.logIn('ann', 'wrong horse battery')) }
      for (const name of ['bob', 'Ann Example', '', 'x'.repeat(300), "ann' --", '\0']) {
        const unknown = await ops.logIn(name, 'wrong horse battery')
        assert.deepEqual([unknown.status, unknown.body], [401, known.body], name)
        assert.deepEqual(Object.keys(unknown.headers), Object.keys(known.headers))
      }
      assert.equal((await ops.logIn('ann', '')).status, 401)
      assert.equal((await ops.logIn('ann', 'x'.repeat(3000))).status, 401)
      assert.equal(looked.length, 9, 'a hash each')
    })
    const cost = async (stored: string | null) => {
      const dear = createPasswords({ cost: { ln: 13, r: 8, p: 1 } })
      const began = process.hrtime.bigint()
      for (let n = 0; n < 5; n += 1) await dear.matches('wrong', stored)
      return Number(process.hrtime.bigint() - began)
    }
    const stored = await createPasswords({ cost: { ln: 13, r: 8, p: 1 } }).hash(PASSWORD)
    const [known, unknown] = [await cost(stored), await cost(null)]
    assert.ok(unknown > known / 4 && unknown < known * 4, `${unknown} ns and ${known} ns`)
  })

  it('wrong too often: 429 for that name from there, right or wrong, and in time again', () =>
    on({ trustProxy: 1 }, async (ops) => {
      await ops.add('ann', 'viewer')
      const from = (address: string) => ({ ...HTTPS, 'x-forwarded-for': address })
      for (const name of ['ann', 'bob']) {
        for (let n = 0; n < 5; n += 1) {
          assert.equal((await ops.logIn(name, 'wrong horse', from('192.0.2.7'))).status, 401)
        }
      }
      const refused = await ops.logIn('ann', PASSWORD, from('192.0.2.7'))
      assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1'])
      assert.equal(refused.headers['set-cookie'], undefined)
      const unknown = await ops.logIn('bob', PASSWORD, from('192.0.2.7'))
      assert.deepEqual([unknown.status, unknown.body], [429, refused.body])
      assert.equal((await ops.logIn('ann', PASSWORD, from('192.0.2.8'))).status, 303, 'from elsewhere')
      await ops.clock.advance(1000)
      assert.equal((await ops.logIn('ann', PASSWORD, from('192.0.2.7'))).status, 303)
      assert.equal((await ops.logIn('ann', 'wrong horse', from('192.0.2.7'))).status, 401, 'and anew')
    }))

  it('counts an address for all names, and a whole line of IPv6 as one', () =>
    on({ trustProxy: 1 }, async (ops) => {
      const from = (address: string) => ({ ...HTTPS, 'x-forwarded-for': address })
      for (let n = 0; n < 50; n += 1) {
        const { status } = await ops.logIn(`name${n}`, 'wrong horse', from(`2001:db8:0:1::${n + 1}`))
        assert.equal(status, 401)
      }
      assert.equal((await ops.logIn('another', 'wrong horse', from('2001:db8:0:1:ffff::1'))).status, 429)
      assert.equal((await ops.logIn('another', 'wrong horse', from('2001:db8:0:2::1'))).status, 401)
    }))

  it('says to come again where too many passwords wait', async () => {
    const passwords: Passwords = { ...createPasswords({ cost: { ln: 4, r: 8, p: 1 } }), full: () => true }
    await on({ passwords }, async (ops) => {
      const { status, headers } = await ops.logIn('ann')
      assert.deepEqual([status, headers['retry-after']], [429, '5'])
    })
  })

  it('a body that is none is answered, and is no error here', () =>
    on({}, async (ops) => {
      const post = (body: string, type: string) =>
        ops.ask('/console/login', { method: 'POST', headers: { ...SAME, 'content-type': type }, body })
      const form = 'application/x-www-form-urlencoded'
      assert.equal((await post('{"name":"ann"}', 'application/json')).status, 401)
      assert.equal((await post('name=a&name=b&password[x]=y', form)).status, 401)
      assert.equal((await post('x'.repeat(5000), form)).status, 413)
    }))
})

describe('a session', () => {
  let ops: Ops
  before(async () => {
    ops = await startOps()
    for (const name of ['ann', 'bob', 'cy', 'dee']) await ops.add(name, 'operator')
  })
  after(() => ops.stop())
  const status = async (cookie: string) => (await home(ops, cookie)).status

  it('ends with the logout, and its cookie is taken back', async () => {
    const cookie = cookieOf(await ops.logIn('ann'))
    const answer = await ops.ask('/console/logout', { method: 'POST', headers: { ...SAME, cookie } })
    assert.deepEqual([answer.status, answer.headers.location], [303, '/console/login'])
    assert.match(
      [answer.headers['set-cookie']].flat()[0] ?? '',
      /^postrider=; Path=\/; Expires=Thu, 01 Jan 1970/,
    )
    assert.equal(await status(cookie), 303)
  })

  it('ends when its operator is removed, or given another password', async () => {
    const [bob, cy] = [cookieOf(await ops.logIn('bob')), cookieOf(await ops.logIn('cy'))]
    assert.deepEqual([await status(bob), await status(cy)], [200, 200])
    await ops.ledger.removeOperator('bob', 'root')
    await ops.ledger.changeOperator('cy', { password: 'x' }, 'root')
    assert.deepEqual([await status(bob), await status(cy)], [303, 303])
    assert.equal((await ops.logIn('bob')).status, 401)
  })

  it('ends by itself, and where another begins in the same browser', async () => {
    const first = cookieOf(await ops.logIn('dee'))
    const second = cookieOf(await ops.logIn('dee', PASSWORD, { cookie: first }))
    assert.deepEqual([await status(first), await status(second)], [303, 200])
    await ops.clock.advance(2 * HOUR)
    assert.equal(await status(second), 303)
  })

  it('is nobody’s where the cookie is not what was given', async () => {
    const cookie = cookieOf(await ops.logIn('ann'))
    for (const other of [
      cookie.slice(0, -1),
      `${cookie}x`,
      'postrider=',
      'postrider',
      `x${cookie}`,
      `__Host-${cookie}`,
    ]) {
      assert.equal(await status(other), 303, other)
    }
    assert.equal(await status(`a=b; ${cookie}; c=d`), 200)
  })
})

import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { after, before, describe, it } from 'node:test'
import express, { type Request } from 'express'
import { createApp } from '../../src/app.ts'
import { listen } from '../../src/listen.ts'
import { silentLog } from '../../src/log.ts'
import { ROLES, type Role } from '../../src/operator.ts'
import { ACTIONS, type Action, allows } from '../../src/ops/access/allows.ts'
import { operatorOf } from '../../src/ops/access/operator-of.ts'
import { isForged } from '../../src/ops/access/same-origin.ts'
import { newToken } from '../../src/ops/access/secrets.ts'
import { render } from '../../src/ops/console/render.ts'
import { askAt, cookieOf, type Ops, SAME, startOps } from './live.ts'

describe('what a role may do', () => {
  const ONLY: Record<Role, readonly Action[]> = {
    viewer: ['read'],
    operator: [
      'read.unmasked',
      'message.retry',
      'message.cancel',
      'message.settle',
      'message.test',
      'event.replan',
      'refused.recheck',
      'pause',
      'resume',
      'suppress',
    ],
    admin: ['message.force', 'allow', 'access'],
  }

  it('is what this table says, and who may do more may do all that who may do less', () => {
    const may = new Set<Action>()
    for (const role of ROLES) {
      for (const action of ONLY[role]) may.add(action)
      for (const action of Object.keys(ACTIONS) as Action[]) {
        assert.equal(allows(role, action), may.has(action), `${role} ${action}`)
      }
    }
    assert.equal(may.size, Object.keys(ACTIONS).length)
  })
})

/** What a handler sees of a request, whatever is mounted. */
async function asked<T>(
  trustProxy: number,
  look: (request: Request) => T | Promise<T>,
  asking: readonly { method?: string; headers?: OutgoingHttpHeaders }[],
): Promise<T[]> {
  const seen: T[] = []
  const app = createApp({ trustProxy, log: silentLog }, (app) => {
    app.use(express.raw())
    app.use(async (request, response) => {
      seen.push(await look(request))
      response.end()
    })
  })
  const clock = { now: () => Date.now(), sleep: async () => {} }
  const server = await listen(app, { host: '127.0.0.1', port: 0, clock, log: silentLog })
  try {
    for (const one of asking) await askAt(server.port, '/', one)
  } finally {
    await server.close()
  }
  return seen
}

describe('a request that another site made the browser send', () => {
  const HOST = { host: 'post.example.com' }
  const HTTPS = { ...HOST, 'x-forwarded-proto': 'https' }
  const cases: readonly [
    forged: boolean,
    method: string,
    headers: OutgoingHttpHeaders,
    trustProxy?: number,
  ][] = [
    [false, 'GET', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    [false, 'HEAD', {}],
    [false, 'POST', SAME],
    // The browser's own word goes before Origin, which a policy may have made `null`.
    [false, 'POST', { ...SAME, origin: 'null' }],
    [true, 'POST', { 'sec-fetch-site': 'same-site', ...HOST, origin: 'http://post.example.com' }],
    [true, 'POST', { 'sec-fetch-site': 'cross-site', ...HOST, origin: 'http://post.example.com' }],
    [true, 'POST', { 'sec-fetch-site': 'none' }],
    [true, 'POST', {}],
    [true, 'DELETE', {}],
    [true, 'PUT', { origin: 'null' }],
    [false, 'POST', { ...HOST, origin: 'http://post.example.com' }],
    [false, 'POST', { host: '127.0.0.1:3000', origin: 'http://127.0.0.1:3000' }],
    [true, 'POST', { host: '127.0.0.1:3000', origin: 'http://127.0.0.1:3001' }],
    [true, 'POST', { ...HOST, origin: 'https://post.example.com' }],
    [true, 'POST', { ...HOST, origin: 'http://post.example.com.evil.example' }],
    [true, 'POST', { ...HOST, origin: 'http://sub.post.example.com' }],
    [false, 'POST', { ...HTTPS, origin: 'https://post.example.com' }, 1],
    [true, 'POST', { ...HTTPS, origin: 'http://post.example.com' }, 1],
    [
      false,
      'POST',
      {
        ...HTTPS,
        host: 'inside:3000',
        'x-forwarded-host': 'post.example.com',
        origin: 'https://post.example.com',
      },
      1,
    ],
    // Not believed where no proxy is counted.
    [
      true,
      'POST',
      { host: 'inside:3000', 'x-forwarded-host': 'evil.example', origin: 'http://evil.example' },
    ],
    // A token is added by nobody but a program; what a proxy asks for the browser sends by itself.
    [false, 'POST', { authorization: 'Bearer x', 'sec-fetch-site': 'cross-site' }],
    [true, 'POST', { authorization: 'Basic eDp5', 'sec-fetch-site': 'cross-site' }],
  ]
  for (const [forged, method, headers, trustProxy = 0] of cases) {
    it(`${forged ? 'is' : 'is not'}: ${method} ${JSON.stringify(headers)}`, async () => {
      assert.deepEqual(await asked(trustProxy, isForged, [{ method, headers }]), [forged])
    })
  }

  it('changes nothing: neither login nor logout', async () => {
    const ops = await startOps()
    try {
      await ops.add('ann', 'viewer')
      const cookie = cookieOf(await ops.logIn('ann'))
      const cross = { 'sec-fetch-site': 'cross-site' }
      const out = await ops.ask('/console/logout', { method: 'POST', headers: { ...cross, cookie } })
      assert.equal(out.status, 403)
      assert.match(out.body, /another site/)
      assert.equal((await ops.ask('/console/', { headers: { cookie } })).status, 200)
      assert.equal((await ops.logIn('ann', undefined, cross)).status, 403)
    } finally {
      await ops.stop()
    }
  })
})

describe('who asks', () => {
  let ops: Ops
  before(async () => {
    ops = await startOps()
    await ops.add('ann', 'operator')
  })
  after(() => ops.stop())
  const who = async (headers: OutgoingHttpHeaders) =>
    (await asked(0, (request) => operatorOf(request, ops), [{ headers }]))[0] ?? null

  it('is a token’s, where there is one; else the session’s', async () => {
    const token = await ops.token('viewer')
    const cookie = cookieOf(await ops.logIn('ann'))
    const program = { name: 'token t-viewer', role: 'viewer', via: 'token' }
    const ann = { name: 'ann', role: 'operator', via: 'session' }
    assert.deepEqual(await who({ authorization: `Bearer ${token}` }), program)
    assert.deepEqual(await who({ authorization: `bearer ${token}`, cookie }), program)
    assert.deepEqual(await who({ authorization: `Bearer ${token}`, host: 'inside:3000' }), program)
    assert.deepEqual(await who({ cookie }), ann)
    assert.deepEqual(await who({ authorization: 'Basic eDp5', cookie }), ann, 'a proxy’s own question')
    assert.equal(await who({ cookie, host: 'inside:3000' }), null)
    for (const other of [newToken(), token.slice(0, -1), token.replace('postrider_', ''), '', 'x y']) {
      assert.equal(
        await who({ authorization: `Bearer ${other}`, cookie }),
        null,
        'never the cookie’s instead',
      )
    }
    assert.equal(await who({}), null)
  })

  it('is nobody with a token that is over', async () => {
    const token = await ops.token('operator', 60_000)
    assert.equal((await who({ authorization: `Bearer ${token}` }))?.role, 'operator')
    await ops.clock.advance(60_000)
    assert.equal(await who({ authorization: `Bearer ${token}` }), null)
    const other = await ops.token('admin')
    const [{ id } = { id: 0 }] = await ops.ledger.reads.tokens()
    await ops.ledger.revokeToken(id, 'root')
    assert.equal(await who({ authorization: `Bearer ${other}` }), null)
  })
})

describe('pages', () => {
  it('escape what they show', async () => {
    const problem = `"><script>alert('x')</script>`
    const html = await render('login', { title: '<b>', problem }, 0)
    assert.ok(!html.includes('<script>') && !html.includes('<b>'))
    assert.match(html, /&#34;&gt;&lt;script&gt;/)
  })

  it('have nothing inline, are in no frame, and load their style from here', async () => {
    const ops: Ops = await startOps()
    try {
      await ops.add('ann', 'viewer')
      const { headers, body } = await ops.ask('/console/login')
      assert.equal(
        headers['content-security-policy'],
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';frame-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
      )
      assert.deepEqual(
        [headers['x-frame-options'], headers['x-content-type-options'], headers['referrer-policy']],
        ['DENY', 'nosniff', 'same-origin'],
      )
      assert.doesNotMatch(body, /<script(?! src="\/console\/assets\/)|<style|style=|\son\w+=/)
      assert.equal((await ops.ask('/console/assets/htmx.js')).status, 200)
      const style = await ops.ask('/console/assets/console.css')
      assert.deepEqual([style.status, style.headers['content-type']], [200, 'text/css; charset=utf-8'])
      for (const path of [
        '/console/nothing',
        '/console/assets/..%2fviews%2flogin.liquid',
        '/console/views/login.liquid',
      ]) {
        assert.equal((await ops.ask(path)).headers.location, '/console/login')
      }
    } finally {
      await ops.stop()
    }
  })
})

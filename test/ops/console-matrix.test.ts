import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Router } from 'express'
import type { Role } from '../../src/operator.ts'
import { ACTIONS, type Action, allows } from '../../src/ops/access/allows.ts'
import { consolePages } from '../../src/ops/console/console.ts'
import { cookieOf, type Ops, SAME, startOps } from './live.ts'
import { end, take } from './seed.ts'

/** What viewers may see nowhere. */
const PERSONAL = ['Bea Hidden', 'bea@hidden.example', '+49301234567', 'C-SECRET', 'a text about her']
/** What nobody may see in a refusal: also by what an event is found in its source. */
const SECRETS = [...PERSONAL, 'T-SECRET', 'msg_bea']

type Page = { method: 'GET' | 'POST'; path: string; action: Action; fields?: Record<string, string> }

/** Every page of the console, with what it needs; the ids are those of what is seeded below. */
const PAGES: readonly Page[] = [
  { method: 'GET', path: '/', action: 'read' },
  { method: 'POST', path: '/search', action: 'read', fields: { text: 'bea@hidden.example' } },
  { method: 'GET', path: '/events', action: 'read' },
  { method: 'POST', path: '/events', action: 'read', fields: { state: 'failed' } },
  { method: 'GET', path: '/events', action: 'read.unmasked', fields: { reason: 'x' } },
  { method: 'POST', path: '/events', action: 'read.unmasked', fields: { email: 'bea@hidden.example' } },
  { method: 'GET', path: '/messages', action: 'read' },
  { method: 'POST', path: '/messages', action: 'read', fields: { state: 'failed' } },
  { method: 'POST', path: '/messages', action: 'read.unmasked', fields: { email: 'bea@hidden.example' } },
  { method: 'GET', path: '/messages/:id', action: 'read' },
  { method: 'GET', path: '/events/:id', action: 'read' },
  { method: 'GET', path: '/runs', action: 'read' },
  { method: 'GET', path: '/runs/:id', action: 'read' },
  { method: 'GET', path: '/sources', action: 'read' },
  { method: 'GET', path: '/sources/:name', action: 'read' },
  { method: 'GET', path: '/routes', action: 'read' },
  { method: 'GET', path: '/routes/:name', action: 'read' },
  { method: 'GET', path: '/routes/:name/html', action: 'read.unmasked' },
  { method: 'GET', path: '/pauses', action: 'read' },
  { method: 'GET', path: '/suppressions', action: 'read' },
  { method: 'GET', path: '/audit', action: 'access' },
  { method: 'POST', path: '/messages/plan', action: 'message.retry', fields: { state: 'failed' } },
  {
    method: 'POST',
    path: '/messages/plan',
    action: 'message.force',
    fields: { state: 'failed', force: 'yes', because: 'x' },
  },
  { method: 'POST', path: '/runs', action: 'message.retry', fields: { state: 'failed' } },
  {
    method: 'POST',
    path: '/runs',
    action: 'message.force',
    fields: { state: 'failed', force: 'yes', because: 'x' },
  },
  { method: 'POST', path: '/runs/:id/stop', action: 'message.retry' },
  { method: 'POST', path: '/messages/:id/retry', action: 'message.retry', fields: { key: 'k' } },
  {
    method: 'POST',
    path: '/messages/:id/retry',
    action: 'message.force',
    fields: { force: 'yes', reason: 'x' },
  },
  { method: 'POST', path: '/messages/:id/cancel', action: 'message.cancel' },
  { method: 'POST', path: '/messages/:id/settle', action: 'message.settle', fields: { as: 'sent' } },
  { method: 'POST', path: '/events/:id/replan', action: 'event.replan' },
  { method: 'POST', path: '/events/replan-plan', action: 'event.replan', fields: { state: 'unplanned' } },
  { method: 'POST', path: '/events/replan', action: 'event.replan', fields: { state: 'unplanned' } },
  { method: 'POST', path: '/sources/:name/recheck', action: 'refused.recheck' },
  {
    method: 'POST',
    path: '/routes/:name/test',
    action: 'message.test',
    fields: { event: '1', externalId: 'me' },
  },
  { method: 'POST', path: '/pauses', action: 'pause', fields: { what: 'all', reason: 'x' } },
  { method: 'POST', path: '/pauses/:id/resume', action: 'resume' },
  {
    method: 'POST',
    path: '/suppressions',
    action: 'read.unmasked',
    fields: { do: 'check', email: 'bea@hidden.example' },
  },
  {
    method: 'POST',
    path: '/suppressions',
    action: 'suppress',
    fields: { do: 'suppress', email: 'x@y.example', reason: 'x' },
  },
  { method: 'POST', path: '/suppressions', action: 'allow', fields: { do: 'allow', email: 'x@y.example' } },
]

const ROLES = [null, 'viewer', 'operator', 'admin'] as const

describe('who may see and do what in the console', () => {
  let ops: Ops
  const cookies = new Map<Role, string>()
  before(async () => {
    ops = await startOps()
    for (const role of ['viewer', 'operator', 'admin'] as const) {
      await ops.add(`a-${role}`, role)
      cookies.set(role, cookieOf(await ops.logIn(`a-${role}`)))
    }
    const customer = {
      id: 'C-SECRET',
      email: 'bea@hidden.example',
      phone: '+49301234567',
      name: 'Bea Hidden',
    }
    await take(ops, { customer, ticket: 'T-SECRET', key: 'msg_bea' })
    await end(ops, 'failed', 'a text about her')
    const run = { by: 'root', reason: null, force: false, late: false, filter: {}, messageIds: [1] }
    await ops.ledger.beginRun(run)
    await ops.ledger.pause({
      scope: 'route',
      name: 'greet',
      code: 'operator',
      reason: 'x',
      forMs: null,
      probes: 0,
      by: 'root',
    })
  })
  after(() => ops.stop())

  const ask = ({ method, path, fields = {} }: Page, role: Role | null) =>
    ops.ask(
      `/console${path.replace(':id', '1').replace(':name', path.startsWith('/sources') ? 'crm' : 'greet')}${path.endsWith('/html') ? '?event=1' : method === 'GET' ? `?${new URLSearchParams(fields)}` : ''}`,
      {
        method,
        headers: {
          ...SAME,
          ...(role === null ? {} : { cookie: cookies.get(role) ?? '' }),
          ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        },
        ...(method === 'POST' ? { body: new URLSearchParams(fields).toString() } : {}),
      },
    )

  it('is said for every page that there is', () => {
    const router = consolePages({ ...ops, passwords: {} } as unknown as Parameters<typeof consolePages>[0])
    const there = pathsOf(router).filter((one) => !/ \/(login|logout|assets\/htmx\.js)$/.test(one))
    const known = new Set(PAGES.map(({ method, path }) => `${method} ${path}`))
    assert.deepEqual([...new Set(there)].sort(), [...known].sort())
  })

  it('is said for every action', () => {
    const done = new Set(PAGES.map(({ action }) => action))
    assert.deepEqual(
      Object.keys(ACTIONS).filter((action) => !done.has(action as Action)),
      [],
    )
  })

  for (const role of ROLES) {
    for (const page of PAGES) {
      const may = role !== null && allows(role, page.action)
      const forced = page.fields?.force === 'yes' ? ' by force' : ''
      const what = page.fields?.do ? ` to ${page.fields.do}` : ''
      if (may) continue
      it(`${role ?? 'nobody'}: ${page.method} ${page.path}${forced}${what} is refused, changes nothing and tells nothing`, async () => {
        const before = await stateOf(ops)
        const { status, headers, body } = await ask(page, role)
        if (role === null) assert.deepEqual([status, headers.location], [303, '/console/login'])
        else assert.equal(status, 403)
        for (const secret of SECRETS) assert.ok(!body.includes(secret), `the refusal names ${secret}`)
        assert.deepEqual(await stateOf(ops), before)
      })
    }
  }

  it('shows viewers nothing of who a customer is and what was said to them', async () => {
    for (const page of PAGES.filter(({ action }) => action === 'read')) {
      const { status, body } = await ask(page, 'viewer')
      assert.ok(status === 200 || status === 303, `${page.method} ${page.path} answered ${status}`)
      // What viewers typed themselves stands in the form that they are looking at.
      const shown = body.replace(/<form[\s\S]*?<\/form>/g, '')
      for (const secret of PERSONAL) {
        assert.ok(!shown.includes(secret), `${page.method} ${page.path} shows ${secret}`)
      }
    }
  })

  it('shows them to operators', async () => {
    const { body } = await ask({ method: 'GET', path: '/messages/:id', action: 'read' }, 'operator')
    for (const secret of ['Bea Hidden', 'bea@hidden.example', 'a text about her'])
      assert.ok(body.includes(secret))
  })

  // Last: these change things.
  for (const role of ['operator', 'admin'] as const) {
    for (const page of PAGES.filter(({ action }) => allows(role, action))) {
      const forced = page.fields?.force === 'yes' ? ' by force' : ''
      it(`${role}: ${page.method} ${page.path}${forced} (${page.action}) is allowed`, async () => {
        const { status } = await ask(page, role)
        assert.ok(![401, 403, 503].includes(status), `answered ${status}`)
      })
    }
  }

  it('is not decided by what a page of another site makes the browser send', async () => {
    const { status } = await ops.ask('/console/pauses', {
      method: 'POST',
      headers: {
        'sec-fetch-site': 'cross-site',
        cookie: cookies.get('admin') ?? '',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'what=all&reason=x',
    })
    assert.equal(status, 403)
  })
})

/** Method and path of every route of a router, as Express keeps them. */
function pathsOf(router: Router): string[] {
  return router.stack.flatMap(({ route }) => {
    if (!route) return []
    const methods = new Set(route.stack.map(({ method }) => method.toUpperCase()))
    return [...methods].map((method) => `${method} ${route.path}`)
  })
}

/** All that an action could change. */
async function stateOf({ ledger }: Ops): Promise<unknown> {
  const messages = await ledger.reads.messages({ limit: 100 })
  return {
    messages: messages.map(({ state, manualBy, attempts }) => ({ state, manualBy, attempts })),
    events: (await ledger.reads.events({ limit: 100 })).map(({ state }) => state),
    pauses: (await ledger.pauses()).length,
    runs: (await ledger.reads.runs({ limit: 100 })).map(({ state }) => state),
    suppressions: await ledger.reads.suppressions({ limit: 100 }),
    audit: (await ledger.reads.audit({ limit: 100 })).length,
  }
}

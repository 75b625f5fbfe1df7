import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { ROLES, type Role } from '../../src/operator.ts'
import { type Action, allows } from '../../src/ops/access/allows.ts'
import { OPERATIONS } from '../../src/ops/api/operations.ts'
import { type Asking, bearer, type Client, clientOf } from './api-client.ts'
import { CUSTOMER, SECRETS, type Seeded, seed, YAML } from './api-seed.ts'
import { cookieOf, type Ops, SAME, startOps } from './live.ts'

/** What is asked of each operation: something that it would do, if whoever asks may. `needs`: what it asks for beside its action. */
function askings({ message, event, run, pause }: Seeded): Record<string, Asking & { needs?: Action }> {
  const whom = { email: CUSTOMER.email }
  return {
    getMe: {},
    getOverview: {},
    getConfiguration: {},
    listSources: {},
    getSource: { params: { name: 'crm' } },
    listRoutes: {},
    listTemplates: {},
    listFixtures: {},
    listEvents: {},
    searchEvents: { body: whom, needs: 'read.unmasked' },
    getEvent: { params: { id: event.scheduled } },
    replanEvent: { params: { id: event.unrouted } },
    replanEvents: { body: { filter: { state: 'unrouted' } } },
    listMessages: {},
    searchMessages: { body: whom, needs: 'read.unmasked' },
    getMessage: { params: { id: message.sent } },
    retryMessage: {
      params: { id: message.sent },
      body: { force: true, reason: 'lost' },
      needs: 'message.force',
    },
    cancelMessage: { params: { id: message.scheduled } },
    settleMessage: { params: { id: message.unconfirmed }, body: { as: 'sent' } },
    search: { body: { text: 'conv-1' } },
    listRuns: {},
    getRun: { params: { id: run } },
    planRun: { body: { filter: { state: 'failed' } } },
    beginRun: { body: { filter: { state: 'failed' } } },
    stopRun: { params: { id: run } },
    listRefused: {},
    recheckRefused: { body: { source: 'crm' } },
    listPauses: {},
    pause: { body: { scope: 'all', reason: 'stop' } },
    resume: { params: { id: pause } },
    listSuppressions: {},
    checkSuppression: { body: whom },
    suppress: { body: { ...whom, reason: 'asked' } },
    allow: { body: whom },
    preview: { body: { route: 'greet', fixture: 'crm/resolved.json' } },
    sendTest: { body: { route: 'greet', fixture: 'crm/resolved.json', to: { email: 'me@example.com' } } },
    listOperators: {},
    listTokens: {},
    listAudit: {},
  }
}

/** All that an operation could change. */
async function stateOf({ ledger: { reads, ...ledger } }: Ops): Promise<string> {
  const all = { limit: 1_000 }
  return JSON.stringify([
    await reads.events(all),
    await reads.messages(all),
    await reads.runs(all),
    await ledger.pauses(),
    await reads.suppressions(all),
    await reads.refusedDeliveries(all),
    // A login is no action of the API.
    (await reads.audit(all)).filter(({ action }) => !/^(login|operator|token)/.test(action)),
  ])
}

describe('who may do what over the API', () => {
  let ops: Ops
  let seeded: Seeded
  let client: Client
  const ways = new Map<string, { role: Role | null; headers: OutgoingHttpHeaders }>()

  before(async () => {
    ops = await startOps({ yaml: YAML })
    seeded = await seed(ops)
    client = await clientOf(ops)
    ways.set('nobody', { role: null, headers: {} })
    ways.set('an unknown token', { role: null, headers: bearer(`postrider_${'x'.repeat(43)}`) })
    for (const role of ROLES) {
      ways.set(`${role} by token`, { role, headers: bearer(await ops.token(role)) })
      await ops.add(`p-${role}`, role)
      const login = await ops.logIn(`p-${role}`)
      ways.set(`${role} by session`, { role, headers: { cookie: cookieOf(login), ...SAME } })
    }
  })
  after(() => ops.stop())

  it('is asked of every operation here', () => {
    assert.deepEqual(Object.keys(askings(seeded)).sort(), OPERATIONS.map(({ id }) => id).sort())
  })

  for (const { id, action, changes } of OPERATIONS) {
    it(`${id} needs ${action}`, async () => {
      const { needs, ...asking } = askings(seeded)[id] ?? {}
      const may = (role: Role | null) =>
        role !== null && allows(role, action) && (needs === undefined || allows(role, needs))
      const [allowed, denied] = [
        [...ways].filter(([, { role }]) => may(role)),
        [...ways].filter(([, { role }]) => !may(role)),
      ]
      const before = await stateOf(ops)
      for (const [way, { role, headers }] of denied) {
        const answer = await client.call(headers, id, asking)
        assert.equal(answer.status, role === null ? 401 : 403, `${way}: ${answer.text}`)
        for (const secret of SECRETS) assert.ok(!answer.text.includes(secret), `${way}: ${answer.text}`)
        // The same whether there is such a thing or not.
        if (asking.params?.id !== undefined && needs === undefined) {
          const other = await client.call(headers, id, { ...asking, params: { id: 999_999 } })
          assert.equal(other.text, answer.text)
        }
      }
      assert.equal(await stateOf(ops), before, 'what is refused changes nothing')
      for (const [way, { headers }] of allowed) {
        const answer = await client.call(headers, id, asking)
        assert.ok(answer.status !== 401 && answer.status !== 403, `${way}: ${answer.status} ${answer.text}`)
      }
      if (changes === 'nothing') assert.equal(await stateOf(ops), before, 'a look changes nothing')
    })
  }
})

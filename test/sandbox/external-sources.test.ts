import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createGenesys } from '../../src/genesys/client.ts'
import { EXTERNAL_SOURCE } from '../../src/sandbox/directory.ts'
import { SANDBOX_CLIENT } from '../../src/sandbox/sandbox.ts'
import { assertError, type Json, type Live, startLive } from './live.ts'

const SOURCES = '/api/v2/externalcontacts/externalsources'
/** One of them suffices, as the API's own description says. */
const PERMISSIONS = [
  'externalContacts:externalSource:view',
  'externalContacts:contact:view',
  'externalContacts:externalOrganization:view',
]
const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `source-${n}`, name: `Shop ${n}` }))

const namesOf = (body: Json) => (body.entities as { name: string }[]).map(({ name }) => name)
const afterOf = (body: Json) => encodeURIComponent((body.cursors as { after: string }).after)

describe(`GET ${SOURCES}`, () => {
  let live: Live
  before(async () => {
    live = await startLive({ externalSources: numbered(29), rateLimitPerMinute: null })
  })

  it('lists what the org has, the example’s own first', async () => {
    const { status, body } = await live.get(SOURCES)
    assert.equal(status, 200)
    const [first] = body.entities as Json[]
    assert.deepEqual(first, { ...EXTERNAL_SOURCE, active: true, selfUri: `${SOURCES}/${EXTERNAL_SOURCE.id}` })
    assert.equal(namesOf(body).length, 30)
  })

  it('gives a page at a time, each with a new cursor', async () => {
    const first = (await live.get(`${SOURCES}?limit=20`)).body
    const second = (await live.get(`${SOURCES}?limit=20&cursor=${afterOf(first)}`)).body
    const third = (await live.get(`${SOURCES}?limit=20&cursor=${afterOf(second)}`)).body
    assert.deepEqual(
      [first, second, third].map((body) => namesOf(body).length),
      [20, 10, 0],
    )
    assert.equal(new Set([...namesOf(first), ...namesOf(second)]).size, 30)
  })

  it('filters by how the name begins, and by activity', async () => {
    assert.deepEqual(namesOf((await live.get(`${SOURCES}?name=CR`)).body), ['CRM'])
    assert.deepEqual(namesOf((await live.get(`${SOURCES}?name=RM`)).body), [])
    assert.deepEqual(namesOf((await live.get(`${SOURCES}?active=false`)).body), [])
  })

  for (const query of ['limit=9', 'limit=201', 'limit=x', 'cursor=x', 'active=1']) {
    it(`answers 400 to ${query}`, async () => {
      assertError(await live.get(`${SOURCES}?${query}`), 400, 'bad.request', /./)
    })
  }

  it('wants one of three permissions', async () => {
    live.sandbox.setMissingPermissions(PERMISSIONS.slice(1))
    assert.equal((await live.get(SOURCES)).status, 200)
    live.sandbox.setMissingPermissions(PERMISSIONS)
    assertError(await live.get(SOURCES), 403, 'missing.any.permissions', /externalSource:view/)
    live.sandbox.setMissingPermissions([])
  })
})

describe('an id in a path', () => {
  it('is what was meant by it, whatever it is written with', async () => {
    const live = await startLive({ deployments: ['my deployment #1'], rateLimitPerMinute: null })
    const at = (id: string) => live.get(`/api/v2/webdeployments/deployments/${id}`)
    assert.equal((await at(encodeURIComponent('my deployment #1'))).body.id, 'my deployment #1')
    assertError(await at('%E0%A4%A'), 404, 'not.found', /not found/)
  })
})

describe('the external sources of an org, as Postrider reads them', () => {
  const ask = ({ sandbox, clock }: Live) =>
    createGenesys({
      region: 'mypurecloud.com',
      gatewayUrl: sandbox.url,
      ...SANDBOX_CLIENT,
      clock,
      pace: async () => {},
    }).getExternalSources()

  it('are those of all pages', async () => {
    const live = await startLive({ externalSources: numbered(450), rateLimitPerMinute: null })
    const answer = await ask(live)
    assert.ok(answer.kind === 'ok', JSON.stringify(answer))
    assert.equal(answer.value.length, 451)
    assert.deepEqual(answer.value[0], { ...EXTERNAL_SOURCE, active: true })
  })

  it('are none where a page cannot be read', async () => {
    const live = await startLive()
    live.sandbox.fault({ operation: 'other', status: 503 })
    const answer = await ask(live)
    assert.deepEqual(answer.kind === 'refused' && answer.status, 503)
    live.sandbox.clearFaults()
    live.sandbox.fault({ operation: 'other', html: true })
    assert.equal((await ask(live)).kind, 'uncertain')
  })
})

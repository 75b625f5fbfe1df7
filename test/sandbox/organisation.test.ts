import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  DEPLOYMENT,
  EXTERNAL_SOURCE,
  OPEN_INTEGRATION,
  WHATSAPP_INTEGRATION,
} from '../../src/sandbox/directory.ts'
import { assertError, assertFieldError, HOUR, type Json, startLive } from './live.ts'

const INTEGRATIONS = '/api/v2/conversations/messaging/integrations'
const TIMELINE = '/api/v2/conversations/messaging/threadingtimeline'
const IDENTITY = `/api/v2/webdeployments/deployments/${DEPLOYMENT}/identityresolution`
const NAMESPACES = '/api/v2/organizations/limits/namespaces'

const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `i-${n}`, name: `Shop ${n}`, messengerType: 'open' }))

describe(`GET ${INTEGRATIONS}`, () => {
  it('lists the example’s own and those that were given', async () => {
    const apple = { id: 'i-1', name: 'Apple', messengerType: 'apple', status: 'Inactive' }
    const { get } = await startLive({ integrations: [apple] })
    const { status, body } = await get(INTEGRATIONS)
    assert.equal(status, 200)
    assert.deepEqual(
      (body.entities as Json[]).map((one) => [one.id, one.messengerType, one.status, one.version]),
      [
        [WHATSAPP_INTEGRATION, 'whatsapp', 'Active', 1],
        [OPEN_INTEGRATION, 'open', 'Active', 1],
        ['i-1', 'apple', 'Inactive', 1],
      ],
    )
    assert.deepEqual([body.total, body.pageSize, body.pageNumber, body.pageCount], [3, 25, 1, 1])
  })

  it('gives a page at a time, and where the next is', async () => {
    const { get } = await startLive({ integrations: numbered(28) })
    const first = (await get(INTEGRATIONS)).body
    const second = (await get(String(first.nextUri))).body
    const third = (await get(`${INTEGRATIONS}?pageNumber=3`)).body
    const idsOf = (body: Json) => (body.entities as Json[]).map(({ id }) => id)
    assert.deepEqual(
      [first, second, third].map((body) => idsOf(body).length),
      [25, 5, 0],
    )
    assert.equal(new Set([...idsOf(first), ...idsOf(second)]).size, 30)
    assert.deepEqual([second.nextUri, second.previousUri], [undefined, first.selfUri])
  })

  it('answers 400 to pages that cannot be, 403 without its permission', async () => {
    const { get, sandbox } = await startLive()
    for (const [name, value] of [
      ['pageSize', '0'],
      ['pageSize', '101'],
      ['pageSize', 'x'],
      ['pageNumber', '0'],
      ['pageNumber', '1.5'],
    ] as const) {
      assertFieldError(await get(`${INTEGRATIONS}?${name}=${value}`), name, 'invalid.value', /between 1/)
    }
    sandbox.setMissingPermissions(['messaging:integration:view'])
    assertError(await get(INTEGRATIONS), 403, 'missing.permissions', /messaging:integration:view/)
  })
})

describe(`GET ${IDENTITY}`, () => {
  it('answers by which external source guests are matched: the org’s first', async () => {
    const { get } = await startLive()
    const { status, body } = await get(IDENTITY)
    assert.equal(status, 200)
    assert.deepEqual([body.resolveIdentities, (body.externalSource as Json).id], [true, EXTERNAL_SOURCE.id])
    const shop = await startLive({ externalSources: [{ id: 's-1', name: 'Shop' }] })
    assert.equal(((await shop.get(IDENTITY)).body.externalSource as Json).id, 's-1')
  })

  it('answers that nobody is matched, where the option has it', async () => {
    const { get } = await startLive({
      identityResolution: { resolveIdentities: false, externalSourceId: null },
    })
    assert.deepEqual((await get(IDENTITY)).body, { resolveIdentities: false, selfUri: IDENTITY })
  })

  it('wants two permissions, and knows the org’s deployments only', async () => {
    const { get, sandbox } = await startLive()
    const other = IDENTITY.replace(DEPLOYMENT, 'd-0')
    assertError(await get(other), 404, 'not.found', /deployment/)
    sandbox.setMissingPermissions(['webDeployments:identityResolution:view'])
    assertError(await get(IDENTITY), 403, 'missing.permissions', /: webDeployments:identityResolution:view$/)
  })
})

describe(`GET ${TIMELINE}`, () => {
  it('answers in minutes how long a conversation is gone on with', async () => {
    const { get, control } = await startLive({ threadingMs: 2 * HOUR })
    const { body } = await get(TIMELINE)
    assert.equal(body.defaultTimeoutMinutes, 120)
    assert.ok((body.settings as Json[]).some((one) => one.messengerType === 'webmessaging'))
    await control('/settings', { threadingMs: 72 * HOUR }, 'PATCH')
    for (const { timeoutInMinutes } of (await get(TIMELINE)).body.settings as Json[]) {
      assert.equal(timeoutInMinutes, 4320)
    }
  })
})

describe(`GET ${NAMESPACES}/{namespaceName}`, () => {
  it('answers the limits that are in force', async () => {
    const { get, sandbox } = await startLive({ rateLimitPerMinute: 180 })
    const entitiesOf = async (name: string) => (await get(`${NAMESPACES}/${name}`)).body.entities
    assert.deepEqual(await entitiesOf('platform.api'), [
      { namespace: 'platform.api', key: 'token.rate.per.minute', value: 180 },
    ])
    assert.deepEqual(await entitiesOf('messaging'), [])
    sandbox.setDailyLimit({ messages: 10_000 })
    sandbox.setRateLimit(null)
    assert.deepEqual(await entitiesOf('messaging'), [
      { namespace: 'messaging', key: 'agentless.messages.per.day', value: 10_000 },
    ])
    assert.deepEqual(await entitiesOf('platform.api'), [])
    assertError(await get(`${NAMESPACES}/nothing`), 404, 'not.found', /namespace/)
  })
})

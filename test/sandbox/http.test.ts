import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { DEPLOYMENT } from '../../src/sandbox/directory.ts'
import {
  ADA,
  assertError,
  byExternalId,
  correlationIdOf,
  EMAIL,
  email,
  type Live,
  LOOKUP,
  MESSAGE,
  startLive,
  webMessage,
} from './live.ts'

const DEPLOYMENT_PATH = `/api/v2/webdeployments/deployments/${DEPLOYMENT}`

describe('requests that are not the API’s', () => {
  let live: Live
  before(async () => {
    live = await startLive({ rateLimitPerMinute: null })
  })

  for (const path of [
    '/api/v2/messaging/conversations',
    `${MESSAGE}/`,
    '/api/v2/externalcontacts/contacts',
  ]) {
    it(`answers 404 at ${path}`, async () => {
      assertError(await live.post(path, webMessage), 404, 'not.found', /resource was not found/)
    })
  }

  for (const path of [LOOKUP, MESSAGE, EMAIL]) {
    it(`answers 405 to GET ${path}`, async () => {
      const answer = await live.get(path)
      assertError(answer, 405, 'method.not.allowed', /method is not allowed/)
      assert.equal(answer.headers.get('allow'), 'POST')
    })

    it(`reads nothing but a JSON object at ${path}`, async () => {
      const malformed = /malformed syntax/
      for (const text of ['', '{', '{"a":1', 'grant_type=x', '\u0000']) {
        assertError(await live.post(path, text), 400, 'bad.request', malformed)
      }
      for (const text of ['[]', '"x"', '7', 'null', 'true', `[${JSON.stringify(webMessage)}]`]) {
        assertError(await live.post(path, text), 400, 'bad.request', /must be an object/)
      }
    })

    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json-patch+json',
      '',
    ]) {
      it(`answers 415 to a body of ${type || 'no type'} at ${path}`, async () => {
        const answer = await live.post(path, webMessage, { 'content-type': type })
        assertError(answer, 415, 'unsupported.media.type', /media type/)
      })
    }
  }

  it('answers 405 to a POST where there is only something to get', async () => {
    const answer = await live.post(DEPLOYMENT_PATH, {})
    assertError(answer, 405, 'method.not.allowed', /method is not allowed/)
    assert.equal(answer.headers.get('allow'), 'GET')
  })

  it('answers 400 to bytes that are not UTF-8', async () => {
    const token = (await live.logIn()).body.access_token
    const body = Buffer.from(JSON.stringify({ ...webMessage, textBody: 'ü' }), 'latin1')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    assertError(await live.ask(MESSAGE, { method: 'POST', headers, body }), 400, 'bad.request', /malformed/)
  })

  it('takes JSON with a charset, and a body of exactly 512,000 bytes; one more is 413', async () => {
    const json = { 'content-type': 'application/json; charset=utf-8' }
    const padded = (bytes: number) => JSON.stringify(webMessage).padEnd(bytes, ' ')
    assert.equal((await live.post(MESSAGE, padded(512_000), json)).status, 200)
    const answer = await live.post(MESSAGE, padded(512_001), json)
    assertError(answer, 413, 'request.entity.too.large', /Maximum bytes: 512000/)
  })

  it('counts what it acted on, and what it answered', async () => {
    const own = await startLive()
    await own.post(MESSAGE, webMessage)
    await own.post(MESSAGE, {})
    await own.get('/api/v2/tokens/me')
    const { body } = await own.ask('/sandbox/requests')
    const nothing = { lookup: 0, contact: 0, email: 0, analytics: 0, conversation: 0, bulk: 0, details: 0 }
    assert.deepEqual(body, {
      acted: { ...nothing, token: 1, message: 1, other: 1 },
      answered: { 'token 200': 1, 'message 200': 1, 'message 400': 1, 'other 200': 1 },
    })
  })
})

describe('the deployment and the token, for the doctor', () => {
  it('answers what they are', async () => {
    const { get } = await startLive()
    const { body: deployment } = await get(DEPLOYMENT_PATH)
    assert.deepEqual([deployment.id, deployment.status], [DEPLOYMENT, 'Active'])
    assert.ok(deployment.name && deployment.configuration, 'what the schema requires')
    assertError(await get(`/api/v2/webdeployments/deployments/${ADA}`), 404, 'not.found', /deployment/)
    const { body: me } = await get('/api/v2/tokens/me')
    assert.deepEqual(me.organization, { id: 'sandbox', name: 'Sandbox' })
  })
})

describe('a permission that the client’s roles lack', () => {
  it('is answered 403 that names it, and before the body is looked at', async () => {
    const missing = [
      'conversation:message:create',
      'externalContacts:contact:view',
      'webDeployments:deployment:view',
    ]
    const { post, get, sandbox } = await startLive({ missingPermissions: missing })
    for (const [permission, answer] of [
      ['conversation:message:create', await post(MESSAGE, {})],
      ['externalContacts:contact:view', await post(LOOKUP, byExternalId)],
      ['webDeployments:deployment:view', await get(DEPLOYMENT_PATH)],
    ] as const) {
      assertError(answer, 403, 'missing.permissions', new RegExp(permission))
      assert.deepEqual(answer.body.messageParams, { permissions: permission })
    }
    assert.equal((await post(EMAIL, email)).status, 200)
    sandbox.setMissingPermissions([])
    assert.equal((await post(MESSAGE, webMessage)).status, 200)
  })

  it('does not matter where one of two is enough, until both lack', async () => {
    const { post, sandbox } = await startLive({ missingPermissions: ['conversation:email:create'] })
    assert.equal((await post(EMAIL, email)).status, 200)
    sandbox.setMissingPermissions(['conversation:email:create', 'conversation:agentlessEmail:send'])
    const answer = await post(EMAIL, email)
    const both = /conversation:email:create, conversation:agentlessEmail:send/
    assertError(answer, 403, 'missing.any.permissions', both)
  })
})

describe('the rate limit', () => {
  const limitsOf = ({ headers }: { headers: Headers }) =>
    ['count', 'allowed', 'reset'].map((name) => headers.get(`inin-ratelimit-${name}`))

  it('is 300 a minute, and is said with every answer to a token, also to refusals', async () => {
    const { post, get, clock } = await startLive({ missingPermissions: ['conversation:email:create'] })
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), ['1', '300', '60'])
    await clock.advance(20_000)
    assert.deepEqual(limitsOf(await post(MESSAGE, {})), ['2', '300', '40'])
    assert.deepEqual(limitsOf(await get('/api/v2/nothing')), ['3', '300', '40'])
  })

  it('answers 429 with Retry-After beyond it, counts that too, and acts on nothing', async () => {
    const { post, sandbox, clock } = await startLive({ rateLimitPerMinute: 2 })
    await clock.advance(10_500)
    await post(MESSAGE, webMessage)
    await post(LOOKUP, byExternalId)
    const answer = await post(MESSAGE, webMessage)
    assertError(answer, 429, 'too.many.requests', /Retry the request in \[50\] seconds/)
    assert.equal(answer.headers.get('retry-after'), '50')
    assert.deepEqual(limitsOf(answer), ['3', '2', '50'])
    assert.deepEqual(answer.body.limit, { namespace: 'platform.api', key: 'token.rate.per.minute', value: 2 })
    assert.equal(sandbox.messages().length, 1)
    await clock.advance(49_500)
    assert.deepEqual(limitsOf(await post(MESSAGE, webMessage)), ['1', '2', '60'])
  })

  it('is each token’s own', async () => {
    const { post, logIn } = await startLive({ rateLimitPerMinute: 1 })
    await post(LOOKUP, byExternalId)
    assert.equal((await post(LOOKUP, byExternalId)).status, 429)
    const authorization = `Bearer ${(await logIn()).body.access_token}`
    assert.equal((await post(LOOKUP, byExternalId, { authorization })).status, 200)
  })

  it('can be switched off', async () => {
    const { post } = await startLive({ rateLimitPerMinute: null })
    assert.deepEqual(limitsOf(await post(LOOKUP, byExternalId)), [null, null, null])
  })
})

describe('the correlation id', () => {
  it('is in every answer, and never the same', async () => {
    const { post, get, logIn, ask, fault } = await startLive({ rateLimitPerMinute: 4 })
    const answers = [
      await logIn(),
      await logIn({ authorization: null }),
      await ask(MESSAGE, { method: 'POST' }),
      await post(MESSAGE, webMessage),
      await post(MESSAGE, {}),
      await post(EMAIL, email),
      await get('/api/v2/nothing'),
      await post(LOOKUP, byExternalId),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 401, 401, 200, 400, 200, 404, 429],
    )
    for (const one of [{ status: 503 }, { empty202: true }, { html: true }]) {
      await fault({ ...one, times: 1 })
      answers.push(await post(MESSAGE, webMessage))
    }
    assert.equal(new Set(answers.map(correlationIdOf)).size, answers.length)
  })
})

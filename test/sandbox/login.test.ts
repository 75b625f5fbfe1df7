import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { SANDBOX_CLIENT } from '../../src/sandbox/sandbox.ts'
import { assertError, basic, byExternalId, correlationIdOf, type Live, LOOKUP, startLive } from './live.ts'

const MINUTE = 60_000

describe('POST /oauth/token', () => {
  let live: Live
  before(async () => {
    live = await startLive({ tokenLifeMs: 90 * MINUTE, rateLimitPerMinute: null })
  })

  it('answers a bearer token and its life in seconds', async () => {
    const answer = await live.logIn()
    assert.equal(answer.status, 200)
    const { access_token: token, ...rest } = answer.body
    assert.match(String(token), /^[\w-]{20,}$/)
    assert.deepEqual(rest, { token_type: 'bearer', expires_in: 5400 })
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    correlationIdOf(answer)
    assert.notEqual((await live.logIn()).body.access_token, token)
  })

  it('takes the scheme in any case, as HTTP has it', async () => {
    const authorization = basic(SANDBOX_CLIENT.clientId, SANDBOX_CLIENT.clientSecret)
    assert.equal((await live.logIn({ authorization: authorization.replace('Basic', 'basic') })).status, 200)
  })

  it('lasts a day by default', async () => {
    assert.equal((await (await startLive()).logIn()).body.expires_in, 86_400)
  })

  for (const [name, authorization] of [
    ['no Authorization', null],
    ['a wrong secret', basic(SANDBOX_CLIENT.clientId, 'wrong')],
    ['an unknown client', basic('somebody', SANDBOX_CLIENT.clientSecret)],
    ['a Bearer token', 'Bearer abc'],
    ['a secret that is not encoded', `Basic ${SANDBOX_CLIENT.clientId}:${SANDBOX_CLIENT.clientSecret}`],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const answer = await live.logIn({ authorization })
      assert.equal(answer.status, 401)
      assert.deepEqual(answer.body, {
        error: 'invalid_client',
        description: 'authentication failed',
        error_description: 'authentication failed',
      })
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic/)
      correlationIdOf(answer)
    })
  }

  for (const [name, change, error] of [
    ['another grant', { form: 'grant_type=password' }, 'unsupported_grant_type'],
    ['no grant', { form: '' }, 'invalid_request'],
    [
      'JSON',
      { contentType: 'application/json', form: '{"grant_type":"client_credentials"}' },
      'invalid_request',
    ],
    ['a form that says it is text', { contentType: 'text/plain' }, 'invalid_request'],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const answer = await live.logIn(change)
      assert.deepEqual([answer.status, answer.body.error], [400, error])
    })
  }

  it('is asked by POST only', async () => {
    const answer = await live.ask('/oauth/token')
    assertError(answer, 405, 'method.not.allowed', /method is not allowed/)
    assert.equal(answer.headers.get('allow'), 'POST')
  })
})

describe('the token', () => {
  it('is required', async () => {
    const { ask, sandbox } = await startLive()
    const body = JSON.stringify(byExternalId)
    for (const authorization of [undefined, 'Basic abc', 'Bearer', 'Bearer ']) {
      const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }
      const answer = await ask(LOOKUP, { method: 'POST', headers, body })
      assertError(answer, 401, 'authentication.required', /No authentication bearer token/)
    }
    assert.equal(sandbox.counts().lookup, 0)
  })

  it('has to be one that was issued', async () => {
    const { post } = await startLive()
    const answer = await post(LOOKUP, byExternalId, { authorization: 'Bearer invented' })
    assertError(answer, 401, 'bad.credentials', /credentials/)
  })

  it('works until its life is over, to the millisecond', async () => {
    const { post, clock } = await startLive({ tokenLifeMs: 5 * MINUTE })
    await clock.advance(5 * MINUTE - 1)
    assert.equal((await post(LOOKUP, byExternalId)).status, 200)
    await clock.advance(1)
    assertError(await post(LOOKUP, byExternalId), 401, 'credentials.expired', /expired/)
  })

  it('is void when tokens are revoked by the control API; a new one works', async () => {
    const { ask, post, logIn } = await startLive()
    assert.equal((await ask('/sandbox/tokens/revoke', { method: 'POST' })).status, 204)
    assertError(await post(LOOKUP, byExternalId), 401, 'bad.credentials', /credentials/)
    const token = (await logIn()).body.access_token
    assert.equal((await post(LOOKUP, byExternalId, { authorization: `Bearer ${token}` })).status, 200)
  })
})

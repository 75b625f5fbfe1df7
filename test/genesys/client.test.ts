import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, it } from 'node:test'
import { PostriderError } from '../../src/errors.ts'
import type { BudgetReading } from '../../src/genesys/genesys.ts'
import { CLIENT_SECRET, closeHosts, genesysAt, type Handler, HEADERS, host, json, MESSAGE } from './host.ts'

afterEach(closeHosts)

describe('the requests', () => {
  it('logs in with Basic, and sends what the API asks for', async () => {
    const { url, seen } = await host((_, response) =>
      json(response, 200, { id: 'm-1', conversationId: 'c-1' }, HEADERS),
    )
    const answer = await genesysAt(url).sendMessage(MESSAGE)
    assert.equal(seen[0]?.path, '/oauth/token')
    assert.equal(
      seen[0]?.headers.authorization,
      `Basic ${Buffer.from(`the-client-id:${CLIENT_SECRET}`).toString('base64')}`,
    )
    assert.equal(seen[0]?.body, 'grant_type=client_credentials')
    assert.equal(seen[1]?.path, '/api/v2/conversations/messages/agentless')
    assert.equal(seen[1]?.headers.authorization, 'Bearer t-1')
    assert.deepEqual(JSON.parse(seen[1]?.body ?? ''), {
      fromAddress: 'd-1',
      toAddressMessengerType: 'webmessaging',
      externalContactId: 'k-1',
      textBody: 'Hello',
    })
    assert.deepEqual(answer, {
      kind: 'ok',
      value: { messageId: 'm-1', conversationId: 'c-1' },
      status: 200,
      correlationId: 'corr-1',
      budget: { allowed: 300, count: 7, resetMs: 42_000 },
    })
  })

  it('works behind a path of a gateway', async () => {
    const { url, seen } = await host((_, response) => json(response, 200, { id: 'k' }))
    const genesys = genesysAt(`${url}/genesys/eu/`)
    await genesys.findContact({ type: 'Email', value: 'a@example.com' })
    assert.deepEqual(
      seen.map(({ path }) => path),
      ['/genesys/eu/oauth/token', '/genesys/eu/api/v2/externalcontacts/identifierlookup/contacts'],
    )
    assert.match(genesys.host, /^127\.0\.0\.1:\d+\/genesys\/eu$/)
  })

  it('names the region’s API host', () => {
    assert.equal(genesysAt(null, { region: 'mypurecloud.de' }).host, 'api.mypurecloud.de')
  })

  it('refuses a gateway that would carry the secret in the clear', () => {
    assert.throws(
      () => genesysAt('http://gateway.example.com'),
      (error: unknown) => error instanceof PostriderError && /https/.test(error.message),
    )
    assert.equal(genesysAt('https://gateway.example.com').host, 'gateway.example.com')
  })
})

describe('the answers', () => {
  const cases: [string, Handler, string, object][] = [
    [
      '202 with no body',
      (_, response) => void response.writeHead(202).end(),
      'ok',
      { value: { messageId: null, conversationId: null }, status: 202 },
    ],
    ['204', (_, response) => void response.writeHead(204).end(), 'ok', { status: 204 }],
    [
      'HTML instead of JSON',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
      'uncertain',
      {},
    ],
    [
      'an empty 500',
      (_, response) => void response.writeHead(500).end(),
      'refused',
      { status: 500, code: null },
    ],
    [
      '400 with its words',
      (_, response) => json(response, 400, { code: 'bad.request', message: 'textBody is required' }, HEADERS),
      'refused',
      { status: 400, code: 'bad.request', message: 'textBody is required', correlationId: 'corr-1' },
    ],
    [
      '429',
      (_, response) =>
        json(response, 429, { code: 'too.many.requests', message: 'slow' }, { 'Retry-After': '12' }),
      'refused',
      { status: 429, retryAfterMs: 12_000 },
    ],
    [
      '403 with the permissions that are missing',
      (_, response) =>
        json(response, 403, {
          code: 'missing.permissions',
          message: 'Missing the following permission(s): conversation:message:create',
          messageParams: { permissions: 'conversation:message:create' },
        }),
      'refused',
      { missingPermissions: ['conversation:message:create'] },
    ],
    [
      'a contextId where there is no header',
      (_, response) => json(response, 404, { code: 'not.found', message: 'no', contextId: 'ctx' }),
      'refused',
      { correlationId: 'ctx' },
    ],
    [
      'a redirect',
      (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
      'refused',
      { status: 302 },
    ],
  ]
  for (const [name, handler, kind, expected] of cases) {
    it(`${name}: ${kind}`, async () => {
      const { url } = await host(handler)
      const answer = await genesysAt(url).sendMessage(MESSAGE)
      assert.equal(answer.kind, kind, JSON.stringify(answer))
      assert.partialDeepStrictEqual(answer, expected)
      assert.ok(!JSON.stringify(answer).includes('t-1') && !JSON.stringify(answer).includes(CLIENT_SECRET))
    })
  }

  it('follows no redirect: the token goes to nobody else', async () => {
    const other = await host((_, response) => json(response, 200, { id: 'm' }))
    for (const status of [301, 302, 307, 308]) {
      const { url } = await host(
        (_, response) => void response.writeHead(status, { location: `${other.url}/api/v2/x` }).end(),
      )
      const answer = await genesysAt(url).sendMessage(MESSAGE)
      assert.equal(answer.kind === 'refused' && answer.status, status)
    }
    assert.deepEqual(other.seen, [])
  })

  it('a page of HTML for a 404 says nothing of the customer: the wrong host answers', async () => {
    const page = { 'content-type': 'text/html; charset=utf-8' }
    const { url } = await host((_, response) => void response.writeHead(404, page).end('<h1>Not found</h1>'))
    const answer = await genesysAt(url).findContact({ type: 'Email', value: 'ada@example.com' })
    assert.partialDeepStrictEqual(answer, { kind: 'refused', status: 404, code: 'NOT_JSON' })
    assert.equal((await genesysAt(url).getDeployment('d-1')).kind, 'refused')
  })

  it('Retry-After is whole milliseconds, of a day at most', async () => {
    for (const [asked, expected] of [
      ['7.0005', 7001],
      ['99999999999999999', 24 * 3_600_000],
      ['0', 0],
      ['soon', null],
    ] as const) {
      const { url } = await host((_, response) => json(response, 429, {}, { 'retry-after': asked }))
      const answer = await genesysAt(url).sendMessage(MESSAGE)
      assert.equal(answer.kind === 'refused' && answer.retryAfterMs, expected, asked)
    }
  })

  it('an empty 404 of a look-up is "nobody" too', async () => {
    const { url } = await host((_, response) => void response.writeHead(404).end())
    const answer = await genesysAt(url).findContact({ type: 'Email', value: 'ada@example.com' })
    assert.partialDeepStrictEqual(answer, { kind: 'ok', value: null })
  })

  it('a 404 that breaks off says nothing of the customer', async () => {
    const { url } = await host((_, response) => {
      response.writeHead(404, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"code":"not.found"', () => response.destroy())
    })
    const answer = await genesysAt(url).findContact({ type: 'Email', value: 'ada@example.com' })
    assert.partialDeepStrictEqual(answer, {
      kind: 'refused',
      status: 404,
      code: 'NOT_JSON',
      message: 'an answer of 404 broke off',
    })
  })

  it('404 of a look-up is "nobody"', async () => {
    const { url } = await host((_, response) => json(response, 404, { code: 'not.found', message: 'none' }))
    const answer = await genesysAt(url).findContact({ type: 'Email', value: 'x@example.com' })
    assert.deepEqual(answer.kind === 'ok' && answer.value, null)
  })

  it('a probe takes a refusal of its emptiness for life, and nothing else', async () => {
    const page = await host(
      (_, response) => void response.writeHead(400, { 'content-type': 'text/html' }).end('<p>'),
    )
    assert.equal((await genesysAt(page.url).probe('webmessaging')).kind, 'refused', 'a page of HTML')
    for (const [status, kind] of [
      [400, 'ok'],
      [422, 'ok'],
      [503, 'refused'],
      [403, 'refused'],
      [429, 'refused'],
      [404, 'refused'],
    ] as const) {
      const { url, api } = await host((_, response) => json(response, status, { code: 'c', message: 'm' }))
      const answer = await genesysAt(url).probe('webmessaging')
      assert.equal(answer.kind, kind, `${status}`)
      assert.equal(api()[0]?.body, '{}')
    }
  })
})

describe('the fields that an answer finds fault with', () => {
  const fieldsOf = async (body: object) => {
    const { url } = await host((_, response) => json(response, 400, { code: 'bad.request', ...body }))
    const answer = await genesysAt(url).sendMessage(MESSAGE)
    return answer.kind === 'refused' ? answer.fields : answer
  }

  it('are in its details, each once', async () => {
    const details = [
      { fieldName: 'toAddress' },
      { errorCode: 'x' },
      { fieldName: 'textBody' },
      { fieldName: 'toAddress' },
    ]
    assert.deepEqual(await fieldsOf({ details, messageParams: { fieldName: 'other' } }), [
      'toAddress',
      'textBody',
    ])
  })

  it('or in the parameters of its message', async () => {
    assert.deepEqual(await fieldsOf({ details: [], messageParams: { fieldName: 'fromAddress' } }), [
      'fromAddress',
    ])
    assert.deepEqual(await fieldsOf({ messageParams: { fieldName: 'fromAddress' } }), ['fromAddress'])
  })

  it('are none where the answer names none, or something else than names', async () => {
    assert.deepEqual(await fieldsOf({}), [])
    assert.deepEqual(await fieldsOf({ details: 'toAddress', messageParams: [{ fieldName: 1 }] }), [])
    assert.deepEqual(await fieldsOf({ details: [null, 3, { fieldName: {} }] }), [])
  })

  it('are few and short, whatever comes', async () => {
    const details = Array.from({ length: 50 }, (_, n) => ({ fieldName: `${n}`.padEnd(1_000, 'x') }))
    const fields = await fieldsOf({ details })
    assert.ok(Array.isArray(fields) && fields.length === 10 && fields.every(({ length }) => length === 100))
  })
})

describe('the budget that answers speak of', () => {
  it('is told for every answer that has the headers, the refused and the unusable too, and not for the login', async () => {
    const answers: Handler[] = [
      (_, response) => json(response, 200, { id: 'm' }, HEADERS),
      (_, response) => json(response, 429, {}, { ...HEADERS, 'inin-ratelimit-count': '301' }),
      (_, response) => json(response, 401, {}, { 'inin-ratelimit-allowed': '60' }),
      (_, response) => void response.writeHead(200, { ...HEADERS, 'content-type': 'text/html' }).end('<p>'),
      (_, response) => json(response, 200, { id: 'm' }),
      (_, __, incoming) => void incoming.socket.destroy(),
    ]
    const { url } = await host(
      (request, response, incoming) => answers.shift()?.(request, response, incoming),
      () => ({ access_token: 't', expires_in: 86_400 }),
    )
    const readings: BudgetReading[] = []
    const genesys = genesysAt(url, { onBudget: (reading) => void readings.push(reading) })
    const kinds: string[] = []
    // The third is refused with 401, and asked again.
    for (let n = 0; n < 5; n += 1) kinds.push((await genesys.sendMessage(MESSAGE)).kind)
    assert.deepEqual(kinds, ['ok', 'refused', 'uncertain', 'ok', 'uncertain'])
    assert.deepEqual(readings, [
      { allowed: 300, count: 7, resetMs: 42_000 },
      { allowed: 300, count: 301, resetMs: 42_000 },
      { allowed: 60, count: null, resetMs: null },
      { allowed: 300, count: 7, resetMs: 42_000 },
    ])
  })

  it('is null where a header is no number', async () => {
    const { url } = await host((_, response) =>
      json(response, 200, { id: 'm' }, { 'inin-ratelimit-count': '-1', 'inin-ratelimit-allowed': '' }),
    )
    const readings: BudgetReading[] = []
    const answer = await genesysAt(url, { onBudget: (reading) => void readings.push(reading) }).sendMessage(
      MESSAGE,
    )
    assert.deepEqual(answer.kind === 'ok' && answer.budget, { allowed: null, count: null, resetMs: null })
    assert.deepEqual(readings, [])
  })
})

it('a configuration file of the SDK in the home directory changes nothing, and keeps nothing alive', async () => {
  const home = mkdtempSync(join(tmpdir(), 'postrider-home-'))
  const { url, seen } = await host((_, response) => json(response, 200, { id: 'm' }))
  const evil = await host((_, response) => json(response, 200, { id: 'evil' }))
  try {
    mkdirSync(join(home, '.genesyscloudjavascript'))
    const lines = [
      '[general]',
      'host = evil.example',
      'live_reload_config = true',
      '[gateway]',
      'host = 127.0.0.1',
      'protocol = http',
      `port = ${evil.port}`,
      '[logging]',
      'log_level = trace',
      `log_file_path = ${join(home, 'leak.log')}`,
      'log_to_console = true',
      '',
    ]
    writeFileSync(join(home, '.genesyscloudjavascript/config'), lines.join('\n'))
    const script = `
      import { createGenesys } from ${JSON.stringify(join(import.meta.dirname, '../../src/genesys/client.ts'))}
      const clock = { now: Date.now, sleep: async () => {} }
      const of = (gatewayUrl) => createGenesys({ region: 'mypurecloud.de', gatewayUrl, clientId: 'id', clientSecret: 's', clock, timeoutMs: 2000, pace: async () => {} })
      const answer = await of(${JSON.stringify(url)}).sendMessage({ channel: 'webmessaging', from: 'd', joinActive: false, contactId: 'k', text: 't' })
      console.log(JSON.stringify({ kind: answer.kind, host: of(null).host, region: (await of('https://genesys.invalid').login()).code }))`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      env: { PATH: process.env.PATH, HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    assert.equal(code, 0, err)
    assert.equal(out.trim().split('\n').length, 1, 'nothing else is printed')
    assert.partialDeepStrictEqual(JSON.parse(out), { kind: 'ok', host: 'api.mypurecloud.de' })
    assert.ok(seen.length >= 2)
    assert.deepEqual(evil.seen, [])
  } finally {
    rmSync(home, { recursive: true })
  }
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { PostriderError } from '../../src/errors.ts'
import { createGenesys } from '../../src/genesys/client.ts'
import { checkAccess } from '../../src/genesys/doctor.ts'
import type { Genesys } from '../../src/genesys/genesys.ts'
import { createManualClock } from '../manual-clock.ts'

type Seen = { method: string; path: string; headers: IncomingMessage['headers']; body: string }
type Handler = (request: Seen, response: ServerResponse, incoming: IncomingMessage) => void

const SECRET = 'the-client-secret'

/** A host that speaks just enough of the API; `handler` answers what is not the login. */
async function host(
  handler: Handler,
  token: () => object = () => ({ access_token: 't-1', expires_in: 86_400 }),
) {
  const seen: Seen[] = []
  const server = createServer(async (incoming, response) => {
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: await text(incoming),
    }
    seen.push(request)
    if (request.path.endsWith('/oauth/token')) json(response, 200, token())
    else handler(request, response, incoming)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push(server)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    api: () => seen.filter(({ path }) => !path.endsWith('/oauth/token')),
  }
}

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

const opened: Server[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

function genesysAt(url: string | null, more: Partial<Parameters<typeof createGenesys>[0]> = {}): Genesys {
  return createGenesys({
    region: 'mypurecloud.com',
    gatewayUrl: url,
    clientId: 'the-client-id',
    clientSecret: SECRET,
    clock: systemClock,
    timeoutMs: 200,
    pace: async () => {},
    ...more,
  })
}

const message = { channel: 'webmessaging', deploymentId: 'd-1', contactId: 'k-1', text: 'Hello' } as const
const headers = {
  'ININ-Correlation-Id': 'corr-1',
  'inin-ratelimit-allowed': '300',
  'inin-ratelimit-count': '7',
  'inin-ratelimit-reset': '42',
}

describe('the requests', () => {
  it('logs in with Basic, and sends what the API asks for', async () => {
    const { url, seen } = await host((_, response) =>
      json(response, 200, { id: 'm-1', conversationId: 'c-1' }, headers),
    )
    const answer = await genesysAt(url).sendMessage(message)
    assert.equal(seen[0]?.path, '/oauth/token')
    assert.equal(
      seen[0]?.headers.authorization,
      `Basic ${Buffer.from(`the-client-id:${SECRET}`).toString('base64')}`,
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

  it('looks up by each identifier as the API wants it, and follows a merge', async () => {
    const { url, api } = await host((_, response) =>
      json(response, 200, { id: 'old', canonicalContact: { id: 'new' } }),
    )
    const genesys = genesysAt(url)
    const externalSource = { id: 'x-1', name: 'CRM' }
    const answer = await genesys.findContact({ type: 'ExternalId', value: 'C-1', externalSource })
    await genesys.findContact({ type: 'Email', value: 'a@example.com' })
    assert.deepEqual(answer.kind === 'ok' && answer.value, { id: 'new' })
    assert.deepEqual(
      api().map(({ path, body }) => [path, JSON.parse(body)]),
      [
        [
          '/api/v2/externalcontacts/identifierlookup/contacts',
          { type: 'ExternalId', value: 'C-1', externalSource },
        ],
        ['/api/v2/externalcontacts/identifierlookup/contacts', { type: 'Email', value: 'a@example.com' }],
      ],
    )
  })

  it('writes an email with exactly what is given', async () => {
    const { url, api } = await host((_, response) => json(response, 200, { id: 'm', conversationId: 'c' }))
    const from = { email: 'care@example.com', name: 'Care' }
    await genesysAt(url).sendEmail({
      from,
      replyTo: null,
      to: { email: 'a@example.com' },
      subject: 'S',
      text: 'T',
      html: null,
    })
    assert.deepEqual(JSON.parse(api()[0]?.body ?? ''), {
      senderType: 'Outbound',
      fromAddress: from,
      toAddresses: [{ email: 'a@example.com' }],
      subject: 'S',
      textBody: 'T',
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
      (_, response) => json(response, 400, { code: 'bad.request', message: 'textBody is required' }, headers),
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
    ['a hang', () => {}, 'uncertain', {}],
    ['a reset', (_, __, incoming) => void incoming.socket.destroy(), 'uncertain', { code: 'ECONNRESET' }],
    [
      'half an answer',
      (_, response) =>
        void response.writeHead(200, { 'content-length': '100' }).write('{"id"', () => response.destroy()),
      'uncertain',
      {},
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
      const answer = await genesysAt(url).sendMessage(message)
      assert.equal(answer.kind, kind, JSON.stringify(answer))
      assert.partialDeepStrictEqual(answer, expected)
      assert.ok(!JSON.stringify(answer).includes('t-1') && !JSON.stringify(answer).includes(SECRET))
    })
  }

  it('follows no redirect: the token goes to nobody else', async () => {
    const other = await host((_, response) => json(response, 200, { id: 'm' }))
    for (const status of [301, 302, 307, 308]) {
      const { url } = await host(
        (_, response) => void response.writeHead(status, { location: `${other.url}/api/v2/x` }).end(),
      )
      const answer = await genesysAt(url).sendMessage(message)
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

  it('an answer that trickles in is given up in time, and may have been acted on', async () => {
    const { url } = await host((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const drip = setInterval(() => response.write(' '), 20)
      response.once('close', () => clearInterval(drip))
    })
    const answer = await genesysAt(url).sendMessage(message)
    assert.equal(answer.kind, 'uncertain')
  })

  it('Retry-After is whole milliseconds, of a day at most', async () => {
    for (const [asked, expected] of [
      ['7.0005', 7001],
      ['99999999999999999', 24 * 3_600_000],
      ['0', 0],
      ['soon', null],
    ] as const) {
      const { url } = await host((_, response) => json(response, 429, {}, { 'retry-after': asked }))
      const answer = await genesysAt(url).sendMessage(message)
      assert.equal(answer.kind === 'refused' && answer.retryAfterMs, expected, asked)
    }
  })

  it('an empty 404 of a look-up is "nobody" too', async () => {
    const { url } = await host((_, response) => void response.writeHead(404).end())
    const answer = await genesysAt(url).findContact({ type: 'Email', value: 'ada@example.com' })
    assert.partialDeepStrictEqual(answer, { kind: 'ok', value: null })
  })

  it('404 of a look-up is "nobody"', async () => {
    const { url } = await host((_, response) => json(response, 404, { code: 'not.found', message: 'none' }))
    const answer = await genesysAt(url).findContact({ type: 'Email', value: 'x@example.com' })
    assert.deepEqual(answer.kind === 'ok' && answer.value, null)
  })

  it('a probe takes a refusal of its emptiness for life, and nothing else', async () => {
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

describe('what never reached Genesys', () => {
  it('a refused connection', async () => {
    const { url, port } = await host(() => {})
    const server = opened.pop()
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
    const answer = await genesysAt(url).sendMessage(message)
    assert.deepEqual(
      [answer.kind, 'code' in answer && answer.code],
      ['no-token', 'ECONNREFUSED'],
      String(port),
    )
  })

  it('a refused connection after the login', async () => {
    const { url } = await host((_, response) =>
      json(response, 404, { code: 'not.found', message: 'none' }, { connection: 'close' }),
    )
    const genesys = genesysAt(url)
    await genesys.findContact({ type: 'Email', value: 'a@example.com' })
    const server = opened.pop()
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
    const answer = await genesys.sendMessage(message)
    assert.deepEqual([answer.kind, 'code' in answer && answer.code], ['unreached', 'ECONNREFUSED'])
  })

  it('a name that nobody has', async () => {
    const answer = await genesysAt('https://genesys.invalid', { timeoutMs: 10_000 }).sendMessage(message)
    assert.equal(answer.kind, 'no-token')
    assert.match(String('code' in answer && answer.code), /^(ENOTFOUND|EAI_AGAIN)$/)
  })

  it('TLS with somebody who does not speak it', async () => {
    const plain = createTcpServer((socket) =>
      socket.on('error', () => {}).end('220 hello\r\n', () => socket.destroy()),
    )
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const address = plain.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      const answer = await genesysAt(`https://127.0.0.1:${port}`, { timeoutMs: 10_000 }).sendMessage(message)
      assert.equal(answer.kind, 'no-token')
      assert.equal('status' in answer && answer.status, null)
    } finally {
      await new Promise((resolve) => plain.close(resolve))
    }
  })
})

describe('the token', () => {
  it('is fetched once for fifty callers at once', async () => {
    const { url, seen } = await host((_, response) => json(response, 200, { id: 'm' }))
    const genesys = genesysAt(url, { timeoutMs: 5_000 })
    const answers = await Promise.all(Array.from({ length: 50 }, () => genesys.sendMessage(message)))
    assert.ok(answers.every(({ kind }) => kind === 'ok'))
    assert.equal(seen.filter(({ path }) => path === '/oauth/token').length, 1)
  })

  it('is renewed once for all when it is refused, and the place in the budget is asked for', async () => {
    let issued = 0
    const { url, seen } = await host(
      ({ headers: { authorization } }, response) =>
        authorization === 'Bearer t-2'
          ? json(response, 200, { id: 'm' })
          : json(response, 401, { code: 'bad.credentials', message: 'no' }),
      () => {
        issued += 1
        return { access_token: `t-${issued}`, expires_in: 86_400 }
      },
    )
    let paced = 0
    const genesys = genesysAt(url, {
      timeoutMs: 5_000,
      pace: async () => {
        paced += 1
      },
    })
    const answers = await Promise.all(Array.from({ length: 20 }, () => genesys.sendMessage(message)))
    assert.ok(answers.every(({ kind }) => kind === 'ok'))
    assert.equal(seen.filter(({ path }) => path === '/oauth/token').length, 2)
    assert.equal(paced, 20)
  })

  it('that is refused again is an answer, not a loop', async () => {
    const { url, seen } = await host((_, response) =>
      json(response, 401, { code: 'bad.credentials', message: 'no' }),
    )
    const answer = await genesysAt(url).sendMessage(message)
    assert.equal(answer.kind === 'refused' && answer.status, 401)
    assert.equal(seen.length, 4)
  })

  it('of five minutes is renewed before its end, by the clock that is passed in', async () => {
    const clock = createManualClock()
    const { url, seen } = await host(
      (_, response) => json(response, 200, { id: 'm' }),
      () => ({ access_token: 't', expires_in: 300 }),
    )
    const genesys = genesysAt(url, { clock })
    const logins = () => seen.filter(({ path }) => path === '/oauth/token').length
    await genesys.sendMessage(message)
    await clock.advance(260_000)
    await genesys.sendMessage(message)
    assert.equal(logins(), 1)
    await clock.advance(20_000)
    await genesys.sendMessage(message)
    assert.equal(logins(), 2)
  })

  it('refused: says so without the secret, though the answer repeats it', async () => {
    const repeated = `no such client ${SECRET} ${'x'.repeat(900)}`
    const server = createServer((_, response) =>
      json(response, 400, { error: 'invalid_client', error_description: repeated }),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    opened.push(server)
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const answer = await genesysAt(`http://127.0.0.1:${port}`).login()
    assert.partialDeepStrictEqual(answer, { kind: 'no-token', status: 400, code: 'invalid_client' })
    assert.ok(JSON.stringify(answer).length < 700 && !JSON.stringify(answer).includes(SECRET))
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
      const answer = await of(${JSON.stringify(url)}).sendMessage({ channel: 'webmessaging', deploymentId: 'd', contactId: 'k', text: 't' })
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

describe('doctor', () => {
  const inUse = {
    externalSources: [{ id: 'x', name: 'CRM' }],
    webmessaging: { deploymentId: 'd-1' },
    email: {},
  }

  it('finds everything in place, and sends nothing', async () => {
    const { url, api } = await host(({ path, method }, response) => {
      if (path.includes('externalsources')) json(response, 200, { entities: [{ id: 'x', name: 'CRM' }] })
      else if (method === 'GET') json(response, 200, { id: 'd-1', name: 'Shop', status: 'Active' })
      else if (path.includes('identifierlookup')) json(response, 404, { code: 'not.found', message: 'none' })
      else json(response, 400, { code: 'bad.request', message: 'fromAddress is required' })
    })
    const findings = await checkAccess(genesysAt(url), inUse)
    assert.deepEqual(
      findings.map(({ name, ok }) => [name, ok]),
      [
        ['login', true],
        ['find contacts', true],
        ['external source', true],
        ['send web messages', true],
        ['messenger deployment', true],
        ['send emails', true],
      ],
    )
    for (const { path, body } of api()) if (path.includes('agentless')) assert.equal(body, '{}')
  })

  it('says of each thing what to do', async () => {
    const { url } = await host(({ method }, response) =>
      method === 'GET'
        ? json(response, 404, { code: 'not.found', message: 'none' })
        : json(response, 403, { code: 'missing.permissions', message: 'You lack a:b:c' }),
    )
    const findings = await checkAccess(genesysAt(url), inUse)
    assert.ok(findings.slice(1).every(({ ok, todo }) => !ok && todo !== null))
    assert.match(findings.find(({ name }) => name === 'messenger deployment')?.todo ?? '', /deploymentId/)
  })
})

import assert from 'node:assert/strict'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, it } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createCall } from '../../src/genesys/call.ts'
import { createSdk } from '../../src/genesys/sdk.ts'
import { createSending } from '../../src/genesys/sending.ts'
import { certificateFor } from './certificate.ts'
import { CLIENT_SECRET, closeHosts, genesysAt, host, json, listening, MESSAGE } from './host.ts'

afterEach(closeHosts)

/** Long enough for any answer of this machine; what does not come at all takes it whole. */
const TIMEOUT_MS = 500

/** A sender that needs no login, so that the first connection is the send's own. */
function senderTo(url: string, timeoutMs = TIMEOUT_MS) {
  const sdk = createSdk({ region: 'mypurecloud.com', gatewayUrl: url, timeoutMs })
  sdk.client.setAccessToken('t-1')
  const tokens = {
    current: async () => ({ kind: 'token', number: 1, expiresAt: Number.POSITIVE_INFINITY }) as const,
    refused() {},
  }
  return createSending(sdk, createCall(sdk, tokens, { pace: async () => {} }))
}

/** What the send came to, in a word. */
async function sentTo(url: string, timeoutMs?: number): Promise<string> {
  const answer = await senderTo(url, timeoutMs).sendMessage(MESSAGE)
  assert.ok(!JSON.stringify(answer).includes('t-1'))
  return `${answer.kind} ${'code' in answer ? answer.code : ''}`
}

const TRUSTED = certificateFor('127.0.0.1')
const OTHER_NAME = certificateFor('10.0.0.1')
const EXPIRED = certificateFor('127.0.0.1', { until: '20210101000000Z' })
setDefaultCACertificates([...getCACertificates('default'), TRUSTED.cert, OTHER_NAME.cert, EXPIRED.cert])

type Act = (response: ServerResponse, incoming: IncomingMessage, below: Duplex) => void

/** A host that speaks TLS; `below` is the connection under it. */
async function tlsHost(certificate: { cert: string; key: string }, act: Act) {
  const seen: string[] = []
  let below: Duplex | null = null
  const server = createHttpsServer(certificate, async (incoming, response) => {
    seen.push(await text(incoming))
    if (below) act(response, incoming, below)
  })
  server.on('connection', (socket) => {
    below = socket
  })
  server.on('tlsClientError', () => {})
  return { url: `https://127.0.0.1:${await listening(server)}`, seen, server }
}

const well: Act = (response) => json(response, 200, { id: 'm-1' }, { connection: 'close' })

async function tcpHost(act: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => act(socket.on('error', () => {})))
  return `https://127.0.0.1:${await listening(server)}`
}

describe('what certainly never reached Genesys', () => {
  it('a refused connection', async () => {
    const { url, close } = await host(() => {})
    await close()
    assert.equal(await sentTo(url), 'unreached ECONNREFUSED')
    assert.partialDeepStrictEqual(await genesysAt(url).sendMessage(MESSAGE), {
      kind: 'no-token',
      status: null,
      code: 'ECONNREFUSED',
    })
  })

  it('a refused connection after the login', async () => {
    const { url, close } = await host((_, response) =>
      json(response, 404, { code: 'not.found', message: 'none' }, { connection: 'close' }),
    )
    const genesys = genesysAt(url)
    await genesys.findContact({ type: 'Email', value: 'a@example.com' })
    await close()
    assert.partialDeepStrictEqual(await genesys.sendMessage(MESSAGE), {
      kind: 'unreached',
      code: 'ECONNREFUSED',
    })
  })

  it('a name that nobody has', async () => {
    // RFC 2606 keeps it free. Without any resolver the code is EAI_AGAIN.
    assert.match(await sentTo('https://genesys.invalid', 10_000), /^unreached (ENOTFOUND|EAI_AGAIN)$/)
  })

  for (const [name, certificate, code] of [
    ['nobody vouches for', certificateFor('127.0.0.1'), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['is somebody else’s', OTHER_NAME, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['is over', EXPIRED, 'CERT_HAS_EXPIRED'],
  ] as const) {
    it(`a certificate that ${name}`, async () => {
      const { url, seen } = await tlsHost(certificate, well)
      assert.equal(await sentTo(url), `unreached ${code}`)
      assert.deepEqual(seen, [], 'nothing was handed over')
    })
  }

  it('a certificate that went bad after the login', async () => {
    const { url, seen, server } = await tlsHost(TRUSTED, (response) =>
      json(response, 200, { access_token: 't-1', expires_in: 86_400 }, { connection: 'close' }),
    )
    const genesys = genesysAt(url)
    assert.equal((await genesys.login()).kind, 'ok')
    server.setSecureContext(certificateFor('127.0.0.1'))
    assert.partialDeepStrictEqual(await genesys.sendMessage(MESSAGE), {
      kind: 'unreached',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
    assert.equal(seen.length, 1, 'the login alone')
  })

  it('TLS with a server of plain HTTP', async () => {
    const plain = createHttpServer((_, response) => void response.end('hello'))
    assert.match(
      await sentTo(`https://127.0.0.1:${await listening(plain)}`),
      /^unreached (EPROTO|ERR_SSL_\w+)$/,
    )
  })

  it('TLS with somebody who speaks another language, or hangs up', async () => {
    const other = await tcpHost((socket) => void socket.end('220 hello\r\n'))
    assert.match(await sentTo(other), /^unreached /)
    const deaf = await tcpHost((socket) => void socket.destroy())
    assert.match(await sentTo(deaf), /^unreached ECONNRESET$/)
  })

  it('TLS that does not come about in time', async () => {
    const url = await tcpHost(() => {})
    const answer = await senderTo(url).sendMessage(MESSAGE)
    assert.deepEqual(answer, {
      kind: 'unreached',
      code: 'TIMED_OUT',
      message: 'no connection came about in time',
    })
  })
})

describe('what may have been acted on', () => {
  /** Each over plain HTTP and over TLS. */
  const cases: [string, Act, RegExp][] = [
    ['no answer', () => {}, /^uncertain TIMED_OUT$/],
    [
      'an answer that trickles in',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const drip = setInterval(() => response.write(' '), 20)
        response.once('close', () => clearInterval(drip))
      },
      /^uncertain (TIMED_OUT|CUT_SHORT)$/,
    ],
    ['a reset', (_, incoming) => void incoming.socket.destroy(), /^uncertain ECONNRESET$/],
    [
      'half a head',
      (_, incoming) => void incoming.socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
      /^uncertain (ECONNRESET|HPE_\w+)$/,
    ],
    [
      'half a body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
        response.write('{"id"', () => response.destroy())
      },
      /^uncertain CUT_SHORT$/,
    ],
    [
      'something else than HTTP',
      (_, incoming) => void incoming.socket.end('220 hello\r\n\r\n'),
      /^uncertain HPE_\w+$/,
    ],
    [
      'a body that cannot be unpacked',
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end('{"id":"m-1"}'),
      /^uncertain CUT_SHORT$/,
    ],
    [
      'an answer without end',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const more = Buffer.alloc(2 ** 20, ' ')
        const pour = () => {
          while (!response.destroyed && response.write(more));
        }
        response.on('drain', pour).on('error', () => {})
        pour()
      },
      /^uncertain \w+$/,
    ],
    [
      'a page of HTML',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      /^uncertain NOT_JSON$/,
    ],
    ['JSON that is no object', (response) => json(response, 200, 'sent'), /^uncertain NOT_JSON$/],
  ]
  for (const [name, act, expected] of cases) {
    it(name, async () => {
      const plain = await host((_, response, incoming) => act(response, incoming, incoming.socket))
      assert.match(await sentTo(plain.url), expected)
      assert.equal(plain.seen.length, 1, 'it had been handed over')
      const { url, seen } = await tlsHost(TRUSTED, act)
      assert.match(await sentTo(url), expected)
      assert.equal(seen.length, 1, 'it had been handed over')
    })
  }

  it('TLS that breaks after the request, whatever it is called', async () => {
    const { url, seen } = await tlsHost(
      TRUSTED,
      (_, __, below) => void below.write('this is no record of TLS'),
    )
    assert.match(await sentTo(url), /^uncertain (EPROTO|ERR_SSL_\w+)$/)
    assert.equal(seen.length, 1, 'it had been handed over')
  })

  it('a connection that is used again, and gone when the request is there', async () => {
    for (const secure of [false, true]) {
      const acts: Act[] = [
        (response) => json(response, 200, { id: 'm-1' }),
        (_, incoming) => void incoming.socket.destroy(),
      ]
      const act: Act = (...all) => acts.shift()?.(...all)
      const { url, seen } = secure
        ? await tlsHost(TRUSTED, act)
        : await host((_, response, incoming) => act(response, incoming, incoming.socket))
      const { sendMessage } = senderTo(url)
      assert.equal((await sendMessage(MESSAGE)).kind, 'ok')
      assert.partialDeepStrictEqual(await sendMessage(MESSAGE), { kind: 'uncertain', code: 'ECONNRESET' })
      assert.equal(seen.length, 2)
    }
  })

  it('says nothing of the secret or the token', async () => {
    const { url } = await host((_, __, incoming) => void incoming.socket.destroy())
    const answer = await genesysAt(url).sendMessage(MESSAGE)
    assert.equal(answer.kind, 'uncertain')
    assert.ok(!JSON.stringify(answer).includes('t-1') && !JSON.stringify(answer).includes(CLIENT_SECRET))
  })
})

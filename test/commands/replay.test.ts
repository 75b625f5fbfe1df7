import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { command, FIXTURES, jsonOf, type Said, SECRET, temporaryFolder } from './run.ts'
import { type DemoService, startDemoService } from './service.ts'

type Replayed = {
  file: string
  source: string
  webhookId: string
  status: number
  answer: string
  ms: number
}
/** Not ASCII: what is sent byte by byte. */
const TOKEN = 'the-tökén-of-the-tests'
const TICKET = join(FIXTURES, 'ticket-resolved.json')

describe('replay', () => {
  const folder = temporaryFolder()
  let demo: DemoService
  before(async () => {
    demo = await startDemoService(folder, {
      sources: `genesys: { preset: genesys-undelivered, secrets: [${TOKEN}] }`,
    })
  })
  after(async () => {
    await demo.service.stop()
    folder[Symbol.dispose]()
  })
  const replay = (...args: string[]): Promise<Said> =>
    command(['replay', '--url', demo.service.url, ...args], demo.variables)

  it('signs and posts a folder of fixtures: each is recorded, and the one that comes twice is known', async () => {
    const said = await replay(FIXTURES, '--json')
    assert.equal(said.code, 0, said.err)
    const answers = Object.fromEntries(
      jsonOf<Replayed[]>(said).map(({ file, answer }) => [file.slice(FIXTURES.length + 1), answer]),
    )
    assert.equal(Object.keys(answers).length, 8)
    assert.equal(answers['malformed.json'], 'recorded')
    assert.equal(answers['duplicate.json'], 'recorded')
    assert.equal(answers['ticket-resolved.json'], 'known')
  })

  it('--times makes new events, --duplicate posts each twice', async () => {
    const said = await replay(TICKET, '--times', '2', '--duplicate', '--json')
    const replayed = jsonOf<Replayed[]>(said)
    assert.deepEqual(
      replayed.map(({ answer }) => answer),
      ['known', 'known', 'recorded', 'known'],
    )
    assert.equal(new Set(replayed.map(({ webhookId }) => webhookId)).size, 2)
  })

  it('many are summed up, with no progress where nobody watches', async () => {
    const { code, out, err } = await replay(TICKET, '--times', '40')
    assert.equal(code, 0)
    assert.equal(err, '')
    assert.match(out, /^FIXTURE +SOURCE +STATUS +COUNT/m)
    assert.match(out, / crm +200 +39 .*recorded$/m)
  })

  for (const part of ['body', 'signature', 'header']) {
    it(`--tamper ${part}: refused, as it must be, so 0`, async () => {
      const said = await replay(TICKET, '--tamper', part, '--json')
      assert.equal(said.code, 0)
      assert.deepEqual(
        jsonOf<Replayed[]>(said).map(({ status }) => status),
        [401],
      )
    })
  }

  for (const skew of ['-10m', '10m']) {
    it(`--skew ${skew}: refused, as it must be, so 0`, async () => {
      const said = await replay(TICKET, '--skew', skew)
      assert.equal(said.code, 0)
      assert.match(said.out, / 401 /)
    })
  }

  it('--skew within the tolerance is accepted', async () => {
    assert.match((await replay(TICKET, '--skew', '-2m')).out, / 200 /)
  })

  describe('a source that sends a token', () => {
    const told = folder.write(
      'undelivered.json',
      JSON.stringify({
        source: 'genesys',
        body: {
          eventBody: {
            conversationId: 'conversation-1',
            communicationId: '{{ id }}',
            messages: [{ id: 'message-1' }],
          },
        },
      }),
    )
    const unreadable = folder.write('no-event.json', JSON.stringify({ source: 'genesys', body: 'no JSON' }))

    it('is authentic by it; the id shown is the key of its event, and what comes again is known', async () => {
      const said = await replay(told, unreadable, '--duplicate', '--json')
      assert.equal(said.code, 0, said.out)
      const replayed = jsonOf<Replayed[]>(said)
      assert.deepEqual(
        replayed.map(({ answer }) => answer),
        ['recorded', 'known', 'recorded', 'known'],
      )
      const events = await demo.service.ledger.reads.events({ source: 'genesys', limit: 10 })
      assert.deepEqual(
        events.map(({ key }) => key),
        [replayed[2]?.webhookId, replayed[0]?.webhookId],
      )
    })

    it('--times makes new events, of what has an id that can be new', async () => {
      const said = await replay(told, unreadable, '--times', '3', '--json')
      assert.equal(said.code, 0, said.out)
      assert.deepEqual(
        jsonOf<Replayed[]>(said).map(({ answer }) => answer),
        ['recorded', 'known', 'recorded', 'known', 'recorded', 'known'],
      )
      const [event] = await demo.service.ledger.reads.events({ source: 'genesys', limit: 1 })
      const { eventBody } = JSON.parse(String(event?.raw))
      assert.deepEqual(
        [eventBody.conversationId, eventBody.messages],
        ['conversation-1', [{ id: 'message-1' }]],
      )
    })

    for (const part of ['signature', 'header']) {
      it(`--tamper ${part} changes the token: refused, as it must be, so 0`, async () => {
        const said = await replay(told, '--tamper', part)
        assert.equal(said.code, 0)
        assert.match(said.out, / 401 .*the token is none of this source/)
      })
    }

    it('--tamper body: nothing would refuse it, so nothing is posted', async () => {
      const { code, out, err } = await replay(told, '--tamper', 'body')
      assert.deepEqual([code, out], [2, ''])
      assert.match(err, /a token says nothing of the body/)
    })

    it('--skew: there is no time in it, so it is accepted', async () => {
      const said = await replay(told, '--skew', '-10m')
      assert.equal(said.code, 0)
      assert.match(said.out, / 200 /)
    })
  })

  it('an answer that was not expected is a failure', async () => {
    const other = folder.write(
      'other-secret.yaml',
      `genesys: {}\nsources: { crm: { preset: standard-webhooks, secrets: [${SECRET}] } }\nroutes: {}\n`,
    )
    const args = ['replay', '--url', demo.service.url, TICKET]
    const { code, out } = await command(args, { ...demo.variables, POSTRIDER_CONFIG: other })
    assert.equal(code, 1)
    assert.match(out, / 401 .*secret/)
  })

  const failures: [string, () => readonly string[], number, RegExp][] = [
    ['no such file', () => ['nowhere.json'], 1, /no file nowhere\.json/],
    ['a file that is no fixture', () => [folder.write('no.json', '{}')], 1, /no\.json: source: /],
    ['a file that is no JSON', () => [folder.write('not.json', '{')], 1, /not\.json: .*JSON/],
    [
      'an unknown source',
      () => [TICKET, '--source', 'shop'],
      1,
      /no source shop in .*there are: genesys, crm/,
    ],
    ['no address', () => [TICKET, '--url', 'here'], 2, /--url: .*http:\/\/127/],
    ['not a number of times', () => [TICKET, '--times', 'many'], 2, /whole number/],
    ['no times at all', () => [TICKET, '--times', '0'], 2, /from 1/],
    ['no duration', () => [TICKET, '--skew', '5w'], 2, /-10m/],
    ['no date any more', () => [TICKET, '--skew', '999999999d'], 2, /-10m/],
    ['an unknown part', () => [TICKET, '--tamper', 'time'], 2, /body, signature, header/],
    ['no file', () => [], 2, /missing required argument/],
    [
      'something that is not Postrider',
      () => [TICKET, '--url', `${demo.service.sandboxUrl}`],
      1,
      /not Postrider/,
    ],
  ]
  for (const [name, args, code, words] of failures) {
    it(`${name}: ${code}`, async () => {
      const said = await replay(...args())
      assert.equal(said.code, code, said.out)
      assert.match(said.err, words)
      assert.doesNotMatch(said.err, /^\s+at /m)
    })
  }

  it('nobody there: says how to start one', async () => {
    const server = await answering('{}')
    await closed(server.server)
    const { code, err } = await replay(TICKET, '--url', server.url)
    assert.equal(code, 1)
    assert.match(err, /No service answers at .*ECONNREFUSED.*start --sandbox/)
  })

  it('a secret that is not set is named', async () => {
    const config = folder.write(
      'unset.yaml',
      `genesys: {}\nsources: { crm: { preset: standard-webhooks, secrets: ["\${CRM_WEBHOOK_SECRET}"] } }\nroutes: {}\n`,
    )
    const { code, err } = await command(['replay', TICKET], { POSTRIDER_CONFIG: config })
    assert.equal(code, 1)
    assert.match(err, /source crm has no secret to sign with[\s\S]*unset\.yaml:2 .*CRM_WEBHOOK_SECRET/)
  })

  for (const [sendsTo, words] of [
    ['live', /does not send to the sandbox.*--live/],
    ['gateway', /does not send to the sandbox.*--live/],
    [null, /not ready.*--live/],
  ] as const) {
    it(`a service that sends to ${sendsTo ?? 'it does not say where'}: refused without --live`, async () => {
      const sender = sendsTo === null ? null : { sendsTo }
      const { server, url, posts } = await answering(JSON.stringify({ sender }))
      try {
        const refused = await replay(TICKET, '--url', url)
        assert.equal(refused.code, 1)
        assert.match(refused.err, words)
        assert.equal(posts(), 0, 'nothing was posted')
        const meant = await replay(TICKET, '--url', url, '--live')
        assert.equal(meant.code, 0, meant.err)
        assert.equal(posts(), 1)
      } finally {
        await closed(server)
      }
    })
  }

  it('a service that goes away meanwhile: says how far it came', async () => {
    const { server, url } = await answering('{"sender":{"sendsTo":"sandbox"}}', 3)
    try {
      const { code, err } = await replay(TICKET, '--url', url, '--times', '5')
      assert.equal(code, 1)
      assert.match(err, /3 of 5 were answered before/)
    } finally {
      await closed(server)
    }
  })
})

/** Answers everything with the same; cuts the connection of every POST after `most`. */
async function answering(
  body: string,
  most = Number.POSITIVE_INFINITY,
): Promise<{ server: Server; url: string; posts(): number }> {
  let posts = 0
  const server = createServer((request, response) => {
    if (request.method === 'POST') posts += 1
    if (posts > most) request.socket.destroy()
    else request.resume().on('end', () => response.end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { server, url: `http://127.0.0.1:${port}`, posts: () => posts }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

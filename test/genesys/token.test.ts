import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { afterEach, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { createManualClock } from '../manual-clock.ts'
import { CLIENT_SECRET, closeHosts, genesysAt, host, json, listening, MESSAGE, valueIn } from './host.ts'

afterEach(closeHosts)

/** An org whose tokens last `lifeMs` by this clock, and may be revoked. What comes with any other token is answered 401. */
async function org(lifeMs: number) {
  const clock = createManualClock()
  const tokens = new Map<string, number>()
  let issued = 0
  let broken: ((response: ServerResponse) => void) | null = null
  const seen = { logins: 0, refused: 0, sent: 0 }
  const server = createServer((request, response) => {
    request.resume()
    if (request.url?.endsWith('/oauth/token')) {
      seen.logins += 1
      if (broken) return broken(response)
      issued += 1
      tokens.set(`Bearer t-${issued}`, clock.now() + lifeMs)
      return json(response, 200, { access_token: `t-${issued}`, expires_in: lifeMs / 1000 })
    }
    const until = tokens.get(request.headers.authorization ?? '') ?? 0
    if (clock.now() < until) {
      seen.sent += 1
      return json(response, 200, { id: `m-${seen.sent}` })
    }
    seen.refused += 1
    json(response, 401, { code: 'credentials.expired', message: 'no' })
  })
  const url = `http://127.0.0.1:${await listening(server)}`
  return {
    clock,
    seen,
    genesys: genesysAt(url, { clock, timeoutMs: 10_000 }),
    revoke: () => tokens.clear(),
    /** From now on the login answers this; null: as it should. */
    breakLogin(how: typeof broken) {
      broken = how
    },
  }
}

const FIVE_MINUTES = 5 * 60_000
const CALLERS = 50

const sendAll = async ({ genesys }: Awaited<ReturnType<typeof org>>, callers = CALLERS) => {
  const answers = await Promise.all(Array.from({ length: callers }, () => genesys.sendMessage(MESSAGE)))
  return answers.filter(({ kind }) => kind !== 'ok').map(valueIn)
}

describe('the token', () => {
  it('is fetched once for fifty callers at once', async () => {
    const one = await org(FIVE_MINUTES)
    assert.deepEqual(await sendAll(one), [])
    assert.deepEqual(one.seen, { logins: 1, refused: 0, sent: CALLERS })
  })

  it('of five minutes: an hour of callers, and none is ever refused', async () => {
    const one = await org(FIVE_MINUTES)
    for (let minute = 0; minute < 60; minute += 1) {
      assert.deepEqual(await sendAll(one, 4), [])
      await one.clock.advance(60_000)
    }
    // Renewed a tenth of its life before its end, so in the fifth minute each time.
    assert.deepEqual(one.seen, { logins: 12, refused: 0, sent: 240 })
  })

  it('is renewed before its end, by the clock that is passed in', async () => {
    const one = await org(FIVE_MINUTES)
    await sendAll(one, 1)
    await one.clock.advance(269_000)
    await sendAll(one, 1)
    assert.equal(one.seen.logins, 1)
    await one.clock.advance(2_000)
    assert.deepEqual(await sendAll(one), [])
    assert.equal(one.seen.logins, 2, 'once for all who wait for it')
  })

  it('that is revoked midway is renewed once for all, and nobody’s message fails', async () => {
    const one = await org(FIVE_MINUTES)
    await sendAll(one, 1)
    one.revoke()
    assert.deepEqual(await sendAll(one), [])
    assert.deepEqual(one.seen, { logins: 2, refused: CALLERS, sent: CALLERS + 1 })
  })

  it('asks for a place in the budget before it makes a request again', async () => {
    let issued = 0
    const { url, logins } = await host(
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
    const answers = await Promise.all(Array.from({ length: 20 }, () => genesys.sendMessage(MESSAGE)))
    assert.ok(answers.every(({ kind }) => kind === 'ok'))
    assert.deepEqual([logins(), paced], [2, 20])
  })

  it('that is refused again is an answer, not a loop', async () => {
    const { url, seen } = await host((_, response) =>
      json(response, 401, { code: 'bad.credentials', message: 'no' }),
    )
    const answer = await genesysAt(url).sendMessage(MESSAGE)
    assert.equal(answer.kind === 'refused' && answer.status, 401)
    assert.equal(seen.length, 4)
  })

  it('lasts to its end where the renewal before it fails', async () => {
    const one = await org(FIVE_MINUTES)
    await sendAll(one, 1)
    await one.clock.advance(280_000)
    one.breakLogin((response) => json(response, 503, { error: 'temporarily_unavailable' }))
    assert.deepEqual(await sendAll(one), [])
    assert.ok(one.seen.logins > 1, 'it was tried')
    await one.clock.advance(20_000)
    assert.deepEqual(new Set(await sendAll(one, 5)), new Set(['no-token temporarily_unavailable']))
    one.breakLogin(null)
    assert.deepEqual(await sendAll(one), [])
    assert.equal(one.seen.refused, 0)
  })

  it('that was refused is not used again, though the login fails', async () => {
    const one = await org(FIVE_MINUTES)
    await sendAll(one, 1)
    one.revoke()
    one.breakLogin((response) => json(response, 503, {}))
    assert.deepEqual(new Set(await sendAll(one, 3)), new Set(['no-token null']))
    assert.equal(one.seen.refused, 3)
    one.breakLogin(null)
    assert.deepEqual(await sendAll(one), [])
  })

  for (const [name, answer] of [
    [
      'a page of HTML',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ],
    ['no token', (response) => json(response, 200, { expires_in: 300 })],
    ['no life', (response) => json(response, 200, { access_token: 't' })],
    ['nothing', (response) => void response.writeHead(200).end()],
  ] as [string, (response: ServerResponse) => void][]) {
    it(`a login that answers ${name} gives none, and the next one is asked`, async () => {
      const one = await org(FIVE_MINUTES)
      await sendAll(one, 1)
      await one.clock.advance(280_000)
      one.breakLogin(answer)
      assert.partialDeepStrictEqual(await one.genesys.sendMessage(MESSAGE), { kind: 'no-token', status: 200 })
      one.breakLogin(null)
      assert.deepEqual(await sendAll(one), [])
      assert.equal(one.seen.refused, 0, 'nothing was sent without a token')
    })
  }

  it('however time passes and whenever one is revoked: no message fails', async () => {
    const batch = fc.record({
      callers: fc.integer({ min: 1, max: 25 }),
      /** How far the requests are when it happens. */
      turns: fc.integer({ min: 0, max: 6 }),
      happens: fc.constantFrom('nothing', 'time passes', 'it is revoked'),
      passMs: fc.integer({ min: 1, max: FIVE_MINUTES + 60_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 2, maxLength: 6 }), async (batches) => {
        const one = await org(FIVE_MINUTES)
        for (const { callers, turns, happens, passMs } of batches) {
          const failed = sendAll(one, callers)
          for (let turn = 0; turn < turns; turn += 1) await setImmediate()
          if (happens === 'time passes') await one.clock.advance(passMs)
          if (happens === 'it is revoked') one.revoke()
          assert.deepEqual(await failed, [])
          // What is revoked once more while a request is made again is refused; that is a second revocation in the life of one request.
          if (happens === 'it is revoked') assert.deepEqual(await sendAll(one, 1), [])
        }
        await closeHosts()
      }),
      { numRuns: 12 },
    )
  })

  it('refused: says so without the secret, though the answer repeats it', async () => {
    const repeated = `no such client ${CLIENT_SECRET} ${'x'.repeat(900)}`
    const server = createServer((_, response) =>
      json(response, 400, { error: 'invalid_client', error_description: repeated }),
    )
    const answer = await genesysAt(`http://127.0.0.1:${await listening(server)}`).login()
    assert.partialDeepStrictEqual(answer, { kind: 'no-token', status: 400, code: 'invalid_client' })
    assert.ok(JSON.stringify(answer).length < 700 && !JSON.stringify(answer).includes(CLIENT_SECRET))
  })
})

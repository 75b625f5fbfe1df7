import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { createBreaker } from '../../src/deliver/breaker.ts'
import { createContacts } from '../../src/deliver/contacts.ts'
import { deliver } from '../../src/deliver/deliver.ts'
import { createGate } from '../../src/deliver/gate.ts'
import { outcomeOf, TABLE } from '../../src/deliver/outcomes.ts'
import { createSessions } from '../../src/deliver/sessions.ts'
import { createGenesys } from '../../src/genesys/client.ts'
import type { Genesys } from '../../src/genesys/genesys.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { CHANNELS, type Channel, type Message } from '../../src/message.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { payloadOf } from '../../src/receive/sources/read.ts'
import { SANDBOX_CLIENT, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { answered } from './answers.ts'
import { channelsConfig, customerEvent, INTEGRATIONS } from './fixtures.ts'
import { PROVOKED, type Provoked, SAMPLES } from './provoked.ts'

/** What the table says becomes of a message that has one channel. */
function expected(row: (typeof TABLE)[number]): Message['state'] {
  if (row.certainty === 'unknown') return 'unconfirmed'
  return row.retry ? 'scheduled' : 'failed'
}

describe('every channel × every answer × first try and retry ends as the table says', () => {
  const clock = createManualClock()
  const log = testLog()
  let folder: string
  let sandbox: Sandbox
  let config: Config
  let ledger: Ledger
  let silent: { url: string; close(): void }
  let number = 0

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-matrix-'))
    sandbox = await startSandbox({
      port: 0,
      clock,
      rateLimitPerMinute: null,
      ...HELD,
      integrations: INTEGRATIONS,
      resolveContact: ({ value }) => (value.startsWith('N-') ? { id: `contact-${value}` } : null),
    })
    config = channelsConfig(folder)
    ledger = await openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log, owner: true })
    silent = await notTls()
  })
  after(async () => {
    await ledger.close()
    await sandbox.close()
    silent.close()
    rmSync(folder, { recursive: true })
  })

  const clientOf = (gatewayUrl: string, clientSecret: string = SANDBOX_CLIENT.clientSecret): Genesys =>
    createGenesys({
      region: 'mypurecloud.com',
      gatewayUrl,
      clientId: SANDBOX_CLIENT.clientId,
      clientSecret,
      clock,
      timeoutMs: 300,
      pace: async () => {},
    })

  /** A client for which the next send is answered as provoked. */
  async function provoke({ by }: Provoked, channel: Channel): Promise<Genesys> {
    switch (by.at) {
      case 'nothing':
        return clientOf(sandbox.url)
      case 'refused-connection': {
        const genesys = clientOf(sandbox.url)
        await genesys.login()
        await sandbox.unplug()
        return genesys
      }
      case 'unknown-host':
        return clientOf('https://genesys.invalid')
      case 'not-tls':
        return clientOf(silent.url)
      case 'wrong-secret':
        return clientOf(sandbox.url, 'not the secret')
      case 'login':
        sandbox.fault({ operation: 'token', ...by.fault })
        return clientOf(sandbox.url)
      case 'operation':
        sandbox.fault({ operation: channel === 'email' ? 'email' : 'message', ...by.fault })
        return clientOf(sandbox.url)
    }
  }

  /** The message that is due, delivered once with this client. Contacts are known: the answer is the send's. */
  async function deliverOnce(genesys: Genesys): Promise<void> {
    const [claimed] = (await ledger.claim({ owner: 'matrix', limit: 1, leaseMs: 60_000 })).messages
    assert.ok(claimed)
    // Time stands still here; the budget has tests of its own.
    const budget = {
      take: async () => {},
      giveBack: () => {},
      read: () => {},
      taken: () => 0,
      perMinute: () => 300,
    }
    const stopping = new AbortController().signal
    await deliver(claimed, null, {
      config,
      ledger,
      genesys: {
        ...genesys,
        findContact: async ({ value }) => answered({ id: `contact-${value}`, ids: [`contact-${value}`] }),
      },
      budget,
      contacts: createContacts(clock),
      sessions: createSessions(clock),
      breaker: createBreaker({ ledger, clock, log, random: () => 0.5 }),
      clock,
      random: () => 0.5,
      log,
      payloadOf: payloadOf(config),
      gate: createGate(() => 1, stopping),
      stopping,
    })
  }

  async function oneMessage(channel: Channel): Promise<number> {
    number += 1
    const customer = { id: `N-${number}`, email: `n${number}@example.com`, phone: `+1415555${1000 + number}` }
    sandbox.addContact({ id: `contact-N-${number}`, name: '', emails: [], phones: [] })
    const event = { ...customerEvent(number, clock.now(), customer), type: channel }
    const [recorded] = await ledger.record([
      { kind: 'event', event, plan: planEvent(event, config), keepKeyForMs: 1e9 },
    ])
    assert.ok(recorded?.kind === 'recorded')
    const [id] = recorded.messageIds
    assert.ok(id !== undefined)
    return id
  }

  /** Nothing is left that would come into the next one's way. */
  async function cleared(): Promise<void> {
    await sandbox.mend()
    await endPauses()
    for (const { id } of await ledger.reads.messages({ state: 'scheduled', limit: 10 })) {
      await ledger.cancel(id, { by: 'test', reason: null })
    }
  }
  afterEach(cleared)

  async function endPauses(): Promise<void> {
    for (const { id } of await ledger.pauses()) await ledger.resume(id, 'test')
  }

  async function isEndedAs(id: number, provoked: Provoked, tries: number): Promise<void> {
    const message = await ledger.reads.message(id)
    const attempt = (await ledger.reads.attempts(id)).at(-1)
    assert.ok(message && attempt)
    assert.equal(message.attempts, tries)
    const { row: name } = provoked
    if (name === null) {
      assert.deepEqual([message.state, attempt.outcome, message.reason], ['sent', 'sent', null])
      return
    }
    const row = TABLE.find(({ answer }) => answer === name)
    assert.ok(row, `the table has no line ${name}`)
    assert.equal(message.state, expected(row))
    assert.equal(message.code, row.code)
    assert.equal(attempt.outcome, row.certainty === 'unknown' ? 'unconfirmed' : 'failed')
    assert.ok(attempt.reason && message.reason?.startsWith(attempt.reason), message.reason ?? '')
    assert.equal(attempt.reason.split('(')[0], firstWords(name))
    if (message.state === 'scheduled') assert.ok(message.dueAt > clock.now())
    if (message.state === 'unconfirmed') assert.ok(message.lookAt !== null)
    const pauses = (await ledger.pauses()).map(({ code }) => code)
    assert.deepEqual(pauses, row.pause ? [row.pause(SAMPLES[name] ?? assert.fail(name)).code] : [])
  }

  /** What an operator reads begins so, whatever the answer's own words are. */
  function firstWords(name: string): string | undefined {
    const sample = SAMPLES[name]
    assert.ok(sample, `there is no example of ${name}`)
    return outcomeOf(sample).reason.split('(')[0]
  }

  for (const channel of CHANNELS) {
    for (const provoked of PROVOKED) {
      it(`${channel}: ${provoked.name}`, async () => {
        const first = await oneMessage(channel)
        const before = sandbox.messages().length
        await deliverOnce(await provoke(provoked, channel))
        await isEndedAs(first, provoked, 1)
        assert.equal(sandbox.messages().length - before, provoked.acted ? 1 : 0)
        await cleared()

        // The same as the answer to a second try, after a first that certainly failed.
        const second = await oneMessage(channel)
        sandbox.fault({
          operation: channel === 'email' ? 'email' : 'message',
          status: 429,
          times: 1,
          retryAfter: 1,
        })
        await deliverOnce(clientOf(sandbox.url))
        await endPauses()
        await clock.advance(2_000)
        await deliverOnce(await provoke(provoked, channel))
        await isEndedAs(second, provoked, 2)
      })
    }
  }

  it('every line of the table has been met, and has its example', () => {
    const met = new Set(PROVOKED.map(({ row }) => row))
    assert.deepEqual(
      TABLE.map(({ answer }) => answer).filter((answer) => !met.has(answer)),
      [],
    )
    assert.deepEqual(Object.keys(SAMPLES).sort(), TABLE.map(({ answer }) => answer).sort())
    for (const [name, sample] of Object.entries(SAMPLES)) {
      assert.equal(TABLE.find(({ when }) => when(sample))?.answer, name)
    }
  })
})

/** Listens, and answers no handshake of TLS. */
async function notTls(): Promise<{ url: string; close(): void }> {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { url: `https://127.0.0.1:${address.port}`, close: () => server.close() }
}

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { post } from '../../src/commands/deliveries.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { createPasswords } from '../../src/ops/access/password.ts'
import { mountOps } from '../../src/ops/ops.ts'
import { startServer } from '../../src/server.ts'
import { createManualClock } from '../manual-clock.ts'
import { signed } from '../receive/signing.ts'
import { testLog } from '../test-log.ts'
import { askAt, cookieOf, PASSWORD, SAME } from './live.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const EVENTS = 9
const secretOf = (text: string) => `whsec_${Buffer.from(text.padEnd(32, '.')).toString('base64')}`
const BEFORE = secretOf('the secret before two')
const SINCE = secretOf('the secret since two')

describe('the night in which the secret is wrong, by the console alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-night-'))
  after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'templates'))
  writeFileSync(join(folder, 'templates/greet.liquid'), 'Hello {{ customer.name }}')
  const file = join(folder, 'postrider.yaml')
  writeFileSync(
    file,
    `genesys:
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
sources:
  helpdesk: { preset: standard-webhooks, secrets: ["\${SECRET}"] }
routes:
  greet: { on: helpdesk/ticket.resolved, template: greet, channels: [webmessaging] }
`,
  )
  const two = new Date(2026, 10, 23, 2, 0).getTime()
  const clock = createManualClock(two)
  const passwords = createPasswords({ cost: { ln: 4, r: 8, p: 1 } })

  /** The service but for its sender, with a secret of its own, and a browser that is logged in. */
  async function serving(secret: string) {
    const log = testLog()
    const loaded = loadConfig({ file, env: { SECRET: secret }, unsetVariables: 'error' })
    assert.ok(loaded.kind === 'loaded')
    const { config } = loaded
    const ledger = await openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log, owner: true })
    await ledger.addOperator(
      { name: 'ann', role: 'operator', password: await passwords.hash(PASSWORD) },
      'root',
    )
    const server = await startServer({
      config,
      ledger,
      clock,
      log,
      sender: async () => ({ sendsTo: 'sandbox', inFlight: 0, pauses: [] }),
      host: '127.0.0.1',
      port: 0,
      trustProxy: 0,
      ops: {
        mount: (app) =>
          mountOps(app, {
            ledger,
            config,
            clock,
            log,
            passwords,
            about: { sendsTo: 'sandbox', host: 'sandbox', sandboxUrl: null },
            baseUrl: () => 'http://127.0.0.1:3000',
            fixtures: join(folder, 'fixtures'),
            configNow: () => ({ kind: 'same' }),
          }),
        port: null,
      },
    })
    const form = (path: string, fields: Record<string, string>, cookie = '') =>
      askAt(server.port, `/console${path}`, {
        method: 'POST',
        headers: { ...SAME, cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(fields).toString(),
      })
    // Anew each time: a session does not outlive a night.
    const logIn = async () => cookieOf(await form('/login', { name: 'ann', password: PASSWORD }))
    return {
      ledger,
      page: async (path: string) =>
        (await askAt(server.port, `/console${path}`, { headers: { cookie: await logIn() } })).body,
      form: async (path: string, fields: Record<string, string>) => form(path, fields, await logIn()),
      async deliver(n: number): Promise<number> {
        const customer = { id: `C-${n}`, name: 'Ann' }
        const body = JSON.stringify({
          type: 'ticket.resolved',
          timestamp: new Date(clock.now()).toISOString(),
          data: { customer, ticket: { id: `T-${n}` } },
        })
        const secrets = [n === 0 ? BEFORE : SINCE]
        const { headers, body: bytes } = signed({ id: `msg_${n}`, atMs: clock.now(), body, secrets })
        return (await post({ url: `${server.url}/webhooks/helpdesk`, headers, body: bytes })).status
      },
      stop: () => server.close().then(() => ledger.close()),
    }
  }

  it('is found at nine from the overview, mended, looked at again: every event is planned once', async () => {
    const night = await serving(BEFORE)
    try {
      assert.equal(await night.deliver(0), 200)
      for (let n = 1; n <= EVENTS; n += 1) {
        await clock.advance(40 * MINUTE)
        assert.equal(await night.deliver(n), 401)
        // The sender tries again.
        if (n % 3 === 0) assert.equal(await night.deliver(n), 401)
      }
      await clock.advance(HOUR)
      const overview = await night.page('/')
      assert.match(overview, /helpdesk: 12 refused since 02:40, no secret matched/)
      const source = await night.page('/sources/helpdesk')
      assert.match(source, /12 × no secret matched/)
      assert.match(source, /Compare the secret with the sender’s/)
    } finally {
      await night.stop()
    }

    const morning = await serving(SINCE)
    try {
      const [, since = ''] =
        /name="since" value="([^"]+)"/.exec(await morning.page('/sources/helpdesk')) ?? []
      const { status, body } = await morning.form('/sources/helpdesk/recheck', { since })
      assert.equal(status, 200)
      assert.match(
        body,
        /12 looked at.*: 12 authentic and taken in, 9 events recorded and 3 known already, 9 messages planned/,
      )
      const messages = await morning.ledger.reads.messages({ limit: 100 })
      const names = messages.map(({ customer }) => customer.externalId).sort()
      assert.deepEqual(
        names,
        Array.from({ length: EVENTS + 1 }, (_, n) => `C-${n}`),
      )
      assert.doesNotMatch(await morning.page('/'), /helpdesk: \d+ refused/)

      const again = await morning.form('/sources/helpdesk/recheck', {})
      assert.match(again.body, /Nothing that was refused is left to look at; 12 were taken in before/)
      assert.equal((await morning.ledger.reads.messages({ limit: 100 })).length, EVENTS + 1)
    } finally {
      await morning.stop()
    }
  })
})

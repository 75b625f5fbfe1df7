import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Webhook } from 'svix'
import { systemClock } from '../../src/clock.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { SANDBOX_CLIENT, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import { ROOT, type Running, startPostrider } from '../run-postrider.ts'
import { testLog } from '../test-log.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { STEPS } from './steps.ts'

const SECRET = `whsec_${randomBytes(24).toString('base64')}`

/**
 * Registers the tests: a real service, killed with SIGKILL at each step between receipt and settled outcome and started again, so many times a step. What was
 * acknowledged must end sent exactly once, or stand `unconfirmed` and only where an attempt was open.
 */
export function killAtEveryStep(roundsPerStep: number): void {
  describe('a service killed at any step', () => {
    let sandbox: Sandbox
    let gateway: Gateway
    let folder: string

    before(async () => {
      sandbox = await startSandbox({ port: 0, clock: systemClock, rateLimitPerMinute: null, ...HELD })
      gateway = await startGateway(sandbox.url)
      folder = mkdtempSync(join(tmpdir(), 'postrider-kill-'))
      cpSync(join(ROOT, 'examples/demo/templates'), join(folder, 'templates'), { recursive: true })
      writeFileSync(join(folder, 'postrider.yaml'), CONFIG)
    })
    after(async () => {
      await gateway.close()
      await sandbox.close()
      rmSync(folder, { recursive: true })
    })

    for (const step of STEPS) {
      for (let round = 1; round <= roundsPerStep; round += 1) {
        it(`${step.name} (${round})`, async () => {
          const ledgerFile = join(folder, `${step.name.replaceAll(/\W+/g, '-')}-${round}.db`)
          const ticket = `${step.name} (${round})`
          const first = await startService(folder, ledgerFile, gateway.url)
          let acknowledged = 0
          const afterwards: (() => void)[] = []
          await step.reach({
            gateway,
            sandbox,
            ledgerFile,
            async post() {
              const status = await postEvent(first.url, ticket)
              if (status === 200) acknowledged += 1
              return status
            },
            afterwards: (what) => void afterwards.push(what),
          })
          await first.end('SIGKILL')
          for (const what of afterwards) what()
          assert.equal(acknowledged, 1)

          const second = await startService(folder, ledgerFile, gateway.url)
          const message = await settled(ledgerFile)
          await second.end('SIGKILL')

          const sent = sandbox.messages().filter((one) => one.text.includes(ticket)).length
          const allowed = step.ends[message.state]
          assert.ok(allowed, `the message is ${message.state} (${message.reason})`)
          assert.ok(allowed.includes(sent), `it is ${message.state} and was sent ${sent} times`)
          if (message.state === 'unconfirmed') {
            assert.equal(message.attempts, 1, 'only where an attempt was open')
            assert.equal(message.code, 'interrupted')
            assert.match(message.reason ?? '', /settle/)
          }
        })
      }
    }
  })
}

const CONFIG = `
genesys:
  rateLimitPerMinute: 6000
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  crm: { preset: standard-webhooks, secrets: ["${SECRET}"] }
routes:
  ticket-resolved:
    on: crm/ticket.resolved
    template: ticket-resolved
    channels: [webmessaging]
`

/** Starts the real command on a free port. */
function startService(folder: string, ledgerFile: string, gatewayUrl: string): Promise<Running> {
  const env = {
    POSTRIDER_CONFIG: join(folder, 'postrider.yaml'),
    DATABASE_URL: `sqlite:${ledgerFile}`,
    GENESYS_GATEWAY_URL: gatewayUrl,
    GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
    GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
  }
  return startPostrider(['start'], { cwd: folder, env })
}

async function postEvent(url: string, ticket: string): Promise<number> {
  const id = `msg_${randomBytes(12).toString('hex')}`
  const now = new Date()
  const body = JSON.stringify({
    type: 'ticket.resolved',
    timestamp: now.toISOString(),
    data: {
      customer: { id: 'C-1001', name: 'Ada' },
      ticket: { id: ticket, subject: ticket, channel: 'web' },
    },
  })
  const response = await fetch(`${url}/webhooks/crm`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(SECRET).sign(id, now, body),
    },
  })
  await response.arrayBuffer()
  return response.status
}

/** The ledger's one message, when nothing more happens to it by itself. */
async function settled(ledgerFile: string) {
  const ledger = await openLedger({
    url: `sqlite:${ledgerFile}`,
    clock: systemClock,
    log: testLog(),
    owner: false,
  })
  try {
    const until = Date.now() + 20_000
    for (;;) {
      const messages = await ledger.reads.messages({ limit: 10 })
      assert.equal(messages.length, 1, 'one event, one message')
      const [message] = messages
      if (message && message.state !== 'scheduled' && message.state !== 'sending') return message
      assert.ok(Date.now() < until, `the message is still ${message?.state}: ${message?.reason}`)
      await systemClock.sleep(20)
    }
  } finally {
    await ledger.close()
  }
}

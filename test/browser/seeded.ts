import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { readEnvironment } from '../../src/environment.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { type Service, startService } from '../../src/main.ts'
import type { Message } from '../../src/message.ts'
import { namesOf } from '../../src/names.ts'
import type { Role } from '../../src/operator.ts'
import { createPasswords } from '../../src/ops/access/password.ts'
import { pauseSending } from '../../src/ops/actions/pauses.ts'
import { suppressCustomer } from '../../src/ops/actions/suppress.ts'
import {
  EXTERNAL_SOURCE,
  SANDBOX_CLIENT,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../src/sandbox/sandbox.ts'
import { OTHER_SECRET, signed } from '../receive/signing.ts'
import { testLog } from '../test-log.ts'
import { CONFIG, MENDED, TEMPLATES } from './seeded-config.ts'
import { EVENTS, NEW_CONTACTS, order, type Sent, SUPPRESSED, UNKNOWN } from './seeded-events.ts'

export const PASSWORD = 'correct horse battery'
/** By their roles. */
export const PEOPLE = { admin: 'ann', operator: 'otto', viewer: 'vera' } as const satisfies Record<
  Role,
  string
>

/** Asking without a rest would take the processor from those who send. */
const POLL_MS = 10

export type Seeded = {
  /** `http://127.0.0.1:41234`, the same after a restart. */
  url: string
  /** Of the service that runs now. */
  ledger(): Ledger
  /** What stands for Genesys Cloud, which a restart of the service leaves alone. */
  sandbox: Sandbox
  /** Signs a delivery and posts it; resolves with the status. */
  post(sent: Sent, secret?: string): Promise<number>
  /** Resolves with all messages, newest first, when nothing is being sent or due. */
  settled(): Promise<readonly Message[]>
  /** Corrects the template of the route ticket-resolved; the service goes on with what it has loaded. */
  mend(): void
  stop(): Promise<void>
  /** On the same ledger and port. */
  start(): Promise<void>
  /** Stops all of it and removes the folder. */
  close(): Promise<void>
}

/** Who looks at what a sandbox is asked: HELD, in a test. */
export type Held = Pick<SandboxOptions, 'onRequest'>

/** A service with operators or without, and nothing else, which sends to the sandbox that it has itself. */
export function startFresh({ operators, held = {} }: { operators: boolean; held?: Held }): Promise<Seeded> {
  return started({ operators, held, sandbox: 'own' })
}

/** A service that has received EVENTS and done with them what there is to do; `held`: as for Genesys Cloud itself. */
export async function startSeeded(held: Held = {}): Promise<Seeded> {
  const seeded = await started({ operators: true, held, sandbox: 'apart' })
  try {
    await seed(seeded)
    return seeded
  } catch (error) {
    await seeded.close()
    throw error
  }
}

async function started({
  operators,
  held,
  sandbox: which,
}: {
  operators: boolean
  held: Held
  sandbox: 'own' | 'apart'
}): Promise<Seeded> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-browser-'))
  const config = join(folder, 'postrider.yaml')
  const template = (name: string, text: string) => writeFileSync(join(folder, 'templates', name), text)
  writeFileSync(config, CONFIG)
  mkdirSync(join(folder, 'templates'))
  for (const [name, text] of Object.entries(TEMPLATES)) template(name, text)
  const sandbox = await startSandbox({
    ...held,
    clock: systemClock,
    port: 0,
    rateLimitPerMinute: null,
    externalSources: [EXTERNAL_SOURCE],
  })
  let service: Service | null = null
  let port = 0
  const start = async () => {
    const variables = {
      POSTRIDER_CONFIG: config,
      DATABASE_URL: `sqlite:${join(folder, 'postrider.db')}`,
      PORT: String(port),
      GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
      GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
      GENESYS_GATEWAY_URL: sandbox.url,
    }
    service = await startService({
      environment: readEnvironment(variables),
      variables,
      log: testLog(),
      sandbox: which === 'own',
      sandboxPort: 0,
      sandboxOptions: held,
    })
    port = Number(new URL(service.url).port)
  }
  const running = () => {
    if (service === null) throw new Error('the service was stopped')
    return service
  }
  const stop = async () => {
    await service?.stop()
    service = null
  }
  const close = async () => {
    await stop()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await start()
    if (operators) await addOperators(running().ledger)
  } catch (error) {
    await close()
    throw error
  }
  const { url } = running()
  return {
    url,
    sandbox,
    start,
    stop,
    close,
    ledger: () => running().ledger,
    mend: () => template('ticket-resolved.liquid', MENDED),
    async post({ id, body }: Sent, secret?: string) {
      const text = typeof body === 'string' ? body : JSON.stringify({ timestamp: new Date(), ...body })
      const secrets = secret === undefined ? {} : { secrets: [secret] }
      const { headers, body: bytes } = signed({ id, atMs: Date.now(), body: text, ...secrets })
      const response = await fetch(`${url}/webhooks/crm`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: new Uint8Array(bytes),
      })
      return response.status
    },
    async settled() {
      for (;;) {
        const messages = await running().ledger.reads.messages({ limit: 1000 })
        const moving = messages.some(
          ({ state, dueAt }) => state === 'sending' || (state === 'scheduled' && dueAt <= Date.now()),
        )
        if (!moving) return messages
        await systemClock.sleep(POLL_MS)
      }
    },
  }
}

/** Their passwords are hashed at little cost, which the hash itself says. */
export async function addOperators(ledger: Ledger): Promise<void> {
  const password = await createPasswords({ cost: { ln: 4, r: 8, p: 1 } }).hash(PASSWORD)
  for (const [role, name] of Object.entries(PEOPLE) as [Role, string][]) {
    await ledger.addOperator({ name, role, password }, 'root')
  }
}

async function seed(seeded: Seeded): Promise<void> {
  const { sandbox } = seeded
  for (const { id, email, name } of NEW_CONTACTS) {
    sandbox.addContact({ id: contactOf(id), name, externalId: id, emails: [email], phones: [] })
  }
  for (const event of EVENTS) await accepted(seeded, event)
  await seeded.settled()
  const names = namesOf({ externalId: SUPPRESSED.id, email: SUPPRESSED.email }, EXTERNAL_SOURCE, null)
  const reason = 'asked on the phone not to be written to'
  await suppressCustomer({ ledger: seeded.ledger() }, { by: 'otto' }, { names, channels: null, reason })
  await accepted(seeded, order(1050, SUPPRESSED))
  await seeded.settled()
  const refused = await seeded.post({ id: 'msg_of_a_stranger', body: '{}' }, OTHER_SECRET)
  if (refused !== 401) throw new Error(`a stranger was answered ${refused}`)
  await pauseSending(
    { ledger: seeded.ledger(), config: null },
    { by: 'otto' },
    { scope: 'route', name: 'cart-abandoned', reason: 'the shop is being moved', forMs: null },
  )
}

/** One message more, of which nobody knows what became: nothing else is sent until Genesys Cloud is known to answer again. */
export async function leaveUnconfirmed(seeded: Seeded): Promise<void> {
  seeded.sandbox.fault({ operation: 'email', to: UNKNOWN.email, times: 1, reset: 'before-acting' })
  await accepted(seeded, order(1051, UNKNOWN))
  while ((await seeded.ledger().reads.messages({ state: 'unconfirmed', limit: 1 })).length === 0) {
    await systemClock.sleep(POLL_MS)
  }
}

async function accepted(seeded: Seeded, sent: Sent): Promise<void> {
  const status = await seeded.post(sent)
  if (status !== 200) throw new Error(`${sent.id} was answered ${status}`)
}

function contactOf(externalId: string): string {
  return `5d3c7a10-1f6e-4b0a-8c55-00000000${externalId.slice(2)}`
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type OutgoingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createApp } from '../../src/app.ts'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { listen } from '../../src/listen.ts'
import type { Role } from '../../src/operator.ts'
import { createPasswords, type Passwords } from '../../src/ops/access/password.ts'
import { hashOf, newToken } from '../../src/ops/access/secrets.ts'
import { mountOps } from '../../src/ops/ops.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'

export type Answer = { status: number; headers: NodeJS.Dict<string | string[]>; body: string }
export type Asked = { method?: string; headers?: OutgoingHttpHeaders; body?: string }

export const PASSWORD = 'correct horse battery'
/** What a browser says of a form on the page itself. */
export const SAME = { 'sec-fetch-site': 'same-origin' }

/** What operators reach, on a port of its own, over a real ledger. Passwords cost little. */
export async function startOps({
  trustProxy = 0,
  passwords = cheap(),
  yaml = CONFIG,
}: {
  trustProxy?: number
  passwords?: Passwords
  /** In the place of CONFIG. */
  yaml?: string
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-ops-'))
  const config = configIn(folder, yaml)
  const clock = createManualClock()
  const log = testLog()
  const ledger = await openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log, owner: true })
  const about = { sendsTo: 'sandbox', host: 'sandbox', sandboxUrl: null } as const
  const baseUrl = () => 'http://127.0.0.1:3000'
  const fixtures = join(folder, 'fixtures')
  const configNow = () => ({ kind: 'same' }) as const
  const app = createApp({ trustProxy, log }, (app) =>
    mountOps(app, { ledger, passwords, config, clock, log, about, baseUrl, fixtures, configNow }),
  )
  const server = await listen(app, { host: '127.0.0.1', port: 0, clock, log })
  const ask = (path: string, asked: Asked = {}) => askAt(server.port, path, asked)
  return {
    ...server,
    clock,
    ledger,
    config,
    folder,
    ask,
    async add(name: string, role: Role): Promise<void> {
      const added = await ledger.addOperator({ name, role, password: await passwords.hash(PASSWORD) }, 'root')
      if (added.kind === 'refused') throw new Error(added.reason)
    },
    async token(role: Role, forMs: number | null = null): Promise<string> {
      const secret = newToken()
      const added = await ledger.addToken({ name: `t-${role}`, hash: hashOf(secret), role, forMs }, 'root')
      if (added.kind === 'refused') throw new Error(added.reason)
      return secret
    },
    /** Posts the form of the login. */
    logIn: (name: string, password = PASSWORD, headers: OutgoingHttpHeaders = {}) =>
      ask('/console/login', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...SAME, ...headers },
        body: new URLSearchParams({ name, password }).toString(),
      }),
    async stop(): Promise<void> {
      await server.close()
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A source and a route on it, with what they need. */
export const CONFIG = `genesys:
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
  email: { from: { email: care@example.com } }
sources:
  crm: { preset: standard-webhooks, secrets: ["whsec_${Buffer.from('the secret of the console tests').toString('base64')}"] }
routes:
  greet:
    on: crm/ticket.resolved
    template: greet
    channels: [webmessaging, email]
`

function configIn(folder: string, yaml: string): Config {
  const file = join(folder, 'postrider.yaml')
  writeFileSync(file, yaml)
  mkdirSync(join(folder, 'templates'))
  writeFileSync(
    join(folder, 'templates/greet.liquid'),
    '---\nsubject: About {{ data.ticket.id }}\n---\nHello {{ customer.name }}, ticket {{ data.ticket.id }} is resolved.',
  )
  const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
  if (loaded.kind === 'invalid') throw new Error(loaded.problems.map(({ message }) => message).join('; '))
  return loaded.config
}

export type Ops = Awaited<ReturnType<typeof startOps>>

/** Of an answer: `name=value` of the cookie that it sets. */
export function cookieOf({ headers }: Answer): string {
  return [headers['set-cookie'] ?? []].flat()[0]?.split(';', 1)[0] ?? ''
}

function cheap(): Passwords {
  return createPasswords({ cost: { ln: 4, r: 8, p: 1 } })
}

export function askAt(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (incoming) => {
      text(incoming).then((answer) => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: answer })
      }, reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnvironment } from '../../src/environment.ts'
import { createLog } from '../../src/log.ts'
import { type Service, startService } from '../../src/main.ts'
import { hashOf, newToken } from '../../src/ops/access/secrets.ts'
import { DEMO_CONFIG, temporaryFolder } from '../commands/run.ts'
import { HELD } from '../contract/held.ts'
import { sink } from '../docs/sink.ts'
import { signed } from '../receive/signing.ts'
import { ROOT } from '../run-postrider.ts'
import { type Exposition, parseExposition } from './exposition.ts'

export const DEMO_SECRET = 'whsec_dGhlIGRlbW8gaGFzIG5vIHNlY3JldHMgYXQgYWxs'

/** A token of the service's ledger, as a header. */
export async function tokenOf({ ledger }: Pick<Service, 'ledger'>): Promise<{ authorization: string }> {
  const token = newToken()
  await ledger.addToken({ name: 'prometheus', hash: hashOf(token), role: 'viewer', forMs: null }, 'root')
  return { authorization: `Bearer ${token}` }
}

/** What /metrics answers, read strictly. */
export async function scrape(
  url: string,
  headers: Record<string, string>,
): Promise<Exposition & { text: string }> {
  const response = await fetch(`${url}/metrics`, { headers })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4; charset=utf-8$/)
  const text = await response.text()
  return { ...parseExposition(text), text }
}

/** A delivery of the demo's source, signed as of now. */
export function post(
  url: string,
  body: object,
  { id, secret = DEMO_SECRET, headers = {} }: { id: string; secret?: string; headers?: object },
) {
  const delivery = signed({ id, atMs: Date.now(), body: JSON.stringify(body), secrets: [secret] })
  return fetch(`${url}/webhooks/crm`, {
    method: 'POST',
    headers: { ...delivery.headers, ...headers, 'content-type': 'application/json' },
    body: new Uint8Array(delivery.body),
  })
}

/** What a fixture of the demo has for a body, as sent now. */
export function fixture(name: string): object {
  const text = readFileSync(join(ROOT, `fixtures/crm/${name}.json`), 'utf8')
  return (JSON.parse(text.replaceAll('{{ now }}', new Date().toISOString())) as { body: object }).body
}

/** The demo with the ports of `more`, sending to a sandbox of its own. */
export async function withService(
  more: Record<string, string>,
  use: (service: Service, opsUrl: string, logged: () => string) => Promise<void>,
): Promise<void> {
  using folder = temporaryFolder()
  const variables = {
    POSTRIDER_CONFIG: DEMO_CONFIG,
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    PORT: '0',
    ...more,
  }
  const { stream, text } = sink()
  const service = await startService({
    environment: readEnvironment(variables),
    variables,
    log: createLog({ level: 'info', pretty: false, stream }),
    sandbox: true,
    sandboxPort: 0,
    sandboxOptions: HELD,
  })
  try {
    await use(service, new URL(service.consoleUrl).origin, text)
  } finally {
    await service.stop()
  }
}

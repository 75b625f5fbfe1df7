import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readEnvironment } from '../../src/environment.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { createPasswords } from '../../src/ops/access/password.ts'
import { hashOf, newToken } from '../../src/ops/access/secrets.ts'
import { DEMO_CONFIG, temporaryFolder } from '../commands/run.ts'
import { HELD } from '../contract/held.ts'
import { sink } from '../docs/sink.ts'
import { askAt, cookieOf, PASSWORD, SAME } from './live.ts'

async function service(
  more: Record<string, string>,
  use: (service: Awaited<ReturnType<typeof startService>>, logged: () => string) => Promise<void>,
) {
  using folder = temporaryFolder()
  const variables = {
    POSTRIDER_CONFIG: DEMO_CONFIG,
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    PORT: '0',
    ...more,
  }
  const { stream, text } = sink()
  const log = createLog({ level: 'debug', pretty: false, stream })
  const environment = readEnvironment(variables)
  const started = await startService({
    environment,
    variables,
    log,
    sandbox: true,
    sandboxPort: 0,
    sandboxOptions: HELD,
  })
  try {
    await use(started, text)
  } finally {
    await started.stop()
  }
}

const portOf = (url: string) => Number(new URL(url).port)
const status = async (url: string, path: string) => (await askAt(portOf(url), path)).status

test('without OPS_PORT operators come in where the webhooks do', async () => {
  await service({}, async ({ url, consoleUrl }) => {
    assert.equal(consoleUrl, `${url}/console/`)
    assert.equal(await status(url, '/console/login'), 200)
    assert.equal(await status(url, '/health/live'), 200)
  })
})

test('OPS_PORT takes them to a listener of their own; health is on both, webhooks on the other', async () => {
  await service({ OPS_PORT: '0' }, async ({ url, consoleUrl }) => {
    assert.notEqual(portOf(url), portOf(consoleUrl))
    assert.deepEqual(
      [await status(url, '/console/login'), await status(consoleUrl, '/console/login')],
      [404, 200],
    )
    assert.deepEqual(
      [await status(url, '/health/ready'), await status(consoleUrl, '/health/ready')],
      [200, 200],
    )
    assert.deepEqual(
      [await status(url, '/webhooks/crm'), await status(consoleUrl, '/webhooks/crm')],
      [405, 404],
    )
    const second = service({ OPS_PORT: String(portOf(url)) }, async () => {})
    await assert.rejects(second, /in use by another program.*set OPS_PORT to a free port/)
  })
})

test('nothing that lets somebody in is logged', async () => {
  await service({ LOG_LEVEL: 'debug' }, async ({ url, ledger }, logged) => {
    const password = await createPasswords({ cost: { ln: 4, r: 8, p: 1 } }).hash(PASSWORD)
    await ledger.addOperator({ name: 'ann', role: 'admin', password }, 'root')
    const token = newToken()
    await ledger.addToken({ name: 't', hash: hashOf(token), role: 'viewer', forMs: null }, 'root')
    const post = (path: string, headers: object, form: object) =>
      askAt(portOf(url), path, {
        method: 'POST',
        headers: { ...SAME, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams({ ...form }).toString(),
      })
    const cookie = cookieOf(await post('/console/login', {}, { name: 'ann', password: PASSWORD }))
    assert.match(cookie, /^postrider=/)
    await post('/console/login', {}, { name: PASSWORD, password: 'another secret word' })
    await askAt(portOf(url), '/console/', { headers: { cookie, authorization: `Bearer ${token}` } })
    await post('/console/logout', { cookie }, {})
    const trail = JSON.stringify(await ledger.reads.audit({ limit: 99 }))
    assert.match(trail, /"logout"/)
    for (const secret of [
      PASSWORD,
      'another secret word',
      cookie.replace('postrider=', ''),
      token,
      password,
    ]) {
      assert.ok(!logged().includes(secret) && !trail.includes(secret))
    }
  })
})

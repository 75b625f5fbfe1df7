import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'dotenv'
import { parse as parseYaml } from 'yaml'
import { readEnvironment } from '../src/environment.ts'
import { DEPLOYMENT, EXTERNAL_SOURCE, SANDBOX_CLIENT } from '../src/sandbox/sandbox.ts'
import { ROOT } from './run-postrider.ts'

type ComposeService = {
  env_file?: string
  environment?: Record<string, string>
  volumes?: string[]
  ports?: string[]
  profiles?: string[]
  command?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: object
}
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const { services, volumes } = parseYaml(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, ComposeService>
  volumes: object
}
const example = parse(read('.env.example'))

/** What a container of the service has, with what .env must say for compose. */
function environmentOf(name: string): Record<string, string | undefined> {
  const own = { POSTGRES_PASSWORD: 'secret', POSTRIDER_KEY: Buffer.alloc(32, 1).toString('base64') }
  const filled = Object.entries(services[name]?.environment ?? {}).map(([variable, value]) => [
    variable,
    value.replace(
      /\$\{(\w+):\?[^}]+\}/g,
      (_, named: string) => Object.entries(own).find(([one]) => one === named)?.[1] ?? '',
    ),
  ])
  return { ...example, ...Object.fromEntries(filled) }
}

describe('a deployment as documented', () => {
  it('is production: what .env says of it is less than what compose says', () => {
    for (const name of ['postrider', 'postrider-2', 'sandbox']) {
      const environment = environmentOf(name)
      assert.equal(readEnvironment(environment).NODE_ENV, 'production', name)
    }
  })

  it('.env.example leaves NODE_ENV alone, and empty it is the default', () => {
    assert.equal(example.NODE_ENV, '')
    assert.equal(readEnvironment(example).NODE_ENV, 'development')
  })

  it('what it publishes is on this machine alone, and operators have a port of their own', () => {
    const { postrider, 'postrider-2': second, postgres, sandbox } = services
    const { PORT, OPS_PORT } = readEnvironment(environmentOf('postrider'))
    assert.notEqual(PORT, OPS_PORT)
    assert.deepEqual(postrider?.ports, [`127.0.0.1:${PORT}:${PORT}`, `127.0.0.1:${OPS_PORT}:${OPS_PORT}`])
    assert.deepEqual(second?.ports, [`127.0.0.1:3010:${PORT}`, `127.0.0.1:3011:${OPS_PORT}`])
    assert.equal(postgres?.ports, undefined)
    assert.equal(sandbox?.ports, undefined)
  })

  it('two instances share one database and one key, and wait until it takes connections', () => {
    assert.deepEqual(Object.keys(services), ['postrider', 'postrider-2', 'postgres', 'sandbox'])
    const [first, second] = ['postrider', 'postrider-2'].map((name) => readEnvironment(environmentOf(name)))
    const { DATABASE_URL, POSTRIDER_KEY } = first ?? {}
    assert.equal(second?.DATABASE_URL, DATABASE_URL)
    assert.deepEqual(second?.POSTRIDER_KEY, POSTRIDER_KEY)
    assert.ok(POSTRIDER_KEY)
    const { username, password, hostname, pathname } = new URL(DATABASE_URL ?? '')
    const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD } = environmentOf('postgres')
    assert.deepEqual(
      [username, password, hostname, pathname],
      [POSTGRES_USER, POSTGRES_PASSWORD, 'postgres', `/${POSTGRES_DB}`],
    )
    for (const name of ['postrider', 'postrider-2']) {
      assert.deepEqual(services[name]?.depends_on, { postgres: { condition: 'service_healthy' } })
    }
    assert.ok(services.postgres?.healthcheck)
    assert.ok(services.postgres?.volumes?.every((one) => (one.split(':')[0] ?? '') in volumes))
  })

  it('the sandbox runs only when asked for', () => {
    assert.deepEqual(services.sandbox?.profiles, ['sandbox'])
    assert.equal(services.postrider?.profiles, undefined)
  })

  it('its sandbox stands for the org of the service’s own settings and configuration', () => {
    const { postrider, sandbox } = services
    assert.ok(sandbox?.env_file === '.env' && postrider?.env_file === '.env')
    const config = (service: ComposeService) => service.volumes?.filter((one) => one.startsWith('./config:'))
    assert.deepEqual(config(sandbox), config(postrider))
    assert.equal(config(sandbox)?.length, 1)
    assert.ok(sandbox.command?.includes('--sandbox'), 'asked for by name')
    const port = sandbox.command?.[(sandbox.command?.indexOf('--port') ?? -1) + 1]
    const lines = [...read('docker-compose.yml').matchAll(/^# {3}([A-Z_]+=.*)$/gm)].map(([, line]) => line)
    assert.deepEqual(parse(lines.join('\n')), {
      GENESYS_GATEWAY_URL: `http://127.0.0.1:${port}`,
      GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
      GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
      GENESYS_DEPLOYMENT_ID: DEPLOYMENT,
      GENESYS_EXTERNAL_SOURCE_ID: EXTERNAL_SOURCE.id,
    })
  })
})

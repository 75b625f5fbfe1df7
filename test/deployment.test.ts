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
}
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const { services, volumes } = parseYaml(read('docker-compose.yml')) as {
  services: Record<string, ComposeService>
  volumes: object
}
const example = parse(read('.env.example'))

describe('a deployment as documented', () => {
  it('is production: what .env says of it is less than what compose says', () => {
    for (const name of ['postrider', 'sandbox']) {
      const environment = { ...example, ...services[name]?.environment }
      assert.equal(readEnvironment(environment).NODE_ENV, 'production', name)
    }
  })

  it('.env.example leaves NODE_ENV alone, and empty it is the default', () => {
    assert.equal(example.NODE_ENV, '')
    assert.equal(readEnvironment(example).NODE_ENV, 'development')
  })

  it('what it publishes is on this machine alone, and operators have a port of their own', () => {
    const { postrider } = services
    const { PORT, OPS_PORT } = readEnvironment({ ...example, ...postrider?.environment })
    assert.notEqual(PORT, OPS_PORT)
    assert.deepEqual(postrider?.ports, [`127.0.0.1:${PORT}:${PORT}`, `127.0.0.1:${OPS_PORT}:${OPS_PORT}`])
    assert.equal(services.sandbox?.ports, undefined)
  })

  it('its ledger lies in a volume that exists, and the sandbox runs only when asked for', () => {
    const { postrider, sandbox } = services
    const ledger = readEnvironment({ ...example, ...postrider?.environment }).DATABASE_URL
    assert.equal(ledger, 'sqlite:data/postrider.db')
    assert.ok(postrider?.volumes?.includes('data:/app/data'))
    assert.ok('data' in volumes)
    assert.deepEqual(sandbox?.profiles, ['sandbox'])
    assert.equal(postrider?.profiles, undefined)
    assert.deepEqual(Object.keys(services), ['postrider', 'sandbox'])
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

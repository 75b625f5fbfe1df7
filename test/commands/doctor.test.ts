import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { EXTERNAL_SOURCE } from '../../src/sandbox/directory.ts'
import { SANDBOX_CLIENT, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import { closeHosts, host, json } from '../genesys/host.ts'
import { command, DEMO_CONFIG, jsonOf, temporaryFolder } from './run.ts'

describe('doctor', () => {
  const folder = temporaryFolder()
  let sandbox: Sandbox
  let variables: Record<string, string>
  before(async () => {
    sandbox = await startSandbox({ port: 0, clock: systemClock, ...HELD })
    variables = {
      POSTRIDER_CONFIG: DEMO_CONFIG,
      GENESYS_GATEWAY_URL: sandbox.url,
      GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
      GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    }
  })
  after(async () => {
    await sandbox.close()
    folder[Symbol.dispose]()
  })

  it('all in place: a line for each, 0, and nothing is sent', async () => {
    const { code, out } = await command(['doctor'], variables)
    assert.equal(code, 0, out)
    const lines = out.trim().split('\n').slice(1)
    assert.ok(lines.length === 10 && lines.every((line) => line.startsWith('ok ')), out)
    for (const name of [
      'login',
      'find contacts',
      'send web messages',
      'messenger deployment',
      'guests become contacts',
      'send emails',
      'find conversations',
      'read messages',
      'rate limit',
    ]) {
      assert.match(out, new RegExp(`^ok +${name}: `, 'm'))
    }
    assert.equal(sandbox.messages().length, 0)
  })

  it('wrong credentials: says which to look at, never what they are', async () => {
    const { code, out } = await command(['doctor'], { ...variables, GENESYS_CLIENT_SECRET: 'wrong-one' })
    assert.equal(code, 1)
    assert.match(out, /^FAIL +login: 401/m)
    assert.match(out, /GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET/)
    assert.doesNotMatch(out, /wrong-one/)
  })

  it('a missing permission is named', async () => {
    sandbox.setMissingPermissions(['externalContacts:contact:view'])
    try {
      const said = await command(['doctor', '--json'], variables)
      assert.equal(said.code, 1)
      const { ok, findings } = jsonOf<{
        ok: boolean
        findings: { ok: boolean; level: string; name: string; todo: string | null }[]
      }>(said)
      assert.equal(ok, false)
      for (const finding of findings) assert.equal(finding.level, finding.ok ? 'ok' : 'fail')
      const failed = findings.filter((finding) => !finding.ok)
      assert.deepEqual(
        failed.map(({ name }) => name),
        ['find contacts', 'external source'],
      )
      for (const { todo } of failed) assert.match(todo ?? '', /externalContacts:contact:view/)
    } finally {
      sandbox.setMissingPermissions([])
    }
  })

  it('an unknown deployment: says where its id is found', async () => {
    const file = folder.write(
      'postrider.yaml',
      'genesys: { webmessaging: { deploymentId: 11111111-2222-4333-8444-555555555555 } }\nsources: {}\nroutes: {}\n',
    )
    const { code, out } = await command(['doctor'], { ...variables, POSTRIDER_CONFIG: file })
    assert.equal(code, 1)
    assert.match(out, /^FAIL +messenger deployment: .*\n +.*Messenger Deployments/m)
  })

  const withSources = (...ids: string[]) =>
    folder.write(
      'sources.yaml',
      `genesys: { externalSource: { id: ${ids[0]}, name: CRM } }
sources: { crm: { preset: standard-webhooks, secrets: [], externalSource: { id: ${ids[1] ?? ids[0]}, name: Shop } } }
routes: {}
`,
    )

  it('an unknown external source: says where ids are found, and which there are', async () => {
    const unknown = '11111111-2222-4333-8444-555555555555'
    const env = { ...variables, POSTRIDER_CONFIG: withSources(unknown) }
    const { code, out } = await command(['doctor'], env)
    assert.equal(code, 1)
    const said = `^FAIL +external source: .*no external source .*${unknown}\\n +Copy .*External Sources.*CRM ${EXTERNAL_SOURCE.id}`
    assert.match(out, new RegExp(said, 'm'))
    assert.equal(out.match(/external source:/g)?.length, 1, 'asked about once')
  })

  it('an external source of a source’s own is looked at too', async () => {
    const unknown = '11111111-2222-4333-8444-666666666666'
    const env = { ...variables, POSTRIDER_CONFIG: withSources(EXTERNAL_SOURCE.id, unknown) }
    const { code, out } = await command(['doctor'], env)
    assert.equal(code, 1)
    assert.match(out, /^ok +external source: CRM/m)
    assert.match(out, new RegExp(`^FAIL +external source: .*${unknown}`, 'm'))
  })

  it('external sources that may not be listed: a hint, not a failure', async () => {
    const body = {
      message:
        'You must have at least one of the following permissions assigned: externalContacts:externalSource:view',
      code: 'missing.any.permissions',
      status: 403,
    }
    sandbox.fault({ operation: 'other', status: 403, body, times: 1 })
    const { code, out } = await command(['doctor'], variables)
    assert.equal(code, 0, out)
    assert.match(out, /^warn +external source: .*not checked.*\n +.*externalContacts:externalSource:view/m)
  })

  it('external sources that cannot be listed now: a failure like any other', async () => {
    sandbox.fault({ operation: 'other', status: 503, times: 1 })
    const { code, out } = await command(['doctor'], variables)
    assert.equal(code, 1)
    assert.match(out, /^FAIL +external source: 503/m)
  })

  it('fewer calls allowed than are configured: a warning', async () => {
    const fewer = await startSandbox({ port: 0, clock: systemClock, rateLimitPerMinute: 120, ...HELD })
    try {
      const { code, out } = await command(['doctor'], { ...variables, GENESYS_GATEWAY_URL: fewer.url })
      assert.equal(code, 0, out)
      assert.match(out, /^warn +rate limit: 120 calls .*300\n +.*rateLimitPerMinute to 120/m)
    } finally {
      await fewer.close()
    }
  })

  it('calls that others make: a warning', async () => {
    const headers = { 'inin-ratelimit-allowed': '300', 'inin-ratelimit-count': '200' }
    const { url } = await host((_, response) =>
      json(response, 404, { code: 'not.found', message: 'none' }, headers),
    )
    try {
      const { out } = await command(['doctor'], { ...variables, GENESYS_GATEWAY_URL: url })
      // The doctor's own are taken off: 9 of the answers are to questions of this configuration.
      assert.match(out, /^warn +rate limit: 300 calls .*; 19\d of this minute’s 200 .*\n +.*OAuth client/m)
    } finally {
      await closeHosts()
    }
  })

  it('nobody listens: says so and what to look at', async () => {
    const gone = await startSandbox({ port: 0, clock: systemClock, ...HELD })
    await gone.close()
    const { code, out } = await command(['doctor'], { ...variables, GENESYS_GATEWAY_URL: gone.url })
    assert.equal(code, 1)
    assert.match(out, /^FAIL +login: ECONNREFUSED/m)
    assert.match(out, /network and GENESYS_GATEWAY_URL/)
  })

  it('no credentials: names them', async () => {
    const { code, err } = await command(['doctor'], { POSTRIDER_CONFIG: DEMO_CONFIG })
    assert.equal(code, 1)
    assert.match(err, /GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET are not set/)
  })
})

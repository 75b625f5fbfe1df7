import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { parse } from 'dotenv'
import { DEPLOYMENT, EXTERNAL_SOURCE } from '../../src/sandbox/directory.ts'
import { ROOT } from '../run-postrider.ts'
import { command, DEMO_CONFIG, type Folder, SECRET, temporaryFolder } from './run.ts'

const NAMES = [
  'GENESYS_CLIENT_ID',
  'GENESYS_CLIENT_SECRET',
  'GENESYS_DEPLOYMENT_ID',
  'GENESYS_EXTERNAL_SOURCE_ID',
  'GENESYS_GATEWAY_URL',
]
const LAST = 'GENESYS_EXTERNAL_SOURCE_ID='

type Printed = { lines: string[]; settings: Record<string, string> } & AsyncDisposable

/** Runs `postrider sandbox` until it has printed its settings; they are read as `.env` is. */
async function runSandbox(cwd: string, env: Record<string, string> = {}): Promise<Printed> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/postrider'), 'sandbox', '--port', '0'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  })
  const gone = once(child, 'exit')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line.startsWith(LAST)) break
  }
  return {
    lines,
    settings: parse(lines.filter((line) => /^[A-Z_]+=/.test(line)).join('\n')),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      assert.deepEqual(await gone, [0, null])
    },
  }
}

async function assertUsable(folder: Folder, { settings }: Printed, more: Record<string, string> = {}) {
  assert.deepEqual(Object.keys(settings).sort(), NAMES)
  const POSTRIDER_CONFIG = join(folder.path, 'config/postrider.yaml')
  const { code, out, err } = await command(['doctor'], { POSTRIDER_CONFIG, ...settings, ...more })
  assert.equal(code, 0, `${out}${err}`)
  const lines = out.trim().split('\n').slice(1)
  assert.ok(lines.length >= 5 && lines.every((line) => line.startsWith('ok ')), out)
}

/** Names the two ids and nothing else that has to be set. */
const CONFIG = `genesys:
  externalSource: { id: "\${GENESYS_EXTERNAL_SOURCE_ID}", name: CRM }
  webmessaging: { deploymentId: "\${GENESYS_DEPLOYMENT_ID}" }
sources: { crm: { preset: standard-webhooks, secrets: [] } }
routes: {}
`

describe('sandbox', () => {
  const folder = temporaryFolder()
  after(() => folder[Symbol.dispose]())

  it('where nothing is set: exactly what it prints satisfies doctor', async () => {
    folder.write('config/postrider.yaml', CONFIG)
    await using printed = await runSandbox(folder.path)
    assert.equal(printed.settings.GENESYS_DEPLOYMENT_ID, DEPLOYMENT)
    assert.equal(printed.settings.GENESYS_EXTERNAL_SOURCE_ID, EXTERNAL_SOURCE.id)
    await assertUsable(folder, printed)
  })

  it('knows the ids that are set, whatever they are', async () => {
    folder.write('config/postrider.yaml', CONFIG)
    folder.write('.env', 'GENESYS_DEPLOYMENT_ID=my-deployment\nGENESYS_EXTERNAL_SOURCE_ID="crm ids #1"\n')
    await using printed = await runSandbox(folder.path)
    folder.write('.env', '')
    assert.equal(printed.settings.GENESYS_DEPLOYMENT_ID, 'my-deployment')
    assert.equal(printed.settings.GENESYS_EXTERNAL_SOURCE_ID, 'crm ids #1')
    await assertUsable(folder, printed)
  })

  it('knows the ids of a configuration that states them, also a source’s own', async () => {
    const file = folder.write(
      'stated.yaml',
      `genesys:
  externalSource: { id: of-the-org, name: Org }
  webmessaging: { deploymentId: stated }
sources:
  crm: { preset: standard-webhooks, secrets: [], externalSource: { id: of-the-source, name: Shop } }
routes: {}
`,
    )
    await using printed = await runSandbox(folder.path, { POSTRIDER_CONFIG: file })
    assert.equal(printed.settings.GENESYS_DEPLOYMENT_ID, 'stated')
    assert.equal(printed.settings.GENESYS_EXTERNAL_SOURCE_ID, 'of-the-org')
    await assertUsable(folder, printed, { POSTRIDER_CONFIG: file })
  })

  it('in a fresh clone: also says what else is not set', async () => {
    const clone = temporaryFolder()
    cpSync(join(ROOT, 'config'), join(clone.path, 'config'), { recursive: true })
    try {
      await using printed = await runSandbox(clone.path)
      assert.match(printed.lines.join('\n'), /^# config\/postrider\.yaml:\d+ {2}.*CRM_WEBHOOK_SECRET/m)
      await assertUsable(clone, printed, { CRM_WEBHOOK_SECRET: SECRET })
    } finally {
      clone[Symbol.dispose]()
    }
  })

  it('without a configuration, or with one that is not right: its own ids; what is wrong is said', async () => {
    const empty = temporaryFolder()
    try {
      await using plain = await runSandbox(empty.path)
      assert.equal(plain.settings.GENESYS_DEPLOYMENT_ID, DEPLOYMENT)
      assert.doesNotMatch(plain.lines.join('\n'), /^#/m)
      await assertUsable(empty, plain, { POSTRIDER_CONFIG: DEMO_CONFIG })
      empty.write('config/postrider.yaml', 'genesys: { webmessaging: { deployment: x } }\n')
      await using broken = await runSandbox(empty.path)
      assert.equal(broken.settings.GENESYS_DEPLOYMENT_ID, DEPLOYMENT)
      assert.match(broken.lines.join('\n'), /^# .*config\/postrider\.yaml:1 /m)
    } finally {
      empty[Symbol.dispose]()
    }
  })
})

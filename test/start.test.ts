import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { secretsIn } from '../src/commands/start.ts'
import { readEnvironment } from '../src/environment.ts'
import { command, DEMO_CONFIG, FIXTURES, jsonOf, SECRET, temporaryFolder } from './commands/run.ts'
import { type Ended, postrider, ROOT, startPostrider } from './run-postrider.ts'

const GENESYS = {
  GENESYS_CLIENT_ID: 'an-id',
  GENESYS_CLIENT_SECRET: 'a-secret',
  GENESYS_DEPLOYMENT_ID: '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60',
  GENESYS_EXTERNAL_SOURCE_ID: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  CRM_WEBHOOK_SECRET: SECRET,
}
const SANDBOX = ['start', '--sandbox', '--sandbox-port', '0']

function assertOneError({ code, out, err }: Ended, ...words: RegExp[]): void {
  assert.equal(code, 1, err)
  assert.equal(out, '')
  for (const one of words) assert.match(err, one)
  assert.doesNotMatch(err, /^\s+at .*:\d+/m, 'no stack trace')
  assert.ok(!err.includes(SECRET) && !err.includes('a-secret'), 'no secret')
}

describe('start in a fresh clone', () => {
  const folder = temporaryFolder()
  const cwd = folder.path
  cpSync(join(ROOT, 'config'), join(cwd, 'config'), { recursive: true })
  after(() => folder[Symbol.dispose]())

  it('nothing is set: one answer says all there is to set, where, and what works without', async () => {
    const ended = await postrider(['start'], { cwd })
    assertOneError(
      ended,
      /config\/postrider\.yaml:\d+ .*GENESYS_EXTERNAL_SOURCE_ID/,
      /config\/postrider\.yaml:\d+ .*GENESYS_DEPLOYMENT_ID/,
      /config\/postrider\.yaml:\d+ .*CRM_WEBHOOK_SECRET/,
      /GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET are not set/,
      /\.env\.example/,
      /npm run demo/,
    )
  })

  it('.env is read, and the environment goes before it', async () => {
    const { GENESYS_CLIENT_SECRET: _, ...most } = GENESYS
    writeFileSync(
      join(cwd, '.env'),
      Object.entries(most)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    const ended = await postrider(['start'], { cwd, env: { GENESYS_CLIENT_ID: '' } })
    assertOneError(
      ended,
      /^No Genesys Cloud to send to: GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET are not set/,
    )
    writeFileSync(join(cwd, '.env'), '')
  })

  const settings = {
    ...GENESYS,
    POSTRIDER_CONFIG: join(cwd, 'config/postrider.yaml'),
    DATABASE_URL: `sqlite:${join(cwd, 'postrider.db')}`,
    PORT: '0',
  }
  const broken: [string, Record<string, string>, RegExp][] = [
    [
      'a secret’s file that is not there',
      { GENESYS_CLIENT_SECRET: '', GENESYS_CLIENT_SECRET_FILE: join(cwd, 'none') },
      /GENESYS_CLIENT_SECRET_FILE: cannot read .*none.*Correct the path/,
    ],
    [
      'a secret’s file that is a folder',
      { CRM_WEBHOOK_SECRET: '', CRM_WEBHOOK_SECRET_FILE: cwd },
      /CRM_WEBHOOK_SECRET_FILE: cannot read/,
    ],
    [
      'a secret’s file with nothing in it',
      { CRM_WEBHOOK_SECRET: '', CRM_WEBHOOK_SECRET_FILE: join(cwd, '.env') },
      /CRM_WEBHOOK_SECRET_FILE: the file .*\.env is empty/,
    ],
    [
      'several variables at once',
      { PORT: '65536', LOG_LEVEL: 'loud' },
      /PORT: expected a port.*\n.*LOG_LEVEL: expected error, warn/,
    ],
    ['a ledger that is a folder', { DATABASE_URL: `sqlite:${join(cwd, 'config')}` }, /The ledger \S+ /],
    [
      'a ledger below a file',
      { DATABASE_URL: `sqlite:${join(cwd, '.env/x.db')}` },
      /The ledger \S+\.env\/x\.db cannot be created/,
    ],
    [
      'a gateway in the clear',
      { GENESYS_GATEWAY_URL: 'http://127.0.0.1.example.com' },
      /GENESYS_GATEWAY_URL: .*Use https/,
    ],
    ['an address of another machine', { HOST: '192.0.2.1' }, /192\.0\.2\.1.*Set HOST and PORT/],
  ]
  for (const [name, env, words] of broken) {
    it(`${name}: one clear error`, async () => {
      assertOneError(await command(['start'], { ...settings, ...env }), words)
    })
  }

  it('the sandbox’s port in use: says so, and of which', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? String(address.port) : ''
    try {
      const ended = await command(['start', '--sandbox', '--sandbox-port', port], settings)
      assertOneError(ended, new RegExp(`sandbox cannot listen on 127\\.0\\.0\\.1:${port}`))
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describe('what must not reach the log', () => {
  const folder = temporaryFolder()
  after(() => folder[Symbol.dispose]())

  it('is the client’s secret and those of all sources, also without their prefix', () => {
    const POSTRIDER_CONFIG = folder.write(
      'postrider.yaml',
      `genesys: {}\nsources: { crm: { preset: standard-webhooks, secrets: ["\${CRM_WEBHOOK_SECRET}"] } }\nroutes: {}\n`,
    )
    const variables = { ...GENESYS, POSTRIDER_CONFIG }
    const secrets = secretsIn(readEnvironment(variables), variables)
    assert.deepEqual(secrets, ['a-secret', SECRET, SECRET.replace('whsec_', '')])
    folder.write('postrider.yaml', 'sources: 7\n')
    assert.deepEqual(secretsIn(readEnvironment(variables), variables), ['a-secret'])
  })
})

describe('start', () => {
  const folder = temporaryFolder()
  const cwd = folder.path
  const env = { POSTRIDER_CONFIG: DEMO_CONFIG, DATABASE_URL: '' }
  after(() => folder[Symbol.dispose]())

  it('--sandbox: says where it sends, to which ledger, for whom, and what is next; each signal stops it with 0', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const running = await startPostrider(SANDBOX, { cwd, env })
      const said = running.lines.join('\n')
      assert.match(said, /^Genesys {3}127\.0\.0\.1:\d+ · deployment 0b1e… · SANDBOX/m)
      assert.match(said, /^Ledger {4}data\/sandbox\.db · 0 scheduled$/m)
      assert.match(
        said,
        /^Sources {3}crm {2}POST http:\/\/127\.0\.0\.1:\d+\/webhooks\/crm · last event never$/m,
      )
      assert.match(said, /^Routes {4}ticket-resolved LIVE · .* · order-survey SHADOW$/m)
      assert.match(
        said,
        /^Next {6}the customers’ side http:\S+ · DATABASE_URL=sqlite:data\/sandbox\.db npx postrider status · console http:\/\/127\.0\.0\.1:\d+\/console\/$/m,
      )
      assert.equal(await running.end(signal), 0)
      assert.match(running.logged(), new RegExp(`stopping: nothing new is sent.*${signal}[\\s\\S]*"stopped"`))
    }
  })

  it('the sandbox’s ledger is refused by a service that sends elsewhere', async () => {
    const elsewhere = {
      ...GENESYS,
      ...env,
      DATABASE_URL: `sqlite:${join(cwd, 'data/sandbox.db')}`,
      GENESYS_GATEWAY_URL: 'http://127.0.0.1:9',
      PORT: '0',
    }
    assertOneError(await command(['start'], elsewhere), /belongs to sandbox.*would send to 127\.0\.0\.1:9/)
  })

  it('stops when what is in flight is settled, however often it is told', async () => {
    const running = await startPostrider(SANDBOX, { cwd, env })
    const sandbox = /(http:\S+)\/ · /.exec(running.lines.at(-1) ?? '')?.[1]
    const asked = (path: string, init: RequestInit = {}) => fetch(`${sandbox}/sandbox/${path}`, init)
    await asked('faults', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operation: 'message', delayMs: 1500 }),
    })
    const replayed = await command(
      ['replay', join(FIXTURES, 'ticket-resolved.json'), '--url', running.url],
      env,
    )
    assert.equal(replayed.code, 0, replayed.err)
    for (let accepted = 0; accepted === 0; ) {
      accepted = ((await (await asked('messages')).json()) as { accepted: number }).accepted
    }
    const ended = running.end('SIGTERM')
    await heard(running.process.stderr, running.logged, '"stopping: ')
    running.process.kill('SIGINT')
    running.process.kill('SIGTERM')
    assert.equal(await ended, 0)
    assert.match(running.logged(), /still stopping/)
    const ledger = { DATABASE_URL: `sqlite:${join(cwd, 'data/sandbox.db')}` }
    const messages = jsonOf<{ state: string }[]>(await command(['messages', 'list', '--json'], ledger))
    assert.deepEqual(
      messages.map(({ state }) => state),
      ['sent'],
    )
  })

  it('logs JSON in production, as much as LOG_LEVEL says, and nothing else on stderr', async () => {
    const lines: Record<string, number> = {}
    for (const LOG_LEVEL of ['info', 'error']) {
      const running = await startPostrider(SANDBOX, {
        cwd,
        env: { ...env, LOG_LEVEL, NODE_ENV: 'production' },
      })
      assert.equal(await running.end(), 0)
      const logged = running
        .logged()
        .split('\n')
        .filter((line) => line !== '')
      for (const line of logged) assert.equal(typeof JSON.parse(line).message, 'string')
      lines[LOG_LEVEL] = logged.length
    }
    assert.deepEqual(lines, { info: 2, error: 0 })
  })

  it('onlyTo and a source without a secret are said before anything happens', async () => {
    const config = readFileSync(DEMO_CONFIG, 'utf8')
      .replace('genesys:', 'genesys:\n  onlyTo: [ada@example.com]')
      .replace(/secrets: .*/, 'secrets: []')
    cpSync(join(ROOT, 'examples/demo/templates'), join(cwd, 'careful/templates'), { recursive: true })
    folder.write('careful/postrider.yaml', config)
    const running = await startPostrider(SANDBOX, {
      cwd,
      env: { POSTRIDER_CONFIG: 'careful/postrider.yaml' },
    })
    const said = running.lines.join('\n')
    assert.match(said, /^Genesys .*only to the 1 of onlyTo$/m)
    assert.match(said, /^Sources .*waits for its secret, refuses everything$/m)
    assert.equal(await running.end(), 0)
  })

  it('a reader that has seen enough is no failure', async () => {
    mkdirSync(join(cwd, 'data'), { recursive: true })
    const child = spawn(process.execPath, [join(ROOT, 'bin/postrider'), 'check', '--json'], {
      cwd,
      env: { PATH: process.env.PATH, POSTRIDER_CONFIG: DEMO_CONFIG },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    assert.deepEqual([code, err], [0, ''])
  })
})

/** Resolves when the process has logged the words. */
async function heard(
  stream: NodeJS.ReadableStream | null,
  logged: () => string,
  words: string,
): Promise<void> {
  while (stream && !logged().includes(words)) await once(stream, 'data')
}

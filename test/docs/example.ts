import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { main } from '../../src/cli.ts'
import { systemClock } from '../../src/clock.ts'
import { post } from '../../src/commands/deliveries.ts'
import { sign } from '../../src/commands/sign-delivery.ts'
import { readFixture } from '../../src/config/fixtures.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { SANDBOX_CLIENT } from '../../src/sandbox/sandbox.ts'
import { sourceOf } from '../receive/sources/source.ts'
import { type Ended, ROOT, startPostrider } from '../run-postrider.ts'
import { sink } from './sink.ts'

/** The demo's, so that one secret signs for both services. */
const SECRET = 'whsec_dGhlIGRlbW8gaGFzIG5vIHNlY3JldHMgYXQgYWxs'
const SETTINGS = {
  CRM_WEBHOOK_SECRET: SECRET,
  GENESYS_DEPLOYMENT_ID: '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60',
  GENESYS_EXTERNAL_SOURCE_ID: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
}
/** As where somebody follows the README: nothing is sent there, because nothing is due. */
const ORG = {
  GENESYS_REGION: 'mypurecloud.de',
  GENESYS_CLIENT_ID: 'an-id',
  GENESYS_CLIENT_SECRET: 'a-secret',
}
/** Where the commands of the docs expect a ledger. */
const LEDGERS = ['postrider.db', 'demo.db', 'sandbox.db']

export type Example = {
  /** What each service of the docs printed, by its command. */
  printed: ReadonlyMap<string, string>
  /** The file of a ledger: messages 1 to 6 as the demo leaves them, 7 unconfirmed, 8 scheduled, all sending paused. */
  ledger: string
  /** Runs one command of the docs in a folder of its own, where `files` stand, with the ledger. */
  run(command: string): Promise<Ended>
  close(): Promise<void>
}

/** Runs the services of the docs, and makes what its commands are about. `files`: further files by name. */
export async function createExample(files: Readonly<Record<string, string>>): Promise<Example> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-docs-'))
  const fresh = (name: string) => {
    const cwd = join(folder, name)
    mkdirSync(join(cwd, 'data'), { recursive: true })
    for (const part of ['config', 'fixtures', 'examples', '.env.example'])
      cpSync(join(ROOT, part), join(cwd, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'))
    for (const [file, content] of Object.entries(files)) writeFileSync(join(cwd, file), content)
    return cwd
  }

  const [demo, sandboxed, org] = await Promise.all([
    runDemo(fresh('demo')),
    startPostrider(['start', '--sandbox', '--sandbox-port', '0'], { cwd: fresh('sandboxed'), env: SETTINGS }),
    startPostrider(['start'], { cwd: fresh('org'), env: { ...SETTINGS, ...ORG } }),
  ])
  await org.end()
  const ledger = join(folder, 'demo/data/demo.db')
  await pauseAll(ledger)
  const url = sandboxed.url
  const sandboxUrl = /side (\S+)\//.exec(sandboxed.lines.join('\n'))?.[1]
  let runs = 0

  return {
    printed: new Map([
      ['npm ci && npm run demo', demo],
      ['npx postrider start --sandbox', sandboxed.lines.join('\n')],
      ['npm start', org.lines.join('\n')],
    ]),
    ledger,
    async run(command) {
      runs += 1
      const cwd = fresh(`run-${runs}`)
      for (const name of LEDGERS) {
        copyFileSync(ledger, join(cwd, 'data', name))
        copyFileSync(`${ledger}.key`, join(cwd, 'data', `${name}.key`))
      }
      const line = command
        .replace(/\breplay (?!.*--url)/, 'replay --url http://127.0.0.1:3000 ')
        .replaceAll('http://127.0.0.1:3000', url)
      const env = {
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        HOME: cwd,
        ...SETTINGS,
        GENESYS_GATEWAY_URL: sandboxUrl,
        GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
        GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
      }
      return /^(\w+=\S+ )?npx postrider /.test(line) ? runHere(line, cwd, env) : runInShell(line, cwd, env)
    },
    async close() {
      await sandboxed.end()
      rmSync(folder, { recursive: true })
    },
  }
}

type Variables = Readonly<Record<string, string | undefined>>

/** In this process, whose folder and environment become the command's meanwhile: loading the program anew for each takes a second. */
async function runHere(line: string, cwd: string, env: Variables): Promise<Ended> {
  const words = [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))
  const at = words.indexOf('npx')
  const set = words.slice(0, at).map((word) => word.split(/=(.*)/))
  const before = { cwd: process.cwd(), env: process.env }
  const [out, err] = [sink(), sink()]
  process.chdir(cwd)
  process.env = { ...env, ...Object.fromEntries(set) }
  try {
    const code = await main(['node', ...words.slice(at + 1)], { out: out.stream, err: err.stream })
    return { code, out: out.text(), err: err.text() }
  } finally {
    process.chdir(before.cwd)
    process.env = before.env
  }
}

async function runInShell(line: string, cwd: string, env: Variables): Promise<Ended> {
  const child = spawn('sh', ['-c', line], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, out, err }
}

/** Runs the demo to its table and adds what the docs are about besides; answers what it printed. */
async function runDemo(cwd: string): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/postrider'), 'demo'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line.startsWith('It goes on running')) break
  }
  const printed = lines.join('\n')
  const [, url = '', sandbox = ''] = /Postrider (\S+) sends to the sandbox (\S+);/.exec(printed) ?? []
  const fault = JSON.stringify({ operation: 'message', reset: 'after-acting', times: 1 })
  await fetch(`${sandbox}/sandbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: fault,
  })
  await postAnew(url, 'appointment-reminder', (body) => body)
  await faultIsSpent(sandbox)
  await postAnew(url, 'cart-abandoned', (body) => body.replace('K-77', 'K-78'))
  // Before the delay of the second is over, so that it stays scheduled.
  child.kill()
  await gone
  return printed
}

async function pauseAll(file: string): Promise<void> {
  const ledger = await openLedger({ url: `sqlite:${file}`, clock: systemClock, log: silentLog, owner: true })
  const pause = { scope: 'all', name: null, code: 'operator', reason: 'an example', forMs: null } as const
  await ledger.pause({ ...pause, probes: 0, by: 'test' })
  await ledger.close()
}

/** When the request that is cut has come: stopping then waits until its outcome is written. */
async function faultIsSpent(sandbox: string): Promise<void> {
  for (;;) {
    const faults = (await (await fetch(`${sandbox}/sandbox/faults`)).json()) as unknown[]
    if (faults.length === 0) return
    await setTimeout(50)
  }
}

async function postAnew(url: string, name: string, change: (body: string) => string): Promise<void> {
  const read = readFixture(join(ROOT, `fixtures/crm/${name}.json`))
  if (read.kind === 'invalid') throw new Error(read.reason)
  const bytes = (now: Date) => Buffer.from(change(read.fixture.bytes(now).toString()))
  const source = sourceOf('standard-webhooks', { name: 'crm' })
  const signer = { source, secret: SECRET, service: url }
  const delivery = sign({ ...read.fixture, bytes }, signer, { skewMs: 0, fresh: true })
  const { status } = await post(delivery)
  if (status !== 200) throw new Error(`the example event was answered ${status}`)
}

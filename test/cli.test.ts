import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readEnvironment } from '../src/environment.ts'
import { type Service, startService } from '../src/main.ts'
import { command } from './commands/run.ts'
import { postrider, startPostrider } from './run-postrider.ts'
import { testLog } from './test-log.ts'

const SECRET = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiB0ZXN0cw=='
const CONFIG = `
genesys:
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  crm: { preset: standard-webhooks, secrets: ["\${CRM_WEBHOOK_SECRET}"] }
routes:
  ticket-resolved: { on: crm/ticket.resolved, template: ticket-resolved, channels: [webmessaging] }
`
/** Nobody listens there: the discard port of loopback. */
const GENESYS = {
  GENESYS_CLIENT_ID: 'an-id',
  GENESYS_CLIENT_SECRET: 'a-secret',
  GENESYS_GATEWAY_URL: 'http://127.0.0.1:9',
}

describe('the command', () => {
  let cwd: string
  let env: Record<string, string>
  const ledgerAt = (name: string) => `sqlite:${join(cwd, name)}`
  const configAt = (name: string) => join(cwd, name)
  /** The service that `env` names, in this process. */
  const serviceOf = (own: Record<string, string>): Promise<Service> => {
    const variables = { ...env, PORT: '0', ...own }
    return startService({
      environment: readEnvironment(variables),
      variables,
      log: testLog(),
      sandbox: false,
    })
  }

  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'postrider-cli-'))
    mkdirSync(join(cwd, 'config/templates'), { recursive: true })
    writeFileSync(join(cwd, 'config/postrider.yaml'), CONFIG)
    writeFileSync(
      join(cwd, 'config/templates/ticket-resolved.liquid'),
      'Ticket {{ data.ticket.id }} is resolved.',
    )
    env = {
      ...GENESYS,
      CRM_WEBHOOK_SECRET: SECRET,
      POSTRIDER_CONFIG: configAt('config/postrider.yaml'),
      DATABASE_URL: ledgerAt('data/postrider.db'),
    }
  })
  after(() => rmSync(cwd, { recursive: true }))

  it('--help names every command and ends with 0', async () => {
    const { code, out } = await postrider(['--help'], { cwd })
    assert.equal(code, 0)
    for (const name of [
      'start',
      'sandbox',
      'check',
      'preview',
      'doctor',
      'status',
      'replay',
      'send',
      'events',
      'messages',
      'pause',
      'resume',
    ]) {
      assert.match(out, new RegExp(`^  ${name}`, 'm'))
    }
  })

  for (const args of [
    ['nonsense'],
    ['messages', 'list', '--state', 'lost'],
    ['messages', 'show', 'x'],
    ['start', '--what'],
    ['messages', 'settle', '1'],
    ['pause', 'everything'],
    ['messages', 'list', '--since', 'yesterdayish'],
  ]) {
    it(`${args.join(' ')}: the words are off, 2`, async () => {
      const { code, err } = await command(args, env)
      assert.equal(code, 2, err)
      assert.doesNotMatch(err, /^\s+at /m)
    })
  }

  it('says where no ledger is', async () => {
    const { code, err } = await command(['events', 'list'], {
      ...env,
      DATABASE_URL: ledgerAt('data/none.db'),
    })
    assert.equal(code, 1)
    assert.match(err, /no ledger at \S+data\/none\.db/)
  })

  describe('start: one clear error, exit code 1, no stack trace', () => {
    const cases: [string, () => Promise<{ env?: Record<string, string>; over?: () => unknown }>, RegExp][] = [
      [
        'a broken configuration, every problem with its line',
        async () => {
          writeFileSync(
            join(cwd, 'broken.yaml'),
            CONFIG.replace('crm/ticket.resolved', 'nowhere/x').replace('channels', 'chanels'),
          )
          return { env: { POSTRIDER_CONFIG: configAt('broken.yaml') } }
        },
        /broken\.yaml:8.*chanels.*did you mean channels[\s\S]*broken\.yaml:8.*no source nowhere/,
      ],
      ['no configuration', async () => ({ env: { POSTRIDER_CONFIG: configAt('none.yaml') } }), /none\.yaml/],
      ['a missing secret', async () => ({ env: { CRM_WEBHOOK_SECRET: '' } }), /CRM_WEBHOOK_SECRET/],
      [
        'no Genesys Cloud',
        async () => ({ env: { GENESYS_CLIENT_ID: '', GENESYS_CLIENT_SECRET: '' } }),
        /GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET/,
      ],
      [
        'a gateway in the clear',
        async () => ({ env: { GENESYS_GATEWAY_URL: 'http://gateway.example.com' } }),
        /https/,
      ],
      ['a bad variable', async () => ({ env: { PORT: 'eighty' } }), /PORT/],
      ['another kind of ledger', async () => ({ env: { DATABASE_URL: 'mysql://x' } }), /DATABASE_URL/],
      [
        'an unwritable ledger',
        async () => {
          writeFileSync(join(cwd, 'a-file'), '')
          return { env: { DATABASE_URL: ledgerAt('a-file/postrider.db') } }
        },
        /a-file/,
      ],
      [
        'a file that is no ledger',
        async () => {
          writeFileSync(
            join(cwd, 'not.db'),
            'this is a text, and long enough to be read as a header of a database',
          )
          return { env: { DATABASE_URL: ledgerAt('not.db') } }
        },
        /not\.db/,
      ],
      [
        'a ledger in use',
        async () => {
          const running = await serviceOf({ DATABASE_URL: ledgerAt('used.db') })
          return { env: { DATABASE_URL: ledgerAt('used.db') }, over: () => running.stop() }
        },
        /used\.db.*another/is,
      ],
      [
        'a ledger of another org',
        async () => {
          const DATABASE_URL = ledgerAt('other.db')
          const other = await serviceOf({ DATABASE_URL, GENESYS_GATEWAY_URL: 'http://127.0.0.1:10' })
          await other.stop()
          return { env: { DATABASE_URL } }
        },
        /127\.0\.0\.1:10/,
      ],
      [
        'a port in use',
        async () => {
          const server = createServer()
          await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
          const address = server.address()
          const port = typeof address === 'object' && address !== null ? address.port : 0
          return { env: { PORT: String(port) }, over: () => new Promise((resolve) => server.close(resolve)) }
        },
        /PORT/,
      ],
    ]
    for (const [name, prepare, words] of cases) {
      it(name, async () => {
        const { env: own = {}, over } = await prepare()
        try {
          const { code, out, err } = await command(['start'], { ...env, PORT: '0', ...own })
          assert.equal(code, 1, err)
          assert.match(err, words)
          assert.doesNotMatch(err, /^\s+at .*:\d+/m, 'no stack trace')
          assert.ok(!err.includes(SECRET) && !err.includes('a-secret'), 'no secret')
          assert.equal(out, '')
        } finally {
          await over?.()
        }
      })
    }
  })

  it('starts, says what it is about to do, and stops on SIGTERM with 0', async () => {
    const { POSTRIDER_CONFIG: _, ...settings } = env
    const running = await startPostrider(['start'], {
      cwd,
      env: { ...settings, DATABASE_URL: 'sqlite:data/postrider.db' },
    })
    const said = running.lines.join('\n')
    assert.match(said, /^Genesys +127\.0\.0\.1:9 · deployment 0b1e… · GATEWAY$/m)
    assert.match(said, /^Ledger +data\/postrider\.db · 0 scheduled$/m)
    assert.match(said, /^Sources +crm {2}POST http:\/\/127\.0\.0\.1:\d+\/webhooks\/crm · last event never$/m)
    assert.match(said, /^Routes +ticket-resolved LIVE$/m)
    assert.equal(await running.end(), 0)
  })

  it('pauses and resumes beside the running service', async () => {
    const running = await startPostrider(['start'], { cwd, env })
    try {
      const paused = await command(['pause', 'route', 'ticket-resolved', '--reason', 'a test', '--json'], env)
      assert.equal(paused.code, 0, paused.err)
      assert.equal(JSON.parse(paused.out).scope, 'route')
      const status = await command(['status', '--json'], env)
      assert.equal(status.code, 1, 'a pause needs a person')
      assert.equal(JSON.parse(status.out).pauses[0].reason, 'a test')
      const resumed = await command(['resume', 'route', 'ticket-resolved'], env)
      assert.equal(resumed.code, 0, resumed.err)
      const again = await command(['resume', 'route', 'ticket-resolved'], env)
      assert.equal(again.code, 1)
      const well = await command(['status', '--json'], env)
      assert.equal(well.code, 0, well.out)
    } finally {
      await running.end()
    }
  })

  it('refuses the sandbox under NODE_ENV=production unless it is asked for by name', async () => {
    const { code, err } = await command(['sandbox', '--port', '0'], { NODE_ENV: 'production' })
    assert.equal(code, 1)
    assert.match(err, /--sandbox/)
  })
})

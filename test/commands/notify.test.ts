import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Webhook } from 'svix'
import { systemClock } from '../../src/clock.ts'
import { secretsIn } from '../../src/commands/start.ts'
import { readEnvironment } from '../../src/environment.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { createManualClock } from '../manual-clock.ts'
import { type Receiver, startReceiver } from '../ops/receiver.ts'
import { testLog } from '../test-log.ts'
import { command, jsonOf, temporaryFolder } from './run.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const OWN = 'a secret of their own'

describe('postrider notify', () => {
  const folder = temporaryFolder()
  const DATABASE_URL = `sqlite:${join(folder.path, 'postrider.db')}`
  let receiver: Receiver
  before(async () => {
    receiver = await startReceiver()
  })
  after(async () => {
    await receiver.close()
    folder[Symbol.dispose]()
  })

  /** With this block in the configuration, whose other variables are not set. */
  function notify(block: string, args: readonly string[], variables: Record<string, string> = {}) {
    const config = `genesys: {}\nsources:\n  crm: { preset: standard-webhooks, secrets: ["\${CRM}"] }\nroutes: {}\n${block}`
    return command(args, {
      DATABASE_URL,
      POSTRIDER_CONFIG: folder.write('postrider.yaml', config),
      OPS_WEBHOOK_URL: `${receiver.url}?token=in-the-url`,
      OPS_WEBHOOK_SECRET: OWN,
      ...variables,
    })
  }
  const DERIVED = `notify: { url: "\${OPS_WEBHOOK_URL}" }`
  const WITH_SECRET = `notify: { url: "\${OPS_WEBHOOK_URL}", secret: "\${OPS_WEBHOOK_SECRET}" }`
  const secretOf = async (variables: Record<string, string>) =>
    notify(DERIVED, ['notify', 'secret'], variables)

  it('secret: alone on stdout, of POSTRIDER_KEY, the same each time', async () => {
    const first = await secretOf({ POSTRIDER_KEY: KEY })
    assert.match(first.out, /^whsec_[A-Za-z0-9+/]{43}=\n$/)
    assert.deepEqual([first.code, first.err], [0, ''])
    assert.equal((await secretOf({ POSTRIDER_KEY: KEY })).out, first.out)
    const other = await secretOf({ POSTRIDER_KEY: Buffer.alloc(32, 8).toString('base64') })
    assert.notEqual(other.out, first.out)
  })

  it('secret: where there is no key and no ledger, says so', async () => {
    const { code, out, err } = await secretOf({ DATABASE_URL: `sqlite:${join(folder.path, 'none.db')}` })
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /There is no ledger at .*none\.db/)
  })

  it('secret: of the key beside the ledger', async () => {
    const ledger = await openLedger({ url: DATABASE_URL, clock: systemClock, log: silentLog, owner: true })
    await ledger.close()
    const { code, out } = await secretOf({})
    assert.equal(code, 0)
    assert.match(out, /^whsec_/)
    assert.equal((await secretOf({})).out, out)
  })

  it('secret: one of the configuration is not printed', async () => {
    const { code, out, err } = await notify(WITH_SECRET, ['notify', 'secret'])
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /notify\.secret is set/)
    assert.doesNotMatch(err, new RegExp(OWN))
  })

  it('test: what came back, signed with what secret prints', async () => {
    receiver.posts.length = 0
    const { out: secret } = await secretOf({ POSTRIDER_KEY: KEY })
    const said = await notify(DERIVED, ['notify', 'test'], { POSTRIDER_KEY: KEY })
    assert.equal(said.code, 0, said.err)
    assert.match(said.out, /^127\.0\.0\.1:\d+ answered 204 \(\d+ ms\)\. /)
    assert.doesNotMatch(said.out, /in-the-url/)
    const [post, ...more] = receiver.posts
    assert.ok(post)
    assert.deepEqual(more, [])
    assert.equal(post.body.type, 'notify.test')
    new Webhook(secret.trim()).verify(post.raw, post.headers)
  })

  it('test: one that is not taken is exit code 1 and what to do', async () => {
    receiver.answer = () => 403
    const said = await notify(WITH_SECRET, ['notify', 'test'])
    assert.equal(said.code, 1)
    assert.match(said.out, /answered 403 .*See that notify\.url is right/)
    const json = jsonOf<Record<string, unknown>>(await notify(WITH_SECRET, ['notify', 'test', '--json']))
    assert.deepEqual([json.ok, json.status, json.reason], [false, 403, 'answered 403'])
    receiver.answer = () => ({ location: receiver.url })
    assert.match((await notify(WITH_SECRET, ['notify', 'test'])).out, /redirects are not followed/)
    receiver.answer = () => 204
  })

  it('test: nobody listens', async () => {
    const gone = await startReceiver()
    await gone.close()
    const said = await notify(WITH_SECRET, ['notify', 'test'], { OPS_WEBHOOK_URL: gone.url })
    assert.equal(said.code, 1)
    assert.match(said.out, /^127\.0\.0\.1:\d+ was not told: .*ECONNREFUSED/)
  })

  it('where nobody is told, or the variable is not set: says what to do', async () => {
    const none = await notify('', ['notify', 'test'])
    assert.equal(none.code, 1)
    assert.match(none.err, /names nobody who is told\. Add notify:/)
    const unset = await notify(DERIVED, ['notify', 'test'], { OPS_WEBHOOK_URL: '' })
    assert.equal(unset.code, 1)
    assert.match(unset.err, /postrider\.yaml:5 .*notify\.url: \$\{OPS_WEBHOOK_URL\} is not set/)
  })

  it('check: the host alone, and whose secret signs', async () => {
    for (const [block, signs, json] of [
      [DERIVED, /^ +127\.0\.0\.1:\d+ +signed with a secret of the ledger’s key/m, 'derived'],
      [WITH_SECRET, /^ +127\.0\.0\.1:\d+ +signed with notify\.secret$/m, 'own'],
    ] as const) {
      const { out } = await notify(block, ['check'])
      assert.match(out, signs)
      assert.doesNotMatch(out, /in-the-url|of their own/)
      const told = jsonOf<{ notify: { secret: string } }>(await notify(block, ['check', '--json']))
      assert.equal(told.notify.secret, json)
    }
    assert.equal(jsonOf<{ notify: null }>(await notify('', ['check', '--json'])).notify, null)
    const unset = await notify(DERIVED, ['check'], { OPS_WEBHOOK_URL: '' })
    assert.match(unset.out, /OPS_WEBHOOK_URL\} is not set/)
  })

  it('a service that starts tells what stands, signed with what secret prints', async () => {
    const source = '{ preset: standard-webhooks, secrets: [], expectEvery: 1h }'
    const config = `genesys: {}\nsources:\n  crm: ${source}\n  new: ${source}\nroutes: {}\n${DERIVED}`
    const variables = {
      POSTRIDER_CONFIG: folder.write('service.yaml', config),
      DATABASE_URL: `sqlite:${join(folder.path, 'service.db')}`,
      OPS_WEBHOOK_URL: receiver.url,
      PORT: '0',
    }
    const now = systemClock.now()
    const before = await openLedger({
      url: variables.DATABASE_URL,
      clock: createManualClock(now - 2 * 3_600_000),
      log: silentLog,
      owner: true,
    })
    await before.expect(['crm'])
    await before.close()
    const next = receiver.next()
    const environment = readEnvironment(variables)
    const service = await startService({ environment, variables, log: testLog(), sandbox: true })
    try {
      const { body, raw, headers } = await next
      assert.deepEqual([body.type, body.data.source, body.data.sendsTo], ['silence.began', 'crm', 'sandbox'])
      const { expectedSince } = await service.ledger.reads.trouble()
      assert.deepEqual([expectedSince.crm, (expectedSince.new ?? 0) >= now], [now - 2 * 3_600_000, true])
      const { out } = await command(['notify', 'secret'], variables)
      new Webhook(out.trim()).verify(raw, headers)
    } finally {
      await service.stop()
    }
  })

  it('neither the URL nor the secret reaches the log', () => {
    const variables = {
      POSTRIDER_CONFIG: folder.write('logged.yaml', `genesys: {}\nsources: {}\nroutes: {}\n${WITH_SECRET}`),
      OPS_WEBHOOK_URL: 'https://ops.example.com/hook/token-in-the-path',
      OPS_WEBHOOK_SECRET: OWN,
    }
    const secrets = secretsIn(readEnvironment(variables), variables)
    assert.ok(secrets.includes(OWN) && secrets.includes(variables.OPS_WEBHOOK_URL))
  })
})

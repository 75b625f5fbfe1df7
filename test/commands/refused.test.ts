import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { post } from '../../src/commands/deliveries.ts'
import { localTime } from '../../src/commands/output.ts'
import { readEnvironment } from '../../src/environment.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { type Service, startService } from '../../src/main.ts'
import { startServer } from '../../src/server.ts'
import { configOf } from '../../src/settings.ts'
import { HELD } from '../contract/held.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { signed } from '../receive/signing.ts'
import { ROOT } from '../run-postrider.ts'
import { testLog } from '../test-log.ts'
import { command, jsonOf, temporaryFolder } from './run.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const BEFORE = `whsec_${Buffer.from('the secret before the rotation..').toString('base64')}`
const SINCE = `whsec_${Buffer.from('the secret after the rotation...').toString('base64')}`
const FORGED = `whsec_${Buffer.from('a secret that nobody here knows.').toString('base64')}`
/** How many events the night has. */
const EVENTS = 12

const CONFIG = `
genesys:
  rateLimitPerMinute: 3000
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  email: { from: { email: care@example.com, name: Care } }
sources:
  helpdesk: { preset: standard-webhooks, secrets: ["\${HELPDESK_SECRET}", "\${HELPDESK_SECRET_NEW}"] }
routes:
  order-placed: { on: helpdesk/order.placed, template: order-placed, channels: [email] }
`

type EventJson = { id: number; key: string; state: string; receivedAt: string }
type MessageJson = { id: number; eventId: number; state: string; reason: string | null; attempts: number }
type StatusJson = { ok: boolean; attention: string[]; recheckable: object[] }
type RefusedJson = Record<string, unknown> & { id: number; acceptedAt: string | null }

describe('the night in which the secret is wrong', () => {
  const folder = temporaryFolder()
  cpSync(join(ROOT, 'examples/demo/templates'), join(folder.path, 'templates'), { recursive: true })
  const variables = {
    POSTRIDER_CONFIG: folder.write('postrider.yaml', CONFIG),
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    PORT: '0',
    HELPDESK_SECRET: BEFORE,
    HELPDESK_SECRET_NEW: BEFORE,
  }
  const mended = { ...variables, HELPDESK_SECRET_NEW: SINCE }
  let service: Service | null = null
  after(async () => {
    await service?.stop()
    folder[Symbol.dispose]()
  })

  const run = (args: string, environment = variables) => command(args.split(' '), environment)
  const events = async () => jsonOf<EventJson[]>(await run('events list --limit 1000 --json'))
  const messages = async () => jsonOf<MessageJson[]>(await run('messages list --limit 1000 --json'))
  const began = Math.floor((Date.now() - 7 * HOUR) / 1000) * 1000

  /** The night's nth event, signed at `atMs`. */
  function order(n: number, atMs: number, { secret = SINCE, padded = 0 } = {}) {
    const data = {
      order: { number: `2026-${n}`, total: '59,90 €' },
      customer: { id: 'C-1002', email: 'bruno@example.com', name: 'Bruno Beispiel', locale: 'de-AT' },
    }
    const timestamp = new Date(began + n * 30 * MINUTE).toISOString()
    const body = JSON.stringify({ type: 'order.placed', timestamp, data }).padEnd(padded)
    return signed({ id: `msg_night_${n}`, atMs, body, secrets: [secret] })
  }

  async function deliver(url: string, { headers, body }: ReturnType<typeof order>): Promise<string> {
    const { status, answer } = await post({ url: `${url}/webhooks/helpdesk`, headers, body })
    return `${status} ${status === 200 ? answer : ''}`.trim()
  }

  /** The receiving half of the service, in the time of that night. */
  async function receivingAt(clock: ManualClock) {
    const url = variables.DATABASE_URL
    const ledger = await openLedger({ url, clock, log: testLog(), owner: true })
    await ledger.bindHost('sandbox')
    const server = await startServer({
      config: configOf(variables.POSTRIDER_CONFIG, variables),
      ledger,
      clock,
      log: testLog(),
      sender: async () => ({ sendsTo: 'sandbox', inFlight: 0, pauses: [] }),
      host: '127.0.0.1',
      port: 0,
      trustProxy: 0,
    })
    return { url: server.url, stop: () => server.close().then(() => ledger.close()) }
  }

  let advised = ''

  it('the sender signs with a new secret: every event is refused, and some are tried again', async () => {
    const clock = createManualClock(began)
    const receiving = await receivingAt(clock)
    try {
      assert.equal(await deliver(receiving.url, order(0, clock.now(), { secret: BEFORE })), '200 recorded')
      for (let n = 1; n <= EVENTS; n += 1) {
        await clock.advance(30 * MINUTE)
        assert.equal(await deliver(receiving.url, order(n, clock.now())), '401')
        await clock.advance(MINUTE)
        if (n % 4 === 0) assert.equal(await deliver(receiving.url, order(n, clock.now())), '401')
      }
      assert.equal(await deliver(receiving.url, order(50, clock.now(), { secret: FORGED })), '401')
      assert.equal(await deliver(receiving.url, order(51, clock.now(), { padded: 70_000 })), '401')
    } finally {
      await receiving.stop()
    }
  })

  it('status alone says what happened, since when, what to mend and what to do then', async () => {
    const said = await run('status')
    assert.equal(said.code, 1)
    const line = said.out.split('\n').find((one) => one.startsWith('! helpdesk: '))
    const first = localTime(began + 30 * MINUTE)
    assert.match(line ?? said.out, /^! helpdesk: 17 deliveries refused, no secret matched \(no-match\)/)
    assert.match(line ?? '', /compare the secret with the sender’s/)
    advised = / npx postrider (refused recheck .*)$/.exec(line ?? '')?.[1] ?? ''
    const since = new Date(began + 30 * MINUTE).toISOString().slice(0, 16)
    assert.equal(advised, `refused recheck --source helpdesk --since ${since}Z`)
    const { ok, attention, recheckable } = jsonOf<StatusJson>(await run('status --json'))
    assert.deepEqual([ok, attention.filter((one) => one.startsWith('helpdesk')).length], [false, 1])
    assert.deepEqual(recheckable, [
      { source: 'helpdesk', reason: 'no-match', count: 16, since: began + 30 * MINUTE },
    ])
    assert.ok(said.out.includes(`16 are kept, the oldest of ${first}`), said.out)
  })

  it('the list has them without anything that they hold', async () => {
    const said = await run('refused list --source helpdesk --limit 3')
    assert.equal(said.code, 0)
    assert.match(said.out, /^ID +RECEIVED +SOURCE +REASON +BYTES +BODY +TAKEN IN$/m)
    assert.match(said.out, /helpdesk +no-match +7000\d +not kept/)
    assert.match(said.out, /when it is mended: npx postrider refused recheck --source helpdesk$/m)
    const all = await run('refused list --reason no-match --json')
    const listed = jsonOf<RefusedJson[]>(all)
    assert.equal(listed.length, 17)
    for (const one of listed) {
      assert.deepEqual(Object.keys(one), [
        'id',
        'source',
        'receivedAt',
        'reason',
        'bytes',
        'bodyKept',
        'acceptedAt',
      ])
    }
    for (const word of ['v1,', 'bruno', 'msg_night', '/webhooks/']) assert.ok(!all.out.includes(word), word)
    assert.equal((await run('refused list --reason no --json')).out, '[]\n')
    assert.match((await run('refused list --source shop')).out, /^No refused deliveries match\./)
  })

  it('rechecked before anything is mended, nothing is taken in: 1', async () => {
    const said = await run(advised)
    assert.equal(said.code, 1)
    assert.match(said.out, /^17 refused deliveries of helpdesk looked at\.$/m)
    assert.match(said.out, /^! 16 refused still \(no-match\): compare the secret/m)
    assert.deepEqual((await events()).length, 1)
  })

  it('mended and restarted: what comes is accepted, and status still names those of the night', async () => {
    service = await startService({
      environment: readEnvironment(mended),
      variables: mended,
      log: testLog(),
      sandbox: true,
      sandboxPort: 0,
      sandboxOptions: HELD,
    })
    // The sender’s next try of one of them, and something new.
    assert.equal(await deliver(service.url, order(2, Date.now())), '200 recorded')
    assert.equal(await deliver(service.url, order(60, Date.now())), '200 recorded')
    const { code, out } = await run('status')
    assert.equal(code, 0, out)
    assert.match(out, /^Refused +helpdesk · 17 × no-match .*refused recheck --source helpdesk --since/m)
  })

  it('rechecked as status says: every event of the night is taken in, once', async () => {
    const said = await run(`${advised} --by ann --json`, mended)
    assert.equal(said.code, 0, said.err)
    const { since, ...rechecked } = jsonOf<{ since: string }>(said)
    assert.equal(Date.parse(since) <= began + 30 * MINUTE, true)
    assert.deepEqual(rechecked, {
      source: 'helpdesk',
      until: null,
      deliveries: 17,
      accepted: 15,
      acceptedBefore: 0,
      withoutBody: 1,
      refused: { 'no-match': 1 },
      // Three came twice, and one of the others was sent again since the mend.
      events: { recorded: 11, known: 4, unreadable: 0, unplanned: 0 },
      messages: 11,
      expired: 0,
    })
  })

  it('a second time says so and does nothing: 1, since what is left is not authentic', async () => {
    const said = await run(advised, mended)
    assert.equal(said.code, 1)
    assert.match(said.out, /^2 refused deliveries of helpdesk looked at; 15 were taken in before\.$/m)
    assert.match(said.out, /^! 1 with more than 64 KiB, whose bodies were not kept\./m)
  })

  it('what the sender tries again after that is known', async () => {
    for (const n of [1, 4, 12]) {
      assert.equal(await deliver(service?.url ?? '', order(n, Date.now())), '200 known')
    }
  })

  it('every event is there once, as of its arrival, and its message is sent once', async () => {
    const all = await events()
    const night = Array.from({ length: EVENTS + 1 }, (_, n) => `msg_night_${n}`)
    assert.deepEqual(all.map(({ key }) => key).sort(), [...night, 'msg_night_60'].sort())
    const third = all.find(({ key }) => key === 'msg_night_3')
    assert.equal(third?.receivedAt, new Date(began + 3 * 31 * MINUTE - MINUTE).toISOString())
    for (;;) {
      const its = await messages()
      assert.deepEqual(its.map(({ eventId }) => eventId).sort(), all.map(({ id }) => id).sort())
      if (its.every(({ state }) => state !== 'scheduled' && state !== 'sending')) {
        assert.deepEqual(
          its.filter(({ state, attempts }) => state !== 'sent' || attempts !== 1),
          [],
        )
        break
      }
      await systemClock.sleep(20)
    }
  })

  it('the list says when each was taken in, and the trail who had it done', async () => {
    const listed = jsonOf<RefusedJson[]>(await run('refused list --json'))
    assert.deepEqual([listed.length, listed.filter(({ acceptedAt }) => acceptedAt !== null).length], [17, 15])
    const trail = (await service?.ledger.reads.audit({ action: 'refused.recheck', limit: 10 })) ?? []
    assert.deepEqual(
      trail.map(({ by, target }) => [by, target]),
      [['ann', { source: 'helpdesk', deliveries: 15 }]],
    )
  })
})

describe('refused, asked for wrongly', () => {
  const folder = temporaryFolder()
  cpSync(join(ROOT, 'examples/demo/templates'), join(folder.path, 'templates'), { recursive: true })
  const variables = {
    POSTRIDER_CONFIG: folder.write('postrider.yaml', CONFIG),
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    HELPDESK_SECRET: BEFORE,
    HELPDESK_SECRET_NEW: BEFORE,
  }
  after(() => folder[Symbol.dispose]())
  const run = (args: string) => command(args.split(' '), variables)

  it('a source that there is none of, and nothing that was refused', async () => {
    const url = variables.DATABASE_URL
    await (await openLedger({ url, clock: systemClock, log: testLog(), owner: true })).close()
    const unknown = await run('refused recheck --source shop')
    assert.deepEqual([unknown.code, /There is no source shop .*helpdesk/.test(unknown.err)], [1, true])
    const nothing = await run('refused recheck --source helpdesk')
    assert.deepEqual(
      [nothing.code, nothing.out],
      [0, 'Nothing that was refused of helpdesk is left to look at.\n'],
    )
  })

  for (const args of [
    'refused recheck',
    'refused recheck --source helpdesk --since 1h --until 2h',
    'refused list --since soon',
  ]) {
    it(`${args}: 2`, async () => assert.equal((await run(args)).code, 2))
  }
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { localTime } from '../../src/commands/output.ts'
import type { Ledger, PauseRequest } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { adviceFor } from '../../src/ops/refused-advice.ts'
import { claimLook, entry, failed, openOne, planned, UNCONFIRMED } from '../ledger/contract/build.ts'
import { createManualClock } from '../manual-clock.ts'
import { command, jsonOf, temporaryFolder } from './run.ts'

type StatusJson = { ok: boolean; attention: string[]; messages: { unconfirmed: number }; looking: number }

describe('status: messages of which nobody knows', () => {
  const folder = temporaryFolder()
  const variables = { DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}` }
  let ledger: Ledger
  before(async () => {
    ledger = await openLedger({
      url: variables.DATABASE_URL,
      clock: systemClock,
      log: silentLog,
      owner: true,
    })
  })
  after(async () => {
    await ledger.close()
    folder[Symbol.dispose]()
  })

  const status = (...args: string[]) => command(['status', ...args], variables)

  /** One more of them, to be looked for after so long; null: never. */
  async function unconfirmed(key: string, lookInMs: number | null): Promise<void> {
    const now = systemClock.now()
    await ledger.record([entry(now, key, [planned(now)])])
    const attempt = await openOne(ledger)
    await ledger.settle(attempt.id, { ...UNCONFIRMED, lookInMs })
  }

  it('none: not a word of them', async () => {
    const { code, out } = await status()
    assert.equal(code, 0, out)
    assert.doesNotMatch(out, /^Looking/m)
  })

  it('still looked for: need nobody yet', async () => {
    await unconfirmed('looked-for-soon', 0)
    await unconfirmed('looked-for-later', 3_600_000)
    const { code, out } = await status()
    assert.equal(code, 0, out)
    assert.match(out, /^Looking +2 unconfirmed, 2 of them still looked for$/m)
    assert.match(out, /^Nothing needs a person\.$/m)
    const { ok, looking, messages } = jsonOf<StatusJson>(await status('--json'))
    assert.deepEqual([ok, looking, messages.unconfirmed], [true, 2, 2])
  })

  it('looked for in vain: those wait for a person', async () => {
    const { lease, attempt } = await claimLook(ledger)
    const look = { complete: true, saw: 'nothing of it' }
    await ledger.settleLook(lease, attempt.id, { kind: 'held', againInMs: null, look, reason: 'Held.' })
    const { code, out } = await status()
    assert.equal(code, 1)
    assert.match(out, /^Looking +2 unconfirmed, 1 of them still looked for$/m)
    assert.match(out, /^! 1 message unconfirmed and not looked for any more: .*messages settle/m)
    const { ok, attention, looking } = jsonOf<StatusJson>(await status('--json'))
    assert.deepEqual([ok, attention.length, looking], [false, 1, 1])
  })
})

describe('status: who is at work', () => {
  const folder = temporaryFolder()
  const variables = { DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}` }
  after(() => folder[Symbol.dispose]())
  const MINUTE = 60_000
  const STARTED = Math.floor(systemClock.now() / 1000) * 1000 - 20 * MINUTE
  const status = (...args: string[]) => command(['status', ...args], variables)

  async function withInstances(versions: readonly string[], work: () => Promise<void>): Promise<void> {
    const url = variables.DATABASE_URL
    const ledger = await openLedger({ url, clock: systemClock, log: silentLog, owner: true })
    try {
      for (const [n, configVersion] of versions.entries()) {
        const startedAt = STARTED + n * MINUTE
        await ledger.beat({ id: `i${n}`, host: `host-${n}`, pid: 40 + n, configVersion, startedAt })
      }
      await work()
    } finally {
      await ledger.close()
    }
  }

  it('each with its process, and since when', async () => {
    await withInstances(['aaaa', 'aaaa'], async () => {
      const { code, out } = await status()
      assert.equal(code, 0, out)
      const since = [localTime(STARTED), localTime(STARTED + MINUTE)]
      assert.match(
        out,
        new RegExp(
          `^Instances 2 · host-0 \\(pid 40\\) since ${since[0]}, host-1 \\(pid 41\\) since ${since[1]}$`,
          'm',
        ),
      )
      const { instances } = jsonOf<{ instances: Record<string, unknown>[] }>(await status('--json'))
      assert.equal(instances.length, 2)
      const { seenAt, ...one } = instances[1] ?? {}
      assert.ok(Date.now() - Date.parse(String(seenAt)) < MINUTE)
      assert.deepEqual(one, {
        id: 'i1',
        host: 'host-1',
        pid: 41,
        configVersion: 'aaaa',
        startedAt: new Date(STARTED + MINUTE).toISOString(),
      })
    })
  })

  it('with different configurations: that needs a person', async () => {
    await withInstances(['aaaa', 'bbbb'], async () => {
      const { code, out } = await status()
      assert.equal(code, 1, out)
      assert.match(
        out,
        /^! 2 instances run with different configurations \(aaaa on host-0 .*: host-0 \(pid 40\)$/m,
      )
    })
  })

  it('a service that ended a moment ago is not at work', async () => {
    await withInstances(['aaaa'], async () => {})
    const { out } = await status()
    assert.doesNotMatch(out, /^Instances/m)
    assert.match(out, /^Service +none runs with this ledger/m)
    assert.deepEqual(jsonOf<{ instances: unknown[] }>(await status('--json')).instances, [])
  })
})

describe('status: no service runs', () => {
  const folder = temporaryFolder()
  const variables = { DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}` }
  after(() => folder[Symbol.dispose]())
  const MINUTE = 60_000

  /** What a service left behind that ended. */
  async function ledgerWith(work: (ledger: Ledger) => Promise<unknown>): Promise<void> {
    const ledger = await openLedger({
      url: variables.DATABASE_URL,
      clock: systemClock,
      log: silentLog,
      owner: true,
    })
    await work(ledger)
    await ledger.close()
  }
  const due = (key: string, agoMs: number) => {
    const now = systemClock.now()
    return (ledger: Ledger) => ledger.record([entry(now, key, [planned(now, { dueAt: now - agoMs })])])
  }
  const status = (...args: string[]) => command(['status', ...args], variables)

  it('and nothing is due: a line, and nobody is needed', async () => {
    await ledgerWith(due('later', -60 * MINUTE))
    const { code, out } = await status()
    assert.equal(code, 0, out)
    assert.match(out, /^Service +none runs with this ledger: npx postrider start$/m)
    const json = jsonOf<StatusJson & { serviceRuns: boolean }>(await status('--json'))
    assert.deepEqual([json.ok, json.serviceRuns], [true, false])
  })

  it('and something was due two minutes ago, whatever else is paused', async () => {
    await ledgerWith(async (ledger) => {
      await due('late', 2 * MINUTE)(ledger)
      const pause = { name: 'other', code: 'operator', reason: 'x', forMs: 60 * MINUTE, probes: 0, by: 'ann' }
      await ledger.pause({ ...pause, scope: 'route' } as PauseRequest)
    })
    const { code, out } = await status()
    assert.equal(code, 1, out)
    const lines = out.split('\n').filter((one) => one.startsWith('!'))
    assert.equal(lines.length, 1, out)
    assert.match(
      lines[0] ?? '',
      /^! 1 message due and not sent, .*: no service runs with this ledger: npx postrider start$/,
    )
  })

  it('one runs: not a word', async () => {
    await ledgerWith(async () => {
      const { code, out } = await status()
      assert.equal(code, 0, out)
      assert.doesNotMatch(out, /^Service/m)
    })
  })
})

describe('status: sources that are expected to be heard of', () => {
  const folder = temporaryFolder()
  const DATABASE_URL = `sqlite:${join(folder.path, 'postrider.db')}`
  const HOUR = 3_600_000
  const HEARD = Math.floor(systemClock.now() / 1000) * 1000 - 3 * HOUR
  before(async () => {
    const clock = createManualClock(HEARD)
    const ledger = await openLedger({ url: DATABASE_URL, clock, log: silentLog, owner: true })
    await ledger.record(['one', 'other'].map((source) => entry(HEARD, `of-${source}`, [], { source })))
    await ledger.close()
  })
  after(() => folder[Symbol.dispose]())

  /** With these sources, each by what is expected of it. */
  function status(expected: Readonly<Record<string, string>>, ...args: string[]) {
    const sources = Object.entries(expected).map(
      ([name, every]) => `  ${name}: { preset: standard-webhooks, secrets: []${every} }`,
    )
    const config = ['genesys: {}', 'sources:', ...sources, 'routes: {}'].join('\n')
    return command(['status', ...args], {
      DATABASE_URL,
      POSTRIDER_CONFIG: folder.write('postrider.yaml', config),
    })
  }
  const attentionTo = async (expected: Readonly<Record<string, string>>) =>
    jsonOf<StatusJson>(await status(expected, '--json')).attention

  it('silent for longer than that: since when, and what to do', async () => {
    const { code, out } = await status({ one: ', expectEvery: 2h', other: ', expectEvery: 1d' })
    assert.equal(code, 1)
    const [line, ...more] = out.split('\n').filter((one) => one.startsWith('!'))
    assert.deepEqual(more, [])
    assert.ok(line?.startsWith(`! one: silent since ${localTime(HEARD)}, and expected every 2h: `), line)
    assert.match(line ?? '', /npx postrider sources show one$/)
  })

  it('never heard of: said in words, until it is expected for that long', async () => {
    const expected = { one: '', new: ', expectEvery: 2h' }
    const { code, out } = await status(expected)
    assert.equal(code, 0, out)
    assert.match(out, /^Source +new · never sent an event, and expected every 2h$/m)

    const ledger = await openLedger({
      url: DATABASE_URL,
      clock: createManualClock(HEARD),
      log: silentLog,
      owner: true,
    })
    await ledger.expect(['new'])
    await ledger.close()
    const [line, ...more] = await attentionTo(expected)
    assert.deepEqual(more, [])
    assert.match(line ?? '', /^new: never sent an event since .*, and expected every 2h: .*sources show new$/)
    assert.deepEqual(await attentionTo({ one: '', new: ', expectEvery: 4h' }), [])
  })

  it('heard of in time, or expected of nobody: nothing needs a person', async () => {
    const { code, out } = await status({ one: ', expectEvery: 4h', other: '', new: '' })
    assert.equal(code, 0, out)
    assert.match(out, /^Nothing needs a person\.$/m)
    assert.doesNotMatch(out, /^Silence/m)
  })

  it('a configuration that cannot be read hides nothing else', async () => {
    for (const file of [folder.write('broken.yaml', 'sources: ['), join(folder.path, 'none.yaml')]) {
      const said = await command(['status'], { DATABASE_URL, POSTRIDER_CONFIG: file })
      assert.equal(said.code, 0, said.err)
      assert.match(said.out, /^Source +one · last event /m)
      assert.match(said.out, /^Silence +is not looked at: the configuration cannot be read/m)
    }
  })
})

describe('status: what to do about a source of which everything is refused', () => {
  const cases: [string, string, RegExp][] = [
    ['crm', 'no-secret', /no secret is set here/],
    ['crm', 'no-match', /compare the secret .*sources show crm$/],
    ['crm', 'too-old', /set the clocks/],
    ['crm', 'missing-header', /signs at all/],
    ['hubspot', 'wrong-url', /publicUrl/],
    ['(unknown)', 'unknown-source', /no source has the name at the end of that URL.*sources list$/],
    ['crm', 'fault', /see the log/],
  ]
  for (const [source, reason, advice] of cases) {
    it(`${source}: ${reason}`, () => assert.match(adviceFor(source, reason), advice))
  }
})

describe('status: deliveries that were refused and can be looked at again', () => {
  const folder = temporaryFolder()
  const variables = { DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}` }
  const HOUR = 3_600_000
  const SINCE = Math.floor(systemClock.now() / 1000) * 1000 - 7 * HOUR
  const refused = (receivedAt: number) => ({
    source: 'helpdesk',
    receivedAt,
    reason: 'no-match',
    method: 'POST',
    target: '/webhooks/helpdesk',
    rawHeaders: [],
    body: Buffer.from('{}'),
  })
  before(async () => {
    const clock = createManualClock(SINCE)
    const ledger = await openLedger({ url: variables.DATABASE_URL, clock, log: silentLog, owner: true })
    for (let n = 0; n < 3; n += 1) {
      ledger.countRefused('helpdesk', 'no-match')
      ledger.keepRefused(refused(clock.now()))
      await clock.advance(HOUR)
    }
    await ledger.close()
  })
  after(() => folder[Symbol.dispose]())

  it('since when, why, and the command that takes them in', async () => {
    const { code, out } = await command(['status'], variables)
    assert.equal(code, 1)
    const line = out.split('\n').find((one) => one.startsWith('! '))
    const [first, last] = [localTime(SINCE), localTime(SINCE + 2 * HOUR)]
    const utc = new Date(SINCE).toISOString().slice(0, 16)
    assert.equal(
      line,
      `! helpdesk: 3 deliveries refused since ${first}, no secret matched (no-match), and none accepted after the last at ${last}: ${adviceFor('helpdesk', 'no-match')}. What was refused is kept; when it is mended and the service restarted: npx postrider refused recheck --source helpdesk --since ${utc}Z`,
    )
  })

  it('once they are taken in there is nothing to look at again', async () => {
    const url = variables.DATABASE_URL
    const ledger = await openLedger({ url, clock: systemClock, log: silentLog, owner: true })
    const ids = (await ledger.reads.refusedDeliveries({ limit: 10 })).map(({ id }) => id)
    await ledger.acceptRefused(ids, { source: 'helpdesk', by: 'ann' })
    await ledger.close()
    assert.doesNotMatch((await command(['status'], variables)).out, /recheck/)
  })
})

describe('status: what failed', () => {
  const folder = temporaryFolder()
  const variables = { DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}` }
  const DAY = 86_400_000
  after(() => folder[Symbol.dispose]())

  it('counts by when it failed, not by when it was planned', async () => {
    const clock = createManualClock(systemClock.now() - 2 * DAY)
    const ledger = await openLedger({ url: variables.DATABASE_URL, clock, log: silentLog, owner: true })
    const now = clock.now()
    await ledger.record([
      entry(now, 'late', [planned(now, { dueAt: now + 2 * DAY, expireAt: now + 3 * DAY })]),
    ])
    clock.advance(2 * DAY)
    await ledger.settle((await openOne(ledger)).id, failed(null))
    const { code, out } = await command(['status'], variables)
    await ledger.close()
    assert.equal(code, 1, out)
    assert.match(out, /^! 1 message failed: /m)
  })
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { DAY, entry, openOne, planned, UNCONFIRMED } from '../ledger/contract/build.ts'
import { createManualClock } from '../manual-clock.ts'
import { command, jsonOf, temporaryFolder } from './run.ts'

const CONFIG = `
genesys:
  webmessaging: { deploymentId: 0b1e2c4a-0000-4000-8000-000000000000 }
sources:
  crm: { preset: standard-webhooks, secrets: [] }
routes:
  greet: { on: crm/*, template: hello, channels: [webmessaging] }
  other: { on: crm/*, template: hello, channels: [webmessaging] }
`
type Planned = {
  outcomes: { outcome: string; code: string | null; examples: number[] }[]
  run: { id: number; late: boolean; force: boolean; total: number } | null
}

describe('re-triggering many: what nobody looked at', () => {
  const folder = temporaryFolder()
  const variables = {
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    POSTRIDER_CONFIG: folder.write('postrider.yaml', CONFIG),
  }
  folder.write('templates/hello.liquid', 'Hello.')
  let ledger: Ledger
  let unconfirmed = 0
  let late = 0
  let cancelled = 0
  let failed = 0

  before(async () => {
    const clock = createManualClock(systemClock.now() - 2 * DAY)
    ledger = await openLedger({ url: variables.DATABASE_URL, clock, log: silentLog, owner: true })
    const record = async (key: string, message: Parameters<typeof planned>[1]) => {
      const now = clock.now()
      const body = { type: 'ticket.resolved', timestamp: new Date(now).toISOString(), data: {} }
      const raw = Buffer.from(JSON.stringify(body))
      const [recorded] = await ledger.record([entry(now, key, [planned(now, message)], { raw })])
      assert.ok(recorded?.kind === 'recorded')
      return recorded.messageIds[0] ?? 0
    }
    late = await record('late', { state: 'failed', code: 'no-contact', reason: 'Nobody.' })
    clock.advance(2 * DAY)
    unconfirmed = await record('unconfirmed', {})
    await ledger.settle((await openOne(ledger)).id, UNCONFIRMED)
    cancelled = await record('cancelled', {})
    await ledger.cancel(cancelled, { by: 'ann', reason: null })
    failed = await record('failed', {
      state: 'failed',
      code: 'no-contact',
      reason: 'Nobody.',
      route: 'other',
    })
  })
  after(async () => {
    await ledger.close()
    folder[Symbol.dispose]()
  })

  const retry = (...args: string[]) => command(['messages', 'retry', ...args], variables)
  const foreseen = async (...args: string[]) =>
    jsonOf<Planned>(await retry('--since', '7d', '--plan', '--json', ...args)).outcomes.map(
      ({ outcome, code, examples }) => [outcome, code, ...examples],
    )

  it('what is unconfirmed or late is refused, and what was cancelled stands apart', async () => {
    assert.deepEqual(
      new Set(await foreseen()),
      new Set([
        ['sent', null, failed],
        ['sent', 'cancelled', cancelled],
        ['refused', 'unconfirmed', unconfirmed],
        ['refused', 'expired', late],
      ]),
    )
    const { out } = await retry('--since', '7d', '--plan')
    const [line = ''] = out.split('\n')
    for (const words of [
      '1 would be sent,',
      '1 would be sent though they were cancelled',
      '1 are unconfirmed',
      '1 expired',
    ]) {
      assert.ok(line.includes(words), line)
    }
    assert.match(out, /Nobody knows whether the customer has it/)
  })

  it('--late takes the one, --force with a reason the other', async () => {
    assert.deepEqual((await foreseen('--late')).slice(-1), [['refused', 'unconfirmed', unconfirmed]])
    const forced = ['--force', '--because', 'lost']
    const all = await foreseen('--late', ...forced)
    assert.ok(all.every(([outcome]) => outcome === 'sent'))
    assert.deepEqual(all.map(([, code]) => String(code)).sort(), [
      'cancelled',
      'expired',
      'null',
      'unconfirmed',
    ])
    const { out } = await retry('--since', '7d', '--plan', '--late', ...forced)
    assert.match(out, /1 would be sent though nobody knows whether they were/)
    assert.match(out, /1 would be sent late/)
  })

  it('one by its number is foreseen as it would be re-triggered', async () => {
    for (const [id, code] of [
      [unconfirmed, 'unconfirmed'],
      [late, 'expired'],
    ] as const) {
      const { outcomes } = jsonOf<Planned>(await retry(String(id), '--plan', '--json'))
      assert.deepEqual(
        outcomes.map(({ outcome, code: known }) => [outcome, known]),
        [['sent', code]],
      )
    }
  })

  it('a run says that it takes late ones, and for what it waits', async () => {
    const pause = await command(['pause', 'route', 'greet', '--reason', 'we look into it'], variables)
    assert.equal(pause.code, 0, pause.err)
    const begun = jsonOf<Planned>(await retry('--since', '7d', '--late', '--yes', '--json', '--by', 'ann'))
    assert.deepEqual([begun.run?.late, begun.run?.force, begun.run?.total], [true, false, 3])
    assert.equal((await ledger.stepRun({ limit: 9 }))?.retried, 1)
    const id = String(begun.run?.id)
    const { out } = await command(['runs', 'show', id], variables)
    assert.match(out, /^Run \d+ {2}running {2}begun .* by ann, late ones too$/m)
    assert.match(out, /^3 messages: 2 wait, 1 re-triggered, 0 refused$/m)
    assert.match(out, /^waits: route greet is paused: we look into it$/m)
    const shown = jsonOf<{ late: boolean; waitsFor: unknown }>(
      await command(['runs', 'show', id, '--json'], variables),
    )
    const waitsFor = [{ scope: 'route', name: 'greet', reason: 'we look into it' }]
    assert.deepEqual([shown.late, shown.waitsFor], [true, waitsFor])
  })
})

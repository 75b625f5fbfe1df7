import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { claimLook, entry, openOne, planned, UNCONFIRMED } from '../ledger/contract/build.ts'
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

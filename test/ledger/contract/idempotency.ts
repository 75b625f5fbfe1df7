import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Harness } from '../contract.ts'
import { DAY, onLedger } from './build.ts'

const [KEY, OTHER_KEY, ASKED, OTHER] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
]

export function idempotency(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('idempotency keys', () => {
    on('are taken once, and answered with what was answered', async (ledger) => {
      assert.deepEqual(await ledger.beginKey(KEY, ASKED), { kind: 'new' })
      assert.deepEqual(await ledger.beginKey(KEY, ASKED), { kind: 'open' })
      assert.deepEqual(await ledger.beginKey(KEY, OTHER), { kind: 'other' })
      await ledger.endKey(KEY, { status: 200, body: '{"id":7}' })
      const done = { kind: 'done', answer: { status: 200, body: '{"id":7}' } }
      assert.deepEqual(await ledger.beginKey(KEY, ASKED), done)
      assert.deepEqual(await ledger.beginKey(KEY, OTHER), { kind: 'other' })
      assert.deepEqual(await ledger.beginKey(OTHER_KEY, OTHER), { kind: 'new' })
      // What was answered stays.
      await ledger.endKey(KEY, { status: 500, body: '{}' })
      await ledger.releaseKey(KEY)
      assert.deepEqual(await ledger.beginKey(KEY, ASKED), done)
    })

    on('are taken by one of many who ask at once', async (ledger) => {
      const taken = await Promise.all(Array.from({ length: 20 }, () => ledger.beginKey(KEY, ASKED)))
      assert.equal(taken.filter(({ kind }) => kind === 'new').length, 1)
      assert.equal(taken.filter(({ kind }) => kind === 'open').length, 19)
    })

    on('are free again when they are given back', async (ledger) => {
      await ledger.beginKey(KEY, ASKED)
      await ledger.releaseKey(KEY)
      assert.deepEqual(await ledger.beginKey(KEY, OTHER), { kind: 'new' })
    })

    on('are kept for a day, whether they were answered or not', async (ledger, { clock }) => {
      await ledger.beginKey(KEY, ASKED)
      await ledger.endKey(KEY, { status: 200, body: '{}' })
      await ledger.beginKey(OTHER_KEY, ASKED)
      clock.advance(DAY - 1)
      assert.equal((await ledger.beginKey(KEY, ASKED)).kind, 'done')
      assert.equal((await ledger.beginKey(OTHER_KEY, ASKED)).kind, 'open')
      clock.advance(1)
      assert.equal((await ledger.beginKey(KEY, OTHER)).kind, 'new')
      assert.equal((await ledger.beginKey(OTHER_KEY, OTHER)).kind, 'new')
    })

    on('outlive the service', async (ledger, harness) => {
      await ledger.beginKey(KEY, ASKED)
      await ledger.close()
      const again = await harness.open()
      assert.deepEqual(await again.beginKey(KEY, ASKED), { kind: 'open' })
    })
  })
}

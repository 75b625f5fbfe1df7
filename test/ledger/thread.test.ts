import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startThread } from '../../src/ledger/sqlite/thread.ts'

const start = () => startThread(new URL('./thread-example.ts', import.meta.url), 'ledger.db')

test('a thread answers what it is asked, at once or later, and ends after what was asked before', async () => {
  const thread = start()
  const asked = Promise.all([thread.ask('later'), thread.ask('echo')])
  await thread.ask('echo')
  assert.deepEqual(await asked, ['later', 'echo'])
  await thread.end()
  await thread.end()
  assert.equal(thread.alive(), false)
  await assert.rejects(thread.ask('echo'), { code: 'LEDGER_UNAVAILABLE' })
})

test('an error keeps its code and its words on the way between threads', async () => {
  const thread = start()
  await assert.rejects(thread.ask('refuse'), { code: 'LEDGER_BUSY', message: 'not now', retryable: true })
  await assert.rejects(thread.ask('mistake'), { name: 'Error', message: 'a mistake' })
  assert.equal(await thread.ask('echo'), 'echo')
  await thread.end()
})

test('a thread that dies rejects what it was asked and what it is asked later, and says why', async () => {
  const thread = start()
  const why = { code: 'LEDGER_UNAVAILABLE', message: /ledger\.db failed: out of its depth/ }
  await assert.rejects(thread.ask('die'), why)
  await assert.rejects(thread.ask('echo'), why)
  assert.equal(thread.alive(), false)
  await thread.end()
})

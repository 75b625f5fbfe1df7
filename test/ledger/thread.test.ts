import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startThread } from '../../src/ledger/thread.ts'

const start = (file = 'ledger.db') => startThread(new URL('./thread-example.ts', import.meta.url), file)
type Who = { file: string; thread: number }

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

test('a thread that ended serves the next file, and two at once are two', async () => {
  const first = start('one.db')
  const one = (await first.ask('who')) as Who
  await first.end()
  const [second, beside] = [start('two.db'), start('three.db')]
  const two = (await second.ask('who')) as Who
  const three = (await beside.ask('who')) as Who
  assert.deepEqual(two, { file: 'two.db', thread: one.thread })
  assert.equal(three.file, 'three.db')
  assert.notEqual(three.thread, two.thread)
  await assert.rejects(first.ask('echo'), { code: 'LEDGER_UNAVAILABLE', message: /one\.db failed: it ended/ })
  await first.end()
  assert.equal(await second.ask('echo'), 'echo')
  await Promise.all([second.end(), beside.end()])
})

test('one that cannot let go of its file serves no other', async () => {
  const first = start()
  const { thread } = (await first.ask('who')) as Who
  await first.ask('hold on')
  await first.end()
  assert.equal(first.alive(), false)
  const second = start()
  assert.notEqual(((await second.ask('who')) as Who).thread, thread)
  await second.end()
})

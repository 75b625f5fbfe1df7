import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { awaited } from '../../../src/ledger/postgres/awaited.ts'

/** A thread that answers numbers with `respond`, JavaScript that knows `number`, `post`, `count` and `wake`. */
function answering(respond: string) {
  const signal = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const answered = new Int32Array(signal)
  const { port1: port, port2 } = new MessageChannel()
  const code = `
    const { workerData: { signal, port } } = require('node:worker_threads')
    const answered = new Int32Array(signal)
    const post = (number) => port.postMessage({ number, results: [{ command: 'SELECT', count: number, rows: [] }] })
    const count = () => Atomics.add(answered, 0, 1)
    const wake = () => Atomics.notify(answered, 0)
    port.on('message', async (number) => { ${respond} })`
  const worker = new Worker(code, { eval: true, workerData: { signal, port: port2 }, transferList: [port2] })
  return {
    ask(number: number, withinMs = 20_000): number | null {
      const asked = Atomics.load(answered, 0)
      port.postMessage(number)
      const answer = awaited(number, { port, answered, asked }, performance.now() + withinMs)
      return answer && 'results' in answer ? (answer.results[0]?.count ?? null) : null
    },
    async [Symbol.asyncDispose]() {
      port.close()
      await worker.terminate()
    },
  }
}

const TURN = 'await new Promise(setImmediate)'

describe('an answer that a thread is stopped for', () => {
  for (const [what, respond] of [
    ['comes as it should', 'post(number); count(); wake()'],
    [
      'is woken for late, when the next question waits already',
      `post(number); count(); ${TURN}; wake(); wake()`,
    ],
    ['is woken for before it is there', `wake(); ${TURN}; wake(); post(number); count(); wake()`],
    ['is counted before it is there', `count(); wake(); ${TURN}; post(number); count(); wake()`],
    [
      'comes behind one that came too late',
      `post(number - 1); count(); wake(); ${TURN}; post(number); count(); wake()`,
    ],
    ['comes twice', 'post(number); post(number); count(); wake(); count(); wake()'],
  ] as const) {
    test(`${what}: it is the one to the question`, async () => {
      await using thread = answering(respond)
      for (let number = 1; number <= 500; number += 1) assert.equal(thread.ask(number), number)
    })
  }

  test('that does not come is waited for until the time is up, and taken for no other', async () => {
    await using thread = answering('if (number !== 1) { post(1); post(number); count(); wake() }')
    assert.equal(thread.ask(1, 50), null)
    assert.equal(thread.ask(2), 2)
  })
})

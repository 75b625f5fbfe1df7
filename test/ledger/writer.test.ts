import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { startWriter, type Writer } from '../../src/ledger/writer.ts'

/** What came of `body`, over a thread that answers each call with how many were handed over with it. */
async function onWriter<T>(
  options: { enough: number; limit?: number },
  body: (writer: Writer) => Promise<T>,
): Promise<T> {
  const module = new URL('./writer-example.ts', import.meta.url)
  const opening = { kind: 'open' }
  const writer = await startWriter({
    module,
    place: 'ledger.db',
    opening,
    clock: systemClock,
    limit: 1000,
    due() {},
    ...options,
  })
  try {
    return await body(writer)
  } finally {
    await writer.close()
  }
}

const many = (writer: Writer, count: number) =>
  Promise.all(Array.from({ length: count }, () => writer.call('ping') as Promise<unknown>))

test('calls of one turn go over together, and where there are enough they go at once', async () => {
  assert.deepEqual(await onWriter({ enough: 8 }, (writer) => many(writer, 7)), Array(7).fill(7))
  const [first = [], rest = []] = await onWriter({ enough: 5 }, async (writer) => {
    const all = await many(writer, 7)
    return [all.slice(0, 5), all.slice(5)]
  })
  assert.deepEqual([first, rest], [Array(5).fill(5), [2, 2]])
})

test('calls of turns that follow each other go over together', async () => {
  const sizes = await onWriter({ enough: 5 }, async (writer) => {
    const one = writer.call('ping')
    await new Promise(setImmediate)
    return Promise.all([one, writer.call('ping')] as Promise<unknown>[])
  })
  assert.deepEqual(sizes, [2, 2])
})

test('closing answers what was asked before, and more than the limit is refused', async () => {
  const settled = await onWriter({ enough: 2, limit: 3 }, async (writer) => {
    const asked = Array.from({ length: 4 }, () => writer.call('ping') as Promise<unknown>)
    const closed = writer.close()
    const outcomes = await Promise.allSettled([...asked, writer.call('ping') as Promise<unknown>])
    await closed
    return outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))
  })
  assert.deepEqual(settled, [2, 2, 1, 'LEDGER_BUSY', 'LEDGER_UNAVAILABLE'])
})

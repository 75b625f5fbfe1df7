import { workerData } from 'node:worker_threads'
import type { Answer, Asked, Question, Result, Started, Statement } from './bridge.ts'
import { openClient, type PostgresClient } from './client.ts'
import { toWire, type WirePostgresError } from './trouble.ts'

/** The thread that has the connection of a thread that writes: takes some statements at a time, and wakes who waits when its answer lies ready. */
const { signal, port } = workerData as Started
const answered = new Int32Array(signal)
let place = { url: '', timeoutMs: 0 }
let client: PostgresClient | null = null

port.on('message', (question: Question) => {
  if (question.kind === 'begin') {
    place = question
    return
  }
  const { number } = question
  void answerTo(question).then((answer) => {
    port.postMessage({ number, ...answer } satisfies Answer)
    Atomics.add(answered, 0, 1)
    Atomics.notify(answered, 0)
  })
})

async function answerTo(question: Asked): Promise<{ results: Result[] } | { error: WirePostgresError }> {
  try {
    return { results: await resultsOf(question) }
  } catch (error) {
    return { error: toWire(error) }
  }
}

async function resultsOf(question: Asked): Promise<Result[]> {
  if (question.kind === 'close') {
    await client?.end()
    client = null
    return []
  }
  if (question.kind === 'fresh' && !client?.alive()) {
    await client?.end()
    client = null
    client = await openClient({ ...place, use: 'writes' })
  }
  if (!client?.alive()) throw new Error('the connection broke')
  const connected = client
  const asked = question.statements.map((statement) => run(connected, statement))
  // None is left behind that is still under way: what comes next is the next question's.
  await Promise.allSettled(asked)
  return Promise.all(asked)
}

async function run(client: PostgresClient, { text, values, name }: Statement): Promise<Result> {
  const answer = await client.query({
    text,
    ...(values ? { values: [...values] } : {}),
    ...(name ? { name } : {}),
  })
  // Several statements have several results.
  const last = Array.isArray(answer) ? answer.at(-1) : answer
  return { command: last.command, count: last.rowCount ?? 0, rows: last.rows }
}

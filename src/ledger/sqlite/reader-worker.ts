import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'

/** A question to the thread, and its answer by the same id. */
export type Question = { id: number } & (
  | { kind: 'read'; sql: string; values: readonly SQLInputValue[] }
  | { kind: 'checkpoint'; truncateAboveBytes: number }
  | { kind: 'close' }
)
export type Reply = { id: number } & ({ rows: unknown[] } | { error: string })

/**
 * The thread that reads for operators and makes checkpoints, on connections of its own: a count over a million rows would stop the event
 * loop for most of a second. It answers in order.
 */
const { file } = workerData as { file: string }
const port = parentPort
if (!port) throw new Error('reader-worker.ts runs as a worker thread')

/** A checkpoint that has to wait for a reader holds the writers up meanwhile, so it gives up soon and comes again. */
const CHECKPOINT_BUSY_MS = 50

let reader: DatabaseSync | null = null
let checkpointer: DatabaseSync | null = null

port.on('message', (question: Question) => {
  try {
    const rows = answer(question)
    port.postMessage({ id: question.id, rows } satisfies Reply)
  } catch (error) {
    port.postMessage({ id: question.id, error: messageOf(error) } satisfies Reply)
  }
  if (question.kind === 'close') port.close()
})

function answer(question: Question): unknown[] {
  switch (question.kind) {
    case 'read': {
      reader ??= new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
      return reader.prepare(question.sql).all(...question.values)
    }
    case 'checkpoint':
      return checkpoint(question.truncateAboveBytes)
    case 'close':
      reader?.close()
      checkpointer?.close()
      return []
  }
}

/**
 * PASSIVE copies what it can without holding anybody up. Under constant load it never reaches the end and the WAL would grow without
 * end, so above a size TRUNCATE follows: it stops the writers, but only for what the PASSIVE one left.
 */
function checkpoint(truncateAboveBytes: number): unknown[] {
  checkpointer ??= new DatabaseSync(file, { timeout: CHECKPOINT_BUSY_MS })
  const pageSize = Number(checkpointer.prepare('PRAGMA page_size').get()?.page_size)
  const done = checkpointer.prepare('PRAGMA wal_checkpoint(PASSIVE)').all()
  const frames = Number(done[0]?.log)
  if (frames * pageSize < truncateAboveBytes) return done
  return checkpointer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
}

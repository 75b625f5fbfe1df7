import type { SQLInputValue } from 'node:sqlite'
import { PostriderError } from '../../errors.ts'
import { startThread, type Thread } from '../thread.ts'
import type { Question } from './reader-thread.ts'

export type Reader = {
  read(sql: string, values: readonly SQLInputValue[]): Promise<unknown[]>
  /** Ends the thread after what was asked before. Idempotent. */
  close(): Promise<void>
}

/** The reading thread of a ledger's file, started when it is first asked. One that died is followed by another at the next question. */
export function createReader(file: string): Reader {
  let thread: Thread | null = null
  let closed = false

  return {
    async read(sql, values) {
      if (closed) throw new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is closed.')
      if (!thread?.alive()) thread = startThread(new URL('./reader-thread.ts', import.meta.url), file)
      return (await thread.ask({ sql, values } satisfies Question)) as unknown[]
    },
    async close() {
      closed = true
      await thread?.end()
    },
  }
}

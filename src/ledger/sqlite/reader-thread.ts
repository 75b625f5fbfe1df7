import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { serve } from './thread.ts'
import { ledgerError } from './trouble.ts'

/** The thread that reads for operators, on a connection of its own: a count over a million rows takes most of a second. Answers in order. */
export type Question = { sql: string; values: readonly SQLInputValue[] }

const { file } = workerData as { file: string }
let db: DatabaseSync | null = null

serve<Question>(
  ({ sql, values }) => {
    try {
      db ??= new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
      return db.prepare(sql).all(...values)
    } catch (error) {
      throw ledgerError(error, file)
    }
  },
  () => db?.close(),
)

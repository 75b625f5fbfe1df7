import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { serve } from '../thread.ts'
import { ledgerError } from './trouble.ts'

/** The thread that reads for operators, on a connection of its own: a count over a million rows takes most of a second. Answers in order. */
export type Question = { sql: string; values: readonly SQLInputValue[] }

serve<Question>((file) => {
  let db: DatabaseSync | null = null
  return {
    answer({ sql, values }) {
      try {
        db ??= new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
        return db.prepare(sql).all(...values)
      } catch (error) {
        throw ledgerError(error, file)
      }
    },
    end: () => db?.close(),
  }
})

import { migrate } from '../migrations.ts'
import { createFile, openDatabase } from '../sqlite/database.ts'
import { takeOwnership } from '../sqlite/ownership.ts'
import { ledgerError } from '../sqlite/trouble.ts'
import { type Column, quoted, type Row, type Side } from './side.ts'

/**
 * A ledger's file, owned for as long as it is open, so that no service uses it. `source`: nobody else writes into it meanwhile, until the end of the first transaction; what was compared is what it still holds.
 * Throws LEDGER_IN_USE where a service owns it.
 */
export function openSqliteSide(file: string, as: 'source' | 'copy'): Side {
  const told = <T>(does: () => T): T => {
    try {
      return does()
    } catch (error) {
      throw ledgerError(error, file)
    }
  }
  createFile(file)
  const ownership = takeOwnership(file)
  const db = told(() => {
    try {
      return openDatabase(file)
    } catch (error) {
      ownership.release()
      throw error
    }
  })

  async function close(): Promise<void> {
    if (db.isTransaction) db.exec('ROLLBACK')
    db.close()
    ownership.release()
  }

  const side: Side = {
    place: file,
    all: async (sql, ...values) =>
      told(() => {
        const statement = db.prepare(sql)
        statement.setReturnArrays(true)
        return statement.all(...values) as unknown as Row[]
      }),
    async write(work, { durable }) {
      const isHeld = db.isTransaction
      if (!isHeld) {
        // A source is written to once, in the transaction that it has.
        told(() => db.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}; BEGIN IMMEDIATE`))
      }
      try {
        await work()
        told(() => db.exec('COMMIT'))
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    },
    columnsOf: async (table) =>
      told(() => db.prepare('SELECT name, type FROM pragma_table_info(?)').all(table)) as Column[],
    async insert(table, columns, rows) {
      const names = quoted(columns.map(({ name }) => name))
      told(() => {
        const insert = db.prepare(
          `INSERT INTO ${table} (${names}) VALUES (${columns.map(() => '?').join(', ')})`,
        )
        for (const row of rows) insert.run(...row)
      })
    },
    // The next id is the one after the highest by itself.
    numberOn: async () => {},
    // Every statement says which index it takes.
    analyze: async () => {},
    close,
  }
  try {
    told(() => {
      migrate(db, file)
      if (as === 'source') db.exec('BEGIN IMMEDIATE')
    })
    return side
  } catch (error) {
    void close()
    throw error
  }
}

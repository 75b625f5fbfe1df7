import type { SQLInputValue } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Reader } from './reader.ts'

/** Kysely over the reading thread: it compiles here, SQLite runs there. Reads only. */
export function readerDialect(reader: Reader): Dialect {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      return { rows: (await reader.read(sql, parameters as SQLInputValue[])) as R[] }
    },
    // biome-ignore lint/correctness/useYield: the interface wants it, and there is nothing to stream
    async *streamQuery() {
      throw new Error('the reading thread answers whole results')
    },
  }
  const refuse = async () => {
    throw new Error('the reading thread has no transactions')
  }
  return {
    createDriver: () => ({
      init: async () => {},
      acquireConnection: async () => connection,
      beginTransaction: refuse,
      commitTransaction: refuse,
      rollbackTransaction: refuse,
      releaseConnection: async () => {},
      destroy: () => reader.close(),
    }),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

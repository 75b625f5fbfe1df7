import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { migrate } from '../../../src/ledger/migrations.ts'
import { postgresServer } from './server.ts'

/** The present schema on both databases. */
export async function onBoth(
  body: (both: { sqlite: DatabaseSync; postgres: Client }) => Promise<void>,
): Promise<void> {
  const sqlite = new DatabaseSync(':memory:')
  migrate(sqlite, 'the test')
  const { url, drop } = await (await postgresServer()).database()
  const postgres = new Client({ connectionString: url })
  try {
    await postgres.connect()
    await body({ sqlite, postgres })
  } finally {
    sqlite.close()
    await postgres.end()
    await drop()
  }
}

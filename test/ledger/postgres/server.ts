import { hash, randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { SINCE_POSTGRES } from '../../../src/ledger/migrations.ts'
import { BASELINE } from '../../../src/ledger/postgres/baseline.ts'
import { migratePostgres } from '../../../src/ledger/postgres/migrate.ts'
import { type ServerProcess, startServer } from './server-process.ts'

/** A real server for the tests of one process. */
export type PostgresServer = {
  /** A database of its own, with the present schema; `empty`: with nothing in it. */
  database(options?: { empty?: boolean }): Promise<TestDatabase>
  /** To stop, freeze and start it; null: it is somebody else's (TEST_DATABASE_URL). */
  control: ServerProcess | null
}

export type TestDatabase = {
  url: string
  /** Removes it, whoever is connected. */
  drop(): Promise<void>
}

let shared: Promise<PostgresServer> | null = null

/** Started when it is first asked for, and the same for all of a process: a start takes a second, a database a tenth of that. With TEST_DATABASE_URL it is the server that this names, whose user must be allowed to make databases. */
export function postgresServer(): Promise<PostgresServer> {
  shared ??= open()
  return shared
}

async function open(): Promise<PostgresServer> {
  const given = process.env.TEST_DATABASE_URL
  const control = given === undefined ? await startServer() : null
  const house = given ?? control?.url('postgres') ?? ''
  const urlOf = (database: string) => {
    const url = new URL(house)
    url.pathname = `/${database}`
    return url.href
  }
  let template: Promise<string> | null = null
  return {
    control,
    async database({ empty = false } = {}) {
      const name = `postrider_test_${randomBytes(6).toString('hex')}`
      template ??= empty ? null : templateOn(house, urlOf)
      const from = empty ? 'template0' : await template
      await asking(house, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${from}`))
      return {
        url: urlOf(name),
        drop: async () => {
          await asking(house, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
        },
      }
    },
  }
}

/** Of all advisory locks of the tests: one process makes the template. */
const TEMPLATE_LOCK = 7_405_963

/** The name of a database with the present schema, to be copied. One for each schema: on somebody else's server it stays for the next run. */
async function templateOn(house: string, urlOf: (database: string) => string): Promise<string> {
  const schema = [BASELINE, ...SINCE_POSTGRES.map(({ postgres }) => postgres())].join('\n')
  const name = `postrider_template_${hash('sha256', schema).slice(0, 12)}`
  await asking(house, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK])
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 1) return
    const draft = `${name}_draft`
    await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${draft} TEMPLATE template0`)
    await asking(urlOf(draft), (own) => migratePostgres(own, draft))
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${name}`)
  })
  return name
}

async function asking<T>(url: string, ask: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import { LATEST } from '../../../src/ledger/migrations.ts'
import { BASELINE, BEGINS_AT } from '../../../src/ledger/postgres/baseline.ts'
import { MIGRATION_LOCK, migratePostgres } from '../../../src/ledger/postgres/migrate.ts'
import { postgresServer } from './server.ts'
import { shapeOfPostgres } from './shape.ts'

type Empty = {
  url: string
  /** A connection more, closed in the end. */
  connect(options?: { searchPath?: string; database?: string }): Promise<Client>
  /** As people are told where it is. */
  place: string
}

/** A database with nothing in it. */
async function onEmpty(body: (empty: Empty) => Promise<void>): Promise<void> {
  const { url, drop } = await (await postgresServer()).database({ empty: true })
  const clients: Client[] = []
  try {
    await body({
      url,
      place: `postgres://${new URL(url).host}/a-ledger`,
      async connect({ searchPath, database } = {}) {
        const other = new URL(url)
        if (database !== undefined) other.pathname = `/${database}`
        if (searchPath !== undefined) other.searchParams.set('options', `-c search_path=${searchPath}`)
        const client = new Client({ connectionString: other.href })
        // One is broken on purpose.
        client.on('error', () => {})
        clients.push(client)
        await client.connect()
        return client
      },
    })
  } finally {
    for (const client of clients) await client.end()
    await drop()
  }
}

async function versionIn(client: Client): Promise<number> {
  const { rows } = await client.query(`SELECT value FROM meta WHERE name = 'schema'`)
  return Number(rows[0]?.value)
}

/** Everything that is there, by name. */
async function allIn(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace(current_schema())
     UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(current_schema()) ORDER BY 1`,
  )
  return rows.map(({ name }) => String(name))
}

/** The same connection, and what is asked over it. */
function overheard(client: Client): { client: Pick<Client, 'query'>; statements: string[] } {
  const statements: string[] = []
  const query = (text: string, ...values: unknown[]) => {
    statements.push(text)
    return client.query(text, ...(values as [unknown[]?]))
  }
  return { client: { query: query as Client['query'] }, statements }
}

describe('an empty database', () => {
  test('becomes a ledger of the present schema', () =>
    onEmpty(async ({ connect, place }) => {
      const client = await connect()
      await migratePostgres(client, place)
      assert.equal(await versionIn(client), LATEST)
      const { rows } = await client.query('SELECT id, tat FROM budget')
      assert.deepEqual(rows, [{ id: '1', tat: 0 }])
      assert.ok((await shapeOfPostgres(client)).instances, 'what came after the beginning is there too')
    }))

  test('is looked at once where there is nothing to do', () =>
    onEmpty(async ({ connect, place }) => {
      const client = await connect()
      await migratePostgres(client, place)
      const before = await allIn(client)
      await client.query(`INSERT INTO meta (name, value) VALUES ('host', 'api.mypurecloud.de')`)
      const { client: again, statements } = overheard(client)
      await migratePostgres(again, place)
      assert.deepEqual(
        statements.map((text) => text.trim().split(/\s/)[0]),
        ['SELECT', 'SELECT'],
      )
      assert.deepEqual(await allIn(client), before)
      assert.equal((await client.query('SELECT 1 FROM meta')).rowCount, 2)
    }))

  for (const [count, words] of [
    [2, 'two instances'],
    [8, 'eight'],
  ] as const) {
    test(`is made by one of ${words} that start at once, and the others wait for it`, () =>
      onEmpty(async ({ connect, place }) => {
        const clients = await Promise.all(Array.from({ length: count }, () => connect()))
        // So that all have seen it empty before the first begins.
        const holder = await connect()
        await holder.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`)
        const all = Promise.all(clients.map((client) => migratePostgres(client, place)))
        await waitUntil(holder, count)
        await holder.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`)
        await all
        assert.equal(await versionIn(holder), LATEST)
        assert.equal((await holder.query('SELECT 1 FROM budget')).rowCount, 1)
      }))
  }

  test('may be one schema of a database that holds other things', () =>
    onEmpty(async ({ connect, place }) => {
      const other = await connect()
      await other.query('CREATE TABLE customers (id int); CREATE SCHEMA messaging')
      const client = await connect({ searchPath: 'messaging,public' })
      await migratePostgres(client, place)
      assert.equal(await versionIn(client), LATEST)
      assert.deepEqual(await allIn(other), ['customers'])
    }))

  test('stays empty where it cannot be made to the end', () =>
    onEmpty(async ({ connect, place }) => {
      const client = await connect()
      // No table, so that it is found in the middle only.
      await client.query('CREATE SEQUENCE runs')
      await assert.rejects(migratePostgres(client, place), {
        code: '42P07',
        message: /"runs" already exists/,
      })
      assert.deepEqual(await allIn(client), ['runs'])
      await client.query('DROP SEQUENCE runs')
      await migratePostgres(client, place)
      assert.equal(await versionIn(client), LATEST)
    }))

  test('stays empty where the connection breaks before it is committed, and the next one makes it', () =>
    onEmpty(async ({ connect, place }) => {
      const [client, other] = [await connect(), await connect()]
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
      const query = (text: string, ...values: unknown[]) =>
        text === 'COMMIT'
          ? other.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]).then(() => client.query(text))
          : client.query(text, ...(values as [unknown[]?]))
      await assert.rejects(migratePostgres({ query: query as Client['query'] }, place))
      assert.deepEqual(await allIn(other), [])
      await migratePostgres(other, place)
      assert.equal(await versionIn(other), LATEST)
    }))
})

describe('a ledger of an earlier schema', () => {
  test('is brought on from where it is, and keeps what it holds', () =>
    onEmpty(async ({ connect, place }) => {
      const client = await connect()
      await client.query(BASELINE)
      await client.query(
        `INSERT INTO meta (name, value) VALUES ('schema', '${BEGINS_AT}'), ('host', 'api.mypurecloud.de')`,
      )
      await migratePostgres(client, place)
      assert.equal(await versionIn(client), LATEST)
      const { rows } = await client.query(`SELECT value FROM meta WHERE name = 'host'`)
      assert.equal(rows[0]?.value, 'api.mypurecloud.de')
      const migrated = await shapeOfPostgres(client)
      await onEmpty(async (empty) => {
        const fresh = await empty.connect()
        await migratePostgres(fresh, place)
        assert.deepEqual(migrated, await shapeOfPostgres(fresh))
      })
    }))
})

describe('what is not this version’s ledger is left alone', () => {
  test('a ledger of a later version', () =>
    onEmpty(async ({ connect, place }) => {
      const client = await connect()
      await migratePostgres(client, place)
      await client.query(`UPDATE meta SET value = '99' WHERE name = 'schema'; DROP TABLE instances`)
      const before = await allIn(client)
      await assert.rejects(migratePostgres(client, place), {
        code: 'LEDGER_TOO_NEW',
        message: new RegExp(
          `${place} was written by a later version of Postrider \\(schema 99; this one knows ${LATEST}\\)`,
        ),
      })
      assert.deepEqual(await allIn(client), before)
    }))

  for (const [what, sql, tables] of [
    [
      'tables of its own',
      'CREATE TABLE orders (id int); CREATE TABLE customers (id int)',
      'customers, orders',
    ],
    ['a meta with other columns', 'CREATE TABLE meta (id int, content text)', 'meta'],
    ['a meta that says nothing of a schema', 'CREATE TABLE meta (name text, value text)', 'meta'],
    [
      'a meta that says something else of it',
      `CREATE TABLE meta (name text, value text); INSERT INTO meta VALUES ('schema', 'v2')`,
      'meta',
    ],
  ] as const) {
    test(`another program's database, with ${what}`, () =>
      onEmpty(async ({ connect, place }) => {
        const client = await connect()
        await client.query(sql)
        const before = await allIn(client)
        await assert.rejects(migratePostgres(client, place), {
          code: 'LEDGER_UNAVAILABLE',
          message: `The database ${place} is another program's: its schema public holds tables that are not Postrider's (${tables}). Set DATABASE_URL to an empty database.`,
        })
        assert.deepEqual(await allIn(client), before)
      }))
  }

  test('a database of which the user searches no schema', () =>
    onEmpty(async ({ connect, place }) => {
      const client = await connect({ searchPath: 'nowhere' })
      await assert.rejects(migratePostgres(client, place), {
        code: 'LEDGER_UNAVAILABLE',
        message: /has no schema that its user searches/,
      })
    }))

  test('a database that cannot hold every character', () =>
    onEmpty(async ({ connect, place, url }) => {
      const name = `${new URL(url).pathname.slice(1)}_latin`
      const client = await connect()
      await client.query(
        `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
      )
      try {
        const latin = await connect({ database: name })
        await assert.rejects(migratePostgres(latin, place), {
          code: 'LEDGER_UNAVAILABLE',
          message: /is encoded in LATIN1/,
        })
        assert.deepEqual(await allIn(latin), [])
      } finally {
        await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
      }
    }))
})

/** Until so many wait for the lock of the migration. */
async function waitUntil(client: Client, count: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
    if (rows[0]?.waiting === count) return
  }
}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { Client } from 'pg'
import type { Variables } from '../../src/environment.ts'
import { ledger as first } from '../../src/ledger/migrations/0001-ledger.ts'
import { LATEST } from '../../src/ledger/migrations.ts'
import { placeOf } from '../../src/ledger/postgres.ts'
import { postgresServer } from '../ledger/postgres/server.ts'
import { command, DEMO_CONFIG, jsonOf, type Said, temporaryFolder } from './run.ts'

type World = {
  file: string
  /** Of an empty database. */
  url: string
  run(...args: string[]): Promise<Said>
  /** The same with other variables. */
  runWith(variables: Variables, ...args: string[]): Promise<Said>
}

/** A place for a ledger in a file, and an empty database. */
async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  using folder = temporaryFolder()
  const { url, drop } = await (await postgresServer()).database({ empty: true })
  const file = `${folder.path}/ledger.db`
  const runWith = (variables: Variables, ...args: string[]) =>
    command(args, { POSTRIDER_CONFIG: DEMO_CONFIG, DATABASE_URL: `sqlite:${file}`, PORT: '0', ...variables })
  try {
    await body({ file, url, runWith, run: (...args) => runWith({}, ...args) })
  } finally {
    await drop()
  }
}

/** A ledger in which one customer is suppressed. */
async function begin({ file, run }: World): Promise<void> {
  new DatabaseSync(file).close()
  const said = await run(
    'suppress',
    'add',
    '--email',
    'ann@example.com',
    '--reason',
    'She asked',
    '--by',
    'ada',
  )
  assert.deepEqual([said.code, said.err], [0, ''])
}

describe('copy', () => {
  it('brings a file into a database, says where its key lies and never what it is, and gives the file up until that is undone', () =>
    inWorld(async (world) => {
      const { file, url, run, runWith } = world
      await begin(world)
      const key = readFileSync(`${file}.key`, 'utf8').trim()
      const { username, password } = new URL(url)
      assert.ok(password.length > 0)

      const said = await run('copy', '--to', url)
      assert.deepEqual([said.code, said.err], [0, ''])
      const place = placeOf(url)
      assert.match(said.out, new RegExp(`^\\d+ rows of ${file} are in ${place}, and both were compared`))
      assert.match(said.out, new RegExp(`what ${file}\\.key holds: every instance needs it as POSTRIDER_KEY`))
      for (const secret of [key, `${username}:${password}`]) assert.ok(!said.out.includes(secret))

      const moved = new RegExp(`was copied to ${place} .*copy --undo`)
      for (const args of [
        ['status'],
        ['suppress', 'list'],
        ['start', '--sandbox', '--sandbox-port', '0'],
        ['copy', '--to', url],
      ]) {
        const refused = await run(...args)
        assert.equal(refused.code, 1, args.join(' '))
        assert.match(refused.err, moved)
      }
      const there = { DATABASE_URL: url, POSTRIDER_KEY: key }
      const listed = jsonOf<{ by: string }[]>(await runWith(there, 'suppress', 'list', '--json'))
      assert.deepEqual(
        listed.map(({ by }) => by),
        ['ada'],
      )

      const undone = await run('copy', '--undo')
      assert.deepEqual([undone.code, undone.err], [0, ''])
      assert.match(
        undone.out,
        new RegExp(`ledger\\.db is used again\\.\\nNothing may be sent from ${place} any more`),
      )
      assert.equal((await run('suppress', 'list')).code, 0)
      const again = await run('copy', '--undo')
      assert.deepEqual([again.code, again.out], [1, ''])
      assert.match(again.err, /nothing to undo/)
    }))

  it('with --json says it in one object', () =>
    inWorld(async (world) => {
      const { file, url, run, runWith } = world
      await begin(world)
      const key = readFileSync(`${file}.key`, 'utf8').trim()
      const copied = jsonOf<Record<string, unknown> & { tables: { table: string; rows: number }[] }>(
        await run('copy', '--to', url, '--json'),
      )
      const { tables, seconds, ...rest } = copied
      assert.equal(typeof seconds, 'number')
      const rows = tables.reduce((sum, table) => sum + table.rows, 0)
      assert.deepEqual(rest, { from: file, to: placeOf(url), rows, keyFile: `${file}.key` })
      assert.deepEqual(
        tables.find(({ table }) => table === 'suppressions'),
        { table: 'suppressions', rows: 1 },
      )

      const back = `${file}-back`
      const there = { DATABASE_URL: url, POSTRIDER_KEY: key }
      const said = await runWith(there, 'copy', '--to', `sqlite:${back}`, '--json')
      assert.equal(jsonOf<{ keyFile: null }>(said).keyFile, null)
      const undone = await runWith(there, 'copy', '--undo', '--json')
      assert.deepEqual(jsonOf(undone), { ledger: placeOf(url), copy: back })
    }))

  it('copies nothing where it is not said where to, or where nothing is', () =>
    inWorld(async ({ file, url, run }) => {
      const missing = await run('copy', '--to', url)
      assert.deepEqual([missing.code, missing.out], [1, ''])
      assert.match(missing.err, new RegExp(`There is no ledger at ${file}`))
      new DatabaseSync(file).close()
      for (const args of [[], ['--to', url, '--undo'], ['--to', 'mysql://db/postrider']]) {
        const off = await run('copy', ...args)
        assert.deepEqual([off.code, off.out], [2, ''], args.join(' '))
      }
    }))
})

describe('migrate', () => {
  it('brings a file to the present schema, and says when there was nothing to do', () =>
    inWorld(async ({ file, run }) => {
      const db = new DatabaseSync(file)
      db.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID')
      db.exec(first.sqlite())
      db.exec(`INSERT INTO meta (name, value) VALUES ('schema', '1')`)
      db.close()
      const said = await run('migrate')
      assert.deepEqual([said.code, said.err], [0, ''])
      assert.equal(said.out, `${file} was brought from schema 1 to ${LATEST}.\n`)
      assert.equal((await run('migrate')).out, `${file} is up to date: schema ${LATEST}.\n`)
      const json = jsonOf(await run('migrate', '--json'))
      assert.deepEqual(json, { ledger: file, from: LATEST, to: LATEST })
    }))

  it('makes a ledger of an empty database, with no key', () =>
    inWorld(async ({ url, runWith }) => {
      const there = { DATABASE_URL: url }
      const place = placeOf(url)
      const said = await runWith(there, 'migrate')
      assert.deepEqual([said.code, said.err], [0, ''])
      assert.equal(said.out, `${place} was empty and is a ledger now: schema ${LATEST}.\n`)
      assert.deepEqual(jsonOf(await runWith(there, 'migrate', '--json')), {
        ledger: place,
        from: LATEST,
        to: LATEST,
      })
    }))

  it('refuses what an opening refuses', () =>
    inWorld(async (world) => {
      const { file, url, run, runWith } = world
      const missing = await run('migrate')
      assert.deepEqual([missing.code, missing.out], [1, ''])
      assert.match(missing.err, /There is no ledger at/)
      await begin(world)
      const set = (value: string) => {
        const db = new DatabaseSync(file)
        db.exec(`UPDATE meta SET value = '${value}' WHERE name = 'schema'`)
        db.close()
      }
      set('99')
      assert.match((await run('migrate')).err, /later version of Postrider \(schema 99/)
      set(String(LATEST))
      assert.equal((await run('copy', '--to', url)).code, 0)
      assert.match((await run('migrate')).err, /was copied to/)

      const client = new Client({ connectionString: url })
      await client.connect()
      try {
        await client.query(`INSERT INTO meta (name, value) VALUES ('copy', '{"from":"it"}')`)
        assert.match((await runWith({ DATABASE_URL: url }, 'migrate')).err, /copy of it that is not finished/)
        await client.query(`UPDATE meta SET value = '99' WHERE name = 'schema'`)
        assert.match((await runWith({ DATABASE_URL: url }, 'migrate')).err, /schema 99/)
      } finally {
        await client.end()
      }
    }))
})
